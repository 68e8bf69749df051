/**
 * Signals: everything that a policy can read of an event, declared here and nowhere else. Products measure them;
 * docs/policy-reference.md is made from them. One that is declared and not measured is missing, never an error.
 */
import type { SignalDeclaration } from '#engine/cel'

export type Signal = SignalDeclaration & {
  /** What it is made from: JSON pointers into the request, tables, counters. */
  reads: string
  /** Reads of the database that measuring it costs. */
  cost: number
}
const of = (type: string, means: string, reads: string, more: Partial<Signal> = {}): Signal => ({
  type,
  means,
  reads,
  cost: 0,
  ...more,
})

const measures: Readonly<Record<string, Signal>> = {
  amount_ratio: of('double', 'Amount ÷ what the customer may spend, or ÷ a typical payment.', '/amount /user_balance /user_limits'),
  velocity: of('double', 'How often payments come. Not measured by this version.', 'counters'),
  category_risk: of('double', 'Risk of the category, 0 to 1.', '/category'),
  merchant_trust: of('double', 'Trust in the merchant, 0 to 1.', '/merchant_trust_score'),
  geo_consistency: of('double', 'How well places agree, 0 to 1. Not measured by this version.', '/geo /ip'),
  signature: of('double', "How well the agent's proof holds, 0 to 1. Not measured by this version.", '/agent'),
  time_anomaly: of('double', 'How unusual the time is, 0 to 1. Not measured by this version.', '/occurred_at /time_zone'),
} // prettier-ignore

const fields: Readonly<Record<string, Signal>> = {
  amount: of('double', 'The amount in major units.', '/amount', { unit: 'currency units', actionable: true }),
  amount_minor: of('int', 'The amount in minor units.', '/amount', { unit: 'minor units', actionable: true }),
  currency: of('string', 'ISO 4217.', '/currency'),
  category: of('string', 'What is bought.', '/category'),
  merchant_trust_score: of('double', 'As sent, 0 to 1.', '/merchant_trust_score'),
  user_balance: of('double', 'What the customer has.', '/user_balance', { unit: 'currency units', actionable: true }),
  hour: of('int', "Hour of the event in its time zone, 0 to 23. Missing without `time_zone`.", '/occurred_at /time_zone', { unit: 'hours', actionable: true }),
  weekday: of('int', 'Day of the week there, Monday 1 to Sunday 7. Missing without `time_zone`.', '/occurred_at /time_zone'),
  'geo.country': of('string', 'ISO 3166-1.', '/geo/country'),
  has_user: of('bool', 'Whether a customer is named.', '/user_id'),
  has_card: of('bool', 'Whether a card is named.', '/card_fingerprint'),
  has_device: of('bool', 'Whether a device is named.', '/device_id'),
  has_agent: of('bool', 'Whether an agent pays for the customer.', '/agent', { actionable: true }),
  metadata: of('map(string, string)', 'Metadata; numbers and booleans as text, nulls left out.', '/metadata'),
} // prettier-ignore

export const velocityWindows = ['1m', '5m', '1h', '1d', '7d', '30d'] as const
export const velocitySubjects = ['user', 'merchant', 'card', 'agent', 'device', 'ip'] as const

/** `user.attempts_1h`, `user.attempts_sum_1h`, `user.approved_1h`, `user.approved_sum_1h` and so on. */
function velocity(): Record<string, Signal> {
  const signals: Record<string, Signal> = {}
  for (const subject of velocitySubjects)
    for (const [counter, what] of [['attempts', 'Payments tried'], ['approved', 'Payments approved']] as const)
      for (const window of velocityWindows) {
        const over = `by the same ${subject} in the last ${window}. Not measured by this version.`
        signals[`${subject}.${counter}_${window}`] = of('int', `${what} ${over}`, 'counters', { unit: 'payments', cost: 1 })
        signals[`${subject}.${counter}_sum_${window}`] = of('int', `${what}, in sum in the event's currency, ${over}`, 'counters', { unit: 'minor units', cost: 1 })
      }
  return signals
} // prettier-ignore

export const signals: Readonly<Record<string, Signal>> = { ...measures, ...fields, ...velocity() }

/** Whether the event is in the list: `stolen-cards` → `lists.stolen_cards`, `3ds` → `lists._3ds`. */
export const listSignal = (id: string): string => `lists.${/^\d/.test(id) ? '_' : ''}${id.replaceAll('-', '_')}`
export const declareList = (id: string): Signal =>
  of('bool', `Whether the event is in the list ${id}; missing once the list is removed.`, 'lists', { cost: 1 })

/** What a factor has contributed, for expressions that are evaluated after it. */
export const pointsSignal = (factor: string): string => `points.${factor}`
export const declarePoints = (factor: string): Signal =>
  of('double', `Points of the factor ${factor}.`, 'the policy', { unit: 'points' })
