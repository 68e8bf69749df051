import { open } from 'node:fs/promises'
import type { Vouch } from '#app'
import type { Scope } from '#platform/database'
import { auditRead, type Format, type TrailAsk } from '#platform/trail'
import { type Command, type Context, exit, type ExitCode, integerOf, textOf, UsageError } from './command.ts'
import { chooseTenant, withVouch } from './open-guest.ts'

const usage = 'Usage: vouch audit list | export'
/** Rows read at a time: what an export holds in memory. */
const pageRows = 1_000

export const audit: Command = {
  form: 'list | export',
  more:
    'export writes one JSON document a line, to standard output or to --out FILE. With --json it needs --out, and answers how\n' +
    'much it wrote. Reading the trail leaves a row in it.',
  options: {
    tenant: {
      type: 'string',
      value: 'ID',
      means: 'whose; not needed while there is only one; `installation` for its own',
    },
    test: { type: 'boolean', means: "the tenant's test twin" },
    from: { type: 'string', value: 'TIME', means: 'recorded at or after, e.g. 2026-11-01T00:00:00Z' },
    to: { type: 'string', value: 'TIME', means: 'recorded before' },
    actor: { type: 'string', value: 'ID', means: 'a key, uid:…, …; or operator or system, for all of that kind' },
    action: { type: 'string', value: 'NAME', means: 'e.g. key.issued' },
    target: { type: 'string', value: 'ID', means: 'what it was done to, exactly as it is recorded' },
    outcome: { type: 'string', value: 'WORD', means: 'success or refused' },
    format: { type: 'string', value: 'WORD', means: 'vouch (unless told), or ocsf: OCSF in CloudEvents' },
    limit: { type: 'string', value: 'N', means: 'list: at most N rows (50 unless told)' },
    out: { type: 'string', value: 'FILE', means: 'export: a new file to write to' },
  },
  positionals: { min: 1, max: 1 },
  async run(context) {
    const [verb] = context.positionals
    if (verb === 'list') return list(context)
    if (verb !== 'export') throw new UsageError(usage)
    const file = textOf(context, 'out')
    if (context.options['json'] === true && file === undefined)
      throw new UsageError('An export is many JSON documents: with --json, name a file with --out')
    return exportAll(context, file)
  },
}

async function list(context: Context): Promise<ExitCode> {
  const limit = integerOf(context, 'limit', { min: 1, max: 100_000 }) ?? 50
  return withVouch(context, async (vouch) => {
    const { scope } = await chooseTenant(context, vouch)
    const data = []
    for await (const page of readPages(context, vouch, scope, Math.min(limit, pageRows))) {
      data.push(...page.slice(0, limit - data.length))
      if (data.length === limit) break
    }
    const lines = data.map((row) =>
      'specversion' in row
        ? JSON.stringify(row)
        : `${row.at}  ${row.outcome === 'refused' ? 'refused' : '       '}  ${row.action.padEnd(24)}  ${row.actor.id}  ${row.target ?? ''}`.trimEnd(),
    )
    context.answer({ data }, lines.join('\n') || 'Nothing.')
    return exit.ok
  })
}

async function exportAll(context: Context, file: string | undefined): Promise<ExitCode> {
  const { terminal } = context
  return withVouch(context, async (vouch) => {
    const { scope } = await chooseTenant(context, vouch)
    const pages = readPages(context, vouch, scope, pageRows)
    const handle = file === undefined ? undefined : await openNew(file)
    let exported = 0
    try {
      for await (const page of pages) {
        const text = page.map((row) => `${JSON.stringify(row)}\n`).join('')
        if (handle) await handle.appendFile(text)
        else terminal.out(text)
        exported += page.length
        if (handle && terminal.isTerminal) terminal.err(`\r${exported} rows`)
      }
    } finally {
      await handle?.close()
    }
    if (handle && terminal.isTerminal) terminal.err('\r')
    if (file !== undefined) context.answer({ exported, file }, `${exported} rows in ${file}`)
    return exit.ok
  })
}

async function openNew(file: string) {
  return open(file, 'wx', 0o600).catch((error: unknown) => {
    throw new UsageError(`${file} cannot be made: ${error instanceof Error ? error.message : String(error)}`)
  })
}

/** Pages of the rows that the options name. That they are read is written first, and so is among them. */
function readPages(context: Context, vouch: Vouch, scope: Scope, rows: number) {
  const format = wordOf(context, 'format', ['vouch', 'ocsf'] satisfies Format[]) === 'ocsf' ? 'ocsf' : 'vouch'
  return pagesOf(vouch, scope, askOf(context, vouch), format, rows)
}

async function* pagesOf(vouch: Vouch, scope: Scope, ask: TrailAsk, format: Format, rows: number) {
  await vouch.trail.recordRead(scope, auditRead, undefined)
  let before: string | undefined
  do {
    const { data, next } = await vouch.trail.list(scope, ask, { before, limit: rows + 1 }, format)
    if (data.length > 0) yield data
    before = next ?? undefined
  } while (before !== undefined)
}

function askOf(context: Context, vouch: Vouch): TrailAsk {
  const action = wordOf(
    context,
    'action',
    vouch.audit.actions.map(({ name }) => name),
  )
  const outcome = wordOf(context, 'outcome', ['success', 'refused'])
  const [actor, target] = [textOf(context, 'actor'), textOf(context, 'target')]
  const [fromMs, toMs] = [timeOf(context, 'from'), timeOf(context, 'to')]
  return {
    ...(actor === undefined ? {} : { actor }),
    ...(action === undefined ? {} : { action }),
    ...(target === undefined ? {} : { target }),
    ...(outcome === undefined ? {} : { outcome }),
    ...(fromMs === undefined ? {} : { fromMs }),
    ...(toMs === undefined ? {} : { toMs }),
  }
}

function wordOf(context: Context, name: string, words: readonly string[]): string | undefined {
  const text = textOf(context, name)
  if (text !== undefined && !words.includes(text)) throw new UsageError(`--${name} is one of ${words.join(', ')}`)
  return text
}

function timeOf(context: Context, name: string): number | undefined {
  const text = textOf(context, name)
  if (text === undefined) return undefined
  const timeMs = Date.parse(text)
  if (Number.isNaN(timeMs)) throw new UsageError(`--${name} takes a time, e.g. 2026-11-01T00:00:00Z`)
  return timeMs
}
