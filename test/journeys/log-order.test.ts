/** Which rows the log takes, and when: whoever writes, in whatever order it commits, however many sequence. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import fc from 'fast-check'
import pg from 'pg'
import { Fault } from '#kernel/fault'
import { fromWireId } from '#kernel/id'
import { parseEntry, verifyContent } from '#platform/tlog'
import { createFakeClock, createWorld, payment, type World, waitUntil } from '#harness'
import { findLogDamage, makeTenants, plantDecisions, plantEvents, scopeOf } from '../harness/log-rounds.ts'

const idsIn = async (world: World, tenantId: string): Promise<string[]> =>
  (
    await world.admin.query<{ id: string }>('select id from log_entry where tenant_id = $1 order by index', [tenantId])
  ).rows.map(({ id }) => id)

/** No connection within two seconds: a machine with too much to do, which is no word about the log. */
const passOverLoad = (error: unknown): undefined => {
  if (!(error instanceof Fault && error.internal?.startsWith('database: '))) throw error
}

const connect = (world: World, count: number): Promise<pg.Client[]> =>
  Promise.all(
    Array.from({ length: count }, async () => {
      const client = new pg.Client(world.database.urls.admin)
      await client.connect()
      return client
    }),
  )

test(
  'two processes and a third sequence one log at once while 200 decisions are made: each is there once, in the order it was made, and none of them waits for ever',
  { timeout: 300_000 },
  async () => {
    await using world = await createWorld({ processes: 2, logLevel: 'silent' })
    const scope = scopeOf(world.vouch, world.acme.id)
    const made: string[][] = [[], [], [], []]
    let isOver = false
    const drains = (async () => {
      let count = 0
      // One that waits for too long throws.
      while (!isOver) if (await world.vouch.logs.drain(scope).catch(passOverLoad)) count++
      return count
    })()
    await Promise.all(
      made.map(async (ids, client) => {
        const as = world.as('ada', world.processes[client % 2]?.url)
        for (let n = 0; n < 50; n++) {
          const { body } = await as.post('/v1/evaluate', payment({ user_id: `u_${client}_${n}` }))
          ids.push(fromWireId('decision', body.trace_id) ?? '')
        }
      }),
    )
    isOver = true
    const drained = await drains
    assert.ok(drained > 0, 'it never had its turn')
    // The processes' own loops take what is left, without being asked.
    await waitUntil('the last row is sequenced', async () => {
      const ids = new Set(await idsIn(world, world.acme.id))
      return made.flat().every((id) => ids.has(id))
    })
    const ids = await idsIn(world, world.acme.id)
    for (const client of made) {
      const own = new Set(client)
      assert.deepEqual(ids.filter((id) => own.has(id)), client, 'the order is not that of one caller') // prettier-ignore
    }
    assert.deepEqual(await findLogDamage({ vouch: world.vouch, admin: world.admin, tenantId: world.acme.id }), [])
  },
)

test(
  'an export begun while older transactions are always under way ends, and has all that was durable when it began',
  { timeout: 300_000 },
  async () => {
    await using world = await createWorld({ logLevel: 'silent' })
    const [tenantId = ''] = await makeTenants(world.vouch)
    const clients = await connect(world, 3)
    const [writer, ...holders] = clients
    const durable: string[] = []
    let isOver = false
    // At every moment a transaction is under way that is older than a row that is durable.
    const writing = (async () => {
      for (let turn = 0; !isOver; turn++) {
        const [opening, closing] = turn % 2 === 0 ? holders : holders.toReversed()
        await opening?.query('begin')
        if (opening) await plantEvents(opening, tenantId, 1)
        if (writer) durable.push(...(await plantEvents(writer, tenantId, 1)))
        if (turn > 0) await closing?.query('commit')
        await sleep(2)
      }
      for (const client of holders) await client.query('commit')
    })()
    try {
      await waitUntil('rows are durable', () => durable.length > 5)
      for (let round = 0; round < 5; round++) {
        const before = durable.slice()
        // It would wait for ever, and throw, if it waited for a moment without writers.
        const { size } = await world.vouch.logs.drain(scopeOf(world.vouch, tenantId))
        const covered = new Set((await idsIn(world, tenantId)).slice(0, Number(size)))
        assert.deepEqual(before.filter((id) => !covered.has(id)), []) // prettier-ignore
      }
    } finally {
      isOver = true
      await writing
      await Promise.all(clients.map((client) => client.end()))
    }
  },
)

