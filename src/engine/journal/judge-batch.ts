/** Second half of a batch: each request is judged in memory, seeing those before it, and becomes a row. */
import { matchesOf } from '#engine/lists'
import { Fault } from '#kernel/fault'
import { addEvent } from '#engine/windows'
import type { TailEvent } from './memory.ts'
import type { Recalled } from './recall.ts'
import type { Given, Pending } from './request.ts'
import type { ClaimRow, DecisionRow } from './store.ts'
import { keyOf, seenBy } from './subject.ts'

export const claimKeptMs = 24 * 3_600_000

export type JudgedBatch = {
  rows: DecisionRow[]
  claims: ClaimRow[]
  /** Keys of claims that are past their time and make room. */
  expired: Buffer[]
  events: TailEvent[]
  /** Those whose outcome is durable with the transaction. The others are refused, whatever becomes of it. */
  answered: Pending[]
  refused: { pending: Pending; error: unknown }[]
  /** Those for whom there was no time. */
  left: Pending[]
}

/**
 * Changes the states of `recalled`: if the transaction fails, the tenant is forgotten. The first is judged however late
 * it is, so that each batch gets on.
 */
export function judgeBatch(recalled: Recalled, nowMs: number, isLate: () => boolean): JudgedBatch {
  const { batch, brief, first, states } = recalled
  const judged: JudgedBatch = { rows: [], claims: [], expired: [], events: [], answered: [], refused: [], left: [] }
  const taken = new Map(recalled.claims.map((claim) => [claim.key_hash.toString('latin1'), claim]))
  let version = first
  for (const [at, pending] of batch.pendings.entries()) {
    if (at > 0 && isLate()) {
      judged.left = batch.pendings.slice(at)
      break
    }
    try {
      if (!findClaim(taken, pending, nowMs, judged)) judgeOne(pending, version)
      judged.answered.push(pending)
    } catch (error) {
      judged.refused.push({ pending, error })
    }
  }
  return judged

  function judgeOne(pending: Pending, next: number): void {
    const { request } = pending
    const { subjects, columns, valueKeys } = pending.by(brief)
    const { scope, atMs, money, hour, place, idempotency } = request
    const stateOf: Given['stateOf'] = (subject) => {
      const state = states.get(keyOf(subject.key))
      if (!state) throw new Fault('internal', 'A counter was asked for that is not of this request.')
      return state
    }
    const row = pending.judge({ brief, matches: matchesOf(recalled.matches, valueKeys), stateOf })
    if (request.isDry === true) return
    if (scope.requestId === null) throw new Fault('internal', 'A decision has a request.')
    judged.rows.push({
      id: row.id,
      version: BigInt(next),
      at: row.at,
      occurred_at: new Date(atMs),
      actor_kind: scope.actor.kind,
      actor_id: scope.actor.id,
      request_id: scope.requestId,
      decision: row.decision,
      risk_score: row.risk_score,
      policy_version: row.policy_version,
      amount_minor: BigInt(money.minor),
      currency: money.currency,
      category: row.category,
      merchant_key: columns.merchant_key,
      user_key: columns.user_key,
      subjects: columns.subjects,
      local_hour: hour,
      lat_tenths: place && place.lat,
      lon_tenths: place && place.lon,
      document: row.document,
      event: row.event,
    })
    version++
    if (idempotency) {
      const claim: ClaimRow = {
        key_hash: idempotency.keyHash, body_hash: idempotency.bodyHash, decision_id: row.id, at: new Date(nowMs),
      } // prettier-ignore
      judged.claims.push(claim)
      taken.set(claim.key_hash.toString('latin1'), claim)
    }
    const isApproved = row.decision === 'APPROVED'
    const happening = { atMs, isApproved, minor: money.minor, currency: money.currency, hour, place }
    const seen = seenBy(subjects, happening)
    for (const [key, event] of seen) {
      const state = states.get(key)
      if (state) addEvent(state, event)
    }
    judged.events.push({ version: next, seen })
  }
}

/** Whether the request was answered before. Throws if its key stands for another request. */
function findClaim(taken: Map<string, ClaimRow>, pending: Pending, nowMs: number, judged: JudgedBatch): boolean {
  const { idempotency } = pending.request
  const claim = idempotency && taken.get(idempotency.keyHash.toString('latin1'))
  if (!claim) return false
  if (claim.at.getTime() < nowMs - claimKeptMs) {
    judged.expired.push(claim.key_hash)
    taken.delete(claim.key_hash.toString('latin1'))
    return false
  }
  if (!claim.body_hash.equals(idempotency.bodyHash)) {
    throw new Fault(
      'idempotency_mismatch',
      'This idempotency key was used for another request. Use a new key for a new request.',
    )
  }
  pending.replay(claim.decision_id)
  return true
}
