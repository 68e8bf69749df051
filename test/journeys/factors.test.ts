/** Each of the seven factors that every tenant starts with moves the score both ways, by the points that docs/policy.md says. */
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import { calculateJwkThumbprint, SignJWT } from 'jose'
import { defaultPolicy, factorIds } from '#engine/decide'
import { type Client, createFakeClock, createWorld } from '#harness'
import { publish, showing, shownIn } from '#harness/policy'

const [minute, hour, day] = [60_000, 3_600_000, 86_400_000]
const noon = Date.parse('2026-11-21T12:00:00Z')

/** Of these the amount alone is measured without a history: 100.00 EUR are a typical payment. */
const least = { amount: '100.00', currency: 'EUR', category: 'unheard_of', merchant_id: 'm' }

type Factor = { id: string; status: string; raw: number | null; contribution: number; evidence: string[] }
type Answer = { risk_score: number; factors: Factor[] }

async function ask(client: Client, sent: object, query = ''): Promise<Answer> {
  const { status, body, text }: { status: number; body: Answer; text: string } = await client.post(`/v1/evaluate${query}`, sent) // prettier-ignore
  assert.equal(status, 200, text)
  const sum = body.factors.reduce((total, { contribution }) => total + Math.round(contribution * 100), 0)
  assert.equal(sum, Math.round(body.risk_score * 100), 'the contributions are not the score')
  return body
}

const dateOf = (agoMs: number): string => new Date(noon - agoMs).toISOString()
type Past = readonly (Record<string, unknown> & { agoMs: number })[]
/** What happened before, the oldest first. */
async function live(client: Client, past: Past): Promise<void> {
  for (const { agoMs, ...one } of past)
    await ask(client, { ...least, amount: '20.00', ...one, occurred_at: dateOf(agoMs) })
}
const many = <T>(count: number, one: (nth: number) => T): T[] => Array.from({ length: count }, (_, nth) => one(nth))
const monthOf = (one: (nth: number) => object) => many(12, (nth) => ({ agoMs: (25 - 2 * nth) * day, ...one(nth) }))

const stockholm = { country: 'SE', lat: 59.3, lon: 18.1 }
const sydney = { country: 'AU', lat: -33.9, lon: 151.2 }

async function createAgent() {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const jwk = publicKey.export({ format: 'jwk' })
  const id = await calculateJwkThumbprint(jwk)
  const header = { alg: 'EdDSA', typ: 'vouch-payment+jwt', jwk }
  return async (amount_minor: number) => {
    const claims = { amount_minor, currency: 'EUR', merchant_id: 'm', iat: noon / 1_000, jti: 'proof-0123456789' }
    return { agent: { id, proof: { type: 'jws', value: await new SignJWT(claims).setProtectedHeader(header).sign(privateKey) } } } // prettier-ignore
  }
}
const sign = await createAgent()

