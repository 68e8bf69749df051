/** Rules: which fire. One whose expression has no value does not fire, and says so. */
import { CelError } from '#engine/cel'
import type { CompiledRule } from './compile-policy.ts'
import type { FactorPart, Reason } from './decide.ts'
import { type Facts, failure } from './facts.ts'
import type { RuleAct } from './policy.ts'
import { hundredths } from './weigh.ts'

export type Ruled = {
  /** `rule:<id>` for those that add points, and for those that could not be looked at. */
  parts: FactorPart[]
  /** The first of each kind that fired, with its sentence. */
  fired: Partial<Record<RuleAct, Reason>>
}

export function runRules(rules: readonly CompiledRule[], facts: Facts): Ruled {
  const ruled: Ruled = { parts: [], fired: {} }
  for (const one of rules) {
    const { then } = one.rule
    const outcome = facts.evaluate(one.program)
    if (outcome instanceof CelError) ruled.parts.push(missing(one, failure('rule', outcome)))
    else if (outcome !== true) continue
    else if (typeof then === 'object') ruled.parts.push(added(one, then.add, facts))
    else ruled.fired[then] ??= reasonOf(one, then, facts)
  }
  return ruled
}

const partId = ({ rule }: CompiledRule): string => `rule:${rule.id}`
const weightOf = ({ rule: { then } }: CompiledRule): number => (typeof then === 'object' ? then.add : 0)

const missing = (one: CompiledRule, reason: Reason): FactorPart => ({
  id: partId(one),
  status: 'missing',
  weight: weightOf(one),
  raw: null,
  points: 0,
  reason,
  evidence: [],
})

const added = (one: CompiledRule, points: number, facts: Facts): FactorPart => ({
  id: partId(one),
  status: 'measured',
  weight: points,
  raw: 1,
  points: hundredths(points),
  reason: reasonOf(one, 'add', facts),
  evidence: facts.evidence(one.program),
})

const reasonOf = ({ rule, facts: names }: CompiledRule, act: string, facts: Facts): Reason => ({
  id: `rule.${act}`,
  params: { ...facts.params(names), rule: rule.id, text: rule.reason },
})
