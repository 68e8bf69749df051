/** Statements that a store could be brought to build, honest and not, over any table. */
import { CompiledQuery, type Expression, type Kysely, PostgresQueryCompiler, sql } from 'kysely'
import type { Table } from './catalogue.ts'
import type { Row } from './rows.ts'

/** Any table, any column: what a cast makes of the typed one. */
export type AnyDb = Kysely<Record<string, Record<string, string>>>
export type Ask = {
  q: AnyDb
  t: string
  table: Table
  own: Row
  fresh: Row
  theirs: Row
  ownId: string
  theirId: string
  column: string
}
type Shape = (ask: Ask) => Promise<unknown>

const without = (row: Row): Row => Object.fromEntries(Object.entries(row).filter(([name]) => name !== 'tenant_id'))
const key = ({ table }: Ask): string[] => table.indexes.find(({ primary }) => primary)?.columns ?? []
const as = (value: unknown): never => value as never
/** The same words, without the types that would refuse them. */
type Untyped = { selectAll(): Untyped; selectNoFrom(what: unknown): Untyped; execute(): Promise<unknown> }
const untyped = (q: unknown): Untyped => q as Untyped
const on = (join: { on(condition: (eb: { lit(value: boolean): unknown }) => unknown): unknown }): unknown =>
  join.on((eb) => eb.lit(true))
/** An expression that Kysely's types would not give. */
type Loose = {
  fn: { agg(name: string, args: unknown[]): { as(name: string): unknown } }
  ref(name: string): { as(alias: unknown): never }
  table(name: string): { as(alias: unknown): never }
}
const loose = (eb: unknown): Loose => eb as Loose

