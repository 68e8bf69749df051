/** A payment, what was found out about it, and a policy: the judgement, and the changes that would have been approved. */
import { decide, type Judgement } from '#engine/decide'
import type { Facts as StoredFacts, Judged } from '#engine/decisions'
import type { Published } from '#engine/policies'
import type { AgentProof } from './agent-proof.ts'
import type { EvaluateBody } from './contract.ts'
import { alter, type Altered, findChanges } from './counterfactual.ts'
import { force, type ForcedMerchant } from './forced-outcome.ts'
import type { LocalTime } from './local-time.ts'
import { measureFactors } from './measure-factors.ts'
import { measureValues } from './measure-values.ts'
import type { Payment } from './payment.ts'

/** Measured of the payment alone. Stored with the decision: time zones change, and proofs are fresh only once. */
export type Measured = { local: LocalTime | null; proof: AgentProof; forced?: ForcedMerchant }
export type Facts = Omit<StoredFacts, 'measured'> & { measured: Measured }

/** Pure. */
export function judge({ policy }: Published, sentBody: EvaluateBody, sentPayment: Payment, found: Facts): Judged {
  const facts = { ...found, lists: found.lists.filter((match) => !isUnproven(match, found)) }
  const judgeAs = (altered: Altered): Judgement => {
    const { body, payment, facts: tried } = alter(altered, { body: sentBody, payment: sentPayment, facts })
    const values = measureValues(policy, body, payment, tried)
    return decide(policy, payment.money, { lists: tried.lists, factors: measureFactors(body, payment, tried), values })
  }
  const judgement = judgeAs({})
  const { changes, none } = findChanges(
    judgement,
    policy,
    { body: sentBody, payment: sentPayment, facts },
    (altered) => judgeAs(altered).decision,
  )
  const { proof } = facts.measured
  const agent = proof.status === 'failed' ? proof : { status: proof.status }
  return force({ judgement, counterfactual: changes, counterfactualNone: none, agent }, facts.measured.forced)
}

/** Whoever names an agent of an allow list, and fails to prove to be it, is not allowed for its sake. */
const isUnproven = ({ kind, field }: Facts['lists'][number], { measured }: Facts): boolean =>
  kind === 'allow' && field === 'agent' && measured.proof.status === 'failed'
