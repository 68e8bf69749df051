/** The wall in the app, standing alone: row security is off and every right granted in this file's database. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, test } from 'node:test'
import fc from 'fast-check'
import pg from 'pg'
import { type Scope, systemScope, WallError } from '#platform/database'
import { createWorld, type World } from '#harness'
import { readCatalogue, type Table, tenantTables } from './catalogue.ts'
import { fillTables, type Row, rowFor, takeDownRowSecurity } from './rows.ts'
import { type AnyDb, type Ask, reads, refused, unanswered, writes } from './scope-shapes.ts'
import { build, statements } from './random-statements.ts'

let world: World
let tables: Table[]
let rows: Map<string, Row>
let client: pg.Client
let ownId: string
let theirId: string

before(async () => {
  world = await createWorld({ logLevel: 'silent' })
  await takeDownRowSecurity(world.admin)
  tables = tenantTables(await readCatalogue(world.admin))
  ownId = world.acme.id
  theirId = world.globex.id
  rows = await fillTables(world.admin, tables, [ownId, theirId])
  client = new pg.Client(world.database.urls.app)
  await client.connect()
  // Without statistics small tables look large: most of the time would go into starting workers.
  await client.query('set max_parallel_workers_per_gather = 0')
})
after(async () => {
  await client.end()
  await world[Symbol.asyncDispose]()
})

/** A scope of Acme on our own connection, so that a test can look at what a statement did before it is undone. */
async function inScope<T>(work: (query: AnyDb) => Promise<T>): Promise<T> {
  const connections = {
    ...world.vouch.database.connections,
    async transaction<R>(first: string, inner: (client: pg.PoolClient) => Promise<R>): Promise<R> {
      await client.query(`begin; ${first}`)
      try {
        return await inner(client as unknown as pg.PoolClient)
      } finally {
        await client.query('rollback')
      }
    },
  }
  const scope: Scope = systemScope({ ...world.vouch.database, connections }, 'a test of the wall').asTenant(ownId)
  return scope.transaction((tx) => work(tx.query as unknown as AnyDb))
}

/** Everything that is not Acme's, as the transaction under way has it. */
async function rowsOfOthers(): Promise<string> {
  const parts = tables
    .filter(({ parent }) => parent === null)
    .map(
      ({ name }) =>
        `select '${name}' as at, count(*)::text || md5(coalesce(string_agg(t::text, ',' order by t::text), '')) as state from "${name}" t where tenant_id <> '${ownId}'`,
    )
  // Named, so that it is planned once: it is asked after each of thousands of writes.
  const text = `${parts.join(' union all ')} order by at`
  return JSON.stringify((await client.query({ name: 'rows of others', text })).rows)
}

const plainColumn = ({ columns, indexes, foreignKeys }: Table): string => {
  const keys = new Set([...indexes.flatMap(({ columns }) => columns), ...foreignKeys.flatMap(({ columns }) => columns)])
  return columns.find(({ name }) => !keys.has(name))?.name ?? 'id'
}

/** Undone each time, so that one for each table will do. */
const freshRows = new Map<string, Row>()

async function askOf(table: Table, q: AnyDb): Promise<Ask> {
  const own = rows.get(`${table.name} ${ownId}`) ?? {}
  const theirs = rows.get(`${table.name} ${theirId}`) ?? {}
  const parents = new Map(
    [...rows].filter(([key]) => key.endsWith(ownId)).map(([key, row]) => [key.split(' ')[0] ?? '', row]),
  )
  const fresh = freshRows.get(table.name) ?? (await rowFor(world.admin, table, ownId, parents))
  freshRows.set(table.name, fresh)
  return { q, t: table.name, table, own, fresh, theirs, ownId, theirId, column: plainColumn(table) }
}