test(
  'rows of transactions that commit late, in any order, are never missed and never taken twice, and what is sequenced stays where it is',
  { timeout: 300_000 },
  async () => {
    await using world = await createWorld({ logLevel: 'silent' })
    const clients = await connect(world, 4)
    const step = fc.oneof(
      { weight: 3, arbitrary: fc.record({ do: fc.constant('write' as const), by: fc.nat(3), as: fc.nat(1) }) },
      { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('commit' as const, 'roll back' as const), by: fc.nat(3) }) },
      { weight: 2, arbitrary: fc.constant({ do: 'sequence' as const, by: 0 }) },
    ) // prettier-ignore
    try {
      let held = 0
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 6, maxLength: 24 }), async (steps) => {
          const [tenantId = ''] = await makeTenants(world.vouch)
          const open = new Map<number, string[]>()
          const committed: string[] = []
          let sequenced: string[] = []
          const end = async (by: number, isCommit: boolean): Promise<void> => {
            const ids = open.get(by)
            if (!ids) return
            await clients[by]?.query(isCommit ? 'commit' : 'rollback')
            open.delete(by)
            if (isCommit) committed.push(...ids)
          }
          const sequence = async (): Promise<void> => {
            world.vouch.hints.note(tenantId)
            await world.vouch.logs.turn()
            const now = await idsIn(world, tenantId)
            assert.deepEqual(now.slice(0, sequenced.length), sequenced, 'an entry has moved')
            sequenced = now
            held += committed.filter((id) => !now.includes(id)).length
          }
          try {
            for (const one of steps) {
              const client = clients[one.by] as pg.Client
              if (one.do === 'write') {
                if (!open.has(one.by)) await client.query('begin')
                const plant = one.as === 0 ? plantEvents : plantDecisions
                open.set(one.by, [...(open.get(one.by) ?? []), ...(await plant(client, tenantId, 1))])
              } else if (one.do === 'sequence') await sequence()
              else await end(one.by, one.do === 'commit')
            }
          } finally {
            for (const by of open.keys()) await end(by, by % 2 === 0)
          }
          await world.vouch.logs.drain(scopeOf(world.vouch, tenantId))
          await sequence()
          const { rows } = await world.admin.query<{ id: string }>(
            `select id from audit_event where tenant_id = $1 and action = 'tenant.created'`,
            [tenantId],
          )
          assert.deepEqual(sequenced.toSorted(), [...committed, ...rows.map(({ id }) => id)].sort())
        }),
        { numRuns: 60 },
      )
      assert.ok(held > 0, 'no row ever had to wait for an older transaction: nothing was tried')
    } finally {
      await Promise.all(clients.map((client) => client.end()))
    }
  },
)

test('a copy restored on a server that has counted less far loses nothing, takes nothing twice, and waits for no number', async () => {
  await using world = await createWorld({ logLevel: 'silent' })
  const { vouch, admin } = world
  const [tenantId = ''] = await makeTenants(vouch)
  const scope = scopeOf(vouch, tenantId)
  const far = '900000000000'
  await plantEvents(admin, tenantId, 1_200)
  await plantDecisions(admin, tenantId, 3)
  const { size } = await vouch.logs.drain(scope)
  assert.equal(size, 1_204n)
  // Two more that were not sequenced when the copy was taken, then every number as that server had counted.
  await plantEvents(admin, tenantId, 1)
  await plantDecisions(admin, tenantId, 1)
  for (const table of ['audit_event', 'decision'])
    await admin.query(`update ${table} set xact = (xact::text::bigint + ${far})::text::xid8 where tenant_id = $1`, [tenantId]) // prettier-ignore
  await admin.query(
    `update log_head set cursors = (
       select jsonb_object_agg(key, value || jsonb_build_object('xact', ((value->>'xact')::bigint + ${far})::text))
       from jsonb_each(cursors)) where tenant_id = $1`,
    [tenantId],
  )
  assert.equal((await vouch.logs.drain(scope)).size, size + 2n)
  for (let round = 1; round <= 3; round++) {
    await plantEvents(admin, tenantId, 1)
    await plantDecisions(admin, tenantId, 1)
    // It throws if it waits for the numbers of the other server.
    assert.equal((await vouch.logs.drain(scope)).size, size + 2n + 2n * BigInt(round))
  }
  vouch.hints.note(tenantId)
  await waitUntil('nothing is waited for', async () => {
    await vouch.logs.turn()
    return !vouch.hints.tenants().includes(tenantId)
  })
  assert.deepEqual(await findLogDamage({ vouch, admin, tenantId }), [])
})

