/** What the trust pages show: how each promise stands. Handed in by `app.ts`; times are RFC 3339 in UTC. */
import type { Text } from '../language.ts'

export const states = ['verified', 'attested', 'stale', 'failing', 'unproven', 'planned'] as const
export type State = (typeof states)[number]
export const groups = ['encryption', 'access', 'audit', 'incidents', 'continuity', 'software', 'data-protection', 'communities', 'organisation'] as const // prettier-ignore
export type Group = (typeof groups)[number]
export const keepers = ['software', 'deployment', 'organisation', 'tenant'] as const
export type Keeper = (typeof keepers)[number]
export const checkKinds = ['auto', 'record', 'both'] as const
export const results = ['pass', 'fail', 'error', 'no_data'] as const

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
    readonly result: (typeof results)[number]
    readonly saw: Text
    readonly evidence_digest: string
    readonly expires_at: string
  } | null
  readonly planted: { readonly at: string; readonly caught: boolean; readonly what: Text } | null
}

export type Transition = { readonly at: string; readonly from: State | null; readonly to: State; readonly why: Text }

export type ClaimStanding = {
  readonly id: string
  readonly group: Group
  readonly sentence: Text
  readonly kept_by: readonly Keeper[]
  readonly check: (typeof checkKinds)[number]
  readonly state: State
  readonly since: string | null
  readonly last_run: string | null
  readonly why: Text | null
  readonly tests: readonly string[]
  readonly checks: readonly CheckStanding[]
  /** Newest first. */
  readonly history: readonly Transition[]
}

export type Standing = {
  readonly asOf: string
  /** `false`: newer could not be read. */
  readonly fresh: boolean
  readonly installation: string
  readonly claims: readonly ClaimStanding[]
}

/** `id` is the change's for ever. */
export type Change = Transition & { readonly id: string; readonly claim: string }

/** A signed statement (DSSE) about a claim. */
export type Attestation = {
  readonly payloadType: string
  readonly payload: string
  readonly signatures: readonly { readonly keyid: string; readonly sig: string }[]
}

export const countStates = (claims: readonly ClaimStanding[]): Readonly<Record<State, number>> => {
  const counts = { verified: 0, attested: 0, stale: 0, failing: 0, unproven: 0, planned: 0 }
  for (const { state } of claims) counts[state]++
  return counts
}
