/**
 * Telemetry: logs and metrics.
 * Promises: one JSON line an event, with fields from a closed list that cannot hold what a caller sent; metrics with
 * few labels, none of them an id.
 * Refuses: any other field, whatever is passed.
 * Needs: where to write.
 */
import pino from 'pino'
import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { Clock } from '#kernel/clock'

/** Fields that may be logged: ids we made, words from closed lists, numbers. Never text that a caller chose. */
const allowed = [
  'request_id', 'tenant_id', 'key_id', 'method', 'route', 'status', 'code', 'duration_ms', 'sqlstate', 'error_name', 'stack',
  'reason', 'count', 'url', 'home', 'version', 'pid', 'port', 'host', 'signal', 'path', 'claim', 'major', 'attempt', 'event',
] as const // prettier-ignore
type Field = (typeof allowed)[number]
export type LogFields = Partial<Record<Field, string | number | boolean | undefined>>
const isAllowed = (name: string): name is Field => allowed.some((field) => field === name)

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

export type Metrics = {
  readonly registry: Registry
  readonly requests: Counter<'route' | 'method' | 'status'>
  readonly duration: Histogram<'route'>
  readonly decisions: Counter<'decision'>
  readonly refused: Counter<'why'>
  readonly inFlight: Gauge
  readonly logEntries: Counter
  readonly logCheckpoints: Counter
  readonly logFailures: Counter<'what'>
  readonly witnessAnswers: Counter<'state'>
  /** Asked at each look for the age, in seconds, of the oldest row that is not sequenced. */
  watchLogLag(lagSeconds: () => number): void
}

export function createMetrics(): Metrics {
  const registry = new Registry()
  const registers = [registry]
  return {
    registry,
    requests: new Counter({
      name: 'vouch_requests_total',
      help: 'Requests answered',
      labelNames: ['route', 'method', 'status'],
      registers,
    }),
    duration: new Histogram({
      name: 'vouch_request_seconds',
      help: 'Time to answer a request',
      labelNames: ['route'],
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5],
      registers,
    }),
    decisions: new Counter({
      name: 'vouch_decisions_total',
      help: 'Decisions made',
      labelNames: ['decision'],
      registers,
    }),
    refused: new Counter({
      name: 'vouch_refused_total',
      help: 'Requests refused before their verb',
      labelNames: ['why'],
      registers,
    }),
    inFlight: new Gauge({ name: 'vouch_requests_in_flight', help: 'Requests being answered', registers }),
    logEntries: new Counter({ name: 'vouch_log_entries_total', help: 'Entries this process sequenced', registers }),
    logCheckpoints: new Counter({
      name: 'vouch_log_checkpoints_total',
      help: 'Checkpoints this process signed',
      registers,
    }),
    logFailures: new Counter({
      name: 'vouch_log_failures_total',
      help: 'Steps of sequencing and signing that failed, and were left for later',
      labelNames: ['what'],
      registers,
    }),
    witnessAnswers: new Counter({
      name: 'vouch_log_witness_answers_total',
      help: 'What witnesses did that this process submitted checkpoints to',
      labelNames: ['state'],
      registers,
    }),
    watchLogLag: (lagSeconds) =>
      void new Gauge({
        name: 'vouch_log_lag_seconds',
        help: 'Age of the oldest row that this process wrote and that is not sequenced',
        registers,
        collect() {
          this.set(lagSeconds())
        },
      }),
  }
}
