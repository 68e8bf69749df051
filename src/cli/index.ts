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

export { Stopped, type Terminal } from './command.ts'

/** What each command needs is loaded when it is called: whoever asks for help waits for nothing else. */
export const commands: readonly { name: string; summary: string; load(): Promise<Command> }[] = [
  {
    name: 'serve',
    summary: 'Serve the HTTP interface until asked to stop (SIGINT, SIGTERM)',
    load: async () => (await import('./serve.ts')).serve,
  },
  {
    name: 'demo',
    summary: 'Judge a stream of payments whose truth is known, over HTTP, and show what came of it',
    load: async () => (await import('./demo-command.ts')).demo,
  },
  {
    name: 'tenant',
    summary: 'Make a tenant with its test twin and first keys, list tenants, or see who signed up for one',
    load: async () => (await import('./tenant.ts')).tenant,
  },
  {
    name: 'key',
    summary: 'Issue, list, rotate and revoke API keys',
    load: async () => (await import('./key.ts')).key,
  },
  {
    name: 'policy',
    summary: 'Show, check, publish and compare the policy that judges',
    load: async () => (await import('./policy.ts')).policy,
  },
  {
    name: 'decide',
    summary: 'Judge one event from a file; nothing is stored, no server is needed',
    load: async () => (await import('./decide.ts')).decide,
  },
  {
    name: 'list',
    summary: 'Lists of whom a tenant always refuses or approves; many entries from a file',
    load: async () => (await import('./list.ts')).list,
  },
  {
    name: 'outcome',
    summary: 'Say what became of a decision; the last word counts',
    load: async () => (await import('./outcome.ts')).outcome,
  },
  {
    name: 'analytics',
    summary: 'Answers, money, outcomes, precision and latency of a range of days',
    load: async () => (await import('./analytics.ts')).analytics,
  },
  {
    name: 'log',
    summary: 'Export the log of everything that was decided and done, verify it, prove what is in it',
    load: async () => (await import('./log.ts')).log,
  },
  {
    name: 'audit',
    summary: 'Read the trail: who did what, to what and when, newest first',
    load: async () => (await import('./audit.ts')).audit,
  },
  {
    name: 'mcp',
    summary: 'Speak the Model Context Protocol on standard input and output, so that an agent can ask a running Vouch',
    load: async () => (await import('./mcp-command.ts')).mcp,
  },
  {
    name: 'claims',
    summary: 'Every promise, who keeps it, and how it stands: what is due is checked now, on this installation',
    load: async () => (await import('./claims.ts')).claims,
  },
  {
    name: 'trust',
    summary: 'How claims stand, signed: export it, verify it without a server, see the keys',
    load: async () => (await import('./trust.ts')).trust,
  },
  {
    name: 'doctor',
    summary: 'Look at this machine and this installation, and say what needs care',
    load: async () => (await import('./doctor.ts')).doctor,
  },
  {
    name: 'migrate',
    summary: 'Bring the database up to this version (needs VOUCH_DATABASE_OWNER_URL, or the own PostgreSQL)',
    load: async () => (await import('./migrate.ts')).migrate,
  },
]

const overview = (): string => {
  const width = Math.max(...commands.map(({ name }) => name.length))
  const lines = commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`)
  return `vouch COMMAND [options]\n\n${lines.join('\n')}\n\nvouch COMMAND --help tells more. Settings: docs/settings.md\n`
}

/** Runs one command; resolves to the exit code. Throws `Stopped` where the process was to stop before it was done. */
export async function main(words: readonly string[], terminal: Terminal): Promise<ExitCode> {
  const [name, ...rest] = words[0] === 'help' && words.length > 1 ? [...words.slice(1, 2), '--help'] : words
  if (name === undefined || ['help', '--help', '-h'].includes(name)) {
    terminal.out(overview())
    return name === undefined ? exit.usage : exit.ok
  }
  if (name === '--version') {
    terminal.out(`${(await import('#app')).version}\n`)
    return exit.ok
  }
  const called = commands.find((one) => one.name === name)
  if (!called) {
    terminal.err(`There is no command ${JSON.stringify(name)}.\n\n${overview()}`)
    return exit.usage
  }
  try {
    const command = await called.load()
    const parsed = parseWords(name, command, rest)
    if (parsed.options['help'] === true) {
      terminal.out(helpOf(called, command))
      return exit.ok
    }
    const context: Context = {
      ...parsed,
      terminal,
      clock: systemClock,
      readConfig: (defaults) => readConfig(environment(), defaults),
      async createLog({ logLevel: level }) {
        const { createLog } = await import('#platform/telemetry')
        return createLog({ clock: systemClock, level, write: terminal.err })
      },
      answer: (document, text) =>
        terminal.out(parsed.options['json'] === true ? `${JSON.stringify(document)}\n` : `${text}\n`),
    }
    return await command.run(context)
  } catch (error) {
    if (error instanceof Stopped) throw error
    return explain(error, name, terminal)
  }
}

function explain(error: unknown, name: string, terminal: Terminal): ExitCode {
  if (error instanceof UsageError) {
    terminal.err(`${error.message}\nvouch ${name} --help tells more.\n`)
    return exit.usage
  }
  const message = error instanceof Error ? error.message : String(error)
  const details =
    error instanceof Fault ? error.errors.map(({ pointer, message }) => `\n  ${pointer} ${message}`).join('') : ''
  const why = error instanceof Fault && error.internal !== undefined ? ` (${error.internal})` : ''
  terminal.err(`vouch ${name}: ${message}${why}${details}${remedyFor(error)}\n`)
  if (error instanceof ConfigError) return exit.usage
  // By its name: its module would load a database that nobody asked for.
  if (error instanceof Error && error.name === 'LogForkError') return exit.failed
  if (error instanceof Fault) return error.status >= 500 || error.code === 'conflict' ? exit.unavailable : exit.failed
  return exit.unavailable
}

/** What to do about an error of the system, where that is not in its words. */
function remedyFor(error: unknown): string {
  const call = error instanceof Error && 'syscall' in error ? error.syscall : undefined
  if (call === 'listen')
    return '\nPerhaps another Vouch listens there. VOUCH_PORT and VOUCH_HOST name another place; a port of 0 takes a free one.'
  if (call === 'mkdir') return '\nChoose a folder that you may write to. VOUCH_HOME names the one of this installation.'
  return ''
}
