import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import fc from 'fast-check'
import { defaultPolicy, type PolicyDocument } from '#engine/decide'
import { createAnalytics } from '#engine/analytics'
import { createFakeClock, createWorld, payment, type World } from '#harness'
import { startLoad } from '#harness/load'
import { scopeOf } from '#harness/log-rounds'
import { publish } from '#harness/policy'
import { flatten, recount } from '#harness/recount'
import { createIds } from '#kernel/id'
import { bucketOf, readLatency } from './latency.ts'
import { addTally, readTally, type Tally, writeTally } from './tally.ts'

const all = { fromDay: 0, toDay: 40_000 }
const dayMs = 86_400_000

const withRules: PolicyDocument = {
  ...defaultPolicy,
  factors: defaultPolicy.factors.slice(0, 4),
  rules: [
    { id: 'gifts', when: "category == 'gift_cards'", then: 'decline', reason: 'Gifts.' },
    { id: 'large', when: 'amount > 100.0', then: { add: 12.34 }, reason: 'Large.' },
    { id: 'trusted', when: 'merchant_trust > 0.8 && amount < 30.0', then: 'approve', reason: 'Trusted.' },
    { id: 'asked', when: 'user_balance < 5.0', then: 'step_up', reason: 'Low.' },
  ],
}

const anyStep = fc.oneof(
  { weight: 6, arbitrary: fc.record({
    kind: fc.constant('decide' as const),
    event: fc.record({
      amount: fc.constantFrom('0', '20.00', '250.50', '9999999999.99'),
      currency: fc.constantFrom('EUR', 'EUR', 'SEK'),
      category: fc.constantFrom('groceries', 'gift_cards', 'unheard_of'),
      merchant_trust_score: fc.constantFrom(0, 0.9),
      user_id: fc.constantFrom('a', 'b'),
    }),
  }) },
  { weight: 5, arbitrary: fc.record({
    kind: fc.constant('outcome' as const),
    nth: fc.nat({ max: 40 }),
    body: fc.record(
      { outcome: fc.constantFrom('fraud', 'legitimate', 'chargeback'), amount_minor: fc.constantFrom(0, 5, 999_999_999_999) },
      { requiredKeys: ['outcome'] },
    ),
  }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('turn' as const), process: fc.nat({ max: 1 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('fail' as const), process: fc.nat({ max: 1 }), after: fc.boolean(), nth: fc.integer({ min: 1, max: 6 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('publish' as const), rules: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('advance' as const), days: fc.integer({ min: 1, max: 2 }) }) },
) // prettier-ignore

/** What is stored, once nothing is left to add. */
async function storedOf({ admin }: World, tenantId: string) {
  const { rows } = await admin.query<{ day: number; policyVersion: number; counts: unknown }>(
    `select day, policy_version as "policyVersion", counts from decision_tally where tenant_id = $1`,
    [tenantId],
  )
  return flatten(rows.map(({ counts, ...place }) => ({ ...place, tally: readTally(counts) })))
}

test(
  'whatever is decided, said of it and published, in whatever order and whoever fails between: the counts are those of the rows',
  { timeout: 300_000 },
  async () => {
    const clock = createFakeClock()
    let failing: { when: 'before' | 'after'; in: number } | undefined
    const strike = (when: 'before' | 'after') => (): void => {
      if (failing?.when !== when || --failing.in > 0) return
      failing = undefined
      throw new Error('a planted fault')
    }
    await using world = await createWorld({
      clock,
      logLevel: 'silent',
      hooks: { before: strike('before'), after: strike('after') },
    })
    const { analytics, database } = world.vouch
    const processes = [analytics, createAnalytics({ database, clock, newId: createIds(clock) })] as const
    const ada = world.as('ada')
    const scope = scopeOf(world.vouch, world.acme.id)
    const lastMs = clock.now() + 60 * dayMs
    const ids: string[] = []
    let faults = 0
    await fc.assert(
      fc.asyncProperty(fc.array(anyStep, { minLength: 4, maxLength: 14 }), async (steps) => {
        for (const step of steps) {
          if (step.kind === 'decide') ids.push((await ada.post('/v1/evaluate', payment(step.event))).body.trace_id)
          else if (step.kind === 'publish') await publish(ada, step.rules ? withRules : defaultPolicy)
          else if (step.kind === 'advance') clock.advance(clock.now() < lastMs ? step.days * dayMs : 1)
          else if (step.kind === 'outcome') {
            const id = ids.at(-1 - step.nth)
            const said = { ...step.body, occurred_at: new Date(clock.now()).toISOString() }
            if (id) assert.equal((await ada.post(`/v1/decisions/${id}/outcome`, said)).status, 200)
          } else {
            for (const process of processes) await process.patrol()
            if (step.kind === 'fail') failing = { when: step.after ? 'after' : 'before', in: step.nth }
            await processes[step.process]!.turn().catch(() => void faults++)
            failing = undefined
          }
        }
        const counted = await analytics.read(scope, all)
        assert.deepEqual(flatten(counted.placed), await recount(world.admin, world.acme.id))
        assert.equal(counted.asOfMs, clock.now())
        await Promise.all(processes.map((process) => process.follow(scope)))
        assert.deepEqual(await storedOf(world, world.acme.id), await recount(world.admin, world.acme.id))
      }),
      { numRuns: 60, endOnFailure: true, includeErrorInReport: true },
    )
    assert.ok(faults > 5, 'no fault was met')
    const { rows } = await world.admin.query<{ left: number; day: number }>(
      'select (select count(*)::int from tally_change) as left, (select count(distinct day)::int from decision_tally) as day',
    )
    assert.equal(rows[0]?.left, 0)
    assert.ok((rows[0]?.day ?? 0) > 3)
    // Each kind of number has been there to be wrong.
    const names = new Set(
      Object.keys(await storedOf(world, world.acme.id)).map((name) => name.split(' ').slice(2, 4).join(' ')),
    )
    for (const name of [
      'decided DECLINED',
      'minor APPROVED',
      'label STEP_UP_REQUIRED',
      'label_minor DECLINED',
      'factor velocity',
      'rule gifts',
      'rule large',
      'rule trusted',
      'rule asked',
    ])
      assert.ok(names.has(name), name)
  },
)

test(
  'two processes that count together, while one of them is killed with kill -9 again and again, count everything once',
  { timeout: 300_000 },
  async () => {
    await using world = await createWorld({ processes: 2, logLevel: 'silent' })
    const living = [...world.processes]
    const load = startLoad({
      key: world.as('ada').key,
      clients: 6,
      pauseMs: 20,
      targets: () => living.map(({ url }) => url),
    })
    for (let kills = 0; kills < 4; kills++) {
      await sleep(1_300 + kills * 333)
      const dying = living.shift() ?? assert.fail()
      dying.kill('SIGKILL')
      await dying.exited
      living.push(await world.startProcess())
    }
    await load.finish()
    const { analytics } = world.vouch
    const scope = scopeOf(world.vouch, world.acme.id)
    assert.deepEqual(flatten((await analytics.read(scope, all)).placed), await recount(world.admin, world.acme.id))
    await Promise.all([analytics.follow(scope), analytics.follow(scope)])
    assert.deepEqual(await storedOf(world, world.acme.id), await recount(world.admin, world.acme.id))
    const { total } = (await world.as('ada').get('/v1/analytics')).body
    assert.ok(total.evaluations >= load.acknowledged.size && load.acknowledged.size > 50)
    assert.ok(total.latency_ms.count > 0 && total.latency_ms.count <= total.evaluations)
  },
)

test('decisions from before there were counts are counted by whoever starts, and counts stay when decisions go', async () => {
  const clock = createFakeClock()
  await using world = await createWorld({ clock, logLevel: 'silent' })
  const { analytics } = world.vouch
  for (const actor of ['ada', 'cleo'] as const)
    for (let nth = 0; nth < 3; nth++) assert.equal((await world.as(actor).post('/v1/evaluate', payment())).status, 200)
  await world.admin.query('delete from decision_tally; delete from analytics_mark; delete from tally_change')
  await analytics.patrol()
  await analytics.turn()
  const counted = await storedOf(world, world.globex.id)
  assert.deepEqual(counted, await recount(world.admin, world.globex.id))
  assert.ok(Object.keys(counted).length > 5)
  await world.admin.query('delete from decision')
  assert.equal((await world.as('cleo').get('/v1/usage')).body.evaluations, 3)
})

const anyTally = fc
  .dictionary(fc.constantFrom('a', 'b x', 'c', 'd'), fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }))
  .map((entries): Tally => new Map(Object.entries(entries).filter(([, value]) => value !== 0n)))

test('tallies are added in any order, parts of them are taken back, and they are read as they were written', () => {
  fc.assert(
    fc.property(anyTally, anyTally, anyTally, (a, b, c) => {
      const sum = (...tallies: Tally[]): Tally => tallies.reduce((all, one) => addTally(all, one), new Map())
      const sorted = (tally: Tally) => [...tally].sort(([one], [other]) => (one < other ? -1 : 1))
      assert.deepEqual(sorted(sum(a, b, c)), sorted(sum(c, sum(b, a))))
      assert.deepEqual(sorted(addTally(sum(a, b), b, -1n)), sorted(a))
      assert.deepEqual(readTally(JSON.parse(writeTally(a))), a)
    }),
  )
})

test('what is read of latencies is never too small and at most 9.1 % too large, also of histograms that were added', () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: 0.01, max: 100_000, noNaN: true }), { minLength: 1, maxLength: 300 }),
      (all) => {
        const tally: Tally = new Map()
        for (const ms of all) addTally(tally, new Map([[`latency ${bucketOf(ms)}`, 1n]]))
        const sorted = all.toSorted((one, other) => one - other)
        const { count, p50, p99 } = readLatency(tally)
        assert.equal(count, all.length)
        for (const [read, share] of [
          [p50, 0.5],
          [p99, 0.99],
        ] as const) {
          const true_ = sorted[Math.ceil(share * all.length) - 1] ?? assert.fail()
          // Answers are rounded up to 0.01 ms.
          assert.ok(
            read !== null && read >= true_ * (1 - 1e-12) && read <= true_ * 1.0906 + 0.01,
            `${read} for ${true_}`,
          )
        }
      },
    ),
    { numRuns: 500 },
  )
  assert.deepEqual(readLatency(new Map()), { count: 0, p50: null, p99: null })
})