/** Of each factor: what happened before, what is asked, and what it then is and earns. */
const cases: Record<string, readonly (readonly [past: Past, sent: object, raw: number | null, points: number])[]> = {
  amount_ratio: [
    [[], { currency: 'BHD' }, null, 4],
    [[], { amount: '20.00' }, 0.2, -2.64],
    [[], {}, 1, 8.8],
    [[], { user_balance: '1000.00', user_limits: { daily: '50.00' } }, 2, 19.8],
    [monthOf((nth) => ({ user_id: 'even', amount: '40.00', merchant_id: `m${nth}` })), { user_id: 'even', amount: '10.00' }, 0.25, -2.2],
    [monthOf(() => ({ user_id: 'steady', amount: '40.00' })), { user_id: 'steady', amount: '120.00' }, 3, 22],
    // 30.00 and 50.00 by turns: a mean of 40.00 with a deviation of 10.00.
    [monthOf((nth) => ({ card_fingerprint: 'both', amount: nth % 2 ? '30.00' : '50.00' })), { card_fingerprint: 'both', amount: '60.00' }, 1, 8.8],
  ],
  velocity: [
    [[], {}, null, 0],
    [[], { user_id: 'new' }, 0, -1.8],
    [many(3, (nth) => ({ agoMs: (3 - nth) * minute, device_id: 'd' })), { user_id: 'new', device_id: 'd' }, 3, 0],
    [many(10, (nth) => ({ agoMs: (50 - nth) * minute, user_id: 'fast' })), { user_id: 'fast' }, 10, 18],
    [many(10, (nth) => ({ agoMs: (90 - nth) * minute, user_id: 'was fast' })), { user_id: 'was fast' }, 0, -1.8],
  ],
  category_risk: [
    [[], {}, null, 4],
    [[], { category: 'groceries' }, 0.05, -5],
    [[], { category: 'services' }, 0.3, 0],
    [[], { category: 'crypto' }, 1, 15],
  ],
  merchant_trust: [
    [[], {}, null, 4],
    [[], { merchant_trust_score: 0 }, 0, 15],
    [[], { merchant_trust_score: 0.7 }, 0.7, 0],
    [[], { merchant_trust_score: 1 }, 1, -9],
  ],
  geo_consistency: [
    [[], { user_id: 'unknown', geo: stockholm }, null, 0],
    [monthOf(() => ({ user_id: 'at home', geo: stockholm })), { user_id: 'at home', geo: { country: 'SE' } }, 1, -3.6],
    [monthOf(() => ({ user_id: 'abroad', geo: { country: 'SE' } })), { user_id: 'abroad', geo: { country: 'ES' } }, 0.25, 8.1],
    [[{ agoMs: 2 * hour, user_id: 'flying', geo: stockholm }], { user_id: 'flying', geo: sydney }, 0, 12],
    [[{ agoMs: 20 * hour, card_fingerprint: 'flown', geo: stockholm }], { card_fingerprint: 'flown', geo: sydney }, 0.25, 8.1],
    // What comes late was paid 20 hours before the last, and not a minute after it.
    [[{ agoMs: 0, user_id: 'late', geo: stockholm }], { user_id: 'late', geo: sydney, occurred_at: dateOf(20 * hour) }, 0.25, 8.1],
  ],
  signature: [
    [[], {}, null, 0],
    [[], await sign(10_000), 1, -5],
    [[], await sign(10_001), 0, 10],
    [[], { agent: { id: 'agt_1' } }, null, 0],
  ],
  time_anomaly: [
    [monthOf(() => ({ user_id: 'no zone' })), { user_id: 'no zone' }, null, 0],
    [monthOf(() => ({ user_id: 'noon', time_zone: 'UTC' })), { user_id: 'noon', time_zone: 'UTC' }, 0, -1.6],
    [monthOf(() => ({ user_id: 'noon too', time_zone: 'UTC' })), { user_id: 'noon too', time_zone: 'Pacific/Auckland' }, 1, 8],
    [monthOf(() => ({ user_id: 'an hour off', time_zone: 'UTC' })), { user_id: 'an hour off', time_zone: 'Europe/Stockholm' }, 0, -1.6],
  ],
} // prettier-ignore

test('each default factor is measured from what happened before, and earns the points of its curve, both above and below nothing', async () => {
  await using world = await createWorld({ clock: createFakeClock(noon), logLevel: 'silent' })
  const ada = world.as('ada')
  assert.deepEqual(Object.keys(cases).sort(), [...factorIds].sort())
  for (const [id, of] of Object.entries(cases)) {
    for (const [past, sent, raw, points] of of) {
      await live(ada, past)
      const { factors } = await ask(ada, { ...least, ...sent }, '?dry_run=true')
      const factor = factors.find((one) => one.id === id) ?? assert.fail(id)
      const found = [factor.status, factor.raw, factor.contribution]
      assert.deepEqual(found, [raw === null ? 'missing' : 'measured', raw, points], `${id} of ${JSON.stringify(sent)}`)
    }
    const all = of.map(([, , , points]) => points)
    assert.ok(Math.max(...all) > 0 && Math.min(...all) < 0, `${id} moves the score one way only`)
  }
})

test('what was not approved is no habit: neither amount, nor hour, nor country is learned from it', async () => {
  await using world = await createWorld({ clock: createFakeClock(noon), logLevel: 'silent' })
  const ada = world.as('ada')
  const refuse = { id: 'all', when: 'true', then: 'decline', reason: 'So.' } as const
  await publish(ada, { ...defaultPolicy, rules: [refuse] })
  await live(
    ada,
    monthOf(() => ({ user_id: 'u', time_zone: 'UTC', geo: stockholm })),
  )
  await publish(ada, defaultPolicy)
  const sent = { ...least, user_id: 'u', time_zone: 'UTC', geo: stockholm }
  const { factors } = await ask(ada, sent)
  const rawOf = (id: string) => factors.find((one) => one.id === id)?.raw
  assert.deepEqual(['amount_ratio', 'time_anomaly', 'geo_consistency'].map(rawOf), [1, null, null])
})

test('an address is one, however it is spelled: it is counted as it is listed', async () => {
  await using world = await createWorld({ logLevel: 'silent' })
  const ada = world.as('ada')
  const none = { step_up: null, decline: null }
  await publish(ada, { ...defaultPolicy, thresholds: none, factors: showing('ip.attempts_1h') })
  const spellings = [['2001:db8::1', '2001:DB8:0:0::1', '2001:0db8:0:0:0:0:0:1'], ['203.0.113.7', '::ffff:203.0.113.7', '::ffff:cb00:7107']] // prettier-ignore
  for (const same of spellings) {
    const seen = []
    for (const ip of same) seen.push(shownIn(await ask(ada, { ...least, ip }), 'ip.attempts_1h'))
    assert.deepEqual(seen, [0, 1, 2], same[0])
  }
})