test('a tenant whose entries PostgreSQL refuses holds up none of those in its transaction, and goes on once it can', async () => {
  const clock = createFakeClock(Date.now())
  await using world = await createWorld({ clock, logLevel: 'silent' })
  const { vouch, admin } = world
  const tenants = [...(await makeTenants(vouch)), ...(await makeTenants(vouch))].sort()
  const [first = '', refused = '', ...others] = tenants
  for (const tenantId of tenants) await vouch.logs.drain(scopeOf(vouch, tenantId))
  // Where its next entry must go, there is one.
  const planted = 'tenant_id = $1 and index = (select size from log_head where tenant_id = $1)'
  const copied = `select tenant_id, index + 1, source, gen_random_uuid(), at, type, commitment, salt from log_entry`
  await admin.query(`insert into log_entry ${copied} where tenant_id = $1 and index = 0`, [refused])
  const rows = new Map<string, string[]>()
  for (const tenantId of tenants) {
    rows.set(tenantId, await plantDecisions(admin, tenantId, 2))
    vouch.hints.note(tenantId)
  }
  const isLogged = async (tenantId: string): Promise<boolean> => {
    const ids = new Set(await idsIn(world, tenantId))
    return rows.get(tenantId)?.every((id) => ids.has(id)) ?? false
  }
  const turnUntil = (what: string, tenantIds: readonly string[]) =>
    waitUntil(what, async () => {
      await vouch.logs.turn()
      for (const tenantId of tenantIds) if (!(await isLogged(tenantId))) return false
      return true
    })
  await turnUntil('the others are sequenced', [first, ...others])
  assert.equal(await isLogged(refused), false)
  assert.deepEqual(vouch.hints.tenants(), [refused])
  await admin.query(`delete from log_entry where ${planted}`, [refused])
  clock.advance(10_000)
  await turnUntil('it is sequenced once it can be', [refused])
  for (const tenantId of tenants) assert.deepEqual(await findLogDamage({ vouch, admin, tenantId }), [])
})

test(
  'what is erased while the log is exported is there whole or not at all, and every export verifies',
  { timeout: 300_000 },
  async () => {
    await using world = await createWorld({ logLevel: 'silent' })
    const { vouch, admin } = world
    const [tenantId = ''] = await makeTenants(vouch)
    const scope = scopeOf(vouch, tenantId)
    // Rows with details, which are what is erased of them.
    await scope.transaction(async (tx) => {
      for (let n = 0; n < 200; n++) await vouch.logs.setVisibility(tx, n % 2 === 0)
    })
    await vouch.logs.drain(scope)
    const { rows } = await admin.query<{ id: string }>(
      `select id from audit_event where tenant_id = $1 and details is not null order by id`,
      [tenantId],
    )
    assert.ok(rows.length >= 200)
    let isOver = false
    const reading = (async () => {
      let readings = 0
      const broken: string[] = []
      for (; !isOver; readings++) {
        const entries = await scope.transaction((tx) => vouch.logs.following.read(tx, 0, 1_000))
        for (const { bytes, salt, content } of entries)
          if (content !== null && !(salt && verifyContent(parseEntry(bytes), salt, content))) broken.push(content)
      }
      return { readings, broken }
    })()
    for (const { id } of rows) await scope.transaction((tx) => vouch.logs.eraseContent(tx, id))
    isOver = true
    const { readings, broken } = await reading
    assert.ok(readings > 5, 'nobody read while it was erased')
    assert.deepEqual(broken, [])
    assert.deepEqual(await findLogDamage({ vouch, admin, tenantId }), [])
  },
)
