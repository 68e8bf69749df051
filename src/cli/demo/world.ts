/**
 * The little world that the simulator tells of: customers with habits, merchants with trust. Each is computed from the
 * seed when it is needed and kept nowhere, so the size of the world costs no memory.
 */
import { type Chance, createChance, mix, nameId } from './chance.ts'

export type Category = {
  name: string
  /** What people pay there, in cents. */
  usualMinor: number
  /** How often people pay there, beside the others. */
  share: number
  /** What is bought here can be sold again: where thieves go, and where false shops open. */
  isResold?: true
}

const categories: readonly [Category, ...Category[]] = [
  { name: 'groceries', usualMinor: 3_800, share: 24 },
  { name: 'restaurants', usualMinor: 3_000, share: 16 },
  { name: 'transport', usualMinor: 1_400, share: 12 },
  { name: 'subscription', usualMinor: 1_300, share: 7 },
  { name: 'health', usualMinor: 2_600, share: 5 },
  { name: 'books', usualMinor: 2_000, share: 4 },
  { name: 'utilities', usualMinor: 8_000, share: 4 },
  { name: 'home', usualMinor: 7_500, share: 5 },
  { name: 'software', usualMinor: 4_000, share: 3 },
  { name: 'fashion', usualMinor: 5_500, share: 6, isResold: true },
  { name: 'games', usualMinor: 3_000, share: 3, isResold: true },
  { name: 'tickets', usualMinor: 6_000, share: 3, isResold: true },
  { name: 'electronics', usualMinor: 12_000, share: 3, isResold: true },
  { name: 'travel', usualMinor: 18_000, share: 2, isResold: true },
  { name: 'jewellery', usualMinor: 11_000, share: 1, isResold: true },
  { name: 'gift_cards', usualMinor: 4_500, share: 1, isResold: true },
  { name: 'crypto', usualMinor: 6_000, share: 1, isResold: true },
]
const allShares = categories.reduce((sum, { share }) => sum + share, 0)
const byName = new Map(categories.map((category) => [category.name, category]))
const categoryNamed = (name: string): Category => byName.get(name) ?? categories[0]

export const countries = ['ES', 'FR', 'DE', 'IT', 'PT', 'NL', 'SE', 'PL', 'IE', 'AT'] as const

/** Software that pays for a customer, within a limit it was given. */
export type Agent = { id: string; mandateId: string; limitMinor: number; category: Category; overspends: boolean }

export type Customer = {
  index: number
  id: string
  cardFingerprint: string
  deviceId: string
  country: string
  /** How much more than others this customer spends. */
  wealth: number
  /** What the customer says may be spent, in cents; each may be left unsaid. */
  limitMinor: number | undefined
  balanceMinor: number | undefined
  agent: Agent | undefined
  /** When, as shares of the story's length, the card's data is in wrong hands. */
  leaked: { from: number; to: number } | undefined
}

export type Merchant = {
  id: string
  /** Where the merchant's own trust stands; undefined where nobody has scored it. */
  trust: number | undefined
  /** When it is bad, as shares of the story's length. Its score falls to `trust` late, at `seen`, and recovers late. */
  bad: { from: number; to: number; seen: number; forgotten: number; trust: number | undefined } | undefined
}

export type World = {
  customerAt(index: number): Customer
  merchantAt(category: Category, index: number): Merchant
  drawCustomer(chance: Chance): Customer
  drawCategory(chance: Chance): Category
  /** Mostly one of the customer's own places. */
  drawMerchant(chance: Chance, customer: Customer, category: Category): Merchant
  categoryNamed(name: string): Category
  newDevice(n: number): string
  newOrder(n: number): string
}

const agentCategories = ['software', 'travel', 'subscription', 'groceries', 'electronics'] as const
const oneInForty = 40
const badLength = 3 / 7

/** A world for `count` payments: about 14 for each customer. */
export function createWorld(seed: number, count: number): World {
  const customers = Math.max(80, Math.ceil(count / 14))
  const merchantsInCategory = oneInForty * Math.max(1, Math.ceil(count / 40_000))
  const salts = { cus: mix(seed, 1, 1), fp: mix(seed, 1, 2), dev: mix(seed, 1, 3), agt: mix(seed, 1, 4), man: mix(seed, 1, 5), mer: mix(seed, 1, 6), ord: mix(seed, 1, 7) } // prettier-ignore
  const nameOf = (kind: keyof typeof salts, index: number): string => nameId(kind, salts[kind], index)
  const oddOneOut = mix(seed, 2) % oneInForty
  const toTens = (minor: number): number => Math.max(1_000, Math.round(minor / 1_000) * 1_000)
  const window = (chance: Chance): { from: number; to: number } => {
    const from = chance.between(0, 1 - badLength)
    return { from, to: from + badLength }
  }

  function customerAt(index: number): Customer {
    const chance = createChance(seed, 3, index)
    const wealth = 0.5 + chance.bell() * chance.bell() * 2.4
    const says = chance.next()
    const limitMinor = toTens(wealth * chance.between(9_000, 24_000))
    const hasAgent = index % 8 === 0
    return {
      index,
      id: nameOf('cus', index),
      cardFingerprint: nameOf('fp', index),
      deviceId: nameOf('dev', index),
      country: chance.pick(countries),
      wealth,
      limitMinor: says < 0.65 ? limitMinor : undefined,
      balanceMinor: says >= 0.55 && says < 0.8 ? Math.round(limitMinor * chance.between(0.6, 5)) : undefined,
      agent: hasAgent
        ? {
            id: nameOf('agt', index),
            mandateId: nameOf('man', index),
            limitMinor: toTens(wealth * chance.between(5_000, 16_000)),
            category: categoryNamed(chance.pick(agentCategories)),
            overspends: index % 80 === 0,
          }
        : undefined,
      leaked: index % oneInForty === oddOneOut ? window(chance) : undefined,
    }
  }

  function merchantAt(category: Category, index: number): Merchant {
    const place = categories.indexOf(category) * 1_000_000 + index
    const chance = createChance(seed, 4, place)
    const isShady = chance.happens(0.12)
    const trust = isShady ? chance.between(0.25, 0.55) : 0.55 + chance.bell() * 0.45
    const { from, to } = window(chance)
    const badTrust = chance.between(0.03, 0.45)
    const isScored = !chance.happens(0.12)
    const scored = (trust: number): number | undefined => (isScored ? trust : undefined)
    return {
      id: nameOf('mer', place),
      trust: scored(trust),
      bad:
        category.isResold && index % 10 === oddOneOut % 10
          ? { from, to, seen: from + 0.1, forgotten: to + 0.1, trust: scored(badTrust) }
          : undefined,
    }
  }

  return {
    customerAt,
    merchantAt,
    categoryNamed,
    drawCustomer: (chance) => customerAt(chance.below(customers)),
    drawCategory(chance) {
      let left = chance.below(allShares)
      return categories.find(({ share }) => (left -= share) < 0) ?? categories[0]
    },
    drawMerchant(chance, customer, category) {
      const own = mix(seed, 5, customer.index, categories.indexOf(category), chance.below(3)) % merchantsInCategory
      return merchantAt(category, chance.happens(0.8) ? own : chance.below(merchantsInCategory))
    },
    newDevice: (n) => nameOf('dev', customers + n),
    newOrder: (n) => nameOf('ord', n),
  }
}
