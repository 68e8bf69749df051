/** The only place that reads the machine's clocks. Everything else is handed a `Clock`. */
export interface Clock {
  /** Milliseconds since 1970-01-01 UTC. May step back when the machine's clock is set. */
  now(): number
  /** Milliseconds since some fixed moment; never steps back. For durations and deadlines. */
  elapsed(): number
}

export const systemClock: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
}

/** RFC 3339, UTC, milliseconds: the form of every time on the wire. */
export const rfc3339 = (timeMs: number): string => new Date(timeMs).toISOString()
