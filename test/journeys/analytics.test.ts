/** Usage and analytics over HTTP: numbers that a reader can add up by hand. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Report } from '#engine/analytics'
import { defaultPolicy } from '#engine/decide'
import { type Client, createFakeClock, createWorld, payment } from '#harness'
import { publish } from '#harness/policy'

/** Amount and category say what becomes of a payment. */
const policy = {
  ...defaultPolicy,
  factors: defaultPolicy.factors.filter(({ id }) => id === 'category_risk' || id === 'signature'),
  thresholds: { step_up: null, decline: null },
  rules: [
    { id: 'no_gifts', when: "category == 'gift_cards'", then: 'decline', reason: 'Gifts.' },
    { id: 'ask', when: "category == 'electronics'", then: 'step_up', reason: 'Ask.' },
    { id: 'large', when: 'amount > 100.0', then: { add: 1.5 }, reason: 'Large.' },
    { id: 'rest', when: "category == 'groceries'", then: 'approve', reason: 'Fine.' },
  ] as const,
}
const decided = { groceries: 'APPROVED', electronics: 'STEP_UP_REQUIRED', gift_cards: 'DECLINED' } as const

type Shown = { id: string; status: string; contribution: number }

async function pay(client: Client, category: keyof typeof decided, amount: string, outcome?: string): Promise<void> {
  const { body } = await client.post('/v1/evaluate', payment({ category, amount }))
  assert.equal(body.decision, decided[category])
  if (outcome === undefined) return
  const said = { outcome, occurred_at: '2026-11-20T00:00:00Z' }
  assert.equal((await client.post(`/v1/decisions/${body.trace_id}/outcome`, said)).status, 200)
}

test('answers, money, outcomes, precision and recall are those of the payments, in all and in every part', async () => {
  const clock = createFakeClock(Date.parse('2026-11-21T23:59:00Z'))
  await using world = await createWorld({ clock, logLevel: 'silent' })
  const ada = world.as('ada')
  await publish(ada, policy)
  await pay(ada, 'groceries', '10.00', 'legitimate')
  await pay(ada, 'groceries', '200.00', 'chargeback')
  await pay(ada, 'groceries', '30.00')
  await pay(ada, 'electronics', '40.00', 'fraud')
  await pay(ada, 'electronics', '400.00', 'legitimate')
  clock.advance(120_000)
  await publish(ada, policy)
  await pay(ada, 'gift_cards', '50.00', 'fraud')
  await pay(ada, 'gift_cards', '60.00', 'fraud')
  await pay(ada, 'gift_cards', '70.00', 'legitimate')
  // Neither is a decision of its own.
  await ada.post('/v1/evaluate?dry_run=true', payment())
  for (let twice = 0; twice < 2; twice++)
    await ada.post('/v1/evaluate', payment({ amount: '10', currency: 'JPY', category: 'groceries' }), {
      'idempotency-key': 'once',
    })

  for (const counted of [false, true]) {
    if (counted) {
      await world.vouch.analytics.patrol()
      await world.vouch.analytics.turn()
    }
    const { total, as_of, from, to } = (await ada.get('/v1/analytics')).body
    assert.deepEqual([from, to, as_of], ['2026-10-24', '2026-11-23', new Date(clock.now()).toISOString()])
    const { latency_ms, ...rest } = total
    assert.equal(latency_ms.count, 9)
    assert.deepEqual(rest, {
      evaluations: 9,
      by_decision: { APPROVED: 4, STEP_UP_REQUIRED: 2, DECLINED: 3 },
      money: [
        { currency: 'EUR', by_decision: { APPROVED: '24000', STEP_UP_REQUIRED: '44000', DECLINED: '18000' } },
        { currency: 'JPY', by_decision: { APPROVED: '10', STEP_UP_REQUIRED: '0', DECLINED: '0' } },
      ],
      outcomes: {
        labelled: 7,
        by_outcome: { fraud: 3, legitimate: 3, chargeback: 1 },
        money: [
          {
            currency: 'EUR',
            by_outcome: { fraud: '15000', legitimate: '48000', chargeback: '20000' },
            fraud_approved: '20000',
          },
        ],
      },
      quality: {
        declined: { tp: 2, fp: 1, fn: 2, tn: 2, precision: 0.6667, recall: 0.5 },
        stopped: { tp: 3, fp: 2, fn: 1, tn: 1, precision: 0.6, recall: 0.75 },
      },
    })
    const by = async (word: string): Promise<Report> => (await ada.get(`/v1/analytics?by=${word}`)).body
    const { by_day: days = [] } = await by('day')
    assert.deepEqual(
      days.map(({ day, evaluations, outcomes }) => [day, evaluations, outcomes.labelled]),
      [['2026-11-21', 5, 4], ['2026-11-22', 4, 3]],
    ) // prettier-ignore
    const { by_policy_version: versions = [] } = await by('policy_version')
    assert.deepEqual(
      versions.map(({ policy_version, quality }) => [policy_version, quality.declined.precision]),
      [[2, null], [3, 0.6667]],
    ) // prettier-ignore
    const { by_rule: rules = [] } = await by('rule')
    assert.deepEqual(
      rules.map(({ rule, fired, points, by_outcome }) => [rule, fired, points, Object.values(by_outcome)]),
      [['ask', 2, 0, [1, 1, 0]], ['large', 2, 3, [0, 1, 1]], ['no_gifts', 3, 0, [2, 1, 0]], ['rest', 4, 0, [0, 1, 1]]],
    ) // prettier-ignore
    const { by_factor: factors = [] } = await by('factor')
    const { data }: { data: { factors: Shown[] }[] } = (await ada.get('/v1/decisions')).body
    for (const factor of ['category_risk', 'signature']) {
      const mine = data.flatMap(({ factors }) => factors).filter(({ id }) => id === factor)
      const points = mine.reduce((sum, { contribution }) => sum + Math.round(contribution * 100), 0) / 100
      const measured = mine.filter(({ status }) => status === 'measured').length
      assert.deepEqual(
        factors.find((one) => one.factor === factor),
        { factor, measured, missing: 9 - measured, points, mean: Math.round((points / 9) * 100) / 100 },
      )
    }
    // Half of the range is half of the answer, and nobody else has any of it.
    assert.equal((await ada.get('/v1/analytics?from=2026-11-22&to=2026-11-23')).body.total.evaluations, 4)
    assert.equal((await ada.get('/v1/analytics?from=2026-11-01&to=2026-11-22')).body.total.evaluations, 5)
    for (const other of ['tess', 'cleo'] as const)
      assert.equal((await world.as(other).get('/v1/analytics')).body.total.evaluations, 0)
  }
})

