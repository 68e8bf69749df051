/** Latencies in constant memory: buckets of microseconds, each at most 1/32 of its value wide. */
export type Latencies = {
  add(ms: number): void
  /** The latency in ms that this share of all stayed within (nearest rank), within 1/64 of it; 0 when there is none. */
  quantile(share: number): number
}

const exactBelow = 64
const parts = 32

export function createLatencies(): Latencies {
  const counts = new Float64Array(exactBelow + 26 * parts)
  let total = 0
  return {
    add(ms) {
      const at = bucketOf(Math.min(Math.max(0, Math.round(ms * 1_000)), 0x7fff_ffff))
      counts[at] = (counts[at] ?? 0) + 1
      total++
    },
    quantile(share) {
      if (total === 0) return 0
      let left = Math.max(1, Math.ceil(total * share))
      return middleOf(counts.findIndex((count) => (left -= count) <= 0)) / 1_000
    },
  }
}

function bucketOf(us: number): number {
  if (us < exactBelow) return us
  const octave = 31 - Math.clz32(us)
  return exactBelow + (octave - 6) * parts + ((us >>> (octave - 5)) & (parts - 1))
}

function middleOf(bucket: number): number {
  if (bucket < exactBelow) return bucket
  const octave = Math.floor((bucket - exactBelow) / parts) + 6
  const width = 1 << (octave - 5)
  return (parts + ((bucket - exactBelow) % parts)) * width + (width - 1) / 2
}
