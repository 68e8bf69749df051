/**
 * Loops: work that repeats in the background.
 * Promises: one run at a time, none overlapping itself; a run that throws is logged and tried again at the next turn;
 * closing waits for the run under way.
 * Refuses: nothing.
 * Needs: a log. Each loop's work is safe to run on several processes at once.
 */
import { errorFields, type Log } from '#platform/telemetry'

export type Loop = { close(): Promise<void> }

/** `atOnce`: the first run is now, not after the first pause. */
export type Repeated = { name: string; everyMs: number; run(): Promise<void>; atOnce?: boolean }

export function startLoop(needs: Repeated & { log: Log }): Loop {
  const { name, everyMs, log, run, atOnce = false } = needs
  let underWay: Promise<void> | undefined
  const turn = (): void => {
    underWay ??= run()
      .catch((error: unknown) => log.warn('loop_failed', { reason: name, ...errorFields(error) }))
      .finally(() => (underWay = undefined))
  }
  const timer = setInterval(turn, everyMs)
  timer.unref()
  if (atOnce) turn()
  return {
    async close() {
      clearInterval(timer)
      await underWay
    },
  }
}
