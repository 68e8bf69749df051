import type { Vouch } from '#app'
import { compilePolicy, type PolicyError } from '#engine/decide'
import { toWireDiff, toWireVersion, type Version } from '#engine/policies'
import { Fault } from '#kernel/fault'
import { type Command, type Context, exit, type ExitCode, textOf, UsageError } from './command.ts'
import { chooseTenant, withVouch } from './open-guest.ts'
import { readJsonFile } from './read-file.ts'

const form = 'show | validate FILE | publish FILE | rollback VERSION | versions | diff A B'
const usage = `Usage: vouch policy ${form}`

export const policy: Command = {
  form,
  more:
    'FILE is a policy as in docs/policy.md; - reads standard input. validate needs no server and no database, so it does not know\n' +
    'which lists there are. publish saves the draft and publishes it as the next version, in one step.',
  options: {
    tenant: { type: 'string', value: 'ID', means: 'whose; not needed while there is only one' },
    test: { type: 'boolean', means: "the tenant's test twin" },
    version: { type: 'string', value: 'N', means: 'show: this version; publish: only if it is the next one' },
  },
  positionals: { min: 1, max: 3 },
  async run(context) {
    const [verb, ...rest] = context.positionals
    const counts: Readonly<Record<string, number>> = { show: 0, validate: 1, publish: 1, rollback: 1, versions: 0, diff: 2 }
    if (verb === undefined || counts[verb] !== rest.length) throw new UsageError(usage)
    if (verb === 'validate') return validate(context, rest[0] ?? '-')
    // Read before the installation is opened: a file with errors needs none.
    const document = verb === 'publish' ? await readJsonFile(context, rest[0] ?? '-') : undefined
    return withVouch(context, (vouch) => runPolicy(context, vouch, verb, rest, document))
  },
} // prettier-ignore

async function validate(context: Context, file: string): Promise<ExitCode> {
  const result = compilePolicy(await readJsonFile(context, file))
  const errors = result.ok ? [] : result.errors
  context.answer({ ok: result.ok, errors }, result.ok ? 'No errors.' : sayErrors(errors))
  return result.ok ? exit.ok : exit.failed
}

export const sayErrors = (errors: readonly PolicyError[]): string =>
  errors
    .map(({ pointer, message, position }) => {
      const place = position ? ` (line ${position.line}, column ${position.column})` : ''
      return `  ${pointer || 'the document'}${place}: ${message}`
    })
    .join('\n')

async function runPolicy(
  context: Context,
  vouch: Vouch,
  verb: string,
  words: readonly string[],
  document: unknown,
): Promise<ExitCode> {
  const { policies } = vouch
  const { scope } = await chooseTenant(context, vouch)
  const [a = '', b = ''] = words
  if (verb === 'show') {
    const wanted = textOf(context, 'version')
    const shown = await scope.transaction((tx) =>
      wanted === undefined ? policies.current(tx) : policies.version(tx, versionOf(wanted)),
    )
    context.answer(toWireVersion(shown), JSON.stringify(shown.document, null, 2))
  } else if (verb === 'publish') {
    const wanted = textOf(context, 'version')
    const done = scope.transaction(async (tx) => {
      await policies.saveDraft(tx, document)
      const next = wanted === undefined ? (await policies.current(tx)).version + 1 : versionOf(wanted)
      return policies.publish(tx, next)
    })
    return sayPublished(context, done)
  } else if (verb === 'rollback') {
    return sayPublished(context, scope.transaction((tx) => policies.rollback(tx, versionOf(a)))) // prettier-ignore
  } else if (verb === 'versions') {
    const data = (await scope.transaction((tx) => policies.versions(tx, undefined, 10_000))).map(toWireVersion)
    const lines = data.map(
      ({ version, published_at, published_by, restores }) =>
        `${String(version).padStart(6)}  ${published_at ?? 'the default policy      '}  ${published_by ?? ''}${restores === null ? '' : `  restores ${restores}`}`,
    )
    context.answer({ versions: data }, lines.map((line) => line.trimEnd()).join('\n'))
  } else {
    const diff = toWireDiff(await scope.transaction((tx) => policies.compare(tx, versionOf(a), versionOf(b))))
    const lines = [
      ...diff.added.map(({ pointer, to }) => `+ ${pointer}  ${JSON.stringify(to)}`),
      ...diff.removed.map(({ pointer, from }) => `- ${pointer}  ${JSON.stringify(from)}`),
      ...diff.changed.map(({ pointer, from, to }) => `~ ${pointer}  ${JSON.stringify(from)} → ${JSON.stringify(to)}`),
    ]
    context.answer(diff, lines.join('\n') || 'No difference.')
  }
  return exit.ok
}

async function sayPublished(context: Context, publishing: Promise<Version>): Promise<ExitCode> {
  const published = await publishing.catch((error: unknown) => {
    if (!(error instanceof Fault) || error.code !== 'invalid_request') throw error
    context.terminal.err(`vouch policy: ${error.message}\n${sayErrors(error.errors)}\n`)
    return undefined
  })
  if (!published) return exit.failed
  context.answer(toWireVersion(published), `Version ${published.version} is published. It judges from now on.`)
  return exit.ok
}

function versionOf(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new UsageError(`${usage}\nVERSION is a whole number from 1`)
  return Number(text)
}
