import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { createFakeClock, createWorld, payment } from '#harness'
import { systemClock } from '#kernel/clock'
import { systemScope } from '#platform/database'
import { verifyExport } from '#platform/tlog'

const monthMs = 31 * 86_400_000

test('a month past the published policy goes whole, and every proof of what was in it stays valid', async () => {
  const clock = createFakeClock(systemClock.now() - 16 * monthMs)
  await using world = await createWorld({ clock, logLevel: 'silent' })
  const { retention, logs, database } = world.vouch
  const ada = world.as('ada')
  const scope = systemScope(database, 'test').asTenant(world.acme.id)
  const countOf = async (table: string): Promise<number> =>
    (await world.admin.query(`select from ${table} where tenant_id = $1`, [world.acme.id])).rowCount ?? 0

  const period = new Date(clock.now()).toISOString().slice(0, 7)
  const old = (await ada.post('/v1/evaluate', payment())).body.trace_id
  await logs.drain(scope)
  assert.deepEqual(await retention.apply(), [])

  clock.advance(16 * monthMs)
  await database.ensurePartitions()
  // Written and never sequenced: it is logged before anything goes.
  const young = (await ada.post('/v1/evaluate', payment())).body.trace_id
  const entriesBefore = await countOf('log_entry')
  assert.equal((await ada.get(`/v1/decisions/${old}`)).status, 200)
  const dropped = await retention.apply()
  for (const table of ['audit_event', 'decision', 'outcome'])
    assert.ok(
      dropped.some((name) => name.startsWith(`${table}_`)),
      table,
    )
  assert.deepEqual(await retention.apply(), [])

  assert.equal((await ada.get(`/v1/decisions/${old}`)).status, 404)
  // Nobody had counted it before it went.
  assert.equal((await ada.get(`/v1/usage?period=${period}`)).body.evaluations, 1)
  assert.equal((await ada.get(`/v1/decisions/${young}`)).status, 200)
  assert.ok((await countOf('log_entry')) > entriesBefore)
  const dir = await mkdtemp(join(tmpdir(), 'vouch-retention-'))
  try {
    const { vkeys } = await logs.export(scope, join(dir, 'log'))
    const report = await verifyExport(join(dir, 'log'), { vkey: vkeys })
    assert.deepEqual([report.ok, report.first_bad], [true, null])
    assert.ok(report.erased > 0 && report.contents > 0)
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
  assert.equal((await logs.verifyWhole(world.acme.id)).found, null)
  assert.match((await ada.get(`/v1/log/proofs/${old}`)).text, /^c2sp\.org\/tlog-proof@v1/)
})

test('the policy is public, and the database keeps a year whatever the app asks for', async () => {
  await using world = await createWorld({ logLevel: 'silent' })
  const { policy } = (await world.as('nobody').get('/retention.json')).body
  assert.deepEqual(
    policy.map(({ months }: { months: number }) => months),
    [13, 13, 13, 13],
  )
  const soon = new Date(systemClock.now() - 11 * monthMs).toISOString().slice(0, 10)
  await assert.rejects(world.vouch.database.dropPartitions(soon), /at least thirteen months/)
})
