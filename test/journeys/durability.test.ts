/** `kill -9`, everywhere: what was acknowledged is there, once, and nothing is half there. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { systemScope } from '#platform/database'
import { createWorld, type FaultPoint, payment, type Reply, type World, waitUntil } from '#harness'
import { strikeAt } from '#harness/fault-point'
import { findDamage, startLoad, sumsOf } from '../harness/load.ts'
import { createInstallation, killIfThere } from '../harness/own-installation.ts'

test(
  'a server killed under load loses no acknowledged decision, and retries on another process double none',
  { timeout: 300_000 },
  async () => {
    await using world = await createWorld({ processes: 2, logLevel: 'silent' })
    const [dying, surviving] = world.processes
    assert.ok(dying && surviving)
    let targets = [dying.url, surviving.url]
    await using load = startLoad({ key: world.as('ada').key, clients: 32, targets: () => targets })
    await waitUntil('the load runs', () => load.acknowledged.size > 300)
    dying.kill('SIGKILL')
    assert.equal(await dying.exited, 'SIGKILL')
    await sleep(200)
    targets = [surviving.url]
    await sleep(500)
    await load.finish()

    assert.ok(
      load.refusals.some(({ status }) => status === 0),
      'the kill broke no request: it struck nothing',
    )
    const odd = load.refusals.filter(({ status }) => status !== 0 && status !== 409 && status !== 503)
    assert.deepEqual(odd, [], 'broken connections aside, callers were told anything but "later"')
    const sums = await sumsOf(world.database.urls.admin, load.acknowledged)
    assert.deepEqual(findDamage(sums, load), [])
    assert.equal(sums.decisions, load.begun(), 'one decision for each idempotency key')
  },
)

test('the check of stored sums sees each kind of damage it is there for', () => {
  const load = { acknowledged: new Map([['a', 'tr_1'], ['b', 'tr_1']]), begun: () => 2 } // prettier-ignore
  const whole = { decisions: 2, keys: 2, keysWithoutDecision: 0, decisionsWithoutKey: 0, shared: 0, lost: [] }
  assert.match(
    findDamage({ ...whole, lost: ['tr_1'] }, load).join(),
    /1 acknowledged decisions are lost,1 keys were answered with the decision of another/,
  )
  assert.equal(findDamage({ ...whole, decisions: 3, decisionsWithoutKey: 1 }, load).length, 4)
  assert.equal(findDamage({ ...whole, keys: 1, keysWithoutDecision: 1, shared: 1 }, load).length, 4)
  assert.deepEqual(findDamage(whole, { acknowledged: new Map([['a', 'tr_1'], ['b', 'tr_2']]), begun: () => 2 }), []) // prettier-ignore
})

test(
  'its own PostgreSQL killed under load: callers are told to come back, and everything acknowledged is there',
  { timeout: 300_000 },
  async () => {
    await using installation = await createInstallation()
    const server = await installation.serve({ VOUCH_LOG_LEVEL: 'warn' })
    const key = await installation.createTenant('Acme')
    await using load = startLoad({ key, clients: 16, targets: () => [server.url] })
    await waitUntil('the load runs', () => load.acknowledged.size > 200)
    for (let strike = 0; strike < 2; strike++) {
      const before = installation.postmasterPid()
      killIfThere(before)
      const acknowledged = load.acknowledged.size
      await waitUntil(
        'decisions are made again',
        () => installation.postmasterPid() !== before && load.acknowledged.size > acknowledged + 100,
      )
    }
    await load.finish()

    const away = load.refusals.filter(({ status }) => status === 503)
    assert.ok(away.length > 0, 'the kills were never noticed: they struck nothing')
    assert.deepEqual(
      away.filter(({ isProblem, retryAfter }) => !isProblem || !(Number(retryAfter) > 0)),
      [],
      'a 503 must be a problem and say when to come back',
    )
    assert.deepEqual(
      load.refusals.filter(({ status, code }) => status !== 503 && code !== 'idempotency_in_flight'),
      [],
      'no other answer was given',
    )

    await installation.withAdminUrl(async (adminUrl) => {
      const sums = await sumsOf(adminUrl, load.acknowledged)
      assert.deepEqual(findDamage(sums, load), [])
      assert.equal(sums.decisions, load.begun())
    })
  },
)

test(
  'server and PostgreSQL killed together: the next start on the same home has everything that was acknowledged',
  { timeout: 300_000 },
  async () => {
    await using installation = await createInstallation()
    const first = await installation.serve({ VOUCH_LOG_LEVEL: 'warn' })
    const key = await installation.createTenant('Acme')
    let urls = [first.url]
    await using load = startLoad({ key, clients: 16, targets: () => urls })
    await waitUntil('the load runs', () => load.acknowledged.size > 300)
    for (const pid of installation.postgresPids()) killIfThere(pid)
    first.kill('SIGKILL')
    await first.exited
    const acknowledgedBefore = load.acknowledged.size
    const second = await installation.serve({ VOUCH_LOG_LEVEL: 'warn' })
    urls = [second.url]
    await waitUntil('decisions are made again', () => load.acknowledged.size > acknowledgedBefore + 50)
    await load.finish()
    await installation.withAdminUrl(async (adminUrl) => {
      const sums = await sumsOf(adminUrl, load.acknowledged)
      assert.deepEqual(findDamage(sums, load), [])
      assert.equal(sums.decisions, load.begun(), 'what was asked before and answered after the crash is one decision')
    })
  },
)

const claim = 'insert into "idempotency"'
const decision = 'insert into "decision"'
const places = [
  { name: 'the claim of the idempotency key', match: claim, since: claim },
  { name: 'the insert of the decision', match: decision, since: claim },
  { name: 'the commit', match: 'commit', since: claim },
]

/** Whether the first try's decision is there: after its commit alone. */
const isStored = (point: FaultPoint): boolean => point.match === 'commit' && point.when === 'after'

