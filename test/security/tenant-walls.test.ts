/** Walls. Generated from the catalogue: a new table is swept, judged and filled without being named here. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, test } from 'node:test'
import pg from 'pg'
import { systemClock } from '#kernel/clock'
import { openDatabase, UnsafeRoleError } from '#platform/database'
import { createWorld, type World } from '#harness'
import { type Catalogue, findOffences, readCatalogue, type Rule, type Table, tenantTables } from './catalogue.ts'
import { fillTables, type Row, rowFor, takeDownRowSecurity } from './rows.ts'
import { kinds, type Situation, sweep, type Sweep } from './sweep-row-security.ts'

let world: World
let catalogue: Catalogue
let tables: Table[]
let rows: Map<string, Row>
let columns: Map<string, string>

before(async () => {
  world = await createWorld({ logLevel: 'silent' })
  catalogue = await readCatalogue(world.admin)
  tables = tenantTables(catalogue)
  rows = await fillTables(world.admin, tables, [world.acme.id, world.globex.id])
  columns = await updatableColumns(world.admin)
})
after(() => world[Symbol.asyncDispose]())

/** For each table a column that the app may update, so that what refuses an update is the wall where it can be. */
async function updatableColumns(admin: pg.Client): Promise<Map<string, string>> {
  const found = await admin.query<{ table: string; column: string }>(
    `select table_name as "table", min(column_name) as "column" from information_schema.column_privileges
     where grantee = 'vouch_app' and privilege_type = 'UPDATE' and table_schema = 'public' and column_name <> 'tenant_id' group by 1`,
  )
  return new Map(found.rows.map(({ table, column }) => [table, column]))
}

const snapshot = async (admin: pg.Client): Promise<string> => {
  const parts = tables.map(
    ({ name }) =>
      `select '${name}' as at, count(*)::text || md5(coalesce(string_agg(t::text, ',' order by t::text), '')) as state from "${name}" t`,
  )
  return JSON.stringify((await admin.query(`${parts.join(' union all ')} order by at`)).rows)
}

const connect = async (url: string): Promise<pg.Client> => {
  const client = new pg.Client(url)
  await client.connect()
  return client
}

const situations = (ownId: string): Situation[] => [
  { name: 'other', set: ownId },
  { name: 'none', set: undefined },
  { name: 'empty', set: '' },
  { name: 'forged', set: randomUUID() },
]

async function sweepAll(
  client: () => Promise<pg.Client>,
  admin: pg.Client,
  own: string,
  foreign: string,
  keep: boolean,
): Promise<Sweep[]> {
  const results: Sweep[] = []
  for (const situation of situations(own)) {
    const app = await client()
    try {
      const parents = new Map(
        [...rows].filter(([key]) => key.endsWith(foreign)).map(([key, row]) => [key.split(' ')[0] ?? '', row]),
      )
      const swept = await sweep({
        client: app, tables, situation, keep,
        foreignIds: situation.name === 'other' ? [foreign] : [own, foreign],
        foreign: ({ name }) => rows.get(`${name} ${foreign}`) ?? {},
        fresh: (table) => rowFor(admin, table, foreign, parents),
        column: ({ name }) => columns.get(name) ?? 'tenant_id',
      }) // prettier-ignore
      results.push(swept)
    } finally {
      await app.end()
    }
  }
  return results
}

const total = (results: readonly Sweep[], of: (swept: Sweep) => number): number =>
  results.reduce((sum, swept) => sum + of(swept), 0)

const report = (title: string, results: readonly Sweep[]): void =>
  console.log(
    `${title}: ${tables.length} tables and partitions × ${Object.keys(kinds).length} kinds × 4 settings = ${total(results, (one) => one.combinations)} statements; ` +
      `${total(results, (one) => one.refusedByRight)} refused for lack of a right, ${total(results, (one) => one.refusedByWall)} by row security, ` +
      'the rest saw and changed nothing',
  )

test('row security alone shows and changes no row of another tenant: every table, every kind of statement, every setting', async () => {
  const before = await snapshot(world.admin)
  const results = await sweepAll(
    () => connect(world.database.urls.app),
    world.admin,
    world.acme.id,
    world.globex.id,
    true,
  )
  assert.deepEqual(
    results.flatMap(({ offences }) => offences),
    [],
  )
  assert.equal(await snapshot(world.admin), before)
  assert.ok(tables.length >= 8, 'the catalogue named no tables')
  assert.equal(
    total(results, ({ combinations }) => combinations),
    tables.length * Object.keys(kinds).length * 4,
  )
  report('row security and rights', results)
})

