/**
 * The machine's clock is set, back and forth, while Vouch serves. Ids and lists keep the order in which things were
 * decided; times on the wire say what the clock said.
 *
 * Partitions are by month of the id: `database.ensurePartitions` makes this month's, the one before and three ahead. It
 * runs at start, every hour (`startLoops`), and when a row finds its month missing.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { clientOf, createFakeClock, createWorld, payment, type World, noLimits, waitUntil } from '#harness'

const hour = 3_600_000
const day = 24 * hour

async function decide(world: World, more: Record<string, unknown> = {}, headers: Record<string, string> = {}) {
  const { status, body, text } = await world.as('ada').post('/v1/evaluate', payment(more), headers)
  assert.equal(status, 200, text)
  return body
}

test('a clock that steps back or leaps forward leaves ids unique and rising, and lists in the order of what happened', async () => {
  const clock = createFakeClock()
  await using world = await createWorld({ clock })
  const start = clock.now()
  const made: string[] = []
  const steps = [0, -hour, -day, 1, -40 * day, 0, 40 * day, 40 * day - hour, 39 * day, 5, 80 * day, -2 * day]
  for (const step of steps) {
    clock.set(start + step)
    for (let n = 0; n < 3; n++) {
      const decision = await decide(world)
      assert.equal(
        decision.received_at,
        new Date(clock.now()).toISOString(),
        'the time of receipt is what the clock says',
      )
      made.push(decision.trace_id)
    }
  }
  assert.equal(new Set(made).size, steps.length * 3)
  assert.deepEqual([...made].sort(), made, 'ids do not rise')
  const ada = world.as('ada')
  const listed: string[] = []
  let cursor: string | null = null
  do {
    const page = await ada.get(`/v1/decisions?limit=7${cursor === null ? '' : `&cursor=${cursor}`}`)
    assert.equal(page.status, 200, page.text)
    listed.push(...page.body.data.map(({ trace_id }: { trace_id: string }) => trace_id))
    cursor = page.body.next_cursor
  } while (cursor !== null)
  assert.deepEqual(listed, made.toReversed(), 'newest first, in the order in which they were made')
  assert.ok(!world.logLines.some((line) => line.includes('"level":"error"')), world.logLines.join(''))
})

test('a clock that leaps past the months that are ready is answered 503 until they are made, and then all goes on', async () => {
  const clock = createFakeClock()
  await using world = await createWorld({ clock })
  await decide(world)
  clock.set(clock.now() + 400 * day)
  const refused = await clientOf(world.url, world.as('ada').key, 'as it is').post('/v1/evaluate', payment())
  assert.deepEqual([refused.status, refused.headers.get('retry-after')], [503, '2'])
  await waitUntil(
    'the month is there',
    async () => (await world.as('ada').post('/v1/evaluate', payment())).status === 200,
  )
  const later = await decide(world)
  clock.set(clock.now() - 400 * day)
  const earlier = await decide(world)
  assert.ok(earlier.trace_id > later.trace_id)
  const { body } = await world.as('ada').get('/v1/decisions')
  assert.deepEqual(
    body.data.slice(0, 2).map(({ trace_id }: { trace_id: string }) => trace_id),
    [earlier.trace_id, later.trace_id],
  )
})

test('an event is dated against the clock as it is now, also after a step', async () => {
  const clock = createFakeClock()
  await using world = await createWorld({ clock })
  const live = await world.issue(world.acme.id, ['decisions:write'])
  const ask = (occurredMs: number) =>
    world.as('ada').send('POST', '/v1/evaluate', {
      body: JSON.stringify(payment({ occurred_at: new Date(occurredMs).toISOString() })),
      headers: { 'content-type': 'application/json', authorization: `Bearer ${live}` },
    })
  const countedAt = async (occurredMs: number): Promise<number> => Date.parse((await ask(occurredMs)).body.occurred_at)
  const event = clock.now()
  assert.equal(await countedAt(event), event)
  clock.set(event - hour)
  assert.equal(await countedAt(event), event - hour, 'in the future now')
  clock.set(event + hour)
  assert.equal(await countedAt(event), event + hour - 5 * 60_000, 'too old now')
})

test('a key ends by the wall clock: a leap past its end kills it at once, a step back does not revive what was revoked', async () => {
  const clock = createFakeClock()
  await using world = await createWorld({ clock })
  const start = clock.now()
  const ends = await world.issue(world.acme.id, ['decisions:read'], { expiresAt: new Date(start + hour) })
  const ask = (key: string) =>
    world.as('nobody').send('GET', '/v1/decisions', { headers: { authorization: `Bearer ${key}` } })
  assert.equal((await ask(ends)).status, 200)
  clock.set(start + hour)
  assert.equal((await ask(ends)).status, 401, 'what is remembered of a key does not outlive its end')
  clock.set(start)
  assert.equal((await ask(ends)).status, 200)

  const { body } = await world.as('ada').post('/v1/keys', { name: 'revoked', scopes: ['decisions:read'] })
  await world.as('ada').delete(`/v1/keys/${body.id}`)
  clock.set(start - day)
  clock.advance(1_000)
  assert.equal((await ask(body.key)).status, 401)
})

test('an idempotency key holds for 24 hours of the wall clock, and a step back never makes two decisions of one', async () => {
  const clock = createFakeClock()
  await using world = await createWorld({ clock })
  const start = clock.now()
  const headers = { 'idempotency-key': 'once' }
  const first = await decide(world, {}, headers)
  for (const step of [-day, -hour, hour, day]) {
    clock.set(start + step)
    assert.equal((await decide(world, {}, headers)).trace_id, first.trace_id, `after ${step / hour} hours`)
  }
  const other = await world.as('ada').post('/v1/evaluate', payment({ amount: '1.00' }), headers)
  assert.equal(other.status, 422)
  await world.vouch.journal.expire()
  assert.equal((await decide(world, {}, headers)).trace_id, first.trace_id, 'the loop dropped a key before its time')

  clock.set(start + day + 1)
  const second = await decide(world, { amount: '1.00' }, headers)
  assert.notEqual(second.trace_id, first.trace_id, 'the key was not free after 24 hours')
  clock.set(start)
  assert.equal(
    (await decide(world, { amount: '1.00' }, headers)).trace_id,
    second.trace_id,
    'the key was taken anew, and counts from then',
  )
  clock.set(start + 3 * day)
  await world.vouch.journal.expire()
  assert.equal((await world.admin.query('select from idempotency')).rows.length, 0)
})

test('limits count by a clock that never steps', async () => {
  const clock = createFakeClock()
  const few = { perMinute: 60, burst: 3 }
  const table = { evaluate: few, read: few, write: few }
  await using world = await createWorld({ clock, rates: { ...noLimits, key: table, tenant: table, ip: table } })
  const ask = () => world.as('ada').get('/v1/decisions')
  for (let n = 0; n < 3; n++) assert.equal((await ask()).status, 200)
  assert.equal((await ask()).status, 429)
  clock.set(clock.now() + 40 * day)
  assert.equal((await ask()).status, 429, 'setting the clock forward gives allowance away')
  clock.set(clock.now() - 80 * day)
  clock.advance(1_000)
  assert.equal((await ask()).status, 200, 'setting the clock back locks callers out')
})