test('the scope alone: every read over every table runs and shows the rows of its tenant, and nothing of another', async () => {
  let count = 0
  for (const table of tables) {
    for (const [name, shape] of Object.entries(reads)) {
      const seen = JSON.stringify(await inScope(async (q) => shape(await askOf(table, q))))
      assert.ok(!seen.includes(theirId), `${name} over ${table.name} shows another tenant`)
      if (name === 'select' || name === 'without plugins')
        assert.ok(seen.includes(ownId), `${table.name} shows its tenant nothing`)
      if (name === 'count') {
        const own = await world.admin.query<{ n: string }>(
          `select count(*) as n from "${table.name}" where tenant_id = $1`,
          [ownId],
        )
        assert.equal(JSON.parse(seen)[0].n, own.rows[0]?.n)
      }
      if (name === 'exists') assert.equal(seen, '[]')
      count++
    }
  }
  assert.equal(count, tables.length * Object.keys(reads).length)
  console.log(`scope alone: ${tables.length} tables and partitions × ${Object.keys(reads).length} reads = ${count}`)
})

test('the scope alone: no write over any table changes, takes or makes a row of another tenant', async () => {
  const failed = new Map<string, number>()
  let count = 0
  // Each write is taken back, so that before the next it is as it was before the first.
  const before = await rowsOfOthers()
  for (const table of tables) {
    for (const [name, shape] of Object.entries(writes)) {
      await inScope(async (q) => {
        const ask = await askOf(table, q)
        await client.query('savepoint tried')
        const answer = await shape(ask).catch(async (error: unknown) => {
          assert.ok(error instanceof pg.DatabaseError, `${name} over ${table.name}: ${String(error)}`)
          await client.query('rollback to savepoint tried')
          failed.set(name, (failed.get(name) ?? 0) + 1)
        })
        const shown = JSON.stringify(answer ?? '', (_, value: unknown) =>
          typeof value === 'bigint' ? String(value) : value,
        )
        assert.ok(!shown.includes(theirId), `${name} over ${table.name} shows another tenant: ${shown}`)
        assert.equal(await rowsOfOthers(), before, `${name} over ${table.name} touches another tenant`)
      })
      count++
    }
  }
  assert.equal(count, tables.length * Object.keys(writes).length)
  const never = [...failed].filter(([, times]) => times === tables.length).map(([name]) => name)
  assert.deepEqual(never, ['update from a query under its own name'], 'these ran over no table, and so prove nothing')
  console.log(
    `scope alone: ${count} writes, of which ${[...failed.values()].reduce((a, b) => a + b, 0)} failed on a constraint`,
  )
})

test('the scope refuses what no wall can be put around, before anything is sent', async () => {
  let count = 0
  for (const table of tables) {
    for (const [name, shape] of Object.entries(refused)) {
      await inScope(async (q) => {
        const ask = await askOf(table, q)
        const sent: unknown[] = []
        const { query } = client
        client.query = ((...args: unknown[]) => (
          sent.push(args[0]),
          Reflect.apply(query, client, args)
        )) as typeof query
        try {
          await assert.rejects(async () => shape(ask), WallError, `${name} over ${table.name} was let through`)
        } finally {
          client.query = query
        }
        assert.deepEqual(sent, [], `${name} over ${table.name}`)
      })
      count++
    }
  }
  console.log(`scope alone: ${count} statements refused`)
})

test('the scope gives no way past its transaction, to tables without tenants, or to a stream', async () => {
  for (const table of tables) {
    for (const [name, shape] of Object.entries(unanswered)) {
      await inScope(async (q) =>
        assert.rejects(async () => shape(await askOf(table, q)), Error, `${name} over ${table.name} was answered`),
      )
    }
  }
})

