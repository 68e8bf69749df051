import { rfc3339, type Clock } from '#kernel/clock'
import type { Check, Control } from '#kernel/control'
import type { CheckKind, Claim, ClaimGroup, Keeper, Text } from './claim.ts'
import { gatherClaims, type GatheredClaim } from './gather.ts'
import { register } from './register.ts'
import { runCheck, type Sighting } from './run-check.ts'

/**
 * - `verified`: all its checks ran and passed
 * - `failing`: a check ran and said no
 * - `unproven`: nobody could look, or the record is missing
 * - `planned`: no code for it yet
 */
export type State = 'verified' | 'failing' | 'unproven' | 'planned'

export type ClaimState = {
  readonly id: string
  readonly group: ClaimGroup
  readonly sentence: Text
  readonly kept_by: readonly Keeper[]
  readonly check: CheckKind
  readonly state: State
  /** RFC 3339: since when it is in this state, as far as this run knows. `null` when planned or unproven. */
  readonly since: string | null
  /** RFC 3339: when the first of its checks began to look. `null` when none ran. */
  readonly last_run: string | null
  /** What the checks saw, then why the claim is unproven, if it is. */
  readonly saw: readonly string[]
  readonly tests: readonly string[]
}

export type Examination = {
  controls: readonly Control[]
  clock: Clock
  /** Longest time that one check may take. */
  timeoutMs?: number
  /** The register, unless a test brings its own. */
  claims?: readonly Claim[]
  /** Told of everything that a check threw, for the log: `saw` only names the kind of error. */
  noteError?: (claim: string, error: unknown) => void
}

const longestTimerMs = 2 ** 31 - 1
const checksAtOnce = 4

const noRecord = 'No record has been entered yet.'
const noCheck = 'No check watches this yet: only its tests speak for it.'
const onlyCodeHolds = `The code half holds, the record half is missing: ${noRecord}`
const neitherHolds = `The code half could not be shown, and the record half is missing: ${noRecord}`

type Verdict = { state: State; why: readonly string[] }

/** The only place where a state comes from. */
const judge = ({ check, tests, checks }: GatheredClaim, sightings: readonly Sighting[]): Verdict => {
  if (sightings.some(({ outcome }) => outcome === 'failed')) return { state: 'failing', why: [] }
  if (check === 'record') return { state: 'unproven', why: [noRecord] }
  if (tests.length === 0 && checks.length === 0) return { state: 'planned', why: [] }
  const holds = sightings.length > 0 && sightings.every(({ outcome }) => outcome === 'passed')
  if (holds && check === 'auto') return { state: 'verified', why: [] }
  const why = checks.length === 0 ? [noCheck] : []
  if (check === 'auto') return { state: 'unproven', why }
  return { state: 'unproven', why: [...why, holds ? onlyCodeHolds : neitherHolds] }
}

const conclude = (claim: GatheredClaim, sightings: readonly Sighting[]): ClaimState => {
  const { state, why } = judge(claim, sightings)
  const lastRun = sightings.length === 0 ? null : rfc3339(Math.min(...sightings.map(({ beganMs }) => beganMs)))
  return Object.freeze({
    id: claim.id,
    group: claim.group,
    sentence: claim.sentence,
    kept_by: [...claim.keptBy],
    check: claim.check,
    state,
    since: state === 'verified' || state === 'failing' ? lastRun : null,
    last_run: lastRun,
    saw: [...sightings.map(({ saw }) => saw), ...why],
    tests: claim.tests,
  })
}

/** Runs every job, at most `atOnce` at a time: the workers draw from one shared iterator. */
const runJobs = async (jobs: readonly (() => Promise<void>)[], atOnce: number): Promise<void> => {
  const waiting = jobs.values()
  const work = async (): Promise<void> => {
    for (const job of waiting) await job()
  }
  await Promise.all(Array.from({ length: atOnce }, work))
}

/** Runs all checks, a few at a time, and says how each claim stands. Throws on a wrong register, control or timeout. */
export const examineClaims = async (examination: Examination): Promise<readonly ClaimState[]> => {
  const { controls, clock, timeoutMs = 10_000, claims = register, noteError } = examination
  if (!(timeoutMs > 0 && timeoutMs <= longestTimerMs)) {
    throw new RangeError(`timeoutMs must lie between 1 and ${longestTimerMs}, not ${timeoutMs}`)
  }
  const gathered = gatherClaims(controls, claims).map((claim) => {
    const look = (check: Check): Promise<Sighting> =>
      runCheck(check, { clock, timeoutMs, noteError: (error) => noteError?.(claim.id, error) })
    return { claim, look, sightings: new Map<Check, Sighting>() }
  })
  const jobs = gathered.flatMap(({ claim, look, sightings }) =>
    claim.checks.map((check) => async () => {
      sightings.set(check, await look(check))
    }),
  )
  await runJobs(jobs, checksAtOnce)
  return gathered.map(({ claim, sightings }) =>
    conclude(
      claim,
      claim.checks.flatMap((check) => sightings.get(check) ?? []),
    ),
  )
}
