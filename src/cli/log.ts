import { type Command, type Context, type ExitCode, UsageError } from './command.ts'

/** Each verb loads what it needs: to verify takes no database. */
type Verb = {
  /** Words after the verb. */
  form: string
  words: number | 'its own'
  means: string
  run(context: Context, words: readonly string[]): Promise<ExitCode>
}

const verbs: Readonly<Record<string, Verb>> = {
  export: {
    form: 'DIR',
    words: 1,
    means: 'write the whole log, with contents, to an empty folder',
    run: async (context, [dir = '']) => (await import('./log/export.ts')).exportLog(context, dir),
  },
  verify: {
    form: 'DIR',
    words: 1,
    means: 'verify an exported log: every entry, every tile, the signatures; no server, no database',
    run: async (context, [dir = '']) => (await import('./log/verify.ts')).verifyLog(context, dir),
  },
  proof: {
    form: 'ID',
    words: 1,
    means: 'write the proof that a decision (tr_…) or a row of the trail (aud_…) is in the log',
    run: async (context, [id = '']) => (await import('./log/proof.ts')).proveEntry(context, id),
  },
  'verify-proof': {
    form: 'FILE',
    words: 1,
    means: 'verify such a proof; no server, no database',
    run: async (context, [file = '']) => (await import('./log/verify-proof.ts')).verifyEntry(context, file),
  },
  consistency: {
    form: 'FROM TO',
    words: 2,
    means: 'prove that the log of FROM entries is a beginning of the log of TO entries',
    run: async (context, [from = '', to = '']) =>
      (await import('./log/consistency.ts')).proveConsistent(context, from, to),
  },
  status: {
    form: '',
    words: 0,
    means: 'name, size, what was signed last, what waits, who may read',
    run: async (context) => (await import('./log/status.ts')).showStatus(context),
  },
  keys: {
    form: '',
    words: 0,
    means: 'keys that sign, and those that did',
    run: async (context) => (await import('./log/keys.ts')).showKeys(context),
  },
  rotate: {
    form: '',
    words: 0,
    means: 'make the next key; the next checkpoint bears the signatures of both',
    run: async (context) => (await import('./log/keys.ts')).rotateKey(context),
  },
  visibility: {
    form: 'public|private',
    words: 1,
    means: 'who may read the tiles: anybody, or keys with log:read; contents stay with the tenant',
    run: async (context, [wanted = '']) => (await import('./log/status.ts')).setVisibility(context, wanted),
  },
  witness: {
    form: 'add|list|remove|quorum|policy',
    words: 'its own',
    means: 'who cosigns checkpoints, what each did last, and how many of them must',
    run: async (context, words) => (await import('./log/witness.ts')).runWitness(context, words),
  },
}

const formOf = (name: string, { form }: Verb): string => (form ? `${name} ${form}` : name)
const entries = Object.entries(verbs)
const width = Math.max(...entries.map(([name, verb]) => formOf(name, verb).length))

export const log: Command = {
  form: 'export DIR | verify DIR | proof ID | verify-proof FILE | consistency FROM TO | status | keys | rotate | visibility | witness',
  more: [
    ...entries.map(([name, verb]) => `  ${formOf(name, verb).padEnd(width)}  ${verb.means}`),
    '',
    'An export is laid out as C2SP tlog-tiles has it, a proof as C2SP tlog-proof. Without --key, verify uses the keys in the',
    'export, which proves nothing about who signed. Exit code 1: it does not verify, or the stored log is not what was signed.',
  ].join('\n'),
  options: {
    tenant: {
      type: 'string',
      value: 'ID',
      means: 'whose log; not needed while there is only one; `installation` for its own',
    },
    test: { type: 'boolean', means: "that of the tenant's test twin" },
    key: {
      type: 'string',
      value: 'VKEY',
      multiple: true,
      means: "verify, verify-proof: the log's verifier key, or @FILE that holds it; may be given several times",
    },
    out: {
      type: 'string',
      value: 'FILE',
      means: 'proof: where to write it (ID.tlog-proof in this folder unless told)',
    },
    entry: { type: 'string', value: 'FILE', means: 'verify-proof: bytes of the entry (beside the proof unless told)' },
    vkey: {
      type: 'string',
      value: 'VKEY',
      multiple: true,
      means: "witness add: the witness's verifier key; may be given twice",
    },
    content: { type: 'string', value: 'FILE', means: 'verify-proof: its content (beside the proof unless told)' },
  },
  positionals: { min: 1, max: 3 },
  async run(context) {
    const [name = '', ...words] = context.positionals
    const verb = Object.hasOwn(verbs, name) ? verbs[name] : undefined
    if (!verb) throw new UsageError(`Usage: vouch log ${entries.map(([one]) => one).join(' | ')}`)
    if (verb.words !== 'its own' && words.length !== verb.words)
      throw new UsageError(`Usage: vouch log ${formOf(name, verb)}`)
    return verb.run(context, words)
  },
}
