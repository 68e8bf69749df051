/** A limit of 5 is 5: over processes, while one of them is killed, however warm the counters are and whatever is to replay. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { createWorld, type ServerProcess, type World } from '#harness'
import type { Asked, Stubbed } from '#harness/journal-judge'
import { startJournalServer } from '#harness/server-process'

type Outcome = { kind: 'decided'; answer: Stubbed } | { kind: 'replayed'; decisionId: string }

async function post(server: ServerProcess, asked: Asked & { tenantId: string }): Promise<Outcome | undefined> {
  const response = await fetch(server.url, { method: 'POST', body: JSON.stringify(asked) }).catch(() => undefined)
  if (response?.status !== 200) {
    assert.ok(response === undefined || response.status === 503, await response?.text())
    return undefined
  }
  // One that is killed may have begun its answer.
  return (await response.json().catch(() => undefined)) as Outcome | undefined
}

/** Asks until it is answered, with a key, so that asking again is the same request; at each try another process. */
async function askOut(
  servers: () => readonly ServerProcess[],
  nth: number,
  asked: Asked & { tenantId: string },
): Promise<string> {
  for (let tries = 0; tries < 200; tries++) {
    const living = servers()
    const outcome = await post(living[(nth + tries) % living.length]!, asked)
    if (outcome) return outcome.kind === 'decided' ? outcome.answer.id : outcome.decisionId
    await sleep(20)
  }
  throw new Error('never answered')
}

const many = <T>(count: number, one: (nth: number) => T): T[] => Array.from({ length: count }, (_, nth) => one(nth))

async function stored(world: World): Promise<{ id: string; tenant_id: string; decision: string; version: string }[]> {
  return (await world.admin.query('select id, tenant_id, decision, version from decision order by tenant_id, version'))
    .rows
}

async function inWorld(count: number, work: (world: World, servers: ServerProcess[]) => Promise<void>): Promise<void> {
  await using world = await createWorld({ logLevel: 'silent' })
  const start = () => startJournalServer({ VOUCH_DATABASE_URL: world.database.urls.app })
  const servers = await Promise.all(many(count, start))
  try {
    await work(world, servers)
  } finally {
    for (const server of servers) server.kill('SIGTERM')
    await Promise.all(servers.map((server) => server.exited))
  }
}

for (const count of [1, 2]) {
  test(
    `200 parallel requests against a limit of 5 are exactly 5 approvals: ${count} process${count > 1 ? 'es' : ''}, cold, warm and written`,
    { timeout: 60_000 },
    () =>
      inWorld(count, async (world, servers) => {
        const tenantId = world.acme.id
        for (const warmth of ['cold', 'warm', 'written']) {
          if (warmth !== 'cold') await post(servers[0]!, { tenantId, user: warmth, limit: 0 })
          if (warmth === 'written') await sleep(2_500)
          const answers = await Promise.all(many(200, (nth) => post(servers[nth % count]!, { tenantId, user: warmth })))
          const approved = answers.filter(
            (outcome) => outcome?.kind === 'decided' && outcome.answer.decision === 'APPROVED',
          )
          assert.equal(approved.length, 5, warmth)
        }
      }),
  )
}

test(
  'while one of two processes is killed with kill -9, a limit of 5 stays 5 and nothing that was answered is lost',
  { timeout: 120_000 },
  () =>
    inWorld(2, async (world, servers) => {
      const tenants = [world.acme.id, world.acme.twinId, world.globex.id]
      for (let round = 0; round < 6; round++) {
        const [dying, surviving] = servers as [ServerProcess, ServerProcess]
        let living: readonly ServerProcess[] = [dying, surviving]
        const answered = new Set<string>()
        const asking = tenants.flatMap((tenantId) =>
          many(200, async (nth) => {
            await sleep(nth / 2)
            const asked = { tenantId, user: `round ${round}`, idempotencyKey: `${round} ${nth}` }
            answered.add(await askOut(() => living, nth, asked))
          }),
        )
        await sleep(10 + round * 12)
        dying.kill('SIGKILL')
        assert.equal(await dying.exited, 'SIGKILL')
        living = [surviving]
        await Promise.all(asking)
        const rows = await stored(world)
        const ids = new Set(rows.map(({ id }) => id))
        assert.deepEqual(
          [...answered].filter((id) => !ids.has(id)),
          [],
          'what was answered is lost',
        )
        assert.equal(answered.size, 600)
        assert.equal(rows.length, 600 * (round + 1), 'one decision for each key')
        for (const tenantId of tenants) {
          const own = rows.filter(({ tenant_id }) => tenant_id === tenantId)
          assert.equal(own.filter(({ decision }) => decision === 'APPROVED').length, 5 * (round + 1))
          assert.equal(new Set(own.map(({ version }) => version)).size, own.length)
        }
        // The next round begins with a process that is cold, and what the dead one left to replay.
        servers.splice(0, 2, surviving, await startJournalServer({ VOUCH_DATABASE_URL: world.database.urls.app }))
      }
    }),
)

test('a process that is killed with a long tail leaves it to the next, which sees all of it', { timeout: 60_000 }, () =>
  inWorld(1, async (world, servers) => {
    const tenantId = world.acme.id
    const first = servers[0]!
    await Promise.all(many(1_500, (nth) => post(first, { tenantId, user: 'u', limit: 3, merchant: `m${nth}` })))
    first.kill('SIGKILL')
    await first.exited
    const next = await startJournalServer({ VOUCH_DATABASE_URL: world.database.urls.app })
    servers.splice(0, 1, next)
    const outcome = await post(next, { tenantId, user: 'u', limit: 3 })
    assert.ok(outcome?.kind === 'decided')
    assert.deepEqual(
      [outcome.answer.attempts, outcome.answer.approved, outcome.answer.decision],
      [1_500, 3, 'DECLINED'],
    )
  }),
)
