/**
 * Telemetry: logs and metrics.
 * Promises: one JSON line an event, with fields from a closed list that cannot hold what a caller sent; metrics with
 * few labels, none of them an id.
 * Refuses: any other field, whatever is passed.
 * Needs: where to write.
 */
import { Counter, Gauge, Histogram, Registry } from 'prom-client'

export { controls } from './controls.ts'
export { createLog, errorFields, type Log, type LogFields } from './log.ts'

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