/** Reads that must run and show the tenant's own rows alone. */
export const reads: Readonly<Record<string, Shape>> = {
  select: ({ q, t }) => q.selectFrom(t).selectAll().execute(),
  'select by the other tenant': ({ q, t, theirId }) => q.selectFrom(t).selectAll().where('tenant_id', '=', theirId).execute(),
  'select or true': ({ q, t, theirId }) => q.selectFrom(t).selectAll().where((eb) => eb.or([eb('tenant_id', '=', theirId), eb.lit(true)])).execute(),
  'alias': ({ q, t }) => q.selectFrom(`${t} as other`).selectAll('other').execute(),
  'alias of another table': ({ q, t }) => q.selectFrom(`${t} as tenant`).selectAll('tenant').execute(),
  'alias like an expression': ({ q, t }) => q.selectFrom(`${t} as _x`).selectAll('_x').execute(),
  'self join': ({ q, t }) => q.selectFrom(`${t} as a`).innerJoin(`${t} as b`, (join) => join.on((eb) => eb.lit(true))).selectAll('b').execute(),
  'join under its own name': ({ q, t }) => q.selectFrom(`${t} as a`).innerJoin(t, (join) => join.on((eb) => eb.lit(true))).selectAll(t).execute(),
  'left join': ({ q, t, theirId }) => q.selectFrom(`${t} as a`).leftJoin(`${t} as b`, (join) => join.on('b.tenant_id', '=', theirId)).selectAll('b').execute(),
  'right join': ({ q, t }) => q.selectFrom(`${t} as a`).rightJoin(`${t} as b`, (join) => join.on((eb) => eb.lit(false))).selectAll('b').execute(),
  'full join': ({ q, t }) => q.selectFrom('list as a').fullJoin(`${t} as b`, (join) => join.on((eb) => eb.lit(true))).selectAll('b').execute(),
  'cross join': ({ q, t }) => q.selectFrom(`${t} as a`).crossJoin(`${t} as b`).selectAll('b').execute(),
  'join with a query': ({ q, t }) => q.selectFrom(`${t} as a`).innerJoin((eb) => eb.selectFrom(t).selectAll().as('b'), (join) => join.on((eb) => eb.lit(true))).selectAll('b').execute(),
  'lateral join': ({ q, t }) => q.selectFrom('tenant_profile as a').innerJoinLateral((eb) => eb.selectFrom(t).selectAll().as('b'), (join) => join.on((eb) => eb.lit(true))).selectAll('b').execute(),
  'left lateral join, correlated': ({ q, t }) => q.selectFrom('tenant_profile as a').leftJoinLateral((eb) => eb.selectFrom(`${t} as c`).selectAll('c').whereRef('c.tenant_id', '<>', 'a.tenant_id').as('b'), (join) => join.on((eb) => eb.lit(true))).selectAll('b').execute(),
  'several tables': ({ q, t }) => q.selectFrom([t, `${t} as other`]).selectAll('other').execute(),
  'from a query': ({ q, t }) => q.selectFrom((eb) => eb.selectFrom(t).selectAll().as(t)).selectAll(t).execute(),
  'from a query in a query': ({ q, t }) => q.selectFrom((eb) => eb.selectFrom((inner) => inner.selectFrom(t).selectAll().as('x')).selectAll('x').as('y')).selectAll('y').execute(),
  'query as a column': ({ q, t }) => q.selectFrom('tenant_profile').select((eb) => eb.selectFrom(t).select((inner) => inner.fn.countAll<string>().as('n')).as('n')).execute(),
  'query in where': ({ q, t }) => q.selectFrom(`${t} as a`).selectAll('a').where('a.tenant_id', 'in', (eb) => eb.selectFrom(`${t} as b`).select('b.tenant_id')).execute(),
  exists: ({ q, t, theirId }) => q.selectFrom('tenant_profile').select(['tenant_id']).where((eb) => eb.exists(eb.selectFrom(t).selectAll().where('tenant_id', '=', theirId))).execute(),
  'not exists': ({ q, t }) => q.selectFrom(`${t} as a`).selectAll().where((eb) => eb.not(eb.exists(eb.selectFrom(`${t} as b`).selectAll().whereRef('b.tenant_id', '<>', 'a.tenant_id')))).execute(),
  'query in having': ({ q, t }) => q.selectFrom(t).select(['tenant_id']).groupBy('tenant_id').having((eb) => eb.exists(eb.selectFrom(`${t} as b`).selectAll())).execute(),
  'query in order': ({ q, t }) => q.selectFrom(t).select('tenant_id').orderBy((eb) => eb.selectFrom(`${t} as b`).select((inner) => inner.fn.countAll<string>().as('n'))).execute(),
  count: ({ q, t }) => q.selectFrom(t).select((eb) => eb.fn.countAll<string>().as('n')).execute(),
  'aggregate with a filter': ({ q, t }) => q.selectFrom(t).select((eb) => eb.fn.count('tenant_id').filterWhere((inner) => inner.exists(inner.selectFrom(`${t} as b`).selectAll())).as('n')).execute(),
  'group by': ({ q, t }) => q.selectFrom(t).select(['tenant_id']).groupBy('tenant_id').execute(),
  'distinct on': ({ q, t }) => q.selectFrom(t).distinctOn('tenant_id').selectAll().execute(),
  case: ({ q, t }) => q.selectFrom('tenant_profile').select((eb) => eb.case().when(eb.exists(eb.selectFrom(t).selectAll())).then('some').else('none').end().as('x')).execute(),
  union: ({ q, t }) => q.selectFrom(t).select('tenant_id').union(q.selectFrom(`${t} as b`).select('tenant_id')).execute(),
  'union all': ({ q, t }) => q.selectFrom(t).select('tenant_id').unionAll(q.selectFrom(t).select('tenant_id')).execute(),
  intersect: ({ q, t }) => q.selectFrom(t).select('tenant_id').intersect(q.selectFrom(t).select('tenant_id')).execute(),
  except: ({ q, t }) => q.selectFrom(t).select('tenant_id').except(q.selectFrom('tenant_profile').select('tenant_id')).execute(),
  'with': ({ q, t }) => q.with('_x', (db) => db.selectFrom(t).selectAll()).selectFrom('_x').selectAll().execute(),
  'with in with': ({ q, t }) => q.with('_x', (db) => db.with('_y', (inner) => inner.selectFrom(t).selectAll()).selectFrom('_y').selectAll()).selectFrom('_x').selectAll().execute(),
  'with named like another in it': ({ q, t }) => q.with('_x', (db) => db.selectFrom(t).selectAll()).with('_y', (db) => db.selectFrom('_x').selectAll()).selectFrom(['_y', t]).selectAll(t).execute(),
  'with, materialized': ({ q, t }) => q.with((cte) => cte('_x').materialized(), (db) => db.selectFrom(t).selectAll()).selectFrom('_x as x').selectAll('x').execute(),
  'with recursive': ({ q, t }) => q.withRecursive('_x(tenant_id)', (db) => db.selectFrom(t).select('tenant_id').union(db.selectFrom('_x').innerJoin(`${t} as b`, (join) => join.on((eb) => eb.lit(true))).select('b.tenant_id'))).selectFrom('_x').selectAll().execute(),
  'for update': ({ q, t }) => q.selectFrom(t).selectAll().forUpdate().execute(),
  'limit by a query': ({ q, t }) => q.selectFrom(t).selectAll().limit((eb) => as(eb.selectFrom(`${t} as b`).select((inner) => inner.fn.countAll<string>().as('n')))).execute(),
  'without plugins': ({ q, t }) => q.withoutPlugins().selectFrom(t).selectAll().execute(),
  'on a connection': ({ q, t }) => q.connection().execute((db) => db.selectFrom(t).selectAll().execute()),
  'a plugin that puts the table back': ({ q, t }) => q.withPlugin({ transformQuery: ({ node }) => (node.kind === 'SelectQueryNode' ? { ...node, from: q.selectFrom(t).toOperationNode().from! } : node), transformResult: async ({ result }) => result }).selectFrom(t).selectAll().execute(),
  'dynamic table': ({ q, t }) => q.selectFrom(q.dynamic.table(t).as('x')).selectAll().execute(),
} // prettier-ignore

