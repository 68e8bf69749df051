import { createReadStream } from 'node:fs'
import type { Vouch } from '#app'
import type { Scope } from '#platform/database'
import { readEntries } from './list/read-entries.ts'
import { type Command, type Context, exit, type ExitCode, UsageError } from './command.ts'
import { chooseTenant, withVouch } from './open-guest.ts'

const usage = 'Usage: vouch list show | put LIST allow|deny|custom | import LIST FILE.csv'
const entriesAtOnce = 500
const mostReported = 1_000

export const list: Command = {
  form: 'show | put LIST KIND | import LIST FILE',
  more:
    'FILE is CSV in UTF-8 whose first line names its columns: field and value, and if you like note and expires_at\n' +
    '(RFC 3339). Each line is taken or refused alone, and what was refused is told by its line. A line that the list has\n' +
    'already is a duplicate and no fault, so that a file can be imported again. Exit code 1 when a line was refused.',
  options: {
    tenant: { type: 'string', value: 'ID', means: 'whose; not needed while there is only one' },
    test: { type: 'boolean', means: "the tenant's test twin" },
  },
  positionals: { min: 1, max: 3 },
  run: (context) => withVouch(context, (vouch) => runList(context, vouch)),
}

async function runList(context: Context, vouch: Vouch): Promise<ExitCode> {
  const [verb, listId, last] = context.positionals
  const { scope } = await chooseTenant(context, vouch)
  if (verb === 'show' && listId === undefined) return show(context, vouch, scope)
  if (listId === undefined || last === undefined || !/^[a-z0-9][a-z0-9_-]{0,62}$/.test(listId))
    throw new UsageError(usage)
  if (verb === 'import') return importFile(context, vouch, scope, listId, last)
  if (verb !== 'put' || !['allow', 'deny', 'custom'].includes(last)) throw new UsageError(usage)
  const made = await scope.transaction((tx) => vouch.lists.put(tx, listId, last))
  context.answer({ id: made.id, kind: made.kind }, `The list ${made.id} is of the kind ${made.kind}.`)
  return exit.ok
}

async function show(context: Context, vouch: Vouch, scope: Scope): Promise<ExitCode> {
  const lists = await scope.transaction(vouch.lists.all)
  const text = lists.map(({ id, kind }) => `${kind.padEnd(6)}  ${id}`).join('\n')
  context.answer({ lists: lists.map(({ id, kind }) => ({ id, kind })) }, text || 'There is no list yet.')
  return exit.ok
}

type Refused = { line: number; why: string }

async function importFile(
  context: Context,
  vouch: Vouch,
  scope: Scope,
  listId: string,
  file: string,
): Promise<ExitCode> {
  const counts = { lines: 0, added: 0, duplicates: 0, refused: 0 }
  const refused: Refused[] = []
  const refuse = (line: number, why: string): void => {
    counts.refused++
    if (refused.length < mostReported) refused.push({ line, why })
  }
  const { terminal } = context
  for await (const batch of readEntries(createReadStream(file), entriesAtOnce)) {
    counts.lines += batch.length
    const good = batch.flatMap((one) => ('entry' in one ? [one] : []))
    for (const one of batch) if ('why' in one) refuse(one.line, one.why)
    if (good.length > 0) {
      const entries = good.map(({ entry }) => entry)
      const results = await scope.transaction((tx) => vouch.lists.addMany(tx, listId, entries))
      for (const [at, one] of results.entries()) {
        if (one.result === 'added') counts.added++
        else if (one.result === 'duplicate') counts.duplicates++
        else refuse(good[at]?.line ?? 0, `${one.pointer.slice(1)}: ${one.why}`)
      }
    }
    if (terminal.isTerminal) terminal.err(`\r${counts.lines} lines`)
  }
  if (terminal.isTerminal) terminal.err('\r')
  const said = refused.map(({ line, why }) => `  line ${line}: ${why}`)
  if (counts.refused > refused.length) said.push(`  and ${counts.refused - refused.length} more`)
  const text = `${counts.added} added, ${counts.duplicates} there already, ${counts.refused} refused, of ${counts.lines} lines`
  context.answer({ list: listId, ...counts, errors: refused }, [text, ...said].join('\n'))
  return counts.refused === 0 ? exit.ok : exit.failed
}
