import type { Clock } from '#kernel/clock'

export type FakeClock = Clock & {
  /** Moves both clocks on. */
  advance(ms: number): void
  /** Sets the wall clock alone, also back: what an administrator or NTP does. */
  set(timeMs: number): void
}

export function createFakeClock(startMs = Date.parse('2026-11-21T10:00:00Z')): FakeClock {
  let wall = startMs
  let elapsed = 0
  return {
    now: () => wall,
    elapsed: () => elapsed,
    advance(ms) {
      wall += ms
      elapsed += ms
    },
    set: (timeMs) => void (wall = timeMs),
  }
}
