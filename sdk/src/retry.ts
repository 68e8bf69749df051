/**
 * When to send again, and after how long. A repetition must not do a thing twice: what is *repeatable* (a read, a dry run, an
 * evaluation with an idempotency key) is sent again after anything that may pass; everything else only after a 429, which
 * says that nothing was begun.
 */
import { VouchProblem, VouchUnreachable } from './problem.ts'

const firstPauseMs = 250
const longestPauseMs = 8_000
/** A server that wants us later than this is told to the caller, who knows better what to do meanwhile. */
const longestRetryAfterMs = 30_000

/** The pause before attempt `attempt + 1`, or undefined where sending again is wrong or would not help. */
export function pauseBefore(error: unknown, attempt: number, isRepeatable: boolean): number | undefined {
  const backOffMs = Math.min(firstPauseMs * 2 ** (attempt - 1), longestPauseMs)
  // Half of it is left to chance, so that clients that failed together do not come back together.
  const pauseMs = backOffMs * (0.5 + Math.random() / 2)
  if (error instanceof VouchUnreachable) return isRepeatable ? pauseMs : undefined
  if (!(error instanceof VouchProblem) || !mayPass(error, isRepeatable)) return undefined
  const askedMs = (error.retryAfterSeconds ?? 0) * 1_000
  return askedMs > longestRetryAfterMs ? undefined : Math.max(askedMs, pauseMs)
}

function mayPass({ status, code }: VouchProblem, isRepeatable: boolean): boolean {
  if (status === 429) return true
  return isRepeatable && (status >= 500 || status === 408 || code === 'idempotency_in_flight')
}

/** Resolves after `ms`, or rejects with the signal's reason as soon as it is aborted. */
export function wait(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted()
    const stop = (): void => {
      clearTimeout(timer)
      reject(signal?.reason)
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop)
      resolve()
    }, ms)
    signal?.addEventListener('abort', stop, { once: true })
  })
}
