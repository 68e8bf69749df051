import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { defaultPolicy } from '#engine/decide'
import { clientOf, createFakeClock, createWorld, payment } from '#harness'
import { publish } from '#harness/policy'
import { systemClock } from '#kernel/clock'
import { judgePayment } from './index.ts'

test('every decision that is not an approval says the largest amount that is approved, and the next one is not', () => {
  const body = fc.record({
    amount_minor: fc.integer({ min: 1, max: 10_000_000 }),
    category: fc.constantFrom('gift_cards', 'groceries', 'electronics', 'unheard_of'),
    merchant_trust_score: fc.double({ min: 0, max: 1, noNaN: true }),
  })
  fc.assert(
    fc.property(body, (given) => {
      const request = { ...given, currency: 'EUR', merchant_id: 'm' }
      const answer = judgePayment(request, systemClock)
      const sum = answer.factors.reduce((total, { contribution }) => total + Math.round(contribution * 100), 0)
      assert.equal(sum, Math.round(answer.risk_score * 100))
      if (answer.decision === 'APPROVED')
        return assert.deepEqual([answer.counterfactual, answer.counterfactual_none], [[], null])
      const [change] = answer.counterfactual
      if (!change) return assert.equal(answer.counterfactual_none, 'not_by_amount')
      const edge = Math.round(Number(change.change.replace('amount <= ', '')) * 100)
      const decisionAt = (minor: number) => judgePayment({ ...request, amount_minor: minor }, systemClock).decision
      assert.equal(decisionAt(edge), 'APPROVED')
      assert.notEqual(decisionAt(edge + 1), 'APPROVED')
    }),
  )
})

test('a decision needs an amount, a currency, a category and a merchant, and nothing about a person', async () => {
  await using world = await createWorld()
  const ada = world.as('ada')
  const least = { amount: '20.00', currency: 'EUR', category: 'groceries', merchant_id: 'm_1' }
  assert.equal((await ada.post('/v1/evaluate', least)).status, 200)
  for (const field of Object.keys(least)) {
    const { [field]: _, ...rest } = least as Record<string, string>
    assert.equal((await ada.post('/v1/evaluate', rest)).status, 400, `without ${field}`)
  }
  const { rows } = await world.admin.query('select user_key from decision')
  assert.deepEqual(rows, [{ user_key: null }])
})

test('a dry run answers as the real one would, and leaves nothing behind', async () => {
  await using world = await createWorld()
  const ada = world.as('ada')
  const dry = await ada.post('/v1/evaluate?dry_run=true', payment({ amount: '900.00' }))
  assert.equal(dry.status, 200, dry.text)
  assert.equal(dry.body.trace_id, null)
  assert.deepEqual((await ada.get('/v1/decisions')).body.data, [])
  const real = await ada.post('/v1/evaluate', payment({ amount: '900.00' }))
  const essence = ({ decision, risk_score, factors, counterfactual }: Record<string, unknown>) => ({
    decision,
    risk_score,
    factors,
    counterfactual,
  })
  assert.deepEqual(essence(real.body), essence(dry.body))
})

test('lists decide before the score: denied, allowed, expired, and never beyond the tenant', async () => {
  const clock = createFakeClock()
  await using world = await createWorld({ clock })
  const ada = world.as('ada')
  assert.equal((await ada.put('/v1/lists/stolen', { kind: 'deny' })).status, 200)
  assert.equal((await ada.put('/v1/lists/staff', { kind: 'allow' })).status, 200)
  assert.equal((await ada.put('/v1/lists/staff', { kind: 'deny' })).status, 409)
  const entry = await ada.post('/v1/lists/stolen/entries', {
    field: 'card_fingerprint',
    value: 'fp_1',
    note: 'police report',
    expires_at: '2026-11-21T11:00:00Z',
  })
  assert.equal(entry.status, 201, entry.text)
  assert.equal((await ada.post('/v1/lists/stolen/entries', { field: 'card_fingerprint', value: 'fp_1' })).status, 409)
  await ada.post('/v1/lists/staff/entries', { field: 'user_id', value: 'u_staff' })

  const denied = await ada.post('/v1/evaluate', payment({ card_fingerprint: 'fp_1', user_id: 'u_staff' }))
  assert.deepEqual([denied.body.decision, denied.body.counterfactual_none], ['DECLINED', 'on_deny_list'])
  assert.match(denied.body.reason_text, /card is on the deny list stolen/)
  const allowed = await ada.post(
    '/v1/evaluate',
    payment({ user_id: 'u_staff', amount: '99999.00', category: 'gift_cards' }),
  )
  assert.equal(allowed.body.decision, 'APPROVED')
  for (const other of ['cleo', 'tess'] as const) {
    assert.equal(
      (await world.as(other).post('/v1/evaluate', payment({ card_fingerprint: 'fp_1' }))).body.decision,
      'APPROVED',
    )
  }
  clock.advance(3_600_000)
  assert.equal((await ada.post('/v1/evaluate', payment({ card_fingerprint: 'fp_1' }))).body.decision, 'APPROVED')
  assert.equal((await ada.delete(`/v1/lists/stolen/entries/${entry.body.id}`)).status, 204)
  assert.equal((await ada.delete('/v1/lists/staff')).status, 204)
  assert.notEqual(
    (await ada.post('/v1/evaluate', payment({ user_id: 'u_staff', amount: '99999.00', category: 'gift_cards' }))).body
      .decision,
    'APPROVED',
  )
})

