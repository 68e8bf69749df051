/** A payment, what was looked up for it, and a policy: the judgement, and the changes that would have been approved. */
import { decide, type Judgement } from '#engine/decide'
import type { Change } from '#engine/decisions'
import type { Published } from '#engine/policies'
import type { EvaluateBody } from './contract.ts'
import { alter, type Altered, findChanges } from './counterfactual.ts'
import { type ListFacts, measureValues } from './measure-values.ts'
import type { Payment } from './payment.ts'
import { measureFactors } from './signals.ts'

export type Judgment = {
  policyVersion: number
  judgement: Judgement
  counterfactual: readonly Change[]
  counterfactualNone: string | null
}

export function judgeMeasured(
  { version, policy }: Published,
  sentBody: EvaluateBody,
  sentPayment: Payment,
  lists: ListFacts,
): Judgment {
  const judgeAs = (altered: Altered): Judgement => {
    const { body, payment, matches } = alter(altered, { body: sentBody, payment: sentPayment, matches: lists.matches })
    const values = measureValues(policy, body, payment, { ...lists, matches }, altered)
    return decide(policy, payment.money, { lists: matches, factors: measureFactors(body, payment), values })
  }
  const judgement = judgeAs({})
  const { changes, none } = findChanges(
    judgement,
    policy,
    sentBody,
    sentPayment,
    (altered) => judgeAs(altered).decision,
  )
  return { policyVersion: version, judgement, counterfactual: changes, counterfactualNone: none }
}
