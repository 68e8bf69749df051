/** The journal against a real PostgreSQL, with several instances on one database. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createJournal, type Journal } from '#engine/journal'
import { type Clock, systemClock } from '#kernel/clock'
import { type Database, openDatabase, type Scope, systemScope, type WriteHooks } from '#platform/database'
import { createFakeClock, createWorld, type World } from '#harness'
import { type Asked, askOf, newRequestId, type Stubbed } from '#harness/journal-judge'

type Instance = {
  journal: Journal
  database: Database
  ask(asked: Asked, tenantId?: string): Promise<Stubbed>
  scope(tenantId?: string): Scope
}

/** As a process of its own would be: connections and memory of its own. */
async function openInstance(
  world: World,
  {
    clock = systemClock,
    maxSubjects = 200_000,
    onRecord = () => {},
    hooks,
  }: { clock?: Clock; maxSubjects?: number; onRecord?: (tenantId: string) => void; hooks?: WriteHooks } = {},
): Promise<Instance & AsyncDisposable> {
  const database = await openDatabase({ url: world.database.urls.app, clock, ...(hooks ? { hooks } : {}) })
  const journal = createJournal({ database, clock, onRecord, maxSubjects })
  const system = systemScope(database, 'test')
  const scope = (tenantId = world.acme.id) => system.asTenant(tenantId, { kind: 'key', id: 'key_test' }, newRequestId())
  return {
    journal,
    database,
    scope,
    async ask(asked, tenantId) {
      const outcome = await journal.decide(askOf(scope(tenantId), clock, asked))
      assert.equal(outcome.kind, 'decided')
      return outcome.kind === 'decided' ? outcome.answer : assert.fail()
    },
    async [Symbol.asyncDispose]() {
      await journal.close()
      await database.close()
    },
  }
}

const approvedOf = (answers: readonly Stubbed[]): number =>
  answers.filter(({ decision }) => decision === 'APPROVED').length
const many = <T>(count: number, one: (nth: number) => T): T[] => Array.from({ length: count }, (_, nth) => one(nth))

test('200 parallel requests against a limit of 5 are exactly 5 approvals: one instance, and two on one database', async () => {
  await using world = await createWorld({ logLevel: 'silent' })
  await using one = await openInstance(world)
  await using other = await openInstance(world)
  for (const instances of [[one], [one, other]]) {
    for (const warmth of ['cold', 'warm', 'flushed', 'to replay']) {
      const user = `${instances.length} ${warmth}`
      if (warmth !== 'cold') await one.ask({ user, limit: 0 })
      if (warmth === 'flushed') await one.journal.flush(true)
      await using third = await openInstance(world)
      const asked = warmth === 'to replay' ? [...instances.slice(1), third] : instances
      const answers = await Promise.all(many(200, (nth) => asked[nth % asked.length]!.ask({ user })))
      assert.equal(approvedOf(answers), 5, user)
      const before = warmth === 'cold' ? 0 : 1
      assert.deepEqual(
        answers.map(({ attempts }) => attempts).sort((a, b) => a - b),
        many(200, (nth) => nth + before),
        `${user}: somebody did not see exactly those before`,
      )
      assert.deepEqual(new Set(answers.map(({ sum }) => sum)).size, 200)
    }
  }
})

