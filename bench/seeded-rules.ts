/** Typical fraud rules and payments, made from a seed: 28 fields; 58 % numeric conditions, 20 % bool, 14 % `in`, 8 % equality. */
import { mulberry32, pick } from './random.ts'

export type Payment = Record<string, number | boolean | string>
export type Condition = {
  field: string
  op: '<' | '<=' | '>' | '>=' | '==' | '!=' | 'in'
  value: number | boolean | string | string[]
}
export type Rule = { id: string; weight: number; all: Condition[] }

/** Name, and the largest usual value. */
const numbers: Readonly<Record<string, number>> = {
  amount: 2_000, amount_ratio: 5, attempts_1m: 6, attempts_1h: 30, attempts_1d: 100, approved_1h: 20, approved_1d: 60,
  sum_1d: 8_000, merchant_trust: 1, account_age_days: 2_000, device_age_days: 1_000, distance_km: 9_000, hour: 24,
  failed_logins: 10, cards_per_device: 8, ip_risk: 100,
} // prettier-ignore
const flags = ['is_new_device', 'is_vpn', 'is_agent', 'is_first_payment', 'is_weekend', 'has_mandate', 'is_recurring']
const words: Readonly<Record<string, readonly string[]>> = {
  category: ['groceries', 'electronics', 'crypto', 'travel', 'gaming', 'gift_cards', 'fashion', 'services'],
  country: ['SE', 'DE', 'US', 'NG', 'BR', 'GB', 'FR', 'IN', 'RU', 'CN'],
  card_country: ['SE', 'DE', 'US', 'NG', 'BR', 'GB', 'FR', 'IN', 'RU', 'CN'],
  currency: ['EUR', 'SEK', 'USD', 'GBP'],
  channel: ['web', 'app', 'agent', 'phone'],
}
export const fieldTypes: Readonly<Record<string, 'double' | 'bool' | 'string'>> = {
  ...Object.fromEntries(Object.keys(numbers).map((name) => [name, 'double' as const])),
  ...Object.fromEntries(flags.map((name) => [name, 'bool' as const])),
  ...Object.fromEntries(Object.keys(words).map((name) => [name, 'string' as const])),
}

export function makePayments(count: number, seed: number): Payment[] {
  const random = mulberry32(seed)
  return Array.from({ length: count }, () => ({
    ...Object.fromEntries(
      Object.entries(numbers).map(([name, most]) => [name, Math.round(random() * most * 100) / 100]),
    ),
    ...Object.fromEntries(flags.map((name) => [name, random() < 0.3])),
    ...Object.fromEntries(Object.entries(words).map(([name, from]) => [name, pick(random, from)])),
  }))
}

export function makeRules(count: number, seed: number): Rule[] {
  const random = mulberry32(seed)
  return Array.from({ length: count }, (_, at) => ({
    id: `r${at}`,
    weight: 1 + Math.floor(random() * 20),
    all: Array.from({ length: 2 + Math.floor(random() * 3) }, () => makeCondition(random)),
  }))
}

function makeCondition(random: () => number): Condition {
  const kind = random()
  if (kind < 0.58) {
    const [field, most] = pick(random, Object.entries(numbers))
    // A quarter that is not whole, so that every engine reads a double.
    const value = Math.floor((0.35 + random() * 0.55) * most * 4) / 4 + 0.125
    return random() < 0.5
      ? { field, op: pick(random, ['>', '>=']), value }
      : { field, op: pick(random, ['<', '<=']), value: most + 0.125 - value }
  }
  if (kind < 0.78) return { field: pick(random, flags), op: '==', value: random() < 0.7 }
  const [field, from] = pick(random, Object.entries(words))
  if (kind < 0.92)
    return { field, op: 'in', value: [...new Set([pick(random, from), pick(random, from), pick(random, from)])] }
  return { field, op: random() < 0.7 ? '==' : '!=', value: pick(random, from) }
}

/** A bool stands for itself, as an author would write it. */
export const toCel = ({ all }: Rule): string =>
  all
    .map(({ field, op, value }) => {
      if (typeof value === 'boolean') return value ? field : `!${field}`
      return `${field} ${op} ${typeof value === 'number' && Number.isInteger(value) ? `${value}.0` : JSON.stringify(value)}`
    })
    .join(' && ')

export function toJavaScript(rules: readonly Rule[]): string {
  const condition = ({ field, op, value }: Condition): string => {
    if (typeof value === 'boolean') return value ? `t.${field}` : `!t.${field}`
    if (Array.isArray(value)) return `(${value.map((one) => `t.${field} === ${JSON.stringify(one)}`).join(' || ')})`
    return `t.${field} ${op === '==' || op === '!=' ? `${op}=` : op} ${JSON.stringify(value)}`
  }
  const lines = rules.map(
    ({ id, weight, all }) => `if (${all.map(condition).join(' && ')}) { s += ${weight}; fired.push('${id}') }`,
  )
  return `let s = 0; const fired = [];\n${lines.join('\n')}\nreturn { score: Math.min(100, s), fired }`
}
