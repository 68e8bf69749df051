/** The four rings of buckets, and which buckets a window is. Times are whole milliseconds since 1970 in UTC. */

export type Ring = {
  readonly sizeMs: number
  /** Its longest window, in buckets. */
  readonly count: number
  /** Buckets that are kept, counted back from the newest: the longest window at a time 5 minutes before the newest. */
  readonly kept: number
}

/** How far behind the newest event a live request may stand and still read whole windows. */
export const lateMs = 5 * 60_000
/** Events that are older than this, against the newest of their subject, count nowhere. */
export const longestMs = 30 * 86_400_000

// A window that is not aligned touches one bucket more than its length has.
const ringOf = (sizeMs: number, count: number): Ring => ({
  sizeMs,
  count,
  kept: count + 1 + Math.ceil(lateMs / sizeMs),
})

/** Finest first. */
export const rings: readonly Ring[] = [
  ringOf(5_000, 12),
  ringOf(60_000, 60),
  ringOf(3_600_000, 24),
  ringOf(86_400_000, 30),
]

export const indexAt = (ring: Ring, atMs: number): number => Math.floor(atMs / ring.sizeMs)

/** Throws for a length that no window has. */
export function requireLength(lengthMs: number): void {
  if (!(lengthMs > 0 && lengthMs <= longestMs))
    throw new RangeError('a window is longer than nothing and at most 30 days')
}

/**
 * The buckets that touch (atMs - lengthMs, atMs], in the finest ring that is long enough: places in `rings` and first and
 * last index. Throws for a length that no ring has.
 */
export function bucketsOf(lengthMs: number, atMs: number): { at: number; first: number; last: number } {
  requireLength(lengthMs)
  const at = rings.findIndex(({ sizeMs, count }) => lengthMs <= sizeMs * count)
  const sizeMs = rings[at]?.sizeMs ?? longestMs
  return { at, first: Math.floor((atMs - lengthMs + 1) / sizeMs), last: Math.floor(atMs / sizeMs) }
}