test('row security holds when the app is granted every right on every row, also on partitions; with row security off, each kind is caught', async () => {
  await using bare = await createWorld({ logLevel: 'silent' })
  const { admin } = bare
  const kept = rows
  rows = await fillTables(admin, tables, [bare.acme.id, bare.globex.id])
  const run = (keep: boolean) =>
    sweepAll(() => connect(bare.database.urls.app), admin, bare.acme.id, bare.globex.id, keep)
  try {
    // Not truncate, which row security does not bind: the app must never have that right, and the catalogue test says so.
    await admin.query('grant select, insert, update, delete on all tables in schema public to vouch_app')
    const before = await snapshot(admin)
    const granted = await run(true)
    assert.deepEqual(
      granted.flatMap(({ offences }) => offences),
      [],
    )
    assert.equal(await snapshot(admin), before)
    assert.equal(
      total(granted, ({ refusedByRight }) => refusedByRight),
      tables.length * 4,
      'truncate alone lacks a right',
    )
    report('row security alone', granted)

    await takeDownRowSecurity(admin)
    const caught = new Set((await run(false)).flatMap(({ leaking }) => [...leaking]))
    assert.deepEqual(
      Object.keys(kinds).filter((kind) => !caught.has(kind)),
      [],
      'the sweep is blind to these',
    )
  } finally {
    rows = kept
  }
})

test('a tenant sees its own rows through the same statements', async () => {
  const app = await connect(world.database.urls.app)
  try {
    await app.query('begin')
    await app.query(`select set_config('app.tenant', $1, true)`, [world.acme.id])
    for (const { name, parent } of tables.filter((table) => table.parent === null)) {
      const { rows } = await app.query<{ tenant_id: string }>(`select tenant_id from "${name}"`)
      assert.ok(rows.length > 0, `${name} (${parent}) shows its tenant nothing`)
    }
    await app.query('rollback')
  } finally {
    await app.end()
  }
})

test('no table, view or function of the catalogue is a hole in the wall', () => {
  assert.deepEqual(findOffences(catalogue), [])
})

/** A table as it should be; each offence spoils one thing of it. */
const sound = `
  create table planted (tenant_id uuid not null references tenant (id), id uuid not null, note text, primary key (tenant_id, id));
  select raise_wall('planted');
  comment on column planted.tenant_id is 'none: the tenant';
  comment on column planted.id is 'none: UUIDv7';
  comment on column planted.note is 'personal: end user; remark; to test; until tested; clear';
  grant select, insert, update, delete on planted to vouch_app;`
const openPolicy = (using: string, check: string): string =>
  `drop policy tenant_wall on planted; create policy tenant_wall on planted using (${using}) with check (${check})`
const right = `tenant_id = nullif(current_setting('app.tenant', true), '')::uuid`

const plants: readonly (readonly [Rule, string])[] = [
  ['row-security', 'alter table planted disable row level security'],
  ['forced', 'alter table planted no force row level security'],
  ['policy', 'drop policy tenant_wall on planted'],
  ['policy', openPolicy('true', right)],
  ['policy', openPolicy(right, 'true')],
  ['policy', openPolicy(`tenant_id = current_setting('app.tenant')::uuid`, right)],
  ['policy', 'create policy more on planted using (true)'],
  ['policy', 'alter policy tenant_wall on planted to vouch_app'],
  ['policy', `drop policy tenant_wall on planted; create policy tenant_wall on planted for select using (${right})`],
  ['tenant-column', 'alter table planted drop constraint planted_pkey; alter table planted alter tenant_id drop not null'],
  ['primary-key', 'alter table planted drop constraint planted_pkey; alter table planted add primary key (id, tenant_id)'],
  ['unique', 'alter table planted add unique (note)'],
  ['unique', 'create unique index on planted (note, tenant_id)'],
  ['unique', 'create unique index on planted (lower(note))'],
  ['index', 'create index on planted (note)'],
  ['index', 'create index on planted ((tenant_id::text))'],
  ['foreign-key', 'alter table planted add foreign key (id) references tenant (id)'],
  ['annotation', 'alter table planted add column more text'],
  ['annotation', `comment on column planted.note is 'a remark'`],
  ['annotation', `comment on column planted.note is 'personal: end user; remark'`],
  ['annotation', `comment on column planted.note is 'none:'`],
  ['view', 'create view seen as select * from planted'],
  ['view', 'create materialized view kept as select * from planted'],
  ['view', 'create view seen with (security_invoker = false) as select * from planted'],
  ['definer', `create function sees() returns bigint language sql security definer set search_path = pg_catalog, public as 'select count(*) from planted'`],
  ['definer', 'alter function ensure_partitions(date, integer) reset search_path'],
  ['ownership', 'alter table planted owner to vouch_app'],
  ['ownership', `create function mine() returns integer language sql as 'select 1'; alter function mine() owner to vouch_app`],
  ['privilege', 'grant truncate on planted to vouch_app'],
  ['privilege', 'grant references on planted to public'],
  ['privilege', 'grant trigger on tenant to vouch_app'],
  ['partition-privilege', `do $$ begin execute (select format('grant select on %s to vouch_app', inhrelid::regclass) from pg_inherits where inhparent = 'decision'::regclass limit 1); end $$`],
  ['name', 'alter table planted rename to _planted'],
  ['rewrite-rule', 'create rule quiet as on delete to planted do instead nothing'],
  ['schema', 'create schema aside; create table aside.open (id integer); grant select on aside.open to vouch_app'],
] // prettier-ignore

