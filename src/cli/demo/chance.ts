/**
 * Chance that repeats: numbers that depend on the seed and the path alone. Integer operations and + - x / only, so every
 * machine and every engine version draws the same. For play, never for secrets.
 */
export type Chance = {
  /** From 0 up to, but never, 1. */
  next(): number
  /** An integer from 0 up to, but never, `n`. */
  below(n: number): number
  between(low: number, high: number): number
  /** Bell-shaped around 0.5, from 0 to 1: the mean of four. */
  bell(): number
  /** True once in `1 / share` times. */
  happens(share: number): boolean
  pick<T>(list: readonly [T, ...T[]]): T
}

const twoTo32 = 4_294_967_296

/** A permutation of the 32-bit integers (the finalizer of MurmurHash3): different in, different out. */
export function scramble(n: number): number {
  let h = n | 0
  h = Math.imul(h ^ (h >>> 16), 0x85eb_ca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2_ae35)
  return (h ^ (h >>> 16)) >>> 0
}

/** One 32-bit number for a seed and a path (who, which, what for). */
export function mix(seed: number, ...path: readonly number[]): number {
  let state = scramble(seed % twoTo32) ^ scramble(Math.floor(seed / twoTo32) + 1)
  for (const step of path) state = scramble(Math.imul(state, 0x9e37_79b1) + step)
  return state >>> 0
}

/** Mulberry32, begun at `mix(seed, ...path)`. `seed` is an integer from 0 to 2^53 - 1. */
export function createChance(seed: number, ...path: readonly number[]): Chance {
  let state = mix(seed, ...path)
  function next(): number {
    state = (state + 0x6d2b_79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / twoTo32
  }
  const below = (n: number): number => Math.floor(next() * n)
  return {
    next,
    below,
    between: (low, high) => low + (high - low) * next(),
    bell: () => (next() + next() + next() + next()) / 4,
    happens: (share) => next() < share,
    pick: (list) => list[below(list.length)] ?? list[0],
  }
}

const letters = 'bcdfghjklmnpqrstvwxz'

/**
 * An opaque id: a prefix and eight letters, without digits (so it can never look like a card number) and without vowels
 * (so it can never be a word). Different indices of one salt get different ids.
 */
export function nameId(prefix: string, salt: number, index: number): string {
  let rest = scramble(salt ^ index)
  let name = ''
  for (let at = 0; at < 8; at++) {
    name += letters.charAt(rest % letters.length)
    rest = Math.floor(rest / letters.length)
  }
  return `${prefix}_${name}`
}
