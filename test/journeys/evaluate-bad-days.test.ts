/** Days on which much goes wrong around a payment, and it is judged rightly all the same. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { defaultPolicy } from '#engine/decide'
import { addEvent, emptyState, encodeState } from '#engine/windows'
import { type Client, clientOf, createWorld, payment, type Reply, waitUntil } from '#harness'
import { atMostFive, publish, showing, shownIn } from '#harness/policy'

const many = <T>(count: number, one: (nth: number) => T): T[] => Array.from({ length: count }, (_, nth) => one(nth))
const keyed = (key: string) => ({ 'idempotency-key': key })
const requireOk = (reply: Reply): Reply => {
  assert.equal(reply.status, 200, reply.text)
  return reply
}

test('a subject that pays without end is judged as any other, and its counters stay in 64 kB', { timeout: 300_000 }, async () => {
  await using world = await createWorld({ logLevel: 'silent' })
  const ada = world.as('ada')
  const shown = ['user.attempts_1h', 'user.attempts_30d', 'user.merchants_30d', 'user.cards_1h'] as const
  await publish(ada, { ...defaultPolicy, factors: [...defaultPolicy.factors, ...showing(...shown)] })
  const first = await world.startProcess()
  requireOk(await world.as('ada', first.url).post('/v1/evaluate', payment({ user_id: 'endless' })))
  const subject = (await world.admin.query<{ key: Buffer }>('select substring(user_key for 16) as key from decision')).rows[0]!.key
  const read = async () => (await world.admin.query<{ size: number; as_of: string }>('select length(state) as size, as_of from subject_counter where subject = $1', [subject])).rows[0]
  await waitUntil('its counter is stored', async () => (await read()) !== undefined)

  const state = emptyState()
  const [now, month] = [Date.now(), 30 * 86_400_000]
  const count = 100_000
  const letters = (nth: number) => String.fromCharCode(...many(16, (at) => (nth * 7 + at * nth) & 255))
  for (let nth = 0; nth < count; nth++) {
    const partners = many(8, (kind) => ({ kind, key: letters(nth % 1_009) }))
    addEvent(state, {
      atMs: now - Math.floor(((count - nth) / count) * (month - 86_400_000)), isApproved: nth % 3 > 0, minor: nth % 100_000,
      currency: ['EUR', 'SEK', 'USD', 'JPY'][nth % 4] ?? `X${nth % 40}`, hour: nth % 24, place: { lat: nth % 900, lon: nth % 1_800 }, partners,
    })
  }
  first.kill()
  await first.exited
  await world.admin.query('update subject_counter set state = $1 where subject = $2', [encodeState(state), subject])
  const cold = world.as('ada', (await world.startProcess()).url)
  const { body } = requireOk(await cold.post('/v1/evaluate', payment({ user_id: 'endless', card_fingerprint: 'c' })))
  assert.deepEqual(shown.slice(1, 3).map((name) => shownIn(body, name)), [count, 32])
  assert.equal(body.factors.find(({ id }: { id: string }) => id === 'velocity').contribution, 18)
  const before = await read()
  for (let nth = 0; nth < 50; nth++) requireOk(await cold.post('/v1/evaluate', payment({ user_id: 'endless', merchant_id: `m${nth}`, device_id: `d${nth}` })))
  await waitUntil('its counter is stored again', async () => (await read())?.as_of !== before?.as_of)
  const after = await read()
  assert.ok(after && after.size < 65_536, `${after?.size} bytes`)
}) // prettier-ignore

test(
  'while two processes publish at once, every decision names a published version, never an older one than the decision before it, and never one older than what was already answered as published',
  { timeout: 300_000 },
  async () => {
    await using world = await createWorld({ processes: 2, logLevel: 'silent' })
    const clients = world.processes.map(({ url }) => world.as('ada', url))
    let known = await publish(world.as('ada'), atMostFive)
    let isOver = false
    const deciding = many(12, async (nth) => {
      while (!isOver) {
        const least = known
        const reply = await clients[nth % 2]!.post('/v1/evaluate', payment({ user_id: `u${nth}` }))
        const { body } = requireOk(reply)
        assert.ok(body.policy_version >= least, `${body.policy_version} judged after ${least} was published`)
      }
    })
    const publishing = clients.map(async (client) => {
      while (known < 16 && !isOver) {
        const reply = await client.post('/v1/policy/publish', { version: known + 1 })
        if (reply.status === 200) known = Math.max(known, reply.body.version)
        else assert.equal(reply.status, 409, reply.text)
      }
    })
    await Promise.all(publishing).finally(() => (isOver = true))
    await Promise.all(deciding)
    const { rows } = await world.admin.query<{ policy_version: number }>('select policy_version from decision order by version') // prettier-ignore
    const versions = rows.map(({ policy_version }) => policy_version)
    assert.deepEqual(versions, versions.toSorted((a, b) => a - b), 'a decision was judged by an older version than the one before it') // prettier-ignore
    assert.ok(versions.at(-1)! <= 17 && new Set(versions).size > 5, 'nothing was published while decisions ran')
  },
)

test('while somebody else holds the tenant, others go on; it is told to come back, with a key that its request may be under way, and nothing is counted twice', async () => {
  await using world = await createWorld({ logLevel: 'silent' })
  const [ada, cleo] = [world.as('ada'), world.as('cleo')]
  for (const client of [ada, cleo]) await publish(client, atMostFive)
  for (const client of [ada, cleo]) requireOk(await client.post('/v1/evaluate', payment()))
  await world.admin.query('begin')
  await world.admin.query('select from tenant_head where tenant_id = $1 for update', [world.acme.id])
  const asked = (client: Client) =>
    Promise.all([
      client.post('/v1/evaluate', payment()),
      client.post('/v1/evaluate', payment(), keyed('k')),
      client.post('/v1/evaluate?dry_run=true', payment(), keyed('k')),
    ])
  const held = asked(clientOf(world.url, ada.key, 'as it is'))
  await sleep(100)
  const others = await asked(cleo)
  const refused = await held
  await world.admin.query('rollback')
  assert.deepEqual(others.map(({ status }) => status), [200, 200, 200])
  assert.deepEqual(refused.map(({ status, body }) => [status, body.code]), [[503, 'overloaded'], [409, 'idempotency_in_flight'], [503, 'overloaded']])
  for (const { headers } of refused) assert.ok(Number(headers.get('retry-after')) > 0, 'no word on when to come back')

  const again = await asked(ada)
  for (const reply of again) requireOk(reply)
  assert.deepEqual(again.slice(0, 2).map(({ body }) => shownIn(body, 'user.attempts_1h')), [1, 2])
  const replayed = requireOk(await ada.post('/v1/evaluate', payment(), keyed('k')))
  assert.equal(replayed.body.trace_id, again[1].body.trace_id)
  const { rows } = await world.admin.query('select from decision where tenant_id = $1', [world.acme.id])
  assert.equal(rows.length, 3)
}) // prettier-ignore

test("a tenant's very first payments, in parallel on two processes: a key is one decision, and each sees those before it", { timeout: 300_000 }, async () => {
  await using world = await createWorld({ processes: 2, logLevel: 'silent' })
  for (const actor of ['ada', 'tess', 'cleo'] as const) {
    const clients = world.processes.map(({ url }) => world.as(actor, url))
    await publish(world.as(actor), atMostFive)
    const ask = async (nth: number): Promise<Reply> => {
      const headers = nth % 3 === 0 ? keyed('first') : {}
      const reply = await clients[nth % 2]!.post('/v1/evaluate', payment(), headers)
      return reply.body.code === 'idempotency_in_flight' ? sleep(100).then(() => ask(nth)) : requireOk(reply)
    }
    const replies = await Promise.all(many(24, ask))
    const decided = new Map(replies.map(({ body }) => [body.trace_id, body]))
    assert.equal(decided.size, 17)
    assert.equal(new Set(replies.flatMap(({ body }, nth) => (nth % 3 === 0 ? [body.trace_id] : []))).size, 1)
    const tries = [...decided.values()].map((body) => shownIn(body, 'user.attempts_1h') ?? -1)
    assert.deepEqual(tries.sort((a, b) => a - b), many(17, (nth) => nth))
    assert.equal([...decided.values()].filter(({ decision }) => decision === 'APPROVED').length, 5)
  }
}) // prettier-ignore