test('decisions are paged newest first, without gaps or repeats, and filtered by what was asked', async () => {
  const clock = createFakeClock()
  await using world = await createWorld({ clock })
  const ada = world.as('ada')
  const made: string[] = []
  for (let n = 0; n < 25; n++) {
    clock.advance(1_000)
    const reply = await ada.post(
      '/v1/evaluate',
      payment({ user_id: `u_${n % 3}`, merchant_id: `m_${n % 2}`, amount: n % 5 === 0 ? '5000.00' : '5.00' }),
    )
    made.unshift(reply.body.trace_id)
  }
  const seen: string[] = []
  let path = '/v1/decisions?limit=4'
  for (;;) {
    const { body } = await ada.get(path)
    seen.push(...body.data.map(({ trace_id }: { trace_id: string }) => trace_id))
    if (!body.next_cursor) break
    path = `/v1/decisions?limit=4&cursor=${body.next_cursor}`
  }
  assert.deepEqual(seen, made)
  const count = async (query: string) => (await ada.get(`/v1/decisions?limit=200&${query}`)).body.data.length
  assert.equal(await count('user_id=u_0'), 9)
  assert.equal(await count('merchant_id=m_1'), 12)
  assert.equal(
    await count('min_score=1'),
    made.length - (await count('decision=APPROVED&min_score=0')) + (await count('decision=APPROVED&min_score=1')),
  )
  assert.equal(await count(`from=${new Date(clock.now() - 4_500).toISOString()}`), 5)
  assert.equal(await count('user_id=u_nobody'), 0)
  assert.equal((await ada.get('/v1/decisions?cursor=junk')).status, 400)
})

test('a smallest score that is asked for is that of a decision, to the hundredth', async () => {
  await using world = await createWorld({ logLevel: 'silent' })
  const ada = world.as('ada')
  const points = [0.07, 0.29, 1.1, 4.35, 64.1]
  for (const points_if_missing of points) {
    const factor = { id: 'odd', weight: 100, cel: 'double(hour)', points_if_missing, reason: 'No hour.' }
    await publish(ada, { ...defaultPolicy, factors: [factor] })
    assert.equal((await ada.post('/v1/evaluate', payment())).body.risk_score, points_if_missing)
  }
  for (const [at, score] of points.entries())
    assert.equal(
      (await ada.get(`/v1/decisions?min_score=${score}`)).body.data.length,
      points.length - at,
      String(score),
    )
})

test('a request under its key gets its decision all day, then a new one, counted when it comes', async () => {
  const clock = createFakeClock()
  await using world = await createWorld({ clock, logLevel: 'silent' })
  const live = clientOf(world.url, await world.issue(world.acme.id, ['decisions:write']))
  const event = payment({ occurred_at: new Date(clock.now() - 60_000).toISOString() })
  const ask = (key: string, more = {}) => live.post('/v1/evaluate', { ...event, ...more }, { 'idempotency-key': key })
  const first = await ask('k1')
  assert.equal(first.status, 200)
  clock.advance(23 * 3_600_000)
  const again = await ask('k1')
  assert.deepEqual([again.status, again.body.trace_id], [200, first.body.trace_id], again.text)
  assert.equal((await ask('k1', { amount: '21.00' })).body.code, 'idempotency_mismatch')
  clock.advance(3_600_001)
  const anew = await ask('k1')
  assert.notEqual(anew.body.trace_id, first.body.trace_id)
  assert.equal(Date.parse(anew.body.occurred_at), clock.now() - 5 * 60_000)
  assert.equal((await world.admin.query('select from decision')).rowCount, 2)
})

test('an allow list approves a named agent, but none whose proof fails', async () => {
  await using world = await createWorld({ logLevel: 'silent' })
  const ada = world.as('ada')
  assert.equal((await ada.put('/v1/lists/our-agents', { kind: 'allow' })).status, 200)
  assert.equal((await ada.post('/v1/lists/our-agents/entries', { field: 'agent', value: 'agt_1' })).status, 201)
  const large = (agent: object) => payment({ amount: '90000.00', category: 'gift_cards', agent })
  const named = (await ada.post('/v1/evaluate', large({ id: 'agt_1' }))).body
  assert.deepEqual([named.decision, named.agent.status], ['APPROVED', 'not_checked'])
  const forged = (await ada.post('/v1/evaluate', large({ id: 'agt_1', proof: { type: 'jws', value: 'e30.e30.AA' } }))).body
  assert.notEqual(forged.decision, 'APPROVED')
  assert.equal(forged.agent.status, 'failed')
}) // prettier-ignore
