/** What was decided is decided again: by a dry run just before, and by replay at any time after. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { compilePolicy, defaultPolicy, type PolicyDocument, type PolicyRule } from '#engine/decide'
import { fromWireId } from '#kernel/id'
import { type Client, createFakeClock, createWorld, payment } from '#harness'
import { scopeOf } from '#harness/log-rounds'
import { publish } from '#harness/policy'

const lists = [
  ['denied', 'deny'],
  ['staff', 'allow'],
  ['vip', 'custom'],
] as const
const names = ['a', 'b', 'c']
const name = fc.constantFrom(...names)

const expressions = [
  'user.attempts_1h >= 3', 'card.approved_sum_1d > 5000', 'user_merchant.attempts_7d > 1', 'user_card.age_days < 1.0', 'device.users_30d > 1',
  'lists.vip', '!lists.vip && amount > 50.0', 'hour < 8 || weekday > 5', "metadata.exists(key, metadata[key] == 'x')",
  "metadata.all(key, key < 'm')", "metadata['zone'] == metadata['area']", "'order' in metadata", 'user.mean_minor * 2.0 < double(amount_minor)',
  'user.speed_kmh > 500.0', 'card.country_payments == 0', 'has_agent && signature < 0.5', 'user.hour_share < 0.1', 'velocity > 2.0 || geo_consistency < 0.5',
  'user_balance - amount < 10.0', "category.startsWith('g') && currency != 'EUR'", 'amount_minor / (amount_minor - 2000) > 1',
  "merchant.attempts_5m % 2 == 0", 'ip.cards_1d >= 1', 'agent.merchants_7d > 0', 'user.deviation_minor / user.mean_minor > 0.5',
] as const // prettier-ignore
const numbers = [
  'double(user.attempts_1h) / 10.0', 'user.mean_minor / double(user.maximum_minor)', 'amount / (amount - 20.0)', 'user_device.age_days', 'card.distance_km / 1000.0',
  'user.hour_share', 'amount_ratio - 1.0', 'double(merchant.approved_sum_30d) / 1000000.0', "metadata.exists(key, metadata[key] == '1') ? 1 : -1", '0.1 + 0.2',
] as const // prettier-ignore

const anyPolicy: fc.Arbitrary<PolicyDocument> = fc
  .record({
    kept: fc.subarray([...defaultPolicy.factors]),
    weight: fc.constantFrom(1, 7.3, 100),
    cel: fc.subarray([...numbers]),
    when: fc.subarray([...expressions], { maxLength: 8 }),
    thens: fc.array(fc.constantFrom<PolicyRule['then']>('decline', 'step_up', 'approve', { add: 12.5 }, { add: -3.01 }), { minLength: 8, maxLength: 8 }),
    thresholds: fc.constantFrom({ step_up: 5, decline: 20 }, { step_up: 12.34, decline: null }),
  })
  .map(({ kept, weight, cel, when, thens, thresholds }): PolicyDocument => {
    const document: PolicyDocument = {
      schema: 1,
      factors: [...kept, ...cel.map((one, n) => ({ id: `f${n}`, weight, cel: one, points_if_missing: -0.5, reason: 'At {amount} with {user.attempts_1h}.' }))],
      rules: when.map((one, n) => ({ id: `r${n}`, when: one, then: thens[n] ?? 'decline', reason: 'Because of {category}.' })),
      thresholds,
      lists: ['vip'],
    }
    return compilePolicy(document).ok ? document : { ...document, thresholds: { step_up: null, decline: null } }
  }) // prettier-ignore

/** In any order: what is stored has its own. */
const shuffled = <T>(entries: Readonly<Record<string, T>>) =>
  fc.shuffledSubarray(Object.entries(entries)).map((some): Record<string, T> => Object.fromEntries(some))

