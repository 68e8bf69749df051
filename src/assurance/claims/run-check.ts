import type { Clock } from '#kernel/clock'
import type { Check } from '#kernel/control'
import { Fault } from '#kernel/fault'

/** What became of one run of one check. `unseen`: it could not look, so it shows nothing, good or bad. */
export type Sighting = {
  readonly outcome: 'passed' | 'failed' | 'unseen'
  readonly saw: string
  /** Milliseconds since 1970 at which it began to look: what it saw is no younger than this. */
  readonly beganMs: number
}

/** What may be said of an error in public: our own message, or its kind. Messages of others may carry values. */
const describeError = (error: unknown): string => {
  if (error instanceof Fault) return error.message
  if (!(error instanceof Error)) return 'an error'
  return 'code' in error && typeof error.code === 'string' ? `${error.name} ${error.code}` : error.name
}

/**
 * Runs one check and never throws. A pass counts only if it came in time and says what it saw. A check that hangs is
 * left behind: its slot is free again and its later answer is not heard.
 */
export const runCheck = async (
  check: Check,
  { clock, timeoutMs, noteError }: { clock: Clock; timeoutMs: number; noteError: (error: unknown) => void },
): Promise<Sighting> => {
  const beganMs = clock.now()
  const startedMs = clock.elapsed()
  const tooLate: Sighting = { outcome: 'unseen', saw: `No answer within ${timeoutMs} ms: ${check.looks}`, beganMs }
  const deadline = Promise.withResolvers<null>()
  const timer = setTimeout(deadline.resolve, timeoutMs, null)
  try {
    const answer = await Promise.race([check.run(), deadline.promise])
    if (answer === null) return tooLate
    const { ok, saw } = answer
    if (!ok) return { outcome: 'failed', saw, beganMs }
    // A check that blocks the process delays the timer as well, so the time it took is looked at once more.
    if (clock.elapsed() - startedMs > timeoutMs) return tooLate
    if (saw.trim() === '')
      return { outcome: 'unseen', saw: `Passed without saying what it saw: ${check.looks}`, beganMs }
    return { outcome: 'passed', saw, beganMs }
  } catch (error) {
    noteError(error)
    return { outcome: 'unseen', saw: `Could not look (${describeError(error)}): ${check.looks}`, beganMs }
  } finally {
    clearTimeout(timer)
  }
}
