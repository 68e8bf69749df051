/** The wall in the app around hot statements, standing alone: row security is off and every right granted here. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createJournal } from '#engine/journal'
import { systemClock } from '#kernel/clock'
import { type HotStatement, systemScope, tenantLanes, WallError } from '#platform/database'
import { createWorld } from '#harness'
import { askOf, newRequestId } from '#harness/journal-judge'
import { takeDownRowSecurity } from './rows.ts'

test('the journal alone keeps tenants apart: equal subjects and keys of two tenants meet nowhere', async () => {
  await using world = await createWorld({ logLevel: 'silent' })
  await takeDownRowSecurity(world.admin)
  const { database } = world.vouch
  const open = () => createJournal({ database, clock: systemClock, onRecord: () => {} })
  const system = systemScope(database, 'a test of the wall')
  const tenants = [world.acme.id, world.globex.id]
  const journal = open()
  const decide = async (nth: number, from = journal) => {
    const scope = system.asTenant(tenants[nth % 2]!, { kind: 'key', id: 'key_test' }, newRequestId())
    return from.decide(askOf(scope, systemClock, { user: 'u', limit: 100, idempotencyKey: `k${nth >> 1}` }))
  }
  const outcomes = await Promise.all(Array.from({ length: 40 }, (_, nth) => decide(nth)))
  assert.ok(
    outcomes.every(({ kind }) => kind === 'decided'),
    'a key of one tenant stood for a request of another',
  )
  await journal.flush(true)
  const cold = open()
  for (const nth of [40, 41]) {
    const outcome = await decide(nth, cold)
    assert.equal(outcome.kind === 'decided' && outcome.answer.attempts, 20)
  }
  const { rows } = await world.admin.query('select tenant_id, version from tenant_head order by tenant_id')
  assert.deepEqual(
    rows.map(({ tenant_id }) => tenant_id),
    [...tenants].sort(),
  )
  assert.deepEqual(new Set(rows.map(({ version }) => version)), new Set(['21']))
  await cold.close()
})

const statement = <Input>(more: Partial<HotStatement<Input, object>>): HotStatement<Input, object> => ({
  name: 'test',
  shapeOf: () => 1,
  build: (query) => query.selectFrom('list').selectAll(),
  values: () => [],
  ...more,
})

test('a hot statement that no wall can be put around, or whose values are not in its order, is not sent', async () => {
  await using world = await createWorld({ logLevel: 'silent' })
  const lanes = tenantLanes(world.vouch.database, 'journal')
  const refused: Record<string, HotStatement<undefined, object>> = {
    'a global table': statement({ name: 'a', build: (query) => query.selectFrom('tenant' as 'list').selectAll() }),
    'a schema': statement({ name: 'b', build: (query) => query.selectFrom('public.list' as 'list').selectAll() }),
    'another order': statement({
      name: 'c',
      build: (query) => query.selectFrom('list').selectAll().where('id', '=', 'x').where('kind', '=', 'deny'),
      values: () => ['deny', 'x'],
    }),
    'too few values': statement({
      name: 'd',
      build: (query) => query.selectFrom('list').selectAll().where('id', '=', 'x'),
      values: () => [],
    }),
    'too many values': statement({ name: 'e', values: () => ['x'] }),
  }
  for (const [name, one] of Object.entries(refused)) {
    const asking = lanes.transaction({
      read: async (enter) => enter(world.acme.id).run(one, undefined),
      write: () => {},
    })
    await assert.rejects(asking, WallError, name)
  }
  for (const forged of ['', 'x', `${world.acme.id}'`, world.acme.id.toUpperCase()]) {
    const entering = lanes.transaction({ read: async (enter) => void enter(forged), write: () => {} })
    await assert.rejects(entering, TypeError)
  }
})

test('a segment ends where the next begins, and with its transaction', async () => {
  await using world = await createWorld({ logLevel: 'silent' })
  const lanes = tenantLanes(world.vouch.database, 'journal')
  const run = statement<undefined>({ name: 'plain' })
  const first = await lanes.transaction({
    read: async (enter) => {
      const own = enter(world.acme.id)
      await own.run(run, undefined)
      enter(world.globex.id)
      assert.throws(() => own.run(run, undefined), /gone on/)
      return own
    },
    write: (enter) => enter(world.acme.id),
  })
  assert.throws(() => first.run(run, undefined), /gone on/)
})
