import { exportAttestations } from './trust/export.ts'
import { rotateTrustKey, showTrustKeys } from './trust/keys.ts'
import { verifyFile } from './trust/verify.ts'
import { type Command, type Context, type ExitCode, UsageError } from './command.ts'

type Verb = { form: string; means: string; run(context: Context, word: string): Promise<ExitCode> }

const verbs: Readonly<Record<string, Verb>> = {
  verify: {
    form: 'FILE',
    means: 'verify an attestation; no server, no database',
    run: verifyFile,
  },
  export: { form: 'DIR', means: 'write how every claim stands, signed, to an empty folder', run: exportAttestations },
  keys: { form: '', means: 'the key that signs, and those that did', run: showTrustKeys },
  rotate: { form: '', means: 'make the next key; the one before stays published', run: rotateTrustKey },
}

const formOf = (name: string, { form }: Verb): string => (form ? `${name} ${form}` : name)
const entries = Object.entries(verbs)
const width = Math.max(...entries.map(([name, verb]) => formOf(name, verb).length))

export const trust: Command = {
  form: entries.map(([name, verb]) => formOf(name, verb)).join(' | '),
  more: [
    ...entries.map(([name, verb]) => `  ${formOf(name, verb).padEnd(width)}  ${verb.means}`),
    '',
    'Without --key, verify uses the key that the file names, which proves nothing about who signed. Exit code 1: it does not',
    'verify. A file that verifies may say that a claim is failing: what is proven is who says so.',
  ].join('\n'),
  options: {
    key: {
      type: 'string',
      value: 'VKEY',
      multiple: true,
      means: 'verify: a key that you trust, or @FILE that holds it; may be given several times',
    },
  },
  positionals: { min: 1, max: 2 },
  async run(context) {
    const [name = '', word = ''] = context.positionals
    const verb = Object.hasOwn(verbs, name) ? verbs[name] : undefined
    if (!verb || (verb.form === '') !== (word === '')) throw new UsageError(`Usage: vouch trust ${trust.form}`)
    return verb.run(context, word)
  },
}
