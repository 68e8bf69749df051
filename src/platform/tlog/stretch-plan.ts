/** How an export is cut into stretches, and which of them is the next to be taken, by whichever thread. */
import { tileWidth } from './tiles.ts'
import type { Stretch } from './walk-stretch.ts'

/** Handed to threads: `next` is in memory that they share. */
export type Plan = {
  readonly dir: string
  readonly size: number
  readonly bundlesEach: number
  readonly count: number
  readonly next: Int32Array
}

/** Short enough that all threads end at about the same time, long enough that finding the first line costs little. */
const mostBundles = 64
const stretchesPerThread = 8

export function planStretches(dir: string, size: number, threads: number): Plan {
  const bundles = Math.ceil(size / tileWidth)
  const bundlesEach = Math.min(mostBundles, Math.ceil(bundles / (threads * stretchesPerThread)))
  const next = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT))
  return { dir, size, bundlesEach, count: Math.ceil(bundles / bundlesEach), next }
}

/** `undefined` if none is left. */
export function takeStretch({ next, count }: Plan): number | undefined {
  const n = Atomics.add(next, 0, 1)
  return n < count ? n : undefined
}

export const takeNoMore = ({ next, count }: Plan): void => void Atomics.store(next, 0, count)

export function stretchOf({ dir, size, bundlesEach }: Plan, n: number): Stretch {
  const from = n * bundlesEach
  return { dir, size, from, to: Math.min(from + bundlesEach, Math.ceil(size / tileWidth)) }
}