/** Writes, some of which fail on a constraint; none may touch the other tenant, and none may make a row of it. */
export const writes: Readonly<Record<string, Shape>> = {
  update: ({ q, t, column, own }) => q.updateTable(t).set({ [column]: own[column] ?? null } as never).execute(),
  'update the other tenant': ({ q, t, column, own, theirId }) => q.updateTable(t).set({ [column]: own[column] ?? null } as never).where('tenant_id', '=', theirId).execute(),
  'update or true': ({ q, t, column, own, theirId }) => q.updateTable(t).set({ [column]: own[column] ?? null } as never).where('tenant_id', '=', theirId).where((eb) => eb.or([eb.lit(true), eb.lit(true)])).execute(),
  'update returning': ({ q, t, column, own }) => q.updateTable(t).set({ [column]: own[column] ?? null } as never).returningAll().execute(),
  'update from': ({ q, t, column, own }) => q.updateTable(t).from(`${t} as b`).set({ [column]: own[column] ?? null } as never).where((eb) => eb.lit(true)).returningAll('b').execute(),
  'update from a query under its own name': ({ q, t, column, own }) => q.updateTable(t).from((eb) => eb.selectFrom(t).selectAll().as(t)).set({ [column]: own[column] ?? null } as never).execute(),
  'update set to a query': ({ q, t, column }) => q.updateTable(t).set((eb) => as({ [column]: eb.selectFrom(`${t} as b`).select(`b.${column}`).orderBy(`b.${column}`).limit(1) })).execute(),
  delete: ({ q, t }) => q.deleteFrom(t).execute(),
  'delete the other tenant': ({ q, t, theirId }) => q.deleteFrom(t).where('tenant_id', '=', theirId).execute(),
  'delete or true': ({ q, t, theirId }) => q.deleteFrom(t).where((eb) => eb.or([eb('tenant_id', '=', theirId), eb.lit(true)])).execute(),
  'delete returning': ({ q, t }) => q.deleteFrom(t).returningAll().execute(),
  'delete using': ({ q, t }) => q.deleteFrom(t).using(`${t} as b`).whereRef('b.tenant_id', '<>', `${t}.tenant_id`).returningAll('b').execute(),
  'delete using all': ({ q, t }) => q.deleteFrom(t).using([`${t} as b`]).returningAll('b').execute(),
  insert: ({ q, t, fresh }) => q.insertInto(t).values(without(fresh)).execute(),
  'insert returning': ({ q, t, fresh }) => q.insertInto(t).values(without(fresh)).returningAll().execute(),
  'insert what the other has': ({ q, t, theirs }) => q.insertInto(t).values(without(theirs)).execute(),
  'insert a query as a value': ({ q, t, fresh, column }) => q.insertInto(t).values(as({ ...without(fresh), [column]: q.selectFrom(t).select(column).limit(1) })).execute(),
  upsert: (ask) => ask.q.insertInto(ask.t).values(without(ask.theirs)).onConflict((on) => on.columns(as(key(ask))).doUpdateSet({ [ask.column]: ask.own[ask.column] ?? null } as never)).execute(),
  'upsert own': (ask) => ask.q.insertInto(ask.t).values(without(ask.own)).onConflict((on) => on.columns(as(key(ask))).doUpdateSet((eb) => as({ [ask.column]: eb.ref(as(`excluded.${ask.column}`)) })).where((eb) => eb.lit(true))).returningAll().execute(),
  'do nothing': ({ q, t, theirs }) => q.insertInto(t).values(without(theirs)).onConflict((on) => on.doNothing()).returningAll().execute(),
  'deleting with': ({ q, t }) => q.with('_gone', (db) => db.deleteFrom(t).returningAll()).selectFrom('_gone').selectAll().execute(),
  'updating with': ({ q, t, column, own }) => q.with('_new', (db) => db.updateTable(t).set({ [column]: own[column] ?? null } as never).returningAll()).selectFrom('_new').selectAll().execute(),
  'inserting with': ({ q, t, fresh }) => q.with('_new', (db) => db.insertInto(t).values(without(fresh)).returningAll()).selectFrom('_new').selectAll().execute(),
  'with, then delete': ({ q, t }) => q.with('_x', (db) => db.selectFrom(t).select('tenant_id')).deleteFrom(t).using('_x').returningAll(as(t)).execute(),
  'delete without plugins': ({ q, t }) => q.withoutPlugins().deleteFrom(t).execute(),
} // prettier-ignore

