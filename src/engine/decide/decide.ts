/**
 * decide(policy, event, signals) → judgement. Pure: no clock, no database, no chance. Points are integers of 0.01, so that
 * the score is the exact sum of what the factors contributed, in any order.
 */
import { formatMajor, type Money } from '#kernel/currency'
import { curveAt, type FactorId, type Policy, type PolicyFactor } from './policy.ts'

export type DecisionWord = 'APPROVED' | 'STEP_UP_REQUIRED' | 'DECLINED'
export type RiskLevel = 'LOW' | 'MEDIUM' | 'HIGH' | 'CRITICAL'

/** A reason in no language yet: `renderReason` says it. */
export type Reason = { id: string; params: Readonly<Record<string, string | number>> }

/** One measured fact. `reason` says what was compared with what. */
export type Measured = { value: number; reason: Reason; evidence: readonly string[] }
export type Signals = {
  readonly factors: Readonly<Partial<Record<FactorId, Measured>>>
  /** Entries that the event matched. */
  readonly lists: readonly { list: string; kind: 'allow' | 'deny'; field: string }[]
}

export type FactorPart = {
  id: FactorId | 'limit'
  status: 'measured' | 'missing'
  weight: number
  /** The signal; null when missing. */
  raw: number | null
  /** Hundredths of a point. */
  points: number
  reason: Reason
  evidence: readonly string[]
}

export type Judgement = {
  decision: DecisionWord
  /** Hundredths of a point, 0 to 10000; the sum of the factors' points. */
  score: number
  level: RiskLevel
  reason: Reason
  factors: readonly FactorPart[]
}

export function decide(policy: Policy, event: Money, signals: Signals): Judgement {
  const parts = policy.factors.map((factor) => weigh(factor, signals))
  const sum = parts.reduce((total, { points }) => total + points, 0)
  const score = Math.min(10_000, Math.max(0, sum))
  const factors = score === sum ? parts : [...parts, cut(score - sum)]
  const scored = byScore(policy, score)
  const reason: Reason = {
    id: `score.${scored}`,
    params: {
      score: score / 100,
      amount: formatMajor(event.minor, event.currency),
      currency: event.currency,
      threshold: scored === 'DECLINED' ? policy.thresholds.decline : policy.thresholds.step_up,
      factor: [...factors].sort((a, b) => b.points - a.points)[0]?.id ?? '',
    },
  }
  const judged = { score, level: levelOf(score), factors }
  const denied = signals.lists.find(({ kind }) => kind === 'deny')
  if (denied) return { ...judged, decision: 'DECLINED', reason: listReason('list.deny', denied) }
  const allowed = signals.lists.find(({ kind }) => kind === 'allow')
  if (allowed) return { ...judged, decision: 'APPROVED', reason: listReason('list.allow', allowed) }
  return { ...judged, decision: scored, reason }
}

const listReason = (id: string, { list, field }: { list: string; field: string }): Reason => ({
  id,
  params: { list, field },
})

function weigh({ id, weight, curve, points_if_missing }: PolicyFactor, signals: Signals): FactorPart {
  const measured = signals.factors[id]
  if (!measured) {
    const points = Math.round(points_if_missing * 100)
    return { id, status: 'missing', weight, raw: null, points, reason: { id: 'missing', params: {} }, evidence: [] }
  }
  // `+ 0` turns -0 into 0, which canonical JSON would write differently from what was summed.
  const points = Math.round(weight * 100 * curveAt(curve, measured.value)) + 0
  return {
    id,
    status: 'measured',
    weight,
    raw: measured.value,
    points,
    reason: measured.reason,
    evidence: measured.evidence,
  }
}

const cut = (points: number): FactorPart => ({
  id: 'limit',
  status: 'measured',
  weight: 0,
  raw: null,
  points,
  reason: { id: points < 0 ? 'limit.top' : 'limit.bottom', params: {} },
  evidence: [],
})

const byScore = ({ thresholds }: Policy, score: number): DecisionWord => {
  if (score >= thresholds.decline * 100) return 'DECLINED'
  return score >= thresholds.step_up * 100 ? 'STEP_UP_REQUIRED' : 'APPROVED'
}

function levelOf(score: number): RiskLevel {
  if (score < 3_000) return 'LOW'
  if (score < 7_000) return 'MEDIUM'
  return score < 9_000 ? 'HIGH' : 'CRITICAL'
}
