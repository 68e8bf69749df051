/**
 * Loops: work that repeats in the background.
 * Promises: one run at a time, none overlapping itself; a run that throws is logged and tried again at the next turn;
 * closing waits for the run under way.
 * Refuses: nothing.
 * Needs: a log. Each loop's work is safe to run on several processes at once.
 */
import { errorFields, type Log } from '#platform/telemetry'

export type Loop = { close(): Promise<void> }

export function startLoop(needs: { name: string; everyMs: number; log: Log; run(): Promise<void> }): Loop {
  const { name, everyMs, log, run } = needs
  let underWay: Promise<void> | undefined
  const timer = setInterval(() => {
    underWay ??= run()
      .catch((error: unknown) => log.warn('loop_failed', { reason: name, ...errorFields(error) }))
      .finally(() => (underWay = undefined))
  }, everyMs)
  timer.unref()
  return {
    async close() {
      clearInterval(timer)
      await underWay
    },
  }
}