test('where nothing was decided or said, numbers are 0 and shares and latencies are null', async () => {
  await using world = await createWorld({ logLevel: 'silent' })
  const { total } = (await world.as('ada').get('/v1/analytics')).body
  const none = { tp: 0, fp: 0, fn: 0, tn: 0, precision: null, recall: null }
  assert.deepEqual(total, {
    evaluations: 0,
    by_decision: { APPROVED: 0, STEP_UP_REQUIRED: 0, DECLINED: 0 },
    money: [],
    outcomes: { labelled: 0, by_outcome: { fraud: 0, legitimate: 0, chargeback: 0 }, money: [] },
    quality: { declined: none, stopped: none },
    latency_ms: { count: 0, p50: null, p99: null },
  })
})

test('usage is of a calendar month, UTC: this one unless told', async () => {
  const clock = createFakeClock(Date.parse('2026-11-30T23:59:59.999Z'))
  await using world = await createWorld({ clock, logLevel: 'silent' })
  const ada = world.as('ada')
  await ada.post('/v1/evaluate', payment())
  const usage = { limit: null, remaining: null, by_decision: { APPROVED: 1, STEP_UP_REQUIRED: 0, DECLINED: 0 } }
  const november = { ...usage, period: '2026-11', evaluations: 1, as_of: '2026-11-30T23:59:59.999Z' }
  assert.deepEqual((await ada.get('/v1/usage')).body, november)
  clock.advance(1)
  assert.deepEqual((await ada.get('/v1/usage')).body.evaluations, 0)
  assert.deepEqual((await ada.get('/v1/usage?period=2026-11')).body, { ...november, as_of: '2026-12-01T00:00:00.000Z' })
  assert.equal((await ada.get('/v1/usage?period=2026-10')).body.evaluations, 0)
  for (const wrong of ['2026-13', '2026-1', '26-01', '2026-11-01', 'now'])
    assert.equal((await ada.get(`/v1/usage?period=${wrong}`)).status, 400, wrong)
})

test('a range that is none, or too long, is refused and says how to mend it', async () => {
  await using world = await createWorld({ logLevel: 'silent' })
  const ada = world.as('ada')
  for (const [query, pointer] of [
    ['from=2026-02-30', '/from'],
    ['to=2026-13-01', '/to'],
    ['from=2026-11-02&to=2026-11-02', '/from'],
    ['from=2026-11-02&to=2026-11-01', '/from'],
    ['from=2025-01-01&to=2026-01-03', '/from'],
    ['from=1999-01-01', '/from'],
    ['from=2026-11-01T00:00:00Z', '/from'],
    ['by=month', '/by'],
    ['by=day&group=x', '/group'],
  ]) {
    const { status, body } = await ada.get(`/v1/analytics?${query}`)
    assert.deepEqual([status, body.code, body.errors[0].pointer], [400, 'invalid_request', pointer], query)
  }
  assert.equal((await ada.get('/v1/analytics?from=2025-01-01&to=2026-01-02')).status, 200)
  assert.equal((await ada.get('/v1/analytics?from=0000-01-01&to=0000-12-31')).status, 200)
  assert.equal((await world.as('eve').get('/v1/analytics')).status, 403)
})