const stowaway = (statement: string): CompiledQuery => CompiledQuery.raw(statement)

/** What a wall cannot be put around: refused before it is sent. */
export const refused: Readonly<Record<string, Shape>> = {
  'raw sql': ({ q, t }) => sql`select * from ${sql.table(t)}`.execute(q),
  'raw text': ({ q, t }) => sql.raw(`select * from "${t}"`).execute(q),
  'raw in select': ({ q, t }) => q.selectFrom('list').select(sql`(select json_agg(x) from ${sql.table(t)} x)`.as('x')).execute(),
  'raw in where': ({ q, t }) => q.selectFrom('list').selectAll().where(sql<boolean>`true or exists (select from ${sql.table(t)})`).execute(),
  'raw in from': ({ q, t }) => q.selectFrom(sql<Record<string, string>>`${sql.table(t)}`.as('x')).selectAll().execute(),
  'raw in join': ({ q, t }) => q.selectFrom('list').innerJoin(sql<Record<string, string>>`${sql.table(t)}`.as('x'), (join) => join.on((eb) => eb.lit(true))).selectAll('x').execute(),
  'raw in order': ({ q, t }) => q.selectFrom(t).selectAll().orderBy(sql`(select 1)`).execute(),
  'raw as order direction': ({ q, t }) => q.selectFrom(t).selectAll().orderBy('tenant_id', sql`asc, (select 1)`).execute(),
  'raw in group by': ({ q, t }) => q.selectFrom(t).select((eb) => eb.lit(1).as('one')).groupBy(sql`tenant_id`).execute(),
  'raw in having': ({ q, t }) => q.selectFrom(t).select((eb) => eb.lit(1).as('one')).having(sql<boolean>`true`).execute(),
  'raw in limit': ({ q, t }) => q.selectFrom(t).selectAll().limit(sql<number>`(select 1)`).execute(),
  'raw in offset': ({ q, t }) => q.selectFrom(t).selectAll().offset(sql<number>`(select 0)`).execute(),
  'raw at the end': ({ q, t }) => q.selectFrom(t).selectAll().modifyEnd(sql`union all select * from ${sql.table(t)}`).execute(),
  'raw at the front': ({ q, t }) => q.selectFrom(t).selectAll().modifyFront(sql`distinct`).execute(),
  'raw in distinct on': ({ q, t }) => q.selectFrom(t).distinctOn(sql`tenant_id`).selectAll().execute(),
  'raw in returning': ({ q, t }) => q.deleteFrom(t).returning(sql`(select count(*) from list)`.as('n')).execute(),
  'raw in set': ({ q, t, column }) => q.updateTable(t).set({ [column]: sql`null` } as never).execute(),
  'raw in values': ({ q, t, fresh, column }) => q.insertInto(t).values({ ...without(fresh), [column]: sql`null` } as never).execute(),
  'raw in a conflict': ({ q, t, fresh }) => q.insertInto(t).values(without(fresh)).onConflict((on) => on.expression(sql`tenant_id`).doNothing()).execute(),
  'raw in with': ({ q, t }) => q.with('_x', () => as(sql`select * from ${sql.table(t)}`)).selectFrom('_x').selectAll().execute(),
  'raw in a union': ({ q, t }) => q.selectFrom(t).select('tenant_id').union(as(sql`select tenant_id from ${sql.table(t)}`)).execute(),
  'raw as an operator': ({ q, t }) => q.selectFrom(t).selectAll().where('tenant_id', sql`is not null or ''=`, as('')).execute(),
  'raw as an alias': ({ q, t }) => q.selectFrom(as((eb: unknown) => loose(eb).table('list').as(sql`a, ${sql.table(t)} as b`))).selectAll().execute(),
  'raw as a cast': ({ q, t }) => q.selectFrom(t).select((eb) => eb.cast('tenant_id', as(sql`text), (select 1`)).as('x')).execute(),
  'compiled text': ({ q, t }) => q.executeQuery(stowaway(`select * from "${t}"`)),
  'a statement compiled elsewhere': ({ q, t }) => q.executeQuery(new PostgresQueryCompiler().compileQuery(q.selectFrom(t).selectAll().toOperationNode(), as({ queryId: 'x' }))),
  'text swapped into its own statement': ({ q, t }) => q.executeQuery({ ...q.selectFrom(t).selectAll().compile(), sql: `select * from "${t}"` }),
  'a reference as a table': ({ q, t }) => q.selectFrom(as((eb: unknown) => loose(eb).ref(t).as('x'))).selectAll().execute(),
  'a reference as a joined table': ({ q, t }) => untyped(q.selectFrom('list').innerJoin(as((eb: unknown) => loose(eb).ref(t).as('x')), on as never)).selectAll().execute(),
  'a reference with a schema as a table': ({ q, t }) => q.selectFrom(as((eb: unknown) => loose(eb).ref(`public.${t}`).as('x'))).selectAll().execute(),
  'a reference to update': ({ q, t, column }) => q.updateTable(as((eb: unknown) => loose(eb).ref(t).as('x'))).set({ [column]: null } as never).execute(),
  'a reference to delete from': ({ q, t }) => q.deleteFrom(as((eb: unknown) => loose(eb).ref(t).as('x'))).execute(),
  'a schema': ({ q, t }) => q.selectFrom(`public.${t}`).selectAll().execute(),
  'with a schema': ({ q, t }) => q.withSchema('public').selectFrom(t).selectAll().execute(),
  'insert with a schema': ({ q, t, fresh }) => q.insertInto(`public.${t}`).values(without(fresh)).execute(),
  'insert a tenant': ({ q, t, fresh }) => q.insertInto(t).values(fresh).execute(),
  'insert a tenant, one row of two': ({ q, t, fresh }) => q.insertInto(t).values([without(fresh), fresh]).execute(),
  'insert select': ({ q, t }) => q.insertInto(t).columns(['tenant_id']).expression(q.selectFrom(t).select('tenant_id')).execute(),
  'insert default values': ({ q, t }) => q.insertInto(t).defaultValues().execute(),
  'set the tenant': ({ q, t, theirId }) => q.updateTable(t).set({ tenant_id: theirId }).execute(),
  'set the tenant by reference': ({ q, t, theirId }) => q.updateTable(t).set(as((eb: { ref(name: string): Expression<string> }) => eb.ref('tenant_id')), as(theirId)).execute(),
  'upsert the tenant': (ask) => ask.q.insertInto(ask.t).values(without(ask.own)).onConflict((on) => on.columns(as(key(ask))).doUpdateSet({ tenant_id: ask.theirId })).execute(),
  'update two tables': ({ q, t, column }) => q.updateTable(as([t, 'list'])).set({ [column]: null } as never).execute(),
  'update an alias': ({ q, t, column }) => q.updateTable(`${t} as x`).set({ [column]: null } as never).execute(),
  'delete an alias': ({ q, t }) => q.deleteFrom(`${t} as x`).execute(),
  'delete from two tables': ({ q, t }) => q.deleteFrom(as([t, 'list'])).execute(),
  merge: ({ q, t }) => q.mergeInto(t).using('list as l', (join) => join.on((eb) => eb.lit(true))).whenMatched().thenDelete().execute(),
  'merge in with': ({ q, t }) => q.with('_m', (db) => as(db.mergeInto(t).using('list as l', (join) => join.on((eb) => eb.lit(true))).whenMatched().thenDelete())).selectFrom('list').selectAll().execute(),
  'a with named like a table': ({ q, t }) => q.with(t, (db) => db.selectFrom('list').selectAll()).selectFrom(t).selectAll().execute(),
  'set_config': ({ q, theirId }) => q.selectNoFrom((eb) => eb.fn('set_config', [eb.val('app.tenant'), eb.val(theirId), eb.lit(true)]).as('x')).execute(),
  'set_config as an aggregate': ({ q, theirId }) => untyped(q).selectNoFrom((eb: unknown) => loose(eb).fn.agg('set_config', [sql.lit('app.tenant'), sql.lit(theirId), sql.lit(true)]).as('x')).execute(),
  'query_to_xml': ({ q, t }) => q.selectNoFrom((eb) => eb.fn('query_to_xml', [eb.val(`select * from "${t}"`), eb.lit(true), eb.lit(true), eb.val('')]).as('x')).execute(),
  'query_to_xml as an aggregate': ({ q, t }) => q.selectNoFrom((eb) => eb.fn.agg<string>('query_to_xml', as([eb.val(`select * from "${t}"`), eb.lit(true), eb.lit(true), eb.val('')])).as('x')).execute(),
  'text as an aggregate': ({ q, t }) => q.selectFrom('list').select((eb) => eb.fn.agg<string>(`(select json_agg(x) from "${t}" x), count`, ['id']).as('x')).execute(),
  'pg_read_file': ({ q }) => q.selectNoFrom((eb) => eb.fn('pg_read_file', [eb.val('postgresql.conf')]).as('x')).execute(),
  'a function as a table': ({ q }) => q.selectFrom((eb) => as(eb.fn('pg_ls_dir', [eb.val('.')]).as('x'))).selectAll().execute(),
  'a listed function as a table': ({ q }) => q.selectFrom((eb) => as(eb.fn('coalesce', [eb.val('.')]).as('x'))).selectAll().execute(),
  'current_setting': ({ q }) => q.selectNoFrom((eb) => eb.fn('current_setting', [eb.val('app.tenant')]).as('x')).execute(),
  'global table': ({ q }) => q.selectFrom('tenant').selectAll().execute(),
  'global table under an alias': ({ q }) => q.selectFrom('tenant as list').selectAll().execute(),
  'global table in a join': ({ q, t }) => q.selectFrom(t).innerJoin('tenant', (join) => join.on((eb) => eb.lit(true))).selectAll('tenant').execute(),
  'global table in a query': ({ q, t }) => q.selectFrom(t).selectAll().where((eb) => eb.exists(eb.selectFrom('installation').selectAll())).execute(),
  'insert a global row': ({ q, theirId }) => q.insertInto('tenant').values({ id: theirId }).execute(),
  'delete a global row': ({ q }) => q.deleteFrom('tenant').execute(),
  explain: ({ q, t }) => q.selectFrom(t).selectAll().explain(),
  'create a table': ({ q }) => q.schema.createTable('x').addColumn('id', 'text').execute(),
  'drop a table': ({ q, t }) => q.schema.dropTable(t).execute(),
  introspection: ({ q }) => q.introspection.getTables(),
} // prettier-ignore

