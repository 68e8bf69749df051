/**
 * The simulator: payments of a small world, in time order, some of them fraud. docs/simulator.md tells what it is like
 * and what it cannot tell. The same options give the same events on every machine.
 */
import { rfc3339 } from '#kernel/clock'
import { formatMajor } from '#kernel/currency'
import { type Chance, createChance } from './chance.ts'
import type { DemoEvent, EvaluateRequest } from './event.ts'
import { type Agent, type Category, countries, createWorld, type Customer, type Merchant, type World } from './world.ts'

export const defaultSeed = 20_260_714
export const defaultDays = 7

export type SimulateOptions = {
  count: number
  /** The moment after the last payment, ms since 1970 UTC. */
  startMs: number
  /** Integer from 0 to 2^53 - 1. */
  seed?: number
  /** Over how many days before `startMs` the payments are spread. */
  days?: number
}

/** A card in a thief's hands, until it is used up. */
type StolenCard = { victim: Customer; deviceId: string; country: string; left: number; nextMs: number; tests: boolean }

/** What one payment is before it is written as a request. */
type Payment = {
  customer: Customer
  merchant: Merchant
  category: Category
  minor: number
  fraud: string | null
  limitMinor?: number
  deviceId?: string
  country?: string
  agent?: Agent
}

const hourMs = 3_600_000
const dayMs = 24 * hourMs
/** How much is paid in each hour of the day, UTC. */
const hourShares = [2, 1, 1, 1, 1, 2, 4, 7, 8, 9, 10, 12, 13, 11, 10, 10, 11, 13, 14, 13, 11, 8, 5, 3]
const dayShare = hourShares.reduce((sum, share) => sum + share, 0)
/** What thieves and misled agents buy, the favourites more than once. */
const loot = ['gift_cards', 'gift_cards', 'crypto', 'crypto', 'electronics', 'electronics', 'electronics', 'jewellery', 'jewellery', 'games'] as const // prettier-ignore

export function* simulate(options: SimulateOptions): Generator<DemoEvent, void, undefined> {
  const { count, startMs, seed = defaultSeed, days = defaultDays } = options
  if (!Number.isSafeInteger(seed) || seed < 0) throw new RangeError('seed is an integer from 0 to 2^53 - 1')
  const world = createWorld(seed, count)
  const timeOf = spreadOver(startMs - days * dayMs, startMs, days)
  const chance = createChance(seed, 6)
  const stolen: StolenCard[] = []
  for (let n = 0; n < count; n++) {
    const share = (n + chance.next()) / count
    const atMs = timeOf(share)
    if (chance.happens(0.0026)) stolen.push(stealCard(chance, world, n, atMs))
    const due = stolen.findIndex(({ nextMs }) => nextMs <= atMs)
    const card = stolen[due]
    const payment = card ? payWithStolen(chance, world, card, atMs) : payAsUsual(chance, world, n, share)
    if (card?.left === 0) stolen.splice(due, 1)
    yield { request: toRequest(chance, payment, world.newOrder(n), atMs, share), fraud: payment.fraud }
  }
}

/** Shares of all payments, 0 to 1, to moments between two others, along the hours of the day. */
function spreadOver(fromMs: number, toMs: number, days: number): (share: number) => number {
  const midnightMs = Math.floor(fromMs / dayMs) * dayMs
  const sinceHour = (fromMs - midnightMs) / hourMs
  const before = hourShares.reduce((sum, share, hour) => sum + share * Math.min(1, Math.max(0, sinceHour - hour)), 0)
  return (share) => {
    const paid = before + share * days * dayShare
    const day = Math.floor(paid / dayShare)
    let left = paid - day * dayShare
    let hour = 0
    for (const hourShare of hourShares) {
      if (left < hourShare) {
        hour += left / hourShare
        break
      }
      left -= hourShare
      hour++
    }
    return Math.min(toMs - 1, Math.max(fromMs, Math.floor(midnightMs + day * dayMs + hour * hourMs)))
  }
}

/** Honest habits, and the frauds that hide in them: leaked cards, merchants gone bad, agents that overspend. */
function payAsUsual(chance: Chance, world: World, n: number, share: number): Payment {
  const customer = world.drawCustomer(chance)
  if (customer.agent && chance.happens(0.6)) return payByAgent(chance, world, customer, customer.agent, share)
  const isLeaked = isWithin(customer.leaked, share) && chance.happens(0.4)
  const isLooted = isLeaked && chance.happens(0.6)
  const category = isLooted ? world.categoryNamed(chance.pick(loot)) : world.drawCategory(chance)
  const merchant = world.drawMerchant(chance, customer, category)
  const payment: Payment = { customer, merchant, category, minor: usualMinor(chance, customer, category), fraud: null }

  if (chance.happens(0.05)) planLargePayment(chance, payment)
  if (chance.happens(0.03)) payment.country = chance.pick(countries)
  if (chance.happens(0.02)) payment.deviceId = world.newDevice(n)

  if (isLeaked) {
    payment.minor *= 5
    payment.fraud = 'leaked_card'
  } else if (isWithin(merchant.bad, share) && chance.happens(0.8)) {
    payment.minor = Math.round(payment.minor * chance.between(1, 6))
    payment.fraud = 'bad_merchant'
  }
  return payment
}

