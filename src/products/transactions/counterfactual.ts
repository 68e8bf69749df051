/** The largest amount that would have been approved, all else equal: found by bisection, proven by deciding again. */
import { formatMajor } from '#kernel/currency'
import { decide, type Judgement, type Policy, type Signals } from '#engine/decide'
import type { Change } from '#engine/decisions'

export type Counterfactual = { changes: readonly Change[]; none: string | null }

/** `signalsAt` measures the same payment with another amount in minor units. */
export function findApprovedAmount(
  judgement: Judgement,
  money: { minor: number; currency: string },
  policy: Policy,
  signalsAt: (minor: number) => Signals,
): Counterfactual {
  if (judgement.decision === 'APPROVED') return { changes: [], none: null }
  if (judgement.reason.id === 'list.deny') return { changes: [], none: 'on_deny_list' }
  const isApproved = (minor: number): boolean =>
    decide(policy, { minor, currency: money.currency }, signalsAt(minor)).decision === 'APPROVED'
  // The amount's curve never falls, so approval has one edge. Invariant: `good` is approved, `bad` is not.
  let good = 1
  let bad = money.minor
  if (bad <= good || !isApproved(good)) return { changes: [], none: 'not_by_amount' }
  while (bad - good > 1) {
    const middle = Math.floor((good + bad) / 2)
    if (isApproved(middle)) good = middle
    else bad = middle
  }
  return { changes: [{ change: `amount <= ${formatMajor(good, money.currency)}`, decision: 'APPROVED' }], none: null }
}
