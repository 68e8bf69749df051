/** Bodies of POST /v1/evaluate, made from a seed. A user has one card, and pays any of 100 merchants. */
import { mulberry32, pick } from './random.ts'

/** `any`: each body of any of so many users. `each`: the first body of user `from`, the next of the one after. */
export type Payers = { any: number } | { each: true; from: number }

const merchants = 100
const categories = ['groceries', 'electronics', 'travel', 'fashion', 'services']

export function createBodies(seed: number, payers: Payers): () => string {
  const random = mulberry32(seed)
  let next = 'each' in payers ? payers.from : 0
  return () => {
    const user = 'each' in payers ? next++ : Math.floor(random() * payers.any)
    return JSON.stringify({
      amount_minor: 100 + Math.floor(random() * 20_000),
      currency: 'EUR',
      category: pick(random, categories),
      merchant_id: `m_${Math.floor(random() * merchants)}`,
      merchant_trust_score: Math.round(random() * 100) / 100,
      user_id: `u_${user}`,
      card_fingerprint: `fp_${user}`,
    })
  }
}