/** Outside of the walls' words: no transaction of its own, no stream. */
export const unanswered: Readonly<Record<string, Shape>> = {
  'a transaction in the transaction': ({ q, t }) => q.transaction().execute((db) => db.selectFrom(t).selectAll().execute()),
  'a transaction begun by hand': ({ q }) => q.startTransaction().execute(),
  stream: async ({ q, t }) => {
    const rows: unknown[] = []
    for await (const row of q.selectFrom(t).selectAll().stream()) rows.push(row)
    return rows
  },
  'a table of the catalogue': ({ q }) => q.selectFrom('pg_stats').selectAll().execute(),
  'a table of the catalogue, in a query with a tenant_id further out': ({ q, t }) => q.selectFrom(t).select((eb) => eb.selectFrom('pg_stats').select((inner) => inner.fn.countAll<string>().as('n')).as('n')).execute(),
  'the list of migrations, in a query with a tenant_id further out': ({ q, t }) => q.selectFrom(t).select((eb) => eb.selectFrom('schema_migration').select((inner) => inner.fn.countAll<string>().as('n')).as('n')).execute(),
  'raw as the alias of a query': ({ q, t }) => q.selectFrom((eb) => as(eb.selectFrom('list').selectAll().as(as(sql`a, ${sql.table(t)} as b`)))).selectAll().execute(),
  'a with that is not there': ({ q }) => q.selectFrom('_nothing').selectAll().execute(),
} // prettier-ignore
