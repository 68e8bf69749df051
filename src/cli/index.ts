/**
 * The command line.
 * Promises: with --json one JSON document on standard output and everything else on standard error; exit 0 ok, 1 the
 * check failed, 2 usage, 3 unavailable.
 * Refuses: unknown commands, options and settings.
 * Needs: the process's words, streams and signals, handed in by main.ts.
 */
import { ConfigError, environment, readConfig } from '#config'
import { systemClock } from '#kernel/clock'
import { Fault } from '#kernel/fault'
import { MigrationError, UnsafeRoleError } from '#platform/database'
import { MasterKeyError } from '#platform/encryption'
import { LogForkError } from '#platform/log'
import { createLog } from '#platform/telemetry'
import { analytics } from './analytics.ts'
import { audit } from './audit.ts'
import { claims } from './claims.ts'
import {
  type Command,
  type Context,
  exit,
  type ExitCode,
  helpOf,
  parseWords,
  Stopped,
  type Terminal,
  UsageError,
} from './command.ts'
import { decide } from './decide.ts'
import { demo } from './demo-command.ts'
import { doctor } from './doctor.ts'
import { key } from './key.ts'
import { list } from './list.ts'
import { log } from './log.ts'
import { mcp } from './mcp-command.ts'
import { migrate } from './migrate.ts'
import { outcome } from './outcome.ts'
import { policy } from './policy.ts'
import { serve } from './serve.ts'
import { tenant } from './tenant.ts'
import { trust } from './trust.ts'

export { Stopped, type Terminal } from './command.ts'

export const commands: readonly Command[] = [
  serve,
  demo,
  tenant,
  key,
  policy,
  decide,
  list,
  outcome,
  analytics,
  log,
  audit,
  mcp,
  claims,
  trust,
  doctor,
  migrate,
]

const overview = (): string => {
  const width = Math.max(...commands.map(({ name }) => name.length))
  const lines = commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`)
  return `vouch COMMAND [options]\n\n${lines.join('\n')}\n\nvouch COMMAND --help tells more. Settings: docs/settings.md\n`
}

/** Runs one command; resolves to the exit code. Throws `Stopped` where the process was to stop before it was done. */
export async function main(words: readonly string[], terminal: Terminal): Promise<ExitCode> {
  const [name, ...rest] = words
  if (name === undefined || name === 'help' || name === '--help') {
    terminal.out(overview())
    return name === undefined ? exit.usage : exit.ok
  }
  const command = commands.find((one) => one.name === name)
  if (!command) {
    terminal.err(`There is no command ${JSON.stringify(name)}.\n\n${overview()}`)
    return exit.usage
  }
  try {
    const parsed = parseWords(command, rest)
    if (parsed.options['help'] === true) {
      terminal.out(helpOf(command))
      return exit.ok
    }
    const context: Context = {
      ...parsed,
      terminal,
      clock: systemClock,
      readConfig: (defaults) => readConfig(environment(), defaults),
      createLog: ({ logLevel }) => createLog({ clock: systemClock, level: logLevel, write: terminal.err }),
      answer: (document, text) =>
        terminal.out(parsed.options['json'] === true ? `${JSON.stringify(document)}\n` : `${text}\n`),
    }
    return await command.run(context)
  } catch (error) {
    if (error instanceof Stopped) throw error
    return explain(error, command, terminal)
  }
}

function explain(error: unknown, command: Command, terminal: Terminal): ExitCode {
  if (error instanceof UsageError) {
    terminal.err(`${error.message}\nvouch ${command.name} --help tells more.\n`)
    return exit.usage
  }
  const message = error instanceof Error ? error.message : String(error)
  const details =
    error instanceof Fault ? error.errors.map(({ pointer, message }) => `\n  ${pointer} ${message}`).join('') : ''
  const why = error instanceof Fault && error.internal !== undefined ? ` (${error.internal})` : ''
  terminal.err(`vouch ${command.name}: ${message}${why}${details}\n`)
  if (error instanceof ConfigError) return exit.usage
  if (error instanceof LogForkError) return exit.failed
  if (error instanceof MigrationError || error instanceof UnsafeRoleError || error instanceof MasterKeyError)
    return exit.unavailable
  if (error instanceof Fault) return error.status >= 500 || error.code === 'conflict' ? exit.unavailable : exit.failed
  return exit.unavailable
}
