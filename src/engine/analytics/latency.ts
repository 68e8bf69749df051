/**
 * Latencies as counts in fixed buckets, each reaching 2^(1/8) times as far as the one before: what is read of them is at
 * most 9.1 % too large and never too small, and sums of histograms are histograms.
 */
import type { Tally } from './tally.ts'

const steps = 8
/** 8 µs and 131 s; what lies beyond is counted there. */
const [lowest, highest] = [-56, 136]

/** Bucket n holds what is above 2^((n - 1) / 8) ms and at most 2^(n / 8) ms. */
export const bucketOf = (ms: number): number =>
  Math.min(highest, Math.max(lowest, Math.ceil(Math.log2(Math.max(ms, Number.MIN_VALUE)) * steps)))

export type Latency = { count: number; p50: number | null; p99: number | null }

/** From the names `latency n` of a tally. In ms: the upper end of the bucket that the share falls into. */
export function readLatency(tally: Tally): Latency {
  const buckets = [...tally]
    .filter(([name]) => name.startsWith('latency '))
    .map(([name, value]) => ({ bucket: Number(name.slice('latency '.length)), count: Number(value) }))
    .sort((one, other) => one.bucket - other.bucket)
  const all = buckets.reduce((sum, { count }) => sum + count, 0)
  const at = (share: number): number | null => {
    let below = 0
    for (const { bucket, count } of buckets) {
      below += count
      if (below >= share * all) return Math.ceil(2 ** (bucket / steps) * 100) / 100
    }
    return null
  }
  return { count: all, p50: at(0.5), p99: at(0.99) }
}