/** What throws is this process, what dies one of its own; who asks again asks the other process that there is. */
async function crossFault(world: World, point: FaultPoint, name: string, plant: (point?: FaultPoint) => void) {
  const ada = world.as('ada', world.processes[0]?.url)
  const body = payment({ user_id: 'u_fault' })
  const headers = { 'idempotency-key': name }
  const before = await sumsOf(world.database.urls.admin)
  const dying = point.action === 'kill' ? await world.startProcess(point) : undefined
  if (!dying) plant(point)
  const faultyUrl = dying?.url ?? world.url
  const reply: Reply | undefined = await world
    .as('ada', faultyUrl)
    .post('/v1/evaluate', body, headers)
    .catch(() => undefined)
  plant(undefined)
  if (dying) {
    assert.equal(await dying.exited, 'SIGKILL', `${name}: the fault never struck`)
    assert.equal(reply, undefined, `${name}: a dead server answered`)
  } else {
    assert.equal(reply?.status, 500, `${name}: ${reply?.text}`)
  }

  const expected = isStored(point) ? 1 : 0
  // The dead process's transaction ends when PostgreSQL notices; until then its rows are nobody's.
  const between = await sumsOf(world.database.urls.admin)
  assert.equal(between.decisions - before.decisions, expected, `${name}: decisions after the fault`)
  assert.equal(between.keys - before.keys, expected, `${name}: idempotency keys after the fault`)

  let again = await ada.post('/v1/evaluate', body, headers)
  for (let tries = 0; again.status === 409 && tries < 300; tries++) {
    await sleep(100)
    again = await ada.post('/v1/evaluate', body, headers)
  }
  assert.equal(again.status, 200, `${name}: ${again.text}`)
  assert.equal(
    again.headers.get('idempotent-replayed'),
    expected === 1 ? 'true' : null,
    `${name}: replayed or made anew`,
  )
  const once = await ada.post('/v1/evaluate', body, headers)
  assert.equal(once.body.trace_id, again.body.trace_id, `${name}: a second retry got another decision`)
  const after = await sumsOf(world.database.urls.admin, new Map([[name, again.body.trace_id]]))
  assert.deepEqual(
    after,
    { ...before, decisions: before.decisions + 1, keys: before.keys + 1 },
    `${name}: not exactly one decision`,
  )
  if (!dying) {
    const fine = await world.as('ada', faultyUrl).post('/v1/evaluate', body, headers)
    assert.equal(fine.body.trace_id, again.body.trace_id, `${name}: the process that failed once did not go on`)
  }
}

test(
  'wherever a process throws or dies around a write, a retry elsewhere yields exactly one decision and nothing is half written',
  { timeout: 300_000 },
  async () => {
    let planted: FaultPoint | undefined
    const hooks = strikeAt(() => planted)
    await using world = await createWorld({ logLevel: 'silent', hooks, processes: 1 })
    for (const { name, ...place } of places) {
      for (const when of ['before', 'after'] as const) {
        const label = `${when}_${name.replaceAll(' ', '_')}`
        for (const action of ['throw', 'kill'] as const)
          await crossFault(world, { ...place, when, action }, `${action}_${label}`, (point) => void (planted = point))
      }
    }
  },
)

test('a transaction whose statement failed does not resolve, even if that error was swallowed', async () => {
  await using world = await createWorld({ logLevel: 'silent' })
  const scope = systemScope(world.vouch.database, 'test').asTenant(world.acme.id)
  const list = { id: 'twice', kind: 'deny', created_at: new Date() }
  const swallowing = scope.transaction(async (tx) => {
    await tx.query.insertInto('list').values(list).execute()
    await tx.query
      .insertInto('list')
      .values(list)
      .execute()
      .catch(() => {})
  })
  await assert.rejects(swallowing, /rolled back/)
  assert.equal((await world.admin.query('select from list')).rows.length, 0)
  assert.equal(
    (await world.as('ada').put('/v1/lists/twice', { kind: 'deny' })).status,
    200,
    'the connection was given back unusable',
  )
})
