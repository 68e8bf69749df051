/**
 * Where there is something to sequence: tenants whose rows this process has just made durable. A hint saves looking, and
 * losing one loses nothing: the patrol looks at every tenant.
 */
import type { Clock } from '#kernel/clock'

type Noted = { sinceMs: number; notes: number }

export type Hints = {
  /** A tenant has a new row. */
  note(tenantId: string): void
  /** Whose hint is oldest comes first. */
  tenants(): string[]
  /** Call before looking; the answer, called after everything that was there is sequenced, forgets what was noted before. */
  begin(tenantId: string): () => void
  /** Age of the oldest hint, in ms; 0 without any. */
  lagMs(): number
}

export function createHints(clock: Clock): Hints {
  const noted = new Map<string, Noted>()
  return {
    note(tenantId) {
      const hint = noted.get(tenantId)
      if (hint) hint.notes++
      else noted.set(tenantId, { sinceMs: clock.elapsed(), notes: 1 })
    },
    tenants: () =>
      [...noted].toSorted(([, one], [, other]) => one.sinceMs - other.sinceMs).map(([tenantId]) => tenantId),
    begin(tenantId) {
      const hint = noted.get(tenantId)
      const [beganMs, notes] = [clock.elapsed(), hint?.notes]
      return () => {
        if (!hint || noted.get(tenantId) !== hint) return
        if (hint.notes === notes) noted.delete(tenantId)
        else hint.sinceMs = beganMs
      }
    },
    lagMs() {
      const now = clock.elapsed()
      let oldest = now
      for (const { sinceMs } of noted.values()) oldest = Math.min(oldest, sinceMs)
      return now - oldest
    },
  }
}
