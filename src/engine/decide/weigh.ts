/** Factors: from what was measured to points. */
import { CelError } from '#engine/cel'
import type { CompiledFactor } from './compile-policy.ts'
import type { FactorPart, Reason, Signals } from './decide.ts'
import { type Facts, failure } from './facts.ts'
import { curveAt, isFactorId } from './policy.ts'

/** Hundredths of a point. `+ 0` turns -0 into 0, which canonical JSON would write differently from what was summed. */
export const hundredths = (points: number): number => Math.round(points * 100) + 0

export function weigh(one: CompiledFactor, signals: Signals, facts: Facts): FactorPart {
  const { factor, program } = one
  const { id, weight } = factor
  if (program) return weighExpression(one, program, facts)
  const own = isFactorId(id) ? signals.factors[id] : undefined
  const value = own ? own.value : facts.value(id)
  if ((typeof value !== 'number' && typeof value !== 'bigint') || !Number.isFinite(Number(value)))
    return missing(one, { id: 'missing', params: {} })
  const raw = Number(value)
  const points = Math.round(weight * 100 * curveAt(factor.curve ?? [], raw)) + 0
  const reason = factor.reason === undefined && own ? own.reason : sentence(one, facts)
  return { id, status: 'measured', weight, raw, points, reason, evidence: own ? own.evidence : [`signal:${id}=${raw}`] }
}

function weighExpression(one: CompiledFactor, program: NonNullable<CompiledFactor['program']>, facts: Facts): FactorPart {
  const { id, weight } = one.factor
  const value = facts.evaluate(program)
  if (value instanceof CelError) return missing(one, failure('factor', value))
  const raw = Number(value)
  // A double divided by zero is infinite or no number: nothing that was measured.
  if (!Number.isFinite(raw)) return missing(one, { id: 'factor.endless', params: {} })
  const points = Math.round(weight * 100 * Math.min(1, Math.max(-1, raw))) + 0
  const reason = sentence(one, facts)
  return { id, status: 'measured', weight, raw: raw + 0, points, reason, evidence: facts.evidence(program) }
} // prettier-ignore

function missing({ factor: { id, weight, points_if_missing } }: CompiledFactor, reason: Reason): FactorPart {
  return { id, status: 'missing', weight, raw: null, points: hundredths(points_if_missing), reason, evidence: [] }
}

const sentence = ({ factor, facts: names }: CompiledFactor, facts: Facts): Reason => ({
  id: 'factor.text',
  params: { ...facts.params(names), text: factor.reason ?? factor.id },
})
