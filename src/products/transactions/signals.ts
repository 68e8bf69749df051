/** What this version measures of a payment: its amount against what is usual, its category, the trust in its merchant. */
import { formatMajor } from '#kernel/currency'
import type { FactorId, Measured } from '#engine/decide'
import type { EvaluateBody } from './contract.ts'
import { type Payment, tightest } from './payment.ts'

/**
 * A typical payment, in minor units: about 100 euro, rounded to what a person would call a round amount. Used when the
 * event does not say what the customer may spend; a currency without an entry leaves the factor missing.
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

/** The factors that are measured, each with its reason. */
export function measureFactors(body: EvaluateBody, payment: Payment): Partial<Record<FactorId, Measured>> {
  const amountRatio = measureAmount(payment)
  const risk = Object.hasOwn(categoryRisk, body.category) ? categoryRisk[body.category] : undefined
  const trust = body.merchant_trust_score
  return {
    ...(amountRatio ? { amount_ratio: amountRatio } : {}),
    ...(risk === undefined
      ? {}
      : {
          category_risk: {
            value: risk,
            reason: { id: 'category_risk', params: { category: body.category, risk } },
            evidence: ['table:category_risk'],
          },
        }),
    ...(trust === undefined
      ? {}
      : {
          merchant_trust: {
            value: trust,
            reason: { id: 'merchant_trust', params: { trust } },
            evidence: ['request:merchant_trust_score'],
          },
        }),
  }
}

function measureAmount({ money, ceilings }: Payment): Measured | undefined {
  const amount = formatMajor(money.minor, money.currency)
  const { currency } = money
  const spendable = tightest(ceilings)
  if (spendable) {
    const ratio = spendable.minor > 0 ? money.minor / spendable.minor : money.minor > 0 ? nothingToSpend : 0
    const params = { amount, currency, ratio: round(ratio), spendable: formatMajor(spendable.minor, currency) }
    return { value: ratio, reason: { id: 'amount_ratio.spendable', params }, evidence: [`request:${spendable.name}`] }
  }
  const typical = typicalMinor[currency]
  if (typical === undefined) return undefined
  const ratio = money.minor / typical
  const params = { amount, currency, ratio: round(ratio), typical: formatMajor(typical, currency) }
  return { value: ratio, reason: { id: 'amount_ratio.typical', params }, evidence: ['table:typical_payment'] }
}

/** The ratio when a customer who may spend nothing pays something. */
const nothingToSpend = 1_000

const round = (ratio: number): number => Math.round(ratio * 100) / 100
