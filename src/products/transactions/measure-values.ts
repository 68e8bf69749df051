/** Signals that expressions of a policy read: fields of the request, its local time, lists, and counters. */
import type { SignalValues } from '#engine/cel'
import { type CompiledPolicy, habitual, listSignal } from '#engine/decide'
import { currencyExponent } from '#kernel/currency'
import type { EvaluateBody } from './contract.ts'
import { shareOfHour } from './habits.ts'
import type { Facts } from './judge.ts'
import type { Payment } from './payment.ts'

export function measureValues(policy: CompiledPolicy, body: EvaluateBody, payment: Payment, facts: Facts): SignalValues {
  const { money } = payment
  const { readings, measured, lists } = facts
  const toMajor = (minor: number): number => minor / Number(`1e${currencyExponent(money.currency)}`)
  const balance = payment.ceilings.find(({ name }) => name === 'user_balance')
  const values: Record<string, SignalValues[string]> = {
    amount: toMajor(money.minor),
    amount_minor: money.minor,
    currency: money.currency,
    category: body.category,
    merchant_trust_score: body.merchant_trust_score,
    user_balance: balance && toMajor(balance.minor),
    hour: measured.local?.hour,
    weekday: measured.local?.weekday,
    'geo.country': body.geo?.country,
    has_user: body.user_id !== undefined,
    has_card: body.card_fingerprint !== undefined,
    has_device: body.device_id !== undefined,
    has_agent: body.agent !== undefined,
  }
  if (policy.reads.has('metadata')) values['metadata'] = metadataOf(body)
  for (const whose of habitual) values[`${whose}.hour_share`] = shareOfHour(facts, whose)
  for (const id of facts.known) values[listSignal(id)] = lists.some(({ list }) => list === id)
  for (const [name, value] of Object.entries(readings)) if (typeof value === 'number') values[name] = value
  return values
} // prettier-ignore

function metadataOf({ metadata }: EvaluateBody): ReadonlyMap<string, string> {
  const entries = Object.entries(metadata ?? {})
  return new Map(entries.flatMap(([name, value]) => (value === null ? [] : [[name, String(value)] as const])))
}