const anyEvent = fc.record(
  {
    amount: fc.constantFrom<string | number>('20.00', 20, 19.99, '0', '250.5', 9_000),
    currency: fc.constantFrom('EUR', 'EUR', 'SEK', 'BHD'),
    category: fc.constantFrom('groceries', 'gift_cards', 'unheard_of', 'constructor'),
    merchant_id: name,
    merchant_trust_score: fc.constantFrom(0, 0.1, 0.7, 1),
    user_id: name,
    card_fingerprint: name,
    device_id: name,
    ip: fc.constantFrom('203.0.113.7', '2001:db8::1'),
    agent: fc.constantFrom<object>({ id: 'agt_1' }, { id: 'agt_1', proof: { type: 'jws', value: 'x' } }, { id: 'agt_2', proof: { type: 'other', value: 'x' } }),
    geo: fc.constantFrom<object>({ country: 'SE', lat: 59.3, lon: 18 }, { country: 'ES', lat: 40.4, lon: -3.7 }, { country: 'FJ', lat: -0.04, lon: -0 }, { country: 'SE' }),
    time_zone: fc.constantFrom('Europe/Stockholm', 'Pacific/Auckland', 'No/Where'),
    user_balance: fc.constantFrom('100.00', '0', '20'),
    user_limits: shuffled({ weekly: '100', daily: '100', a: '20.00', monthly: '20' }),
    metadata: shuffled<string | number | boolean | null>({ zone: 'x', area: 'x', order: 1, '7': true, none: null, tiny: 1e-7, less: -0, ['__proto__']: 'x' }),
    agoMs: fc.constantFrom(0, 1, 240_000, 7_200_000, 40 * 86_400_000),
  },
  { requiredKeys: ['amount', 'currency', 'category', 'merchant_id', 'agoMs'] },
) // prettier-ignore

const anyStep = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('decide' as const), events: fc.array(fc.record({ event: anyEvent, hasKey: fc.boolean() }), { minLength: 1, maxLength: 4 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('publish' as const), policy: anyPolicy }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('list' as const), list: fc.constantFrom('denied', 'staff', 'vip', 'vip'), field: fc.constantFrom('user_id', 'agent', 'free'), value: fc.constantFrom('c', 'agt_2', 'x'), isAdded: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('advance' as const), ms: fc.constantFrom(1, 61_000, 3_700_000, 90_000_000) }) },
) // prettier-ignore

async function changeList(ada: Client, list: string, field: string, value: string, isAdded: boolean): Promise<void> {
  if (isAdded) await ada.post(`/v1/lists/${list}/entries`, { field, value })
  else {
    const { data } = (await ada.get(`/v1/lists/${list}/entries`)).body
    if (data[0]) assert.equal((await ada.delete(`/v1/lists/${list}/entries/${data[0].id}`)).status, 204)
  }
}

async function requireSame(ada: Client, ids: Iterable<string>): Promise<void> {
  for (const id of ids) {
    const replay = await ada.get(`/v1/decisions/${id}/replay`)
    if (replay.body.same !== true) assert.fail(`${replay.text} for ${(await ada.get(`/v1/decisions/${id}`)).text}`)
  }
}

test(
  'whatever the policy and the payments: a dry run answers as the next live one and leaves nothing, a batch as its payments one by one, and every decision is replayed to the byte, also after later publications, changes of lists and decisions',
  { timeout: 300_000 },
  async () => {
    const clock = createFakeClock()
    await using world = await createWorld({ clock, logLevel: 'silent' })
    const ada = world.as('ada')
    // The same things happen to another tenant, whose payments come in batches.
    const cleo = world.as('cleo')
    const both = async (change: (who: Client) => Promise<unknown>) => {
      for (const who of [ada, cleo]) await change(who)
    }
    for (const [id, kind] of lists)
      await both(async (who) => assert.equal((await who.put(`/v1/lists/${id}`, { kind })).status, 200))
    const stored = async () =>
      (await world.admin.query('select (select count(*) from decision) as decisions, (select count(*) from idempotency) as keys')).rows // prettier-ignore
    const ids: string[] = []
    let keys = 0
    const outcomes = new Map<string, number>()
    await fc.assert(
      fc.asyncProperty(anyPolicy, fc.array(anyStep, { minLength: 4, maxLength: 16 }), async (policy, steps) => {
        const [mine, its]: [string[], string[]] = [[], []]
        await both((who) => publish(who, policy))
        for (const step of steps) {
          if (step.kind === 'publish') await both((who) => publish(who, step.policy))
          else if (step.kind === 'list')
            await both((who) => changeList(who, step.list, step.field, step.value, step.isAdded))
          else if (step.kind === 'advance') clock.advance(step.ms)
          else {
            const events = step.events.map(({ event: { agoMs, ...event }, hasKey }) => ({
              ...event,
              ...(agoMs > 0 && { occurred_at: new Date(clock.now() - agoMs).toISOString() }),
              ...(hasKey && { idempotency_key: `k${++keys}` }),
            }))
            const answers: object[] = []
            for (const event of events) {
              const before = await stored()
              const dry = await ada.post('/v1/evaluate?dry_run=true', event)
              assert.equal(dry.status, 200, dry.text)
              assert.deepEqual(await stored(), before, 'a dry run left something')
              const live = await ada.post('/v1/evaluate', event)
              assert.equal(live.status, 200, live.text)
              assert.equal(live.headers.get('idempotent-replayed'), null)
              const { trace_id: id, latency_ms: _, ...answer } = live.body
              const { trace_id: none, latency_ms: __, ...same } = dry.body
              assert.deepEqual([same, none], [answer, null])
              mine.push(id)
              answers.push(answer)
              outcomes.set(answer.decision, (outcomes.get(answer.decision) ?? 0) + 1)
            }
            const { results } = (await cleo.post('/v1/evaluate/batch', { events })).body
            const batched = results.map(({ trace_id: id, latency_ms: _, ...answer }: Record<string, unknown>) => {
              its.push(String(id))
              return answer
            })
            assert.deepEqual(batched, answers)
          }
        }
        await requireSame(ada, mine)
        await requireSame(cleo, its)
        ids.push(...mine)
      }),
      { numRuns: 20, endOnFailure: true },
    )
    await publish(ada, defaultPolicy)
    await requireSame(ada, ids)
    for (const word of ['APPROVED', 'STEP_UP_REQUIRED', 'DECLINED']) assert.ok((outcomes.get(word) ?? 0) > 10, word)
  },
)

