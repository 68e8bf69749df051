/**
 * decide(policy, event, signals) → judgement. Pure: no clock, no database, no chance. Points are integers of 0.01, so that
 * the score is the exact sum of what the factors contributed, in any order.
 */
import type { SignalValues } from '#engine/cel'
import { formatMajor, type Money } from '#kernel/currency'
import type { CompiledPolicy } from './compile-policy.ts'
import { openFacts } from './facts.ts'
import type { FactorId, Thresholds } from './policy.ts'
import { runRules } from './run-rules.ts'
import { weigh } from './weigh.ts'

export type DecisionWord = 'APPROVED' | 'STEP_UP_REQUIRED' | 'DECLINED'
export type RiskLevel = 'LOW' | 'MEDIUM' | 'HIGH' | 'CRITICAL'

/** A reason in no language yet: `renderReason` says it. */
export type Reason = { id: string; params: Readonly<Record<string, string | number>> }

/** One measured fact. `reason` says what was compared with what. */
export type Measured = { value: number; reason: Reason; evidence: readonly string[] }
export type Signals = {
  readonly factors: Readonly<Partial<Record<FactorId, Measured>>>
  /** Entries that the event matched. Those of custom lists decide nothing by themselves. */
  readonly lists: readonly { list: string; kind: 'allow' | 'deny' | 'custom'; field: string }[]
  /** Other signals by name, as `signals` declares them; what is not here is missing. */
  readonly values?: SignalValues
}

export type FactorPart = {
  /** Of a factor of the policy, `rule:<id>` of a rule, or `limit`. */
  id: string
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

/** Order: deny list, decline rules, allow list, step-up rules, approve rules, score. The score is computed in every case. */
export function decide(policy: CompiledPolicy, event: Money, signals: Signals): Judgement {
  const facts = openFacts(policy, event, signals)
  const weighed = new Map<string, FactorPart>()
  for (const one of policy.inOrder) {
    const part = weigh(one, signals, facts)
    weighed.set(part.id, part)
    facts.contributed(part.id, part.points)
  }
  const { parts: ruled, fired } = runRules(policy.rules, facts)
  const parts = [...policy.factors.flatMap(({ factor }) => weighed.get(factor.id) ?? []), ...ruled]
  const sum = parts.reduce((total, { points }) => total + points, 0)
  const score = Math.min(10_000, Math.max(0, sum))
  const factors = score === sum ? parts : [...parts, cut(score - sum)]
  const judged = { score, level: levelOf(score), factors }
  const denied = signals.lists.find(({ kind }) => kind === 'deny')
  if (denied) return { ...judged, decision: 'DECLINED', reason: listReason('list.deny', denied) }
  if (fired.decline) return { ...judged, decision: 'DECLINED', reason: fired.decline }
  const allowed = signals.lists.find(({ kind }) => kind === 'allow')
  if (allowed) return { ...judged, decision: 'APPROVED', reason: listReason('list.allow', allowed) }
  if (fired.step_up) return { ...judged, decision: 'STEP_UP_REQUIRED', reason: fired.step_up }
  if (fired.approve) return { ...judged, decision: 'APPROVED', reason: fired.approve }
  return { ...judged, ...byScore(policy.document.thresholds, judged, event) }
}

const listReason = (id: string, { list, field }: { list: string; field: string }): Reason => ({
  id,
  params: { list, field },
})

const cut = (points: number): FactorPart => ({
  id: 'limit',
  status: 'measured',
  weight: 0,
  raw: null,
  points,
  reason: { id: points < 0 ? 'limit.top' : 'limit.bottom', params: {} },
  evidence: [],
})

function byScore(
  { step_up, decline }: Thresholds,
  { score, factors }: Pick<Judgement, 'score' | 'factors'>,
  { minor, currency }: Money,
): Pick<Judgement, 'decision' | 'reason'> {
  // 1.1 times 100 is more than 110; 110 divided by 100 is 1.1.
  const isAtLeast = (threshold: number | null): boolean => threshold !== null && score / 100 >= threshold
  const decision = isAtLeast(decline) ? 'DECLINED' : isAtLeast(step_up) ? 'STEP_UP_REQUIRED' : 'APPROVED'
  const threshold = decision === 'DECLINED' ? decline : (step_up ?? (decision === 'APPROVED' ? decline : null))
  let [highest] = factors
  for (const one of factors) if (!highest || one.points > highest.points) highest = one
  const unbounded = decline === null ? 'score.decides_nothing' : 'score.below_decline'
  return {
    decision,
    reason: {
      id: decision === 'APPROVED' && step_up === null ? unbounded : `score.${decision}`,
      params: {
        score: score / 100,
        amount: formatMajor(minor, currency),
        currency,
        ...(threshold === null ? {} : { threshold }),
        factor: highest?.id ?? '',
      },
    },
  }
}

function levelOf(score: number): RiskLevel {
  if (score < 3_000) return 'LOW'
  if (score < 7_000) return 'MEDIUM'
  return score < 9_000 ? 'HIGH' : 'CRITICAL'
}
