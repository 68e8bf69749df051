/** How a claim stands. The only place where a state comes from: nothing stores one, and nothing sets one. */
import { rfc3339 } from '#kernel/clock'
import type { Check, Text } from '#kernel/control'
import type { GatheredClaim } from './gather.ts'

/**
 * - `verified`: all its checks passed lately, and each saw its planted offence
 * - `attested`: it rests on a dated record of a person
 * - `stale`: the last pass, or the record, is older than it may be
 * - `failing`: a check said no
 * - `unproven`: nobody could look, a check sees nothing, or something is missing
 * - `planned`: no code for it yet
 */
export const states = ['verified', 'attested', 'stale', 'failing', 'unproven', 'planned'] as const
export type State = (typeof states)[number]

/** How many are in each state, in the order above. */
export const countStates = (claims: readonly { readonly state: State }[]): Readonly<Record<State, number>> => {
  const counts = { verified: 0, attested: 0, stale: 0, failing: 0, unproven: 0, planned: 0 }
  for (const { state } of claims) counts[state]++
  return counts
}

/** What became of a look. `error`: nobody could look. */
export const results = ['pass', 'fail', 'error', 'no_data'] as const

/** The newest run of a check. Times in ms since 1970. */
export type Look = {
  readonly result: (typeof results)[number]
  readonly saw: Text
  readonly startedMs: number
  readonly expiresMs: number
  readonly planted: { readonly caught: boolean; readonly saw: Text }
}

/** What a person has shown, with a date. */
export type Attested = { readonly atMs: number; readonly expiresMs: number }

export type Verdict = {
  readonly state: State
  /** Since when, as far as looks and record tell; null if they do not. */
  readonly sinceMs: number | null
  readonly why: Text | null
}

const noRecord: Text = { en: 'No record has been entered yet.', sv: 'Ingen uppgift har registrerats ännu.' }
const noCheck: Text = {
  en: 'No check watches this yet: only its tests speak for it.',
  sv: 'Ingen kontroll bevakar detta ännu: bara testerna talar för det.',
}

/**
 * A look holds for a time, forwards and, because clocks are set back, as far backwards: a look from the future is done
 * again at once, and until then it is no staler than one that is as far in the past.
 */
const isFresh = ({ startedMs, expiresMs }: Pick<Look, 'startedMs' | 'expiresMs'>, nowMs: number): boolean =>
  Math.abs(nowMs - startedMs) < expiresMs - startedMs

export function judgeClaim(
  claim: Pick<GatheredClaim, 'check' | 'tests' | 'checks' | 'lacks'>,
  lookOf: (check: Check) => Look | undefined,
  nowMs: number,
  record?: Attested,
): Verdict {
  const looked = claim.checks.map((check) => ({ check, look: lookOf(check) }))
  const failed = looked.flatMap(({ look }) => (look?.result === 'fail' ? [look] : []))
  if (failed.length > 0) return verdict('failing', earliest(failed.map(({ startedMs }) => startedMs)), failed.map(({ saw }) => saw)) // prettier-ignore
  if (claim.check !== 'record' && claim.tests.length === 0 && looked.length === 0) return verdict('planned', null, [])

  const hidden = looked.flatMap(({ check, look }) => unseen(check, look))
  if (claim.check !== 'record' && looked.length === 0) hidden.push(noCheck)
  if (claim.check !== 'auto' && !record) hidden.push(noRecord)
  hidden.push(...claim.lacks)
  if (hidden.length > 0) return verdict('unproven', null, hidden)

  const looks = looked.flatMap(({ look }) => look ?? [])
  const old = looks.filter((look) => !isFresh(look, nowMs))
  const isLapsed = record !== undefined && claim.check !== 'auto' && nowMs >= record.expiresMs
  if (old.length > 0 || isLapsed) {
    const ends = [...old.map(({ expiresMs }) => expiresMs), ...(isLapsed ? [record.expiresMs] : [])]
    return verdict('stale', earliest(ends), [staleSince(earliest(ends) ?? nowMs)])
  }
  if (record && claim.check !== 'auto') return verdict('attested', record.atMs, [])
  return verdict('verified', earliest(looks.map(({ startedMs }) => startedMs)), [])
}

/** Why this check shows nothing, if it does not. */
function unseen({ what }: Check, look: Look | undefined): Text[] {
  if (!look) return [{ en: `Nobody has looked yet. ${what.en}`, sv: `Ingen har kontrollerat ännu. ${what.sv}` }]
  if (look.result !== 'pass') return [look.saw]
  if (look.planted.caught) return []
  const { en, sv } = look.planted.saw
  return [
    {
      en: `The check did not see the offence that was planted for it, so its word counts for nothing: ${en}`,
      sv: `Kontrollen såg inte det fel som hade planterats för den, så dess svar räknas inte: ${sv}`,
    },
  ]
}

const staleSince = (sinceMs: number): Text => ({
  en: `What was seen last is too old: since ${rfc3339(sinceMs)} nobody has looked again.`,
  sv: `Den senaste kontrollen är för gammal: sedan ${rfc3339(sinceMs)} har ingen kontrollerat på nytt.`,
})

const earliest = (times: readonly number[]): number | null => (times.length === 0 ? null : Math.min(...times))

const verdict = (state: State, sinceMs: number | null, why: readonly Text[]): Verdict => ({
  state,
  sinceMs,
  why: why.length === 0 ? null : { en: why.map(({ en }) => en).join(' '), sv: why.map(({ sv }) => sv).join(' ') },
})