test('an erased event is not judged again, and says so; its decision is still read', async () => {
  await using world = await createWorld({ logLevel: 'silent' })
  const ada = world.as('ada')
  const { trace_id: id } = (await ada.post('/v1/evaluate', payment())).body
  const scope = scopeOf(world.vouch, world.acme.id)
  await world.vouch.logs.drain(scope)
  await scope.transaction((tx) => world.vouch.logs.eraseContent(tx, fromWireId('decision', id) ?? assert.fail(id)))
  const replay = await ada.get(`/v1/decisions/${id}/replay`)
  assert.deepEqual([replay.status, replay.body.code], [410, 'erased'])
  const read = await ada.get(`/v1/decisions/${id}`)
  assert.deepEqual([read.status, read.body.event, read.body.decision], [200, null, 'APPROVED'])
  assert.equal((await world.as('cleo').get(`/v1/decisions/${id}/replay`)).status, 404)
})

test('a stored decision that was changed, by however little, is not the same, and the check of the claim says so', async () => {
  await using world = await createWorld({ logLevel: 'silent' })
  const ada = world.as('ada')
  const { check } = world.vouch.controls.find(({ claim }) => claim === 'aud.decisions') ?? assert.fail()
  assert.equal((await check!.run(null)).result, 'no_data')
  const { trace_id: id } = (
    await ada.post('/v1/evaluate', payment({ amount: '900.00', occurred_at: new Date().toISOString() }))
  ).body
  const { rows } = await world.admin.query<{ document: Buffer }>('select document from decision')
  const whole = rows[0]!.document.toString()
  const plant = (document: string) => world.admin.query('update decision set document = $1', [Buffer.from(document)])
  const changes: [string, string][] = [['"decision":"APPROVED"', '"decision":"DECLINED"'], ['"points":', '"points" :'], ['groceries', 'Groceries']] // prettier-ignore
  changes.push([/"risk_score":[\d.]+/.exec(whole)![0], '"risk_score":0.01'], ['}', ' }'], ['{', ''])
  changes.push(
    ['"received_at":"2', '"received_at":"x'],
    ['"occurred_at":"2', '"occurred_at":"x'],
    ['"policy_version":1', '"policy_version":9'],
  )
  changes.push(['"factors":[', '"factors":7,"x":['], [whole, '7'], [whole, 'null'])
  let planted = 0
  for (const [from, to] of changes) {
    if (!whole.includes(from)) continue
    await plant(whole.replace(from, to))
    assert.deepEqual((await ada.get(`/v1/decisions/${id}/replay`)).body, { same: false }, from)
    assert.equal((await check!.run(null)).result, 'fail', from)
    planted++
  }
  assert.ok(planted >= 9)
  await plant(whole)
  const columns = [
    ['policy_version = 9', 'policy_version = 1'],
    ["at = at + interval '1 s'", "at = at - interval '1 s'"],
    ["at = at - interval '1 h'", "at = at + interval '1 h'"],
    ["occurred_at = occurred_at - interval '1 s'", "occurred_at = occurred_at + interval '1 s'"],
  ]
  for (const [change, back] of columns) {
    await world.admin.query(`update decision set ${change}`)
    assert.deepEqual((await ada.get(`/v1/decisions/${id}/replay`)).body, { same: false }, change)
    assert.equal((await check!.run(null)).result, 'fail', change)
    await world.admin.query(`update decision set ${back}`)
  }
  assert.deepEqual((await ada.get(`/v1/decisions/${id}/replay`)).body, { same: true })
  assert.equal((await check!.run(null)).result, 'pass')
})
