/** The decision document: what is stored, hashed and replayed. No latency, no receipt, no links, no identifiers. */
import { rfc3339 } from '#kernel/clock'
import { Fault } from '#kernel/fault'
import { toWireId } from '#kernel/id'
import { type Judgement, type Reason, renderReason } from '#engine/decide'
import { SealError } from '#platform/encryption'

export type Change = { change: string; decision: 'APPROVED' }
/** What became of the proof that an agent sent. */
export type AgentCheck = { status: 'not_checked' | 'verified' } | { status: 'failed'; why: string }

/** What a product says of one event. */
export type Judged = {
  judgement: Judgement
  counterfactual: readonly Change[]
  counterfactualNone: string | null
  agent: AgentCheck
}

export type DecisionDocument = {
  schema: 1
  trace_id: string
  received_at: string
  occurred_at: string
  decision: Judgement['decision']
  risk_score: number
  risk_level: Judgement['level']
  reason: Reason
  policy_version: number
  factors: readonly {
    id: string
    status: 'measured' | 'missing'
    weight: number
    raw: number | null
    contribution: number
    reason: Reason
    evidence: readonly string[]
  }[]
  counterfactual: readonly Change[]
  counterfactual_none: string | null
  compliance: { status: 'not_assessed'; sca_required: null; exemption: null }
  agent: AgentCheck
}

export function toDocument(
  of: { id: string; receivedMs: number; occurredMs: number; policyVersion: number },
  { judgement, counterfactual, counterfactualNone, agent }: Judged,
): DecisionDocument {
  return {
    schema: 1,
    trace_id: toWireId('decision', of.id),
    received_at: rfc3339(of.receivedMs),
    occurred_at: rfc3339(of.occurredMs),
    decision: judgement.decision,
    risk_score: judgement.score / 100,
    risk_level: judgement.level,
    reason: judgement.reason,
    policy_version: of.policyVersion,
    factors: judgement.factors.map(({ id, status, weight, raw, points, reason, evidence }) => ({
      id, status, weight, raw, contribution: points / 100, reason, evidence,
    })), // prettier-ignore
    counterfactual,
    counterfactual_none: counterfactualNone,
    compliance: { status: 'not_assessed', sca_required: null, exemption: null },
    agent,
  }
}

/** The answer: the document with its reasons in words. */
export const toAnswer = ({ schema: _, reason, factors, ...document }: DecisionDocument) => ({
  ...document,
  reason_text: renderReason(reason),
  factors: factors.map(({ id, status, weight, raw, contribution, reason, evidence }) => ({
    id, status, weight, raw, contribution, explanation: renderReason(reason), evidence: [...evidence],
  })), // prettier-ignore
  counterfactual: [...document.counterfactual],
  sca_required: document.compliance.sca_required,
  receipt: null,
})
export type Answer = ReturnType<typeof toAnswer>

/** Documents are written by `decide` alone, so their shape is what this version or an earlier one gave them. */
export const parseDocument = (bytes: Buffer): DecisionDocument => JSON.parse(bytes.toString())

/** Undefined for what somebody has changed so that it cannot be read. */
export function readable<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (error instanceof SealError || error instanceof SyntaxError || error instanceof Fault) return undefined
    throw error
  }
}
