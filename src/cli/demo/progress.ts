/** How far the demo is: a bar where someone watches, else a line now and then. */
import { SingleBar } from 'cli-progress'
import type { Clock } from '#kernel/clock'

export type ProgressTarget = { stream: NodeJS.WritableStream; isTerminal: boolean }
export type Progress = { update(done: number): void; stop(): void }

/** Without a total there is no bar and no estimate, and a line comes every 10,000. */
export function showProgress(target: ProgressTarget, total: number | undefined, clock: Clock): Progress {
  const start = clock.elapsed()
  const rateOf = (done: number): number => Math.round((done * 1_000) / Math.max(1, clock.elapsed() - start))
  return target.isTerminal ? drawBar(target.stream, total, rateOf) : writeLines(target.stream, total, rateOf)
}

function drawBar(stream: NodeJS.WritableStream, total: number | undefined, rateOf: (done: number) => number): Progress {
  const format = total === undefined ? '{value} payments | {rate}/s' : '[{bar}] {value} of {total} | {rate}/s | {eta_formatted} left' // prettier-ignore
  const bar = new SingleBar({
    stream,
    format,
    barsize: 30,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    etaBuffer: 500,
    // Signals are for the process to answer, not for its bar.
    gracefulExit: false,
  })
  bar.start(total ?? 0, 0, { rate: 0 })
  return {
    update: (done) => bar.update(done, { rate: rateOf(done) }),
    stop: () => bar.stop(),
  }
}

function writeLines(
  stream: NodeJS.WritableStream,
  total: number | undefined,
  rateOf: (done: number) => number,
): Progress {
  const step = total === undefined ? 10_000 : Math.max(1, Math.ceil(total / 10))
  return {
    update(done) {
      if (done % step !== 0 && done !== total) return
      stream.write(`${done}${total === undefined ? '' : ` of ${total}`} payments, ${rateOf(done)}/s\n`)
    },
    stop: () => {},
  }
}
