/**
 * The demo: a stream of payments whose truth is known, judged by a running server, and what came of it.
 * Promises: constant memory, each payment decided once, and a stop with a reason when the server or the file will not do.
 * Needs: a server on this machine, a key that may ask for decisions and date them in the past, events, a clock.
 */
import type { Clock } from '#kernel/clock'
import { defaultConcurrency, type SendOptions, sendEvents } from './client.ts'
import type { Decision } from './decision.ts'
import type { DemoEvents } from './event.ts'
import { showProgress } from './progress.ts'
import { renderReport } from './render-report.ts'
import { createReport, type Summary } from './report.ts'
import { defaultSeed } from './simulate.ts'

export { DemoError, type DemoEvent, type DemoEvents } from './event.ts'
export { readTransactions } from './read-transactions.ts'
export { writeCurl } from './render-report.ts'
export { defaultDays, defaultSeed, simulate, type SimulateOptions } from './simulate.ts'

export type DemoOptions = {
  url: string
  key: string
  events: DemoEvents
  /** How many events there are, if that is known: for the progress alone. */
  total?: number
  clock: Clock
  stderr: NodeJS.WritableStream
  isTerminal: boolean
  /** Idempotency keys are this and the event's place: another stream to the same tenant takes another. */
  keyPrefix?: string
  /** Rejects when the work is to be given up; the terminal is then as it was before. */
  unlessStopped?: <T>(work: Promise<T>) => Promise<T>
} & Pick<SendOptions, 'concurrency' | 'pause'>

/** `examples` are whole decisions as the server gave them; `text` is all of it for people. */
export type DemoResult = { summary: Summary; examples: readonly Decision[]; text: string }

export async function runDemo(options: DemoOptions): Promise<DemoResult> {
  const {
    url,
    key,
    clock,
    stderr,
    isTerminal,
    total,
    concurrency = defaultConcurrency,
    keyPrefix = `demo-${defaultSeed}`,
    unlessStopped = (work) => work,
    ...asked
  } = options
  const report = createReport()
  const progress = showProgress({ stream: stderr, isTerminal }, total, clock)
  const start = clock.elapsed()
  let done = 0
  const sending = sendEvents({
    ...asked,
    concurrency,
    url,
    key,
    keyPrefix,
    clock,
    onAnswer(answered) {
      report.add(answered)
      progress.update(++done)
    },
  })
  const sent = await unlessStopped(sending).finally(() => progress.stop())
  const found = report.finish(sent, clock.elapsed() - start)
  return {
    summary: found.summary,
    examples: found.examples.map(({ decision }) => decision),
    text: renderReport(found, { url, key, concurrency }),
  }
}
