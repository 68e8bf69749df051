/** Many payments in one request: each is taken as if it had come alone. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createWorld, noLimits, payment } from '#harness'
import { atMostFive, publish } from '#harness/policy'

const path = '/v1/evaluate/batch'
type Result = { trace_id?: string; decision?: string; code?: string; status?: number; errors?: { pointer: string }[] }

test('what is wrong with one payment is its problem alone, told in its place; the others are decided in order', async () => {
  await using world = await createWorld({ logLevel: 'silent' })
  const ada = world.as('ada')
  await publish(ada, atMostFive)
  const good = payment({ user_id: 'u_many' })
  const bad: readonly [event: unknown, code: string, pointer?: string][] = [
    [payment({ colour: 'red' }), 'invalid_request', '/colour'],
    [payment({ amount: '1.001' }), 'invalid_request', '/amount'],
    [payment({ metadata: { note: '4111 1111 1111 1111' } }), 'card_number_present', '/metadata/note'],
    [null, 'invalid_request', ''],
    [[], 'invalid_request', ''],
    ['4111111111111111', 'invalid_request', ''],
    [payment({ occurred_at: '2001-01-01T00:00:00Z', idempotency_key: 'a b' }), 'invalid_request', '/idempotency_key'],
  ]
  const events = [...bad.flatMap(([event]) => [good, event]), good, good]
  const reply = await ada.post(path, { events })
  assert.equal(reply.status, 200, reply.text)
  const results: Result[] = reply.body.results
  assert.equal(results.length, events.length)
  for (const [n, [, code, pointer]] of bad.entries()) {
    const { status, errors, ...problem } = results[2 * n + 1] ?? assert.fail()
    assert.deepEqual([problem.code, status], [code, 400])
    if (pointer !== undefined) assert.equal(errors?.[0]?.pointer, pointer, JSON.stringify(errors))
  }
  assert.ok(!reply.text.includes('4111'), 'a card number came back')
  const decided = results.flatMap(({ decision = [] }) => decision)
  assert.deepEqual(decided, [...Array<string>(5).fill('APPROVED'), ...Array<string>(4).fill('DECLINED')])
  const { data } = (await ada.get('/v1/decisions')).body
  assert.deepEqual(
    data.map((one: Result) => one.trace_id).toReversed(),
    results.flatMap(({ trace_id = [] }) => trace_id),
  )
})

test('a batch that is sent again has the same answers and decides nothing anew; a key that came with another payment is refused alone', async () => {
  await using world = await createWorld({ logLevel: 'silent' })
  const ada = world.as('ada')
  const events = Array.from({ length: 70 }, (_, n) => payment({ idempotency_key: `order-${n}` }))
  const idsOf = ({ results }: { results: Result[] }) => results.map(({ trace_id }) => trace_id ?? assert.fail())
  const [first, twice] = await Promise.all([ada.post(path, { events }), ada.post(path, { events })])
  const ids = idsOf(first.body)
  assert.equal(new Set(ids).size, events.length)
  assert.deepEqual(idsOf(twice.body), ids)
  const other = { ...events[0], amount: '21.00' }
  const again = await ada.post(path, { events: [...events, other, events[0]] })
  const last: Result[] = again.body.results.splice(events.length)
  assert.deepEqual(idsOf(again.body), ids)
  assert.deepEqual([last[0]?.code, last[1]?.trace_id], ['idempotency_mismatch', ids[0]])
  const { rows } = await world.admin.query('select count(*)::int as n from decision')
  assert.equal(rows[0].n, events.length)
  const headed = await ada.post(path, { events }, { 'idempotency-key': 'one' })
  assert.deepEqual([headed.status, headed.body.code], [400, 'invalid_request'])
  assert.match(headed.text, /idempotency-key/)
})

test('500 payments go in one request, dry ones leave nothing, and 501 or none are refused whole', async () => {
  await using world = await createWorld({ logLevel: 'silent' })
  const ada = world.as('ada')
  const events = Array.from({ length: 500 }, (_, n) =>
    payment({ metadata: Object.fromEntries(Array.from({ length: 32 }, (__, m) => [`name_${m}`, `value ${n} ${m}`])) }),
  )
  const dry = await ada.post(`${path}?dry_run=true`, { events })
  const isDry = ({ trace_id, decision }: Result) => trace_id === null && decision !== undefined
  assert.ok(dry.status === 200 && dry.body.results.every(isDry), dry.text.slice(0, 300))
  const count = async () => (await world.admin.query('select count(*)::int as n from decision')).rows[0].n
  assert.equal(await count(), 0)
  for (const some of [[...events, payment()], []]) assert.equal((await ada.post(path, { events: some })).status, 400)
  assert.equal(await count(), 0)
  const live = await ada.post(path, { events })
  assert.equal(live.body.results.filter(({ trace_id }: Result) => trace_id).length, 500)
  assert.equal(await count(), 500)
})

test('each payment of a batch counts towards the rate limits, and a batch beyond them is refused before it begins', async () => {
  const tight = { ...noLimits, key: { ...noLimits.key, evaluate: { perMinute: 1, burst: 10 } } }
  await using world = await createWorld({ logLevel: 'silent', rates: tight })
  const ada = world.as('ada')
  const send = (count: number) => ada.post(path, { events: Array.from({ length: count }, () => payment()) })
  const first = await send(7)
  assert.deepEqual([first.status, first.headers.get('ratelimit-remaining')], [200, '3'])
  const beyond = await send(4)
  assert.deepEqual([beyond.status, beyond.body.code], [429, 'rate_limited'])
  assert.ok(Number(beyond.headers.get('retry-after')) > 0)
  assert.equal((await send(2)).status, 200)
  const { rows } = await world.admin.query('select count(*)::int as n from decision')
  assert.equal(rows[0].n, 9)
})
