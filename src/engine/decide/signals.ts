/**
 * Signals: everything that a policy can read of an event, declared here and nowhere else. Products measure them;
 * docs/policy-reference.md is made from them. One that is declared and not measured is missing, never an error.
 */
import type { SignalDeclaration } from '#engine/cel'
import { counters, habitual, type Reading, readings } from './counters.ts'

export type Signal = SignalDeclaration & {
  /** What it is made from: JSON pointers into the request, tables, counters. */
  reads: string
  /** Reads of the database that measuring it costs, where nothing is remembered. */
  cost: number
  /** Readings that it is made from, where it is not one itself. */
  from?: readonly string[]
}
const of = (type: string, means: string, reads: string, more: Partial<Signal> = {}): Signal => ({
  type,
  means,
  reads,
  cost: 0,
  ...more,
})

const measures: Readonly<Record<string, Signal>> = {
  amount_ratio: of('double', "Amount ÷ what the customer may spend, ÷ what the customer is used to, or ÷ a typical payment.", '/amount /user_balance /user_limits counters', { from: ['user.payments', 'user.mean_minor', 'user.deviation_minor', 'card.payments', 'card.mean_minor', 'card.deviation_minor'] }),
  velocity: of('double', 'Payments tried in the last hour: of customer, card, device and agent, by whom there were the most.', 'counters', { from: ['user.attempts_1h', 'card.attempts_1h', 'device.attempts_1h', 'agent.attempts_1h'] }),
  category_risk: of('double', 'Risk of the category, 0 to 1.', '/category'),
  merchant_trust: of('double', 'Trust in the merchant, 0 to 1.', '/merchant_trust_score'),
  geo_consistency: of('double', 'How well the place agrees with those before it, 0 to 1.', '/geo counters', { from: ['user.approved_countries', 'user.country_payments', 'user.distance_km', 'user.speed_kmh', 'card.approved_countries', 'card.country_payments', 'card.distance_km', 'card.speed_kmh'] }),
  signature: of('double', "Whether the agent's proof holds: 1, or 0 if it fails.", '/agent'),
  time_anomaly: of('double', 'How unusual the hour is for the customer or the card, 0 to 1.', '/occurred_at /time_zone counters', { from: ['user.hours', 'card.hours'] }),
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

/** Made from readings, because the hour that is tried may be another than the event's. */
const shares: Readonly<Record<string, Signal>> = Object.fromEntries(
  habitual.map((of) => [
    `${of}.hour_share`,
    {
      type: 'double',
      means: `Share of the ${of}'s approved payments within an hour of this hour of the day. Missing before 10 of them, and without a time zone.`,
      reads: 'counters /time_zone',
      cost: 1,
      from: [`${of}.hours`],
    },
  ]),
)

export const signals: Readonly<Record<string, Signal>> = {
  ...measures,
  ...fields,
  ...shares,
  ...Object.fromEntries(
    counters.map(({ name, type, unit, means }) => [name, of(type, means, 'counters', { unit, cost: 1 })]),
  ),
}

/** What has to be read of the counters to measure these signals. */
export const readingsFor = (names: Iterable<string>): ReadonlyMap<string, Reading> => {
  const wanted = [...names].flatMap((name) => signals[name]?.from ?? [name])
  return new Map(
    wanted.flatMap((name) => {
      const reading = readings.get(name)
      return reading ? [[name, reading] as const] : []
    }),
  )
}

/** Whether the event is in the list: `stolen-cards` → `lists.stolen_cards`, `3ds` → `lists._3ds`. */
export const listSignal = (id: string): string => `lists.${/^\d/.test(id) ? '_' : ''}${id.replaceAll('-', '_')}`
export const declareList = (id: string): Signal =>
  of('bool', `Whether the event is in the list ${id}; missing once the list is removed.`, 'lists', { cost: 1 })

/** What a factor has contributed, for expressions that are evaluated after it. */
export const pointsSignal = (factor: string): string => `points.${factor}`
export const declarePoints = (factor: string): Signal =>
  of('double', `Points of the factor ${factor}.`, 'the policy', { unit: 'points' })