test('a transaction without a tenant reaches the global tables, and no tenant’s, also with row security off', async () => {
  const system = systemScope(world.vouch.database, 'a test of the wall')
  assert.ok((await system.tenants({ limit: 10 })).length >= 4)
  const attempts: ((q: AnyDb, t: string) => Promise<unknown>)[] = [
    (q, t) => q.selectFrom(t).selectAll().execute(),
    (q, t) => q.selectFrom(`${t} as tenant`).selectAll().execute(),
    (q, t) =>
      q
        .selectFrom('tenant')
        .innerJoin(t, (join) => join.on((eb) => eb.lit(true)))
        .selectAll()
        .execute(),
    (q, t) =>
      q
        .selectFrom('tenant')
        .selectAll()
        .where((eb) => eb.exists(eb.selectFrom(t).selectAll()))
        .execute(),
    (q, t) => q.withoutPlugins().selectFrom(t).selectAll().execute(),
    (q, t) =>
      q
        .selectFrom(((eb: { ref(name: string): { as(name: string): unknown } }) => eb.ref(t).as('x')) as never)
        .selectAll()
        .execute(),
    (q, t) => q.selectFrom(`public.${t}`).selectAll().execute(),
    (q, t) => q.deleteFrom(t).execute(),
    (q, t) => q.updateTable(t).set({ tenant_id: ownId }).execute(),
    (q, t) => q.insertInto(t).values({ tenant_id: ownId }).execute(),
    (q, t) =>
      q
        .with('_x', (db) => db.deleteFrom(t).returningAll())
        .selectFrom('tenant')
        .selectAll()
        .execute(),
  ]
  for (const { name } of tables) {
    for (const attempt of attempts) {
      await assert.rejects(
        system.global((query) => attempt(query as unknown as AnyDb, name)),
        WallError,
        `${attempt.toString()} over ${name}`,
      )
    }
  }
})

test('a tenant that does not exist, or a word that is no id, opens nothing', async () => {
  const system = systemScope(world.vouch.database, 'a test of the wall')
  for (const forged of ['', 'x', `${ownId}'`, `${ownId} `, ownId.toUpperCase(), ownId.replaceAll('-', '')]) {
    assert.throws(() => system.asTenant(forged), TypeError)
  }
  const nobody = system.asTenant(randomUUID())
  for (const { name } of tables) {
    assert.deepEqual(
      await nobody.transaction((tx) => (tx.query as unknown as AnyDb).selectFrom(name).selectAll().execute()),
      [],
    )
  }
  await assert.rejects(
    nobody.transaction((tx) => tx.query.insertInto('tenant_profile').values({ name: 'x' }).execute()),
    ({ code, cause }) => code === 'conflict' && /foreign key/.test(cause.message),
  )
})

test('random statements answer the same whether other tenants have rows or not', async () => {
  const names = tables.filter(({ parent }) => parent === null).map(({ name }) => name)
  const plans = fc.sample(statements(names), {
    numRuns: 150,
    seed: Number(process.env['FC_SEED'] ?? Date.now() % 1_000_000),
  })
  const ordered = (answer: unknown): string =>
    JSON.stringify((answer as unknown[]).map((row) => JSON.stringify(row)).sort())
  // Two short transactions, and none with writes: logs of other tests on this PostgreSQL wait for those.
  const run = (): Promise<string[]> =>
    inScope(async (q) => {
      const answers: string[] = []
      for (const plan of plans) {
        await client.query('savepoint one')
        const answer = await build(q, plan).then(ordered, (error: unknown) =>
          error instanceof pg.DatabaseError ? `error ${error.code}` : Promise.reject(error),
        )
        await client.query('rollback to savepoint one')
        answers.push(answer)
      }
      return answers
    })
  const before = await rowsOfOthers()
  const crowded = await run()
  assert.equal(await rowsOfOthers(), before)
  // The last test of this file: nobody misses them.
  await world.admin.query('begin; set constraints all deferred')
  for (const { name } of tables
    .filter(({ parent }) => parent === null)
    .toReversed()
    .sort((a, b) => b.foreignKeys.length - a.foreignKeys.length)) {
    await world.admin.query(`delete from "${name}" where tenant_id <> '${ownId}'`)
  }
  await world.admin.query('commit')
  const alone = await run()
  for (const [at, answer] of crowded.entries()) assert.equal(answer, alone[at], JSON.stringify(plans[at]))
  const failed = crowded.filter((answer) => answer.startsWith('error')).length
  const full = crowded.filter((answer) => answer.includes(ownId)).length
  assert.ok(
    failed < plans.length / 4 && full > plans.length / 4,
    `${failed} of ${plans.length} failed, ${full} showed rows`,
  )
  console.log(`scope alone: ${plans.length} random statements, ${failed} failed alike, ${full} showed own rows`)
})
