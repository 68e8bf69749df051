/** A limit of 5 is 5: over processes, while one of them is killed, however warm the counters are and whatever is to replay. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Client, createWorld, payment, type Reply, type ServerProcess, type World, waitUntil } from '#harness'
import { atMostFive, publish, shownIn } from '#harness/policy'

const many = <T>(count: number, one: (nth: number) => T): T[] => Array.from({ length: count }, (_, nth) => one(nth))
const actors = ['ada', 'tess', 'cleo'] as const

async function evaluate(client: Client, user: string): Promise<Reply['body']> {
  const reply = await client.post('/v1/evaluate', payment({ user_id: user }))
  assert.equal(reply.status, 200, reply.text)
  return reply.body
}

async function openWorld(processes: number): Promise<World> {
  const world = await createWorld({ processes, logLevel: 'silent' })
  await Promise.all(actors.map((actor) => publish(world.as(actor), atMostFive)))
  return world
}

/** How far the counters of a tenant lag behind its decisions. */
async function tailOf(world: World, tenantId: string): Promise<number> {
  const { rows } = await world.admin.query<{ tail: number }>(
    'select (h.version - m.version)::int as tail from tenant_head h join counter_mark m using (tenant_id) where tenant_id = $1',
    [tenantId],
  )
  return rows[0]?.tail ?? assert.fail('the tenant has no head')
}

async function waitUntilWritten(world: World, tenantId: string): Promise<void> {
  await waitUntil('the counters are written', async () => (await tailOf(world, tenantId)) === 0)
}

async function stop(server: ServerProcess): Promise<void> {
  server.kill('SIGKILL')
  assert.equal(await server.exited, 'SIGKILL')
}

for (const count of [1, 2]) {
  test(
    `200 parallel payments against a limit of 5 end with exactly 5 approvals, and each saw exactly those before it: ${count} process${count > 1 ? 'es' : ''}, cold, warm, written and to replay`,
    { timeout: 300_000 },
    async () => {
      await using world = await openWorld(count)
      let servers = world.processes
      for (const warmth of ['cold', 'warm', 'written', 'to replay']) {
        const before = warmth === 'cold' ? 0 : 2
        await Promise.all(many(before, () => evaluate(world.as('ada', servers[0]!.url), warmth)))
        if (warmth === 'written') await waitUntilWritten(world, world.acme.id)
        if (warmth === 'to replay') {
          await stop(servers[0]!)
          assert.ok((await tailOf(world, world.acme.id)) > 0, 'nothing is left to replay')
          servers = [...servers.slice(1), await world.startProcess()]
        }
        const answers = await Promise.all(many(200, (nth) => evaluate(world.as('ada', servers[nth % count]!.url), warmth))) // prettier-ignore
        assert.equal(answers.filter(({ decision }) => decision === 'APPROVED').length, 5 - before, warmth)
        assert.deepEqual(
          answers.map((answer) => shownIn(answer, 'user.attempts_1h') ?? -1).sort((a, b) => a - b),
          many(200, (nth) => nth + before),
          `${warmth}: somebody did not see exactly those before`,
        )
      }
    },
  )
}

/** Asks until it is answered, with a key, so that asking again is the same request; at each try another process. */
async function askOut(clients: () => readonly Client[], nth: number, user: string, key: string): Promise<string> {
  for (let tries = 0; tries < 3_000; tries++) {
    const living = clients()
    const reply = await living[(nth + tries) % living.length]!.post('/v1/evaluate', payment({ user_id: user }), {
      'idempotency-key': key,
    }).catch(() => undefined)
    if (reply?.status === 200) return reply.body.trace_id
    assert.ok(!reply || reply.status === 503 || reply.body.code === 'idempotency_in_flight', reply?.text)
    await sleep(20)
  }
  throw new Error('never answered')
}

test(
  'while one of two processes is killed with kill -9, a limit of 5 stays 5, nothing that was answered is lost, and a key is one decision',
  { timeout: 300_000 },
  async () => {
    await using world = await openWorld(2)
    let [dying, surviving] = world.processes as readonly [ServerProcess, ServerProcess]
    const rounds = 2
    const each = 120
    for (let round = 0; round < rounds; round++) {
      let living: readonly ServerProcess[] = [dying, surviving]
      const answered = new Map<string, string>()
      const asking = actors.flatMap((actor) =>
        many(each, async (nth) => {
          await sleep(nth)
          const clients = () => living.map(({ url }) => world.as(actor, url))
          const key = `${round} ${nth}`.replace(' ', '_')
          answered.set(`${actor} ${key}`, await askOut(clients, nth, `round ${round}`, key))
        }),
      )
      await sleep(20 + round * 35)
      await stop(dying)
      living = [surviving]
      await Promise.all(asking)
      const { rows } = await world.admin.query<{ id: string; tenant_id: string; decision: string; version: string }>(
        `select 'tr_' || replace(id::text, '-', '') as id, tenant_id, decision, version from decision`,
      )
      const ids = new Set(rows.map(({ id }) => id))
      assert.deepEqual(
        [...answered].filter(([, id]) => !ids.has(id)),
        [],
        'what was answered is lost',
      )
      assert.equal(new Set(answered.values()).size, actors.length * each, 'two keys have one decision')
      assert.equal(rows.length, actors.length * each * (round + 1), 'one decision for each key')
      for (const tenantId of [world.acme.id, world.acme.twinId, world.globex.id]) {
        const own = rows.filter(({ tenant_id }) => tenant_id === tenantId)
        assert.equal(own.filter(({ decision }) => decision === 'APPROVED').length, 5 * (round + 1))
        assert.equal(new Set(own.map(({ version }) => version)).size, own.length)
      }
      // The next round begins with a process that is cold, and with what the dead one left to replay.
      ;[dying, surviving] = [surviving, await world.startProcess()]
    }
  },
)