/** Honest, and several times the usual. Most people raise their limit first; some forget to. */
function planLargePayment(chance: Chance, payment: Payment): void {
  payment.minor = Math.round(payment.minor * chance.between(3, 9))
  if (chance.happens(0.7)) payment.limitMinor = Math.ceil(payment.minor / 10_000) * 10_000
}

/** Honest agents come close to their limit, and now and then a little over it. */
function payByAgent(chance: Chance, world: World, customer: Customer, agent: Agent, share: number): Payment {
  const { limitMinor, overspends } = agent
  const isOverspent = overspends && chance.happens(0.5)
  const category = isOverspent && chance.happens(0.6) ? world.categoryNamed(chance.pick(loot)) : agent.category
  const merchant = world.drawMerchant(chance, customer, category)
  const part = isOverspent ? chance.between(1.05, 4) : 0.1 + chance.bell() * chance.bell() * 1.5
  const minor = Math.max(100, Math.round(limitMinor * part))
  const elsewhere = isWithin(merchant.bad, share) ? 'bad_merchant' : null
  return { customer, merchant, category, minor, agent, fraud: isOverspent ? 'agent_overspend' : elsewhere }
}

function stealCard(chance: Chance, world: World, n: number, atMs: number): StolenCard {
  const victim = world.drawCustomer(chance)
  return {
    victim,
    deviceId: chance.happens(0.85) ? world.newDevice(n) : victim.deviceId,
    country: chance.happens(0.5) ? chance.pick(countries) : victim.country,
    left: 2 + chance.below(4),
    nextMs: atMs,
    tests: chance.happens(0.3),
  }
}

/** Things that can be sold again, for large amounts; sometimes a small payment first, to see if the card works. */
function payWithStolen(chance: Chance, world: World, card: StolenCard, atMs: number): Payment {
  const { victim, deviceId, country, tests } = card
  const category = world.categoryNamed(chance.pick(loot))
  let merchant = world.drawMerchant(chance, victim, category)
  for (let looks = 0; looks < 3; looks++) {
    const other = world.drawMerchant(chance, victim, category)
    if (trustOf(other) < trustOf(merchant)) merchant = other
  }
  const minor = tests ? 100 + chance.below(900) : Math.round(8_000 + chance.bell() * chance.bell() * 200_000)
  card.tests = false
  card.left--
  card.nextMs = atMs + Math.floor(chance.between(1, 40) * 60_000)
  return { customer: victim, merchant, category, minor, fraud: 'stolen_card', deviceId, country }
}

/** How a thief sees it: unscored is as good as badly scored. */
const trustOf = ({ trust }: Merchant): number => trust ?? 0.5

const isWithin = (window: { from: number; to: number } | undefined, share: number): boolean =>
  window !== undefined && share >= window.from && share < window.to

/** Mostly a little below what is usual, seldom well above. */
const usualMinor = (chance: Chance, { wealth }: Customer, { usualMinor }: Category): number =>
  Math.max(100, Math.round(usualMinor * wealth * (0.3 + chance.bell() * chance.bell() * 2.4)))

function toRequest(chance: Chance, payment: Payment, order: string, atMs: number, share: number): EvaluateRequest {
  const { customer, merchant, category, minor, agent } = payment
  const { bad } = merchant
  const trust = bad && isWithin({ from: bad.seen, to: bad.forgotten }, share) ? bad.trust : merchant.trust
  const limitMinor = payment.limitMinor ?? agent?.limitMinor ?? customer.limitMinor
  const { balanceMinor } = customer
  const money = (minor: number): string => formatMajor(minor, 'EUR')
  return {
    amount: money(minor),
    currency: 'EUR',
    category: category.name,
    merchant_id: merchant.id,
    ...(trust === undefined ? {} : { merchant_trust_score: Math.round(trust * 100) / 100 }),
    user_id: customer.id,
    card_fingerprint: customer.cardFingerprint,
    ...(limitMinor === undefined ? {} : { user_limits: { [agent ? 'agent' : 'per_payment']: money(limitMinor) } }),
    ...(balanceMinor === undefined || payment.limitMinor ? {} : { user_balance: money(balanceMinor) }),
    occurred_at: rfc3339(atMs),
    ...(chance.happens(0.9) ? { geo: { country: payment.country ?? customer.country } } : {}),
    ...(agent
      ? { agent: { id: agent.id }, mandate: { id: agent.mandateId } }
      : { device_id: payment.deviceId ?? customer.deviceId }),
    metadata: { order },
  }
}
