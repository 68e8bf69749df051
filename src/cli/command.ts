/** What a command is, and how its words are read. */
import { parseArgs, type ParseArgsOptionsConfig } from 'node:util'
import type { Config, SettingName } from '#config'
import type { Clock } from '#kernel/clock'
import type { Log } from '#platform/telemetry'

export const exit = { ok: 0, failed: 1, usage: 2, unavailable: 3 } as const
export type ExitCode = (typeof exit)[keyof typeof exit]

/** What a command may touch of the process. */
export type Terminal = {
  out(text: string): void
  err(text: string): void
  /** All of standard input. */
  read(): Promise<Uint8Array>
  isTerminal: boolean
  columns: number
  /** Resolves when the process is asked to stop. Whoever calls it answers the signal; without a call the process ends by it. */
  stopped(): Promise<NodeJS.Signals>
}

export type Context = {
  options: Readonly<Record<string, string | boolean | undefined>>
  positionals: readonly string[]
  terminal: Terminal
  clock: Clock
  readConfig(defaults?: Partial<Record<SettingName, string>>): Config
  createLog(config: Config): Promise<Log>
  /** The answer: one JSON document with --json, else the text. */
  answer(document: unknown, text: string): void
}

export type Command = {
  /** After the name: `NAME`, `list`, … */
  form: string
  /** Below the options, in --help. */
  more?: string
  /** One that is `multiple` may be given several times; its texts are joined, a line each. */
  options: Readonly<Record<string, { type: 'string' | 'boolean'; means: string; value?: string; multiple?: boolean }>>
  positionals: { min: number; max: number }
  run(context: Context): Promise<ExitCode>
}

export class UsageError extends Error {
  override name = 'UsageError'
}

/** The process was asked to stop before the command was done. What it had opened is closed. */
export class Stopped extends Error {
  override name = 'Stopped'
  readonly signal: NodeJS.Signals

  constructor(signal: NodeJS.Signals) {
    super(`stopped by ${signal}`)
    this.signal = signal
  }
}

/** What `work` comes to, or `Stopped` as soon as the process is asked to stop: then nobody waits for `work` any more. */
export const unlessStopped = <T>(terminal: Terminal, work: Promise<T>): Promise<T> =>
  Promise.race([work, terminal.stopped().then((signal) => Promise.reject(new Stopped(signal)))])

const common: Command['options'] = {
  json: { type: 'boolean', means: 'one JSON document on standard output, everything else on standard error' },
  help: { type: 'boolean', means: 'this text' },
}

export function parseWords(
  name: string,
  command: Command,
  words: readonly string[],
): Pick<Context, 'options' | 'positionals'> {
  const options: ParseArgsOptionsConfig = Object.fromEntries(
    Object.entries({ ...command.options, ...common }).map(([option, { type, multiple = false }]) => [
      option,
      { type, multiple, ...(option === 'help' ? { short: 'h' } : {}) },
    ]),
  )
  try {
    const { values, positionals } = parseArgs({ args: [...words], options, allowPositionals: true, strict: true })
    const { min, max } = command.positionals
    const isHelp = values['help'] === true
    if (!isHelp && (positionals.length < min || positionals.length > max))
      throw new UsageError(`Usage: vouch ${name} ${command.form}`)
    const single = Object.entries(values).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join('\n') : value,
    ])
    return { options: Object.fromEntries(single), positionals }
  } catch (error) {
    throw error instanceof UsageError
      ? error
      : new UsageError(error instanceof Error ? error.message : 'unreadable options')
  }
}

export function helpOf({ name, summary }: { name: string; summary: string }, command: Command): string {
  const rows = Object.entries({ ...command.options, ...common }).map(
    ([option, { type, means, value }]) =>
      [`--${option}${type === 'string' ? ` ${value ?? 'TEXT'}` : ''}`, means] as const,
  )
  const width = Math.max(...rows.map(([left]) => left.length))
  const lines = rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`)
  const more = command.more ? `\n${command.more}\n` : ''
  return `vouch ${name} ${command.form}\n\n${summary}\n\nOptions:\n${lines.join('\n')}\n${more}`
}

/** A text option, or undefined. */
export const textOf = (context: Context, name: string): string | undefined => {
  const value = context.options[name]
  return typeof value === 'string' ? value : undefined
}

export function integerOf(context: Context, name: string, bounds: { min: number; max: number }): number | undefined {
  const text = textOf(context, name)
  if (text === undefined) return undefined
  const value = Number(text)
  if (!/^\d+$/.test(text) || value < bounds.min || value > bounds.max) {
    throw new UsageError(`--${name} takes a whole number from ${bounds.min} to ${bounds.max}`)
  }
  return value
}