test(
  'in any schedule over three instances, each decision sees exactly the approvals before it: with little memory, flushes, restarts and new tenants',
  { timeout: 300_000 },
  async () => {
    await using world = await createWorld({ logLevel: 'silent' })
    const clock = createFakeClock()
    const tenants = [world.acme.id, world.acme.twinId, world.globex.id]
    const step = fc.oneof(
      {
        weight: 12,
        arbitrary: fc.record({
          kind: fc.constant('ask' as const),
          instance: fc.nat(2),
          tenant: fc.nat(2),
          user: fc.constantFrom('a', 'b', 'c', 'd'),
          card: fc.constantFrom(undefined, 'x', 'y'),
          lateMs: fc.constantFrom(0, 0, 1_000, 70_000, 299_000),
          minor: fc.nat(1_000),
          together: fc.boolean(),
        }),
      },
      {
        weight: 3,
        arbitrary: fc.record({
          kind: fc.constant('advance' as const),
          ms: fc.constantFrom(1, 4_000, 61_000, 3_700_000, 90_000_000),
        }),
      },
      {
        weight: 2,
        arbitrary: fc.record({ kind: fc.constant('flush' as const), instance: fc.nat(2), together: fc.boolean() }),
      },
      {
        weight: 1,
        arbitrary: fc.record({ kind: fc.constant('restart' as const), instance: fc.nat(2), isKilled: fc.boolean() }),
      },
    )
    let round = 0
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
        round++
        const open = () => openInstance(world, { clock, maxSubjects: 4 })
        const instances = [await open(), await open(), await open()]
        const closed: (typeof instances)[number][] = []
        /** Decisions as the versions say, to be judged again by the model. */
        const asked = new Map<string, { tenantId: string; user: string; atMs: number; answer: Stubbed }>()
        let underWay: Promise<unknown>[] = []
        try {
          for (const one of steps) {
            if (one.kind === 'advance') {
              await Promise.all(underWay)
              clock.advance(one.ms)
            } else if (one.kind === 'flush') {
              const flushing = instances[one.instance]!.journal.flush(true)
              if (one.together) underWay.push(flushing)
              else await flushing
            } else if (one.kind === 'restart') {
              // A killed one writes no counters: its connections are closed, and a new one reads the tail.
              await Promise.all(underWay)
              const old = instances[one.instance]!
              if (!one.isKilled) await old.journal.close()
              closed.push(old)
              await old.database.close()
              instances[one.instance] = await open()
            } else {
              const tenantId = tenants[one.tenant]!
              const user = `${round} ${one.user}`
              const atMs = clock.now() - one.lateMs
              const asking = instances[one.instance]!.ask(
                {
                  user,
                  merchant: `${round}`,
                  ...(one.card ? { card: one.card } : {}),
                  atMs,
                  minor: one.minor,
                  limit: 3,
                  lengthMs: 600_000,
                },
                tenantId,
              )
              const noting = asking.then((answer) => void asked.set(answer.id, { tenantId, user, atMs, answer }))
              if (one.together) underWay.push(noting)
              else await noting
            }
          }
          await Promise.all(underWay)
          underWay = []
          const { rows } = await world.admin.query<{
            id: string
            tenant_id: string
            version: string
            amount_minor: string
          }>(
            'select id, tenant_id, version, amount_minor from decision where id = any($1) order by tenant_id, version',
            [[...asked.keys()]],
          )
          assert.equal(rows.length, asked.size)
          const before = new Map<string, { atMs: number; isApproved: boolean; minor: number }[]>()
          for (const { id, tenant_id, amount_minor } of rows) {
            const { user, atMs, answer } = asked.get(id)!
            const events = before.get(`${tenant_id} ${user}`) ?? []
            before.set(`${tenant_id} ${user}`, events)
            // Minute buckets that touch the last ten minutes.
            const inWindow = events.filter((event) => {
              const from = Math.floor(event.atMs / 60_000) * 60_000
              return from <= atMs && from + 59_999 > atMs - 600_000
            })
            const approved = inWindow.filter(({ isApproved }) => isApproved).length
            assert.deepEqual(
              { attempts: answer.attempts, approved: answer.approved, decision: answer.decision, sum: answer.sum },
              {
                attempts: inWindow.length,
                approved,
                decision: approved < 3 ? 'APPROVED' : 'DECLINED',
                sum: inWindow.reduce((sum, { minor }) => sum + minor, 0),
              },
            )
            events.push({ atMs, isApproved: answer.decision === 'APPROVED', minor: Number(amount_minor) })
          }
        } finally {
          await Promise.allSettled(underWay)
          for (const { journal, database } of instances) {
            await journal.close()
            await database.close()
          }
        }
      }),
      { numRuns: 25 },
    )
  },
)

test('an idempotency key is one decision on any instance and within one batch; another body is refused, and after a day it is free', async () => {
  await using world = await createWorld({ logLevel: 'silent' })
  const clock = createFakeClock()
  await using one = await openInstance(world, { clock })
  await using other = await openInstance(world, { clock })
  const decide = (instance: Instance, asked: Asked) => instance.journal.decide(askOf(instance.scope(), clock, asked))
  const asked = { user: 'u', idempotencyKey: 'k' }
  const outcomes = await Promise.all(many(40, (nth) => decide(nth % 2 ? one : other, asked)))
  const ids = outcomes.map((outcome) => (outcome.kind === 'decided' ? outcome.answer.id : outcome.decisionId))
  assert.equal(new Set(ids).size, 1)
  assert.equal(outcomes.filter(({ kind }) => kind === 'decided').length, 1)
  await assert.rejects(decide(other, { ...asked, minor: 7 }), { code: 'idempotency_mismatch' })
  const mixed = await Promise.allSettled(
    many(10, (nth) => decide(one, { user: 'u', idempotencyKey: 'm', minor: nth % 2 })),
  )
  assert.equal(mixed.filter(({ status }) => status === 'fulfilled').length, 5)
  assert.equal((await one.ask({ user: 'u' })).attempts, 2)
  clock.advance(24 * 3_600_000 + 1)
  const fresh = await decide(one, asked)
  assert.equal(fresh.kind, 'decided')
  assert.deepEqual((await decide(other, asked)).kind, 'replayed')
})

