/** The log: JSON lines with fields of a closed list. */
import pino from 'pino'
import type { Clock } from '#kernel/clock'

/** Fields that may be logged: ids we made, words from closed lists, numbers. Never text that a caller chose. */
export const allowedFields = [
  'request_id', 'tenant_id', 'key_id', 'method', 'route', 'status', 'code', 'duration_ms', 'sqlstate', 'error_name', 'stack',
  'reason', 'count', 'url', 'home', 'version', 'pid', 'port', 'host', 'signal', 'path', 'claim', 'major', 'attempt', 'event',
] as const // prettier-ignore
type Field = (typeof allowedFields)[number]
export type LogFields = Partial<Record<Field, string | number | boolean | undefined>>
const isAllowed = (name: string): name is Field => allowedFields.some((field) => field === name)

export type Log = {
  info(event: string, fields?: LogFields): void
  warn(event: string, fields?: LogFields): void
  error(event: string, fields?: LogFields): void
}

export function createLog(needs: {
  clock: Clock
  level: 'debug' | 'info' | 'warn' | 'error' | 'silent'
  write?: (line: string) => void
}): Log {
  const { clock, level, write } = needs
  const options: pino.LoggerOptions = {
    level,
    base: null,
    messageKey: 'event',
    timestamp: () => `,"at":"${new Date(clock.now()).toISOString()}"`,
    formatters: { level: (label) => ({ level: label }) },
  }
  const logger = write ? pino(options, { write }) : pino(options, pino.destination({ dest: 2, sync: true }))
  const pick = (fields: LogFields = {}): LogFields =>
    Object.fromEntries(Object.entries(fields).filter(([name]) => isAllowed(name) && name !== 'event'))
  return {
    info: (event, fields) => logger.info(pick(fields), event),
    warn: (event, fields) => logger.warn(pick(fields), event),
    error: (event, fields) => logger.error(pick(fields), event),
  }
}

/** What of an error may be logged: its name and where it arose. Messages can quote values, so they stay out. */
export function errorFields(error: unknown): LogFields {
  if (!(error instanceof Error)) return { error_name: typeof error }
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line))
  const code =
    'code' in error && typeof error.code === 'string' && /^[A-Z0-9_]{1,40}$/.test(error.code) ? error.code : undefined
  return {
    error_name: error.name,
    sqlstate: code,
    stack: frames
      .slice(0, 6)
      .join('\n')
      .replaceAll(/\(?file:\/\/\S*\/(src|node_modules)\//g, '$1/'),
  }
}
