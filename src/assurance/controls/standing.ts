/** How all claims stand, as the public reads it. Times are RFC 3339. */
import { rfc3339 } from '#kernel/clock'
import type { Check, Text } from '#kernel/control'
import {
  type CheckKind,
  type ClaimGroup,
  type GatheredClaim,
  judgeClaim,
  type Keeper,
  type State,
  states,
  type Verdict,
} from '#assurance/claims'
import type { StoredRun } from './run.ts'
import { type SourceDigest, toWireDigest } from './source-digest.ts'
import type { ChangeRow } from './store.ts'

/** What a check is, what it saw last, and what it saw of the planted offence. */
export type CheckStanding = {
  readonly id: string
  readonly version: number
  readonly what: Text
  /** Files that define it, from the root of the repository. */
  readonly sources: readonly string[]
  readonly source_digest: string
  readonly cadence_ms: number
  readonly timeout_ms: number
  readonly last: {
    readonly at: string
    readonly result: StoredRun['result']
    readonly saw: Text
    readonly evidence_digest: string
    readonly expires_at: string
  } | null
  readonly planted: { readonly at: string; readonly caught: boolean; readonly what: Text } | null
}

export type Transition = { readonly at: string; readonly from: State | null; readonly to: State; readonly why: Text }
/** `id` is stable: `acc.keys:3` is the third change of that claim. */
export type Change = Transition & { readonly id: string; readonly claim: string }

export type ClaimStanding = {
  readonly id: string
  readonly group: ClaimGroup
  readonly sentence: Text
  readonly kept_by: readonly Keeper[]
  readonly check: CheckKind
  readonly state: State
  readonly since: string | null
  /** When the oldest of the newest looks of its checks began. */
  readonly last_run: string | null
  readonly why: Text | null
  readonly tests: readonly string[]
  readonly checks: readonly CheckStanding[]
  /** Newest first: the newest 20. */
  readonly history: readonly Transition[]
}

export type Standing = {
  /** When it was read. */
  readonly asOf: string
  /** False: the database cannot be asked, and this is what was read last. */
  readonly fresh: boolean
  /** Public host name. */
  readonly installation: string
  readonly claims: readonly ClaimStanding[]
}

/** What was read of the database. States follow from it and from the time. */
export type Copy = {
  readonly readMs: number
  readonly runs: ReadonlyMap<string, StoredRun>
  readonly changes: ReadonlyMap<string, readonly Change[]>
}

export const judgeFrom = (claim: GatheredClaim, { runs }: Copy, nowMs: number): Verdict =>
  judgeClaim(claim, ({ id }) => runs.get(id), nowMs)

export function toStanding(
  claims: readonly GatheredClaim[],
  sourceOf: (check: Check) => SourceDigest,
  copy: Copy,
  { fresh, nowMs, installation }: { fresh: boolean; nowMs: number; installation: string },
): Standing {
  const toCheck = (check: Check): CheckStanding => {
    const { files, digest } = sourceOf(check)
    const run = copy.runs.get(check.id)
    return {
      id: check.id,
      version: check.version,
      what: check.what,
      sources: files,
      source_digest: toWireDigest(digest),
      cadence_ms: check.cadenceMs,
      timeout_ms: check.timeoutMs,
      last: run
        ? {
            at: rfc3339(run.startedMs),
            result: run.result,
            saw: run.saw,
            evidence_digest: toWireDigest(run.evidenceDigest),
            expires_at: rfc3339(run.expiresMs),
          }
        : null,
      planted: run ? { at: rfc3339(run.plantedAtMs), caught: run.planted.caught, what: check.planted.what } : null,
    }
  }
  const toClaim = (claim: GatheredClaim): ClaimStanding => {
    const { state, sinceMs, why } = judgeFrom(claim, copy, nowMs)
    const history = copy.changes.get(claim.id) ?? []
    const noted = history[0]?.to === state ? history[0].at : undefined
    const looks = claim.checks.flatMap(({ id }) => copy.runs.get(id) ?? [])
    return {
      id: claim.id,
      group: claim.group,
      sentence: claim.sentence,
      kept_by: [...claim.keptBy],
      check: claim.check,
      state,
      since: state === 'planned' ? null : (noted ?? (sinceMs === null ? null : rfc3339(sinceMs))),
      last_run: looks.length === 0 ? null : rfc3339(Math.min(...looks.map(({ startedMs }) => startedMs))),
      why,
      tests: claim.tests,
      checks: claim.checks.map(toCheck),
      history: history.map(({ at, from, to, why }) => ({ at, from, to, why })),
    }
  }
  return { asOf: rfc3339(copy.readMs), fresh, installation, claims: claims.map(toClaim) }
}

/** A word that is no state could only come from a newer version, and shows nothing. */
const toState = (word: string): State => states.find((state) => state === word) ?? 'unproven'

export const toChange = (row: ChangeRow): Change => ({
  id: `${row.claim}:${row.number}`,
  claim: row.claim,
  at: rfc3339(row.at.getTime()),
  from: row.from_state === null ? null : toState(row.from_state),
  to: toState(row.to_state),
  why: { en: row.why_en, sv: row.why_sv },
})
