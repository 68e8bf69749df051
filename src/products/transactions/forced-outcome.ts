/** Test keys alone: merchants that force an outcome, so that a caller's own code can be tried against each. docs/testing.md. */
import type { DecisionWord, Judgement } from '#engine/decide'
import type { Judged } from '#engine/decisions'
import { Fault } from '#kernel/fault'
import type { KeyMode } from '#platform/access'

/** A `merchant_id`, and what a payment to it becomes. Kept with the decision, so that judging again forces it again. */
const forced = {
  test_approve: 'APPROVED',
  test_step_up: 'STEP_UP_REQUIRED',
  test_decline: 'DECLINED',
} as const satisfies Record<string, DecisionWord>
export type ForcedMerchant = keyof typeof forced
const isForced = (merchant: string): merchant is ForcedMerchant => Object.hasOwn(forced, merchant)

const refusals: Readonly<Record<string, () => Fault>> = {
  test_rate_limited: () =>
    new Fault('rate_limited', 'A test: the merchant test_rate_limited is always told to wait.', { retryAfterSeconds: 1 }),
  test_unavailable: () =>
    new Fault('unavailable', 'A test: the merchant test_unavailable is never answered. Nothing was stored.', { retryAfterSeconds: 1 }),
} // prettier-ignore

/** What `merchant` forces for a key of this mode: nothing at all for a live one. Throws where it forces a problem. */
export function readForced(mode: KeyMode, merchant: string): { forced?: ForcedMerchant } {
  if (mode !== 'test') return {}
  const refuse = Object.hasOwn(refusals, merchant) ? refusals[merchant] : undefined
  if (refuse) throw refuse()
  return isForced(merchant) ? { forced: merchant } : {}
}

/** The outcome alone is forced: score and factors are those that the policy gives, and add up as always. Pure. */
export function force(judged: Judged, merchant: ForcedMerchant | undefined): Judged {
  if (merchant === undefined) return judged
  const decision = forced[merchant]
  const judgement: Judgement = {
    ...judged.judgement,
    decision,
    reason: { id: `test.${decision}`, params: { merchant } },
  }
  return {
    ...judged,
    judgement,
    counterfactual: [],
    counterfactualNone: decision === 'APPROVED' ? null : 'forced_by_test',
  }
}