/** Some holes cannot be dug without another: a key's columns are never null, and an owner has every right. */
const alongside: Partial<Record<Rule, readonly Rule[]>> = { 'tenant-column': ['primary-key'], ownership: ['privilege'] }

test('a table that breaks one rule of the catalogue is caught by that rule and by no other', async () => {
  const { admin } = world
  /** In a transaction each, for logs of other tests on this PostgreSQL wait for what is under way. */
  const judge = async (statement: string) => {
    await admin.query(`begin; ${sound}; ${statement}`)
    const offences = findOffences(await readCatalogue(admin))
    await admin.query('rollback')
    return offences
  }
  assert.deepEqual(await judge(''), [], 'a sound table is let through')
  const judged = new Set<Rule>()
  for (const [rule, statement] of plants) {
    const found = [...new Set((await judge(statement)).map((offence) => offence.rule))]
    assert.deepEqual(
      found.filter((other) => !alongside[rule]?.includes(other)),
      [rule],
      statement,
    )
    judged.add(rule)
  }
  const all: Rule[] = [
    'row-security', 'forced', 'policy', 'tenant-column', 'primary-key', 'unique', 'index', 'foreign-key', 'annotation', 'view',
    'definer', 'ownership', 'privilege', 'partition-privilege', 'name', 'rewrite-rule', 'schema',
  ] // prettier-ignore
  assert.deepEqual(
    all.filter((rule) => !judged.has(rule)),
    [],
  )
})

test('Vouch does not run under a role that could step over the walls', async () => {
  const { admin, database } = world
  const tag = `walls_${process.pid}`
  const made: string[] = []
  const make = async (suffix: string, options: string, ...more: string[]): Promise<string> => {
    const role = `${tag}_${suffix}`
    made.push(role)
    await admin.query(`create role ${role} login password 'test' ${options}`)
    await admin.query(`grant connect on database ${database.name} to ${role}`)
    for (const statement of more) await admin.query(statement.replaceAll('ROLE', role))
    return database.urls.app.replace(/vouch_app:[^@]*@/, `${role}:test@`)
  }
  const refuses = (url: string, why: RegExp) =>
    assert.rejects(
      async () => (await openDatabase({ url, clock: systemClock })).close(),
      (error: unknown) => {
        assert.ok(error instanceof UnsafeRoleError, String(error))
        assert.match(error.message, why)
        return true
      },
    )
  try {
    const plain = await make('plain', '', 'grant vouch_app to ROLE')
    await (await openDatabase({ url: plain, clock: systemClock })).close()

    await refuses(await make('super', 'superuser'), /is superuser/)
    await refuses(await make('bypass', 'bypassrls', 'grant vouch_app to ROLE'), /bypasses row security/)
    await refuses(await make('replica', 'replication', 'grant vouch_app to ROLE'), /may replicate/)
    await refuses(await make('maker', 'createrole', 'grant vouch_app to ROLE'), /may make itself other roles/)
    await refuses(
      await make('files', '', 'grant vouch_app, pg_read_server_files to ROLE'),
      /reads, writes or runs files/,
    )
    await refuses(
      await make('program', '', 'grant vouch_app, pg_execute_server_program to ROLE'),
      /reads, writes or runs files/,
    )
    await refuses(await make('reader', '', 'grant vouch_app, pg_read_all_data to ROLE'), /reads, writes or runs files/)
    await refuses(
      await make(
        'owner',
        '',
        'grant vouch_app to ROLE',
        'create table walls_owned (id integer)',
        'alter table walls_owned owner to ROLE',
      ),
      /owns tables/,
    )
    await refuses(await make('member', '', 'grant vouch_app, vouch_owner to ROLE'), /vouch_owner owns tables/)
    await make('middle', '', `grant ${tag}_super to ROLE`)
    await refuses(await make('distant', '', `grant vouch_app, ${tag}_middle to ROLE`), /is superuser/)
    await refuses(
      await make('noinherit', 'noinherit', 'grant vouch_app, vouch_owner to ROLE'),
      /vouch_owner owns tables/,
    )
    await refuses(database.urls.owner, /vouch_owner owns tables/)
    await refuses(database.urls.admin, /is superuser/)
  } finally {
    await admin.query('drop table if exists walls_owned')
    for (const role of made.toReversed()) await admin.query(`drop owned by ${role}; drop role ${role}`)
  }
})