test('a request that fails, in its judge or in the database, fails alone: its neighbours in batch and transaction are stored', async () => {
  await using world = await createWorld({ logLevel: 'silent' })
  const heard: string[] = []
  await using one = await openInstance(world, { onRecord: (tenantId) => void heard.push(tenantId) })
  const broken = (tenantId: string, how: 'judge' | 'row') => {
    const request = askOf(one.scope(tenantId), systemClock, { user: 'broken' })
    return one.journal.decide({
      ...request,
      judge(read) {
        if (how === 'judge') throw new Error('the judge fails')
        const { row, answer } = request.judge(read)
        return { row: { ...row, decision: 'PERHAPS' }, answer }
      },
    })
  }
  const tenants = [world.acme.id, world.globex.id]
  for (const how of ['judge', 'row'] as const) {
    heard.length = 0
    const outcomes = await Promise.allSettled([
      ...many(10, (nth) => one.ask({ user: how, limit: 100 }, tenants[nth % 2])),
      broken(world.acme.id, how),
      ...many(10, (nth) => one.ask({ user: how, limit: 100 }, tenants[nth % 2])),
    ])
    assert.deepEqual(
      outcomes.map(({ status }) => status),
      many(21, (nth) => (nth === 10 ? 'rejected' : 'fulfilled')),
    )
    for (const tenantId of tenants) {
      assert.ok(heard.includes(tenantId))
      assert.equal((await one.ask({ user: how, limit: 100 }, tenantId)).approved, 10)
    }
  }
})

test('requests that take long to judge go in several transactions, in the order of coming, and keep no other tenant waiting for all of them', async () => {
  await using world = await createWorld({ logLevel: 'silent' })
  const clock = createFakeClock()
  await using one = await openInstance(world, { clock })
  const judged: string[] = []
  const slow = (nth: number) => {
    const request = askOf(one.scope(), clock, { user: 'slow', idempotencyKey: `k${nth % 20}` })
    return one.journal.decide({
      ...request,
      judge(given) {
        clock.advance(60)
        judged.push(`slow ${nth}`)
        return request.judge(given)
      },
    })
  }
  const outcomes = many(40, slow)
  const other = askOf(one.scope(world.globex.id), clock, { user: 'quick' })
  await one.journal.decide({
    ...other,
    judge(given) {
      judged.push('quick')
      return other.judge(given)
    },
  })
  assert.ok(judged.indexOf('quick') < 10, judged.join())
  const kinds = (await Promise.all(outcomes)).map(({ kind }) => kind)
  assert.deepEqual(
    kinds,
    many(40, (nth) => (nth < 20 ? 'decided' : 'replayed')),
  )
  assert.deepEqual(judged.filter((name) => name !== 'quick'), many(20, (nth) => `slow ${nth}`)) // prettier-ignore
  const { rows } = await world.admin.query<{ xmin: string }>('select distinct xmin::text from decision where tenant_id = $1', [world.acme.id]) // prettier-ignore
  assert.ok(rows.length >= 10, `${rows.length} transactions`)
  assert.equal((await one.ask({ user: 'slow', limit: 100 })).attempts, 20)
})

test('a tenant whose head another holds does not stop the others in its transaction', async () => {
  await using world = await createWorld({ logLevel: 'silent' })
  await using one = await openInstance(world)
  const tenants = [world.acme.id, world.globex.id]
  for (const tenantId of tenants) await one.ask({ user: 'u' }, tenantId)
  await world.admin.query('begin')
  await world.admin.query('select from tenant_head where tenant_id = $1 for update', [world.acme.id])
  const outcomes = await Promise.allSettled(tenants.map((tenantId) => one.ask({ user: 'u' }, tenantId)))
  await world.admin.query('rollback')
  assert.deepEqual(
    outcomes.map(({ status }) => status),
    ['rejected', 'fulfilled'],
  )
  assert.equal((await one.ask({ user: 'u' })).attempts, 1, 'what was refused is counted nowhere')
})

