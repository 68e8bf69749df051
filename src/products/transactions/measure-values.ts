/** Signals that expressions of a policy read: fields of the request, its local time, lists, and counters. */
import type { SignalValues } from '#engine/cel'
import { type CompiledPolicy, habitual, listSignal } from '#engine/decide'
import { currencyExponent } from '#kernel/currency'
import type { EvaluateBody } from './contract.ts'
import { shareOfHour } from './habits.ts'
import type { Facts } from './judge.ts'
import type { Payment } from './payment.ts'

type Event = { body: EvaluateBody; payment: Payment; facts: Facts }
type Measure = (event: Event) => SignalValues[string]

const toMajor = (minor: number, currency: string): number => minor / Number(`1e${currencyExponent(currency)}`)

const measures: Readonly<Record<string, Measure>> = {
  amount: ({ payment: { money } }) => toMajor(money.minor, money.currency),
  amount_minor: ({ payment }) => payment.money.minor,
  currency: ({ payment }) => payment.money.currency,
  category: ({ body }) => body.category,
  merchant_trust_score: ({ body }) => body.merchant_trust_score,
  user_balance({ payment: { money, ceilings } }) {
    const balance = ceilings.find(({ name }) => name === 'user_balance')
    return balance && toMajor(balance.minor, money.currency)
  },
  hour: ({ facts }) => facts.measured.local?.hour,
  weekday: ({ facts }) => facts.measured.local?.weekday,
  'geo.country': ({ body }) => body.geo?.country,
  has_user: ({ body }) => body.user_id !== undefined,
  has_card: ({ body }) => body.card_fingerprint !== undefined,
  has_device: ({ body }) => body.device_id !== undefined,
  has_agent: ({ body }) => body.agent !== undefined,
  metadata: ({ body }) => metadataOf(body),
  ...Object.fromEntries(
    habitual.map((whose): [string, Measure] => [`${whose}.hour_share`, ({ facts }) => shareOfHour(facts, whose)]),
  ),
}

/** Those that the policy reads. */
export function measureValues(policy: CompiledPolicy, body: EvaluateBody, payment: Payment, facts: Facts): SignalValues {
  const event = { body, payment, facts }
  const values: Record<string, SignalValues[string]> = {}
  for (const name of policy.reads) {
    const reading = facts.readings[name]
    const value = typeof reading === 'number' ? reading : measures[name]?.(event)
    if (value !== undefined) values[name] = value
  }
  for (const id of facts.known) values[listSignal(id)] = facts.lists.some(({ list }) => list === id)
  return values
} // prettier-ignore

function metadataOf({ metadata }: EvaluateBody): ReadonlyMap<string, string> {
  const entries = Object.entries(metadata ?? {})
  return new Map(entries.flatMap(([name, value]) => (value === null ? [] : [[name, String(value)] as const])))
}
