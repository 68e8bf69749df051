/**
 * The words for promises. A *claim* is the public sentence (the register holds all of them); a *control* is what keeps
 * one: declared in a module's `controls.ts` with the tests that prove it and, if it can be watched, the check that does.
 */
import type { Json } from './canonical-json.ts'

export const languages = ['en', 'sv'] as const
export type Language = (typeof languages)[number]
/** A text in every language that Vouch speaks. */
export type Text = Readonly<Record<Language, string>>

/** What a look found. `no_data`: there was nothing to look at, which proves nothing. */
export type Finding = {
  readonly result: 'pass' | 'fail' | 'no_data'
  /** The first 2,000 characters are kept. */
  readonly saw: Text
  /** Kept with the run as evidence, and handed to the next look. No personal datum; more than 64 KiB as JSON is no pass. */
  readonly seen?: Json
}

export const pass = (saw: Text, seen: Json = null): Finding => ({ result: 'pass', saw, seen })
export const fail = (saw: Text, seen: Json = null): Finding => ({ result: 'fail', saw, seen })
export const noData = (saw: Text, seen: Json = null): Finding => ({ result: 'no_data', saw, seen })

export type Check = {
  /** Begins with the claim: `acc.keys.issue`. Never used for another look. */
  readonly id: string
  /** Counts up when it comes to look at something else. */
  readonly version: number
  /** One sentence: what is looked at. */
  readonly what: Text
  /** Files that define it. Their digest says which code looked. */
  readonly sources: readonly URL[]
  /** How often it runs, in ms. What it saw turns stale after twice that. */
  readonly cadenceMs: number
  /** After that long without an answer it has not looked, in ms. */
  readonly timeoutMs: number
  /** Looks at the running installation. `before` is what the look before has seen. Throws only when it could not look. */
  run(before: Json): Promise<Finding>
  /** The same look over an offence that was planted, away from real data. A check that does not say `fail` sees nothing. */
  readonly planted: { readonly what: Text; run(): Promise<Finding> }
}

export type Control = {
  /** Claim id, as in the register: `acc.keys`. */
  readonly claim: string
  /** Full names of the tests that prove it. Each must have run and passed in the same run. */
  readonly tests: readonly string[]
  readonly check?: Check
  /** What of the sentence nothing shows yet: while it says so, the claim is not verified. */
  readonly lacks?: Text
}

const minuteMs = 60_000
const cadences = { quarterHour: 15 * minuteMs, hour: 60 * minuteMs, day: 24 * 60 * minuteMs } as const

/**
 * A check from one way to look (`look`) and two things to look at: `real` is the installation, and `plant` hands `look` a
 * world with the offence in it, made in memory or inside a transaction that is taken back. There is no second judge.
 */
export function watch<World>(described: {
  id: string
  version: number
  what: Text
  sources: readonly [string, ...string[]]
  every: keyof typeof cadences
  timeoutMs?: number
  real(): World | Promise<World>
  look(world: World, before: Json): Finding | Promise<Finding>
  plant: { what: Text; over(look: (world: World) => Promise<Finding>): Promise<Finding> }
}): Check {
  const { id, version, what, sources, every, timeoutMs = 10_000, real, look, plant } = described
  return {
    id,
    version,
    what,
    sources: sources.map((source) => new URL(source)),
    cadenceMs: cadences[every],
    timeoutMs,
    run: async (before) => look(await real(), before),
    planted: { what: plant.what, run: async () => plant.over(async (world) => look(world, null)) },
  }
}
