/** How a payment compares with those that the customer, or the card, made before it. */
import { habitual } from '#engine/decide'
import type { Facts } from './judge.ts'

/** So many approved payments make a habit. */
const fewest = { amounts: 5, hours: 10, countries: 3 } as const

const numberOf = ({ readings }: Facts, name: string): number | undefined => {
  const value = readings[name]
  return typeof value === 'number' ? value : undefined
}

/** Minor units that the customer, else the card, seldom exceeds: the mean and two deviations. */
export function usualMinor(facts: Facts): { of: string; minor: number; payments: number } | undefined {
  for (const whose of habitual) {
    const payments = numberOf(facts, `${whose}.payments`) ?? 0
    const [mean, deviation] = [numberOf(facts, `${whose}.mean_minor`), numberOf(facts, `${whose}.deviation_minor`)]
    if (payments < fewest.amounts || mean === undefined || deviation === undefined) continue
    return { of: whose, minor: Math.max(1, Math.round(mean + 2 * deviation)), payments }
  }
  return undefined
}

/** Share of approved payments within an hour of this hour of the day, around midnight too. */
export function shareOfHour({ readings, measured }: Facts, of: string): number | undefined {
  const hours = readings[`${of}.hours`]
  const hour = measured.local?.hour
  if (typeof hours !== 'object' || hour === undefined) return undefined
  const all = hours.reduce((sum, count) => sum + count, 0)
  if (all < fewest.hours) return undefined
  const near = [23, 0, 1].reduce((sum, step) => sum + (hours[(hour + step) % 24] ?? 0), 0)
  return near / all
}

/** The hour of the customer, else of the card. */
export function usualHour(facts: Facts): { of: string; share: number } | undefined {
  for (const whose of habitual) {
    const share = shareOfHour(facts, whose)
    if (share !== undefined) return { of: whose, share }
  }
  return undefined
}

/** Payments tried in the last hour by whoever tried most. */
export function mostAttempts(facts: Facts): { of: string; attempts: number } | undefined {
  const tried = ['user', 'card', 'device', 'agent'].flatMap((of) => {
    const attempts = numberOf(facts, `${of}.attempts_1h`)
    return attempts === undefined ? [] : [{ of, attempts }]
  })
  return tried.reduce<(typeof tried)[number] | undefined>(
    (most, one) => (most && most.attempts >= one.attempts ? most : one),
    undefined,
  )
}

/** Nobody who buys something travels faster. */
const fastestKmh = 1_000

export type Place =
  | { is: 'known_country'; of: string; payments: number }
  | { is: 'new_country'; of: string }
  | { is: 'too_fast'; of: string; kmh: number; km: number }

/** The worst that customer and card say of the place. Undefined where nothing is known to compare with. */
export function placeOf(facts: Facts): Place | undefined {
  let known: Place | undefined
  for (const whose of habitual) {
    const [kmh, km] = [numberOf(facts, `${whose}.speed_kmh`), numberOf(facts, `${whose}.distance_km`)]
    if (kmh !== undefined && km !== undefined && kmh > fastestKmh) return { is: 'too_fast', of: whose, kmh, km }
    const payments = numberOf(facts, `${whose}.country_payments`)
    const isNew = payments === 0 && (numberOf(facts, `${whose}.approved_countries`) ?? 0) > 0
    if (isNew) known = { is: 'new_country', of: whose }
    else if (payments !== undefined && payments >= fewest.countries) known ??= { is: 'known_country', of: whose, payments }
  }
  return known
} // prettier-ignore
