/** Two processes on one database are one Vouch: an idempotency key is one decision, whoever is asked, however often. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import fc from 'fast-check'
import { type Client, createWorld, payment, type Reply, type World } from '#harness'

let world: World
before(async () => {
  world = await createWorld({ processes: 2, logLevel: 'silent' })
})
after(() => world[Symbol.asyncDispose]())

const countDecisions = async (): Promise<number> => (await world.admin.query('select from decision')).rowCount ?? 0

/** Asks until the answer is not "in flight"; every "in flight" must say when to come back. */
async function askOut(client: Client, body: unknown, key: string): Promise<Reply> {
  for (let tries = 0; ; tries++) {
    const reply = await client.post('/v1/evaluate', body, { 'idempotency-key': key })
    if (reply.status !== 409) return reply
    assert.equal(reply.body.code, 'idempotency_in_flight', reply.text)
    assert.ok(Number(reply.headers.get('retry-after')) > 0, 'no word on when to come back')
    assert.ok(tries < 1_000, 'in flight for ever')
    await sleep(50)
  }
}

test(
  'the same request in parallel on two processes is one decision, and every caller gets it',
  { timeout: 300_000 },
  async () => {
    const before = await countDecisions()
    const clients = world.processes.map(({ url }) => world.as('ada', url))
    for (let round = 0; round < 10; round++) {
      const body = payment({ user_id: `u_${round}` })
      const replies = await Promise.all(
        Array.from({ length: 24 }, (_, at) => askOut(clients[at % 2] as Client, body, `same_${round}`)),
      )
      for (const { status, text, headers } of replies) {
        assert.equal(status, 200, text)
        assert.ok(
          Number(headers.get('ratelimit-limit')) > 0 &&
            headers.get('ratelimit-remaining') !== null &&
            headers.get('ratelimit-reset') !== null,
          'an answer without its limits',
        )
      }
      assert.equal(
        new Set(replies.map(({ body: { latency_ms: _, ...answer } }) => JSON.stringify(answer))).size,
        1,
        'callers got different answers',
      )
      assert.ok(
        replies.filter(({ headers }) => headers.get('idempotent-replayed') === null).length <= 1,
        'two answers claim to be the first',
      )
      const other = await askOut(
        clients[round % 2] as Client,
        payment({ user_id: `u_${round}`, amount: '21.00' }),
        `same_${round}`,
      )
      assert.equal(other.status, 422, other.text)
      assert.equal(other.body.code, 'idempotency_mismatch')
    }
    assert.equal((await countDecisions()) - before, 10)
  },
)

test('the same key means different things in two tenants, and in a tenant and its test twin', async () => {
  const url = world.processes[0]?.url
  const replies = await Promise.all(
    (['ada', 'tess', 'cleo'] as const).map((name) => askOut(world.as(name, url), payment(), 'mine')),
  )
  assert.deepEqual(
    replies.map(({ status }) => status),
    [200, 200, 200],
  )
  assert.equal(new Set(replies.map(({ body }) => body.trace_id)).size, 3)
})

test(
  'in any schedule over two processes and two bodies, one body wins with one decision and the other is refused',
  { timeout: 300_000 },
  async () => {
    const clients = world.processes.map(({ url }) => world.as('ada', url))
    const moment = fc.record({ process: fc.nat(1), body: fc.nat(1), afterMs: fc.nat(4), inBody: fc.boolean() })
    let schedules = 0
    await fc.assert(
      fc.asyncProperty(fc.array(moment, { minLength: 2, maxLength: 6 }), async (schedule) => {
        const key = `schedule_${++schedules}`
        const outcomes = await Promise.all(
          schedule.map(async ({ process, body, afterMs, inBody }) => {
            await sleep(afterMs)
            const client = clients[process] as Client
            const sent = payment({ user_id: key, amount: body === 0 ? '20.00' : '21.00' })
            // The key in the body is the same key as in the header.
            const reply = inBody
              ? await askOut(client, { ...sent, idempotency_key: key }, key)
              : await askOut(client, sent, key)
            return { body, status: reply.status, traceId: reply.body.trace_id as string | undefined }
          }),
        )
        const won = outcomes.filter(({ status }) => status === 200)
        assert.ok(won.length > 0, 'nobody was answered')
        assert.equal(new Set(won.map(({ traceId }) => traceId)).size, 1, 'two decisions for one key')
        assert.equal(new Set(won.map(({ body }) => body)).size, 1, 'both bodies were answered')
        for (const { body, status } of outcomes) assert.equal(status, body === won[0]?.body ? 200 : 422)
        const found = await (clients[0] as Client).get(`/v1/decisions?user_id=${key}`)
        assert.deepEqual(
          found.body.data.map(({ trace_id }: { trace_id: string }) => trace_id),
          [won[0]?.traceId],
          'not exactly one decision is stored',
        )
      }),
      { numRuns: 100 },
    )
  },
)

test('what one process stored, the other reads at once', async () => {
  const [one, other] = world.processes.map(({ url }) => world.as('ada', url))
  assert.ok(one && other)
  const { body: decided } = await one.post('/v1/evaluate', payment())
  assert.equal((await other.get(`/v1/decisions/${decided.trace_id}`)).status, 200)
  await one.put('/v1/lists/bad', { kind: 'deny' })
  await one.post('/v1/lists/bad/entries', { field: 'user_id', value: 'u_1' })
  assert.equal((await other.post('/v1/evaluate', payment())).body.decision, 'DECLINED')
  const { body: entries } = await other.get('/v1/lists/bad/entries')
  await other.delete(`/v1/lists/bad/entries/${entries.data[0].id}`)
  assert.equal((await one.post('/v1/evaluate', payment())).body.decision, 'APPROVED')
})
