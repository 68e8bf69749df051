/** What became of a decision: kept, counted once, and only by those whose decision it is. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { fromWireId } from '#kernel/id'
import { type Client, createFakeClock, createWorld, payment } from '#harness'
import { scopeOf } from '#harness/log-rounds'

const dayMs = 86_400_000
const decide = async (client: Client, more: Record<string, unknown> = {}): Promise<string> => {
  const reply = await client.post('/v1/evaluate', payment(more))
  assert.equal(reply.status, 200, reply.text)
  return reply.body.trace_id
}
const labelsOf = async (client: Client) => {
  const { outcomes, quality } = (await client.get('/v1/analytics')).body.total
  return { ...outcomes.by_outcome, labelled: outcomes.labelled, money: outcomes.money, stopped: quality.stopped }
}

test('every outcome of a decision is kept and the last one counts; the same again changes nothing', async () => {
  const clock = createFakeClock()
  await using world = await createWorld({ clock, logLevel: 'silent' })
  const ada = world.as('ada')
  const id = await decide(ada)
  const at = (days: number): string => new Date(clock.now() - days * dayMs).toISOString()
  const path = `/v1/decisions/${id}/outcome`
  assert.deepEqual((await ada.get(`${path}s`)).body, { data: [], next_cursor: null })

  const first = { outcome: 'legitimate', occurred_at: at(2) }
  const said = (await ada.post(path, first)).body
  assert.deepEqual(said, { trace_id: id, ...first, amount_minor: 2_000, currency: 'EUR', received_at: at(0) })
  clock.advance(60_000)
  assert.deepEqual((await ada.post(path, first)).body, said, 'the same again is another answer')
  const second = { outcome: 'chargeback', occurred_at: at(1), amount_minor: 1_500 }
  assert.equal((await ada.post(path, second)).status, 200)
  // The clock steps back, and what is received later still counts.
  clock.set(clock.now() - 3_600_000)
  const third = { ...second, amount_minor: 1_499 }
  assert.equal((await ada.post(path, third)).status, 200)
  const { data } = (await ada.get(`${path}s`)).body
  assert.deepEqual(
    data.map(({ outcome, amount_minor }: Record<string, unknown>) => [outcome, amount_minor]),
    [['chargeback', 1_499], ['chargeback', 1_500], ['legitimate', 2_000]],
  ) // prettier-ignore
  assert.deepEqual(await labelsOf(ada), {
    fraud: 0,
    legitimate: 0,
    chargeback: 1,
    labelled: 1,
    money: [
      { currency: 'EUR', by_outcome: { fraud: '0', legitimate: '0', chargeback: '1499' }, fraud_approved: '1499' },
    ],
    stopped: { tp: 0, fp: 0, fn: 1, tn: 0, precision: null, recall: 0 },
  })
  // Back to what was said first: it is not the last, so it is said anew.
  assert.equal((await ada.post(path, first)).status, 200)
  assert.equal((await labelsOf(ada)).legitimate, 1)
  const pages = [(await ada.get(`${path}s?limit=3`)).body]
  pages.push((await ada.get(`${path}s?limit=3&cursor=${pages[0].next_cursor}`)).body)
  assert.deepEqual(pages.flatMap(({ data }) => data).length, 4)
  assert.equal(pages[1].next_cursor, null)
  const trail = await world.admin.query(`select target from audit_event where action = 'outcome.recorded'`)
  assert.deepEqual(
    trail.rows.map(({ target }) => target),
    Array.from({ length: 4 }, () => id),
  )
})

test('an outcome a year late is counted on the day of its decision', async () => {
  const clock = createFakeClock()
  await using world = await createWorld({ clock, logLevel: 'silent' })
  const ada = world.as('ada')
  const day = new Date(clock.now()).toISOString().slice(0, 10)
  const id = await decide(ada)
  clock.advance(364 * dayMs)
  await world.vouch.database.ensurePartitions()
  const body = { outcome: 'fraud', occurred_at: new Date(clock.now()).toISOString() }
  assert.equal((await ada.post(`/v1/decisions/${id}/outcome`, body)).status, 200)
  const { by_day } = (await ada.get(`/v1/analytics?by=day&from=${day}`)).body
  assert.deepEqual(
    by_day.map((one: { day: string; outcomes: { labelled: number } }) => [one.day, one.outcomes.labelled]),
    [[day, 1]],
  )
})

test('an outcome needs a decision of the tenant whose event is there, a time that has come and an amount that is one', async () => {
  await using world = await createWorld({ logLevel: 'silent' })
  const ada = world.as('ada')
  const id = await decide(ada)
  const path = `/v1/decisions/${id}/outcome`
  const good = { outcome: 'fraud', occurred_at: new Date().toISOString() }
  for (const [wrong, pointer] of [
    [{ occurred_at: new Date(Date.now() + 6 * 60_000).toISOString() }, '/occurred_at'],
    [{ occurred_at: '1969-12-31T23:59:59Z' }, '/occurred_at'],
    [{ occurred_at: '2026-11-31T00:00:00Z' }, '/occurred_at'],
    [{ amount_minor: -1 }, '/amount_minor'],
    [{ amount_minor: 1.5 }, '/amount_minor'],
    [{ amount_minor: 1e12 + 1 }, '/amount_minor'],
    [{ outcome: 'stolen' }, '/outcome'],
    [{ note: 'x' }, '/note'],
  ] as const) {
    const refused = await ada.post(path, { ...good, ...wrong })
    assert.deepEqual([refused.status, refused.body.errors[0].pointer], [400, pointer], refused.text)
  }
  for (const stranger of ['cleo', 'tess'] as const)
    assert.equal((await world.as(stranger).post(path, good)).status, 404)
  assert.equal((await ada.post(`/v1/decisions/tr_${randomUUID().replaceAll('-', '')}/outcome`, good)).status, 404)
  assert.equal((await world.as('bo').post(path, good)).status, 403)
  assert.equal(
    (await ada.post(path, { ...good, occurred_at: new Date(Date.now() + 60_000).toISOString() })).status,
    200,
  )

  const scope = scopeOf(world.vouch, world.acme.id)
  await world.vouch.logs.drain(scope)
  await scope.transaction((tx) => world.vouch.logs.eraseContent(tx, fromWireId('decision', id) ?? assert.fail(id)))
  const erased = await ada.post(path, { ...good, outcome: 'legitimate' })
  assert.deepEqual([erased.status, erased.body.code], [410, 'erased'])
  assert.equal((await ada.get(`${path}s`)).body.data.length, 1, 'what was said before is gone')
  assert.equal((await labelsOf(ada)).labelled, 1)
})

async function say(client: Client, path: string, body: unknown): Promise<void> {
  const reply = await client.post(path, body)
  assert.equal(reply.status, 200, reply.text)
}

test('outcomes that come at once for one decision are counted as one', { timeout: 300_000 }, async () => {
  await using world = await createWorld({ processes: 2, logLevel: 'silent' })
  const ada = world.as('ada')
  const ids = [await decide(ada), await decide(ada)]
  const words = ['fraud', 'legitimate', 'chargeback']
  await Promise.all(
    Array.from({ length: 36 }, (_, nth) =>
      say(world.as('ada', world.processes[nth % 2]?.url), `/v1/decisions/${ids[nth % 4 < 2 ? 0 : 1]}/outcome`, {
        outcome: words[nth % 3],
        occurred_at: new Date(1_700_000_000_000 + nth * 1_000).toISOString(),
      }),
    ),
  )
  const labels = await labelsOf(ada)
  assert.equal(labels.labelled, 2)
  const said = await Promise.all(ids.map(async (id) => (await ada.get(`/v1/decisions/${id}/outcomes`)).body.data))
  for (const data of said) assert.equal(data.length, 18)
  for (const word of words) assert.equal(labels[word], said.filter(([newest]) => newest.outcome === word).length, word)
})