test('counters grow with subjects, not with decisions; they are written over by nothing older, and expire when idle', async () => {
  await using world = await createWorld({ logLevel: 'silent' })
  const clock = createFakeClock()
  await using one = await openInstance(world, { clock })
  await using other = await openInstance(world, { clock })
  const counters = async () =>
    (
      await world.admin.query<{ as_of: string; size: number }>(
        'select as_of, length(state) as size from subject_counter order by as_of',
      )
    ).rows
  for (let round = 0; round < 3; round++) {
    await Promise.all(many(300, (nth) => one.ask({ user: `u${nth % 10}`, card: `c${nth % 10}`, limit: 1_000 })))
    await one.journal.flush(true)
    assert.equal((await counters()).length, 21)
  }
  const { rows: marks } = await world.admin.query<{ mark: string; head: string }>(
    'select m.version as mark, h.version as head from counter_mark m join tenant_head h using (tenant_id) where tenant_id = $1', [world.acme.id],
  ) // prettier-ignore
  assert.equal(marks[0]?.mark, marks[0]?.head, 'the mark says that all is written')
  await other.ask({ user: 'u1' })
  await one.ask({ user: 'u1' })
  await other.journal.flush(true)
  await one.journal.flush(true)
  assert.equal((await other.ask({ user: 'u1', limit: 1_000 })).attempts, 92)
  clock.advance(30 * 86_400_000)
  await one.journal.expire()
  assert.equal((await counters()).length, 21, 'before every window is over, nothing goes')
  clock.advance(3 * 86_400_000)
  await other.ask({ user: 'u1' })
  await other.journal.flush(true)
  await one.journal.expire()
  assert.equal((await counters()).length, 2)
})

test(
  'a cold start replays a long tail, and one that was away for long starts again',
  { timeout: 300_000 },
  async () => {
    await using world = await createWorld({ logLevel: 'silent' })
    await using away = await openInstance(world)
    await away.ask({ user: 'u', limit: 1e6 })
    const killed = await openInstance(world)
    await Promise.all(many(3_500, () => killed.ask({ user: 'u', limit: 1e6 })))
    await killed.database.close()
    await using fresh = await openInstance(world)
    assert.equal((await fresh.ask({ user: 'u', limit: 1e6 })).attempts, 3_501)
    assert.equal((await away.ask({ user: 'u', limit: 1e6 })).attempts, 3_502)
    assert.equal((await fresh.ask({ user: 'u', limit: 1e6 })).attempts, 3_503)
  },
)

test('two decisions with one version cannot both be stored', async () => {
  await using world = await createWorld({ logLevel: 'silent' })
  await using one = await openInstance(world)
  await one.ask({ user: 'u' })
  await world.admin.query('update tenant_head set version = 0 where tenant_id = $1', [world.acme.id])
  await assert.rejects(one.ask({ user: 'u' }), /duplicate key/)
})

test('counters that are written while a batch is under way hold nothing of it, whether it is stored or fails', async () => {
  await using world = await createWorld({ logLevel: 'silent' })
  const flushing: Promise<void>[] = []
  for (const isStored of [true, false]) {
    let isArmed = false
    const strike = (statement: string): void => {
      if (!isArmed || !statement.startsWith('insert into "decision"')) return
      isArmed = false
      // Judged in memory, and not committed.
      flushing.push(one.journal.flush(true))
      if (!isStored) throw new Error('a planted fault')
    }
    await using one = await openInstance(world, { hooks: { after: strike } })
    const asked = { user: `stored ${isStored}`, limit: 100 }
    await one.ask(asked)
    isArmed = true
    const [outcome] = await Promise.allSettled([one.ask(asked)])
    assert.equal(outcome?.status, isStored ? 'fulfilled' : 'rejected')
    assert.equal(flushing.length, isStored ? 1 : 2)
    await Promise.all(flushing)
    await using fresh = await openInstance(world)
    assert.equal((await fresh.ask(asked)).attempts, isStored ? 2 : 1)
    assert.equal((await one.ask(asked)).attempts, isStored ? 3 : 2)
  }
})

test('when nobody can know whether a batch was stored, nothing of it is tried again', async () => {
  await using world = await createWorld({ logLevel: 'silent' })
  let isArmed = false
  const strike = (statement: string): void => {
    if (!isArmed || !statement.startsWith('commit')) return
    isArmed = false
    throw new Error('a planted fault')
  }
  await using one = await openInstance(world, { hooks: { after: strike } })
  await one.ask({ user: 'u', limit: 100 })
  isArmed = true
  const outcomes = await Promise.allSettled(many(10, () => one.ask({ user: 'u', limit: 100 })))
  assert.ok(outcomes.every(({ status }) => status === 'rejected'))
  assert.equal((await one.ask({ user: 'u', limit: 100 })).attempts, 11, 'the commit had gone through, once')
})
