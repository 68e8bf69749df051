/** The seven factors that policies have from the start: each a number, with a reason that says what was compared. */
import { formatMajor } from '#kernel/currency'
import { type FactorId, factorIds, type Measured } from '#engine/decide'
import { measureSignature } from './agent-proof.ts'
import type { EvaluateBody } from './contract.ts'
import { mostAttempts, placeOf, usualHour, usualMinor } from './habits.ts'
import type { Facts } from './judge.ts'
import { type Payment, tightest } from './payment.ts'

/**
 * A typical payment, in minor units: about 100 euro, rounded to what a person would call a round amount. Used when the
 * event does not say what the customer may spend and too little is known of the customer; a currency without an entry leaves the factor missing.
 */
const typicalMinor: Readonly<Record<string, number>> = {
  AUD: 15_000, BRL: 50_000, CAD: 15_000, CHF: 10_000, CZK: 250_000, DKK: 75_000, EUR: 10_000, GBP: 8_000, HUF: 4_000_000, INR: 900_000,
  JPY: 15_000, MXN: 200_000, NOK: 100_000, NZD: 17_000, PLN: 45_000, RON: 50_000, SEK: 100_000, SGD: 14_000, USD: 10_000, ZAR: 200_000,
} // prettier-ignore

/** How much a category attracts fraud, 0 to 1: easy to resell or to move on is high, consumed on the spot is low. */
const categoryRisk: Readonly<Record<string, number>> = {
  gift_cards: 1, crypto: 1, money_transfer: 0.9, gambling: 0.9, jewellery: 0.8, electronics: 0.55, luxury: 0.7, travel: 0.5, tickets: 0.5,
  software: 0.4, games: 0.5, advertising: 0.5, fashion: 0.35, services: 0.3, home: 0.25, health: 0.2, food: 0.1,
  groceries: 0.05, transport: 0.1, utilities: 0.05, education: 0.1, charity: 0.3, subscription: 0.2, restaurants: 0.1, books: 0.1,
} // prettier-ignore

type Measure = (body: EvaluateBody, payment: Payment, facts: Facts) => Measured | undefined
const measures: Readonly<Record<FactorId, Measure>> = {
  amount_ratio: (_, payment, facts) => measureAmount(payment, facts),
  velocity: (_body, _payment, facts) => measureVelocity(facts),
  category_risk: measureCategory,
  merchant_trust: measureTrust,
  geo_consistency: (_body, _payment, facts) => measurePlace(facts),
  signature: (_body, _payment, facts) => measureSignature(facts.measured.proof),
  time_anomaly: (_body, _payment, facts) => measureHour(facts),
}

/** Those that could be measured. */
export function measureFactors(body: EvaluateBody, payment: Payment, facts: Facts): Partial<Record<FactorId, Measured>> {
  const found: Partial<Record<FactorId, Measured>> = {}
  for (const id of factorIds) {
    const measured = measures[id](body, payment, facts)
    if (measured) found[id] = measured
  }
  return found
} // prettier-ignore

function measureCategory({ category }: EvaluateBody): Measured | undefined {
  const risk = Object.hasOwn(categoryRisk, category) ? categoryRisk[category] : undefined
  if (risk === undefined) return undefined
  return { value: risk, reason: { id: 'category_risk', params: { category, risk } }, evidence: ['table:category_risk'] }
}

function measureTrust({ merchant_trust_score: trust }: EvaluateBody): Measured | undefined {
  if (trust === undefined) return undefined
  return {
    value: trust,
    reason: { id: 'merchant_trust', params: { trust } },
    evidence: ['request:merchant_trust_score'],
  }
}

function measureVelocity(facts: Facts): Measured | undefined {
  const most = mostAttempts(facts)
  if (!most) return undefined
  const { of, attempts } = most
  return { value: attempts, reason: { id: 'velocity', params: { of, attempts } }, evidence: [`counter:${of}.attempts_1h`] }
} // prettier-ignore

/** What each finding is worth: 1 agrees, 0 does not. */
const placeValues = { known_country: 1, new_country: 0.25, too_fast: 0 } as const

function measurePlace(facts: Facts): Measured | undefined {
  const place = placeOf(facts)
  if (!place) return undefined
  const { is, ...params } = place
  const counter = is === 'too_fast' ? 'speed_kmh' : 'country_payments'
  return {
    value: placeValues[is],
    reason: { id: `geo_consistency.${is}`, params },
    evidence: [`counter:${place.of}.${counter}`],
  }
}

/** Three hours of 24 are an eighth: whoever pays then as often as at any other time is not unusual. */
const evenShare = 1 / 8

function measureHour(facts: Facts): Measured | undefined {
  const usual = usualHour(facts)
  const local = facts.measured.local
  if (!usual || !local) return undefined
  const { of, share } = usual
  const params = { of, hour: local.hour, percent: Math.round(share * 100) }
  return {
    value: Math.max(0, 1 - share / evenShare),
    reason: { id: 'time_anomaly', params },
    evidence: [`counter:${of}.hours`],
  }
}

function measureAmount({ money, ceilings }: Payment, facts: Facts): Measured | undefined {
  const amount = formatMajor(money.minor, money.currency)
  const { currency } = money
  const spendable = tightest(ceilings)
  if (spendable) {
    const ratio = spendable.minor > 0 ? money.minor / spendable.minor : money.minor > 0 ? nothingToSpend : 0
    const params = { amount, currency, ratio: round(ratio), spendable: formatMajor(spendable.minor, currency) }
    return { value: ratio, reason: { id: 'amount_ratio.spendable', params }, evidence: [`request:${spendable.name}`] }
  }
  const usual = usualMinor(facts)
  if (usual) {
    const { of, minor, payments } = usual
    const ratio = money.minor / minor
    const params = { amount, currency, ratio: round(ratio), usual: formatMajor(minor, currency), of, payments }
    return { value: ratio, reason: { id: 'amount_ratio.usual', params }, evidence: [`counter:${of}.mean_minor`, `counter:${of}.deviation_minor`] }
  }
  const typical = typicalMinor[currency]
  if (typical === undefined) return undefined
  const ratio = money.minor / typical
  const params = { amount, currency, ratio: round(ratio), typical: formatMajor(typical, currency) }
  return { value: ratio, reason: { id: 'amount_ratio.typical', params }, evidence: ['table:typical_payment'] }
} // prettier-ignore

/** The ratio when a customer who may spend nothing pays something. */
const nothingToSpend = 1_000

const round = (ratio: number): number => Math.round(ratio * 100) / 100
