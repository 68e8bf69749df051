/**
 * Scopes: the only way to rows. A `Scope` reaches one tenant's rows and is made by authorising (platform/access) or, for
 * work without a caller, by a `SystemScope`. It opens transactions; stores accept nothing but the `Tx` of one.
 */
import {
  type ColumnType,
  type CompiledQuery,
  type DatabaseConnection,
  type Driver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type QueryId,
  type QueryResult,
  type RootOperationNode,
} from 'kysely'
import type { PoolClient } from 'pg'
import type { Actor } from '#kernel/actor'
import { uuidPattern } from '#kernel/id'
import type { Connections } from './connections.ts'
import type { Run } from './hot-statement.ts'
import type { DB } from './schema.ts'
import { type Confiner, globalWall, tenantWall, WallError } from './tenant-wall.ts'

/** An open transaction that sees and writes one tenant's rows. `query` adds `tenant_id` by itself. */
export type Tx = {
  readonly tenantId: string
  readonly actor: Actor
  /** uuid of the request, if one asked. */
  readonly requestId: string | null
  readonly query: Kysely<TenantTables>
  /** For statements that are also run in a segment of a lane. */
  readonly run: Run
  /** Runs `work` once the transaction is durable; never if it is rolled back. */
  afterCommit(work: () => void): void
}

/** What a caller was authorised for: work in one tenant, in that caller's name. */
export type Scope = {
  readonly tenantId: string
  readonly actor: Actor
  readonly requestId: string | null
  /** Runs `work` in one transaction: commits when it resolves, rolls back when it throws. Durable when it resolves. */
  transaction<T>(work: (tx: Tx) => Promise<T>, planned?: Planned): Promise<T>
}

/**
 * `in index order`: the database sorts only what no index has in order. For pages of long tables: to sort, it would first
 * read all that meets the condition, and it guesses too few, because both walls ask for the tenant and it counts that twice.
 */
export type Planned = 'as it likes' | 'in index order'
const planSettings: Readonly<Record<Planned, string>> = {
  'as it likes': '',
  'in index order': `, set_config('enable_sort', 'off', true), set_config('enable_incremental_sort', 'off', true)`,
}

type GlobalTables = Pick<DB, 'installation' | 'tenant'>

/** Tenant tables as a store writes them: `tenant_id` is filled in by the wall. */
export type TenantTables = {
  [Table in Exclude<keyof DB, keyof GlobalTables | 'schema_migration'>]: DB[Table] extends infer Columns
    ? { [Column in keyof Columns]: Column extends 'tenant_id' ? FilledByWall<Columns[Column]> : Columns[Column] }
    : never
}
type FilledByWall<Column> = Column extends string ? ColumnType<string, string | undefined, never> : Column

export type ScopeOf = { tenantId: string; actor: Actor; requestId: string | null }

export function createScope(connections: Connections, of: ScopeOf): Scope {
  if (!uuidPattern.test(of.tenantId)) throw new TypeError('a scope needs the uuid of a tenant')
  const wall = tenantWall(of.tenantId)
  return {
    ...of,
    async transaction(work, planned = 'as it likes') {
      const after: (() => void)[] = []
      const afterCommit: Tx['afterCommit'] = (one) => void after.push(one)
      const result = await connections.transaction(
        `select set_config('app.tenant', '${of.tenantId}', true)${planSettings[planned]}`,
        (client) => {
          const query = kyselyOn<TenantTables>(client, connections.names, wall)
          return work({ ...of, query, run: runOn(query), afterCommit })
        },
      )
      for (const one of after) one()
      return result
    },
  }
}

const runOn =
  (query: Kysely<TenantTables>): Run =>
  async (statement, input) =>
    (await query.executeQuery(statement.build(query, input))).rows

/** A transaction without a tenant: it reaches the global tables, and no tenant's rows. */
export const globalTransaction = <T>(
  connections: Connections,
  work: (query: Kysely<GlobalTables>) => Promise<T>,
): Promise<T> =>
  connections.transaction(`select set_config('app.tenant', '', true)`, (client) =>
    work(kyselyOn<GlobalTables>(client, connections.names, globalWall)),
  )

/** Makes a tenant and its test twin, and does `work` in each of them, all in one transaction. */
export async function newTenants(
  connections: Connections,
  tenants: readonly { id: string; twinOf: string | null; createdAt: Date }[],
  by: Pick<ScopeOf, 'actor' | 'requestId'>,
  work: (tx: Tx) => Promise<void>,
): Promise<void> {
  const after: (() => void)[] = []
  const afterCommit: Tx['afterCommit'] = (one) => void after.push(one)
  await connections.transaction(`select set_config('app.tenant', '', true)`, async (client) => {
    const global = kyselyOn<GlobalTables>(client, connections.names, globalWall)
    for (const { id, twinOf, createdAt } of tenants) {
      await global.insertInto('tenant').values({ id, twin_of: twinOf, created_at: createdAt }).execute()
    }
    for (const { id } of tenants) {
      await client.query({ name: 'set_tenant', text: `select set_config('app.tenant', $1, true)`, values: [id] })
      const query = kyselyOn<TenantTables>(client, connections.names, tenantWall(id))
      await work({ ...by, tenantId: id, query, run: runOn(query), afterCommit })
    }
  })
  for (const one of after) one()
}

/** Compiles statements behind a wall, and knows its own: text from elsewhere has passed no wall. */
class WalledCompiler extends PostgresQueryCompiler {
  readonly #confine: Confiner
  readonly #made = new WeakSet<CompiledQuery>()

  constructor(confine: Confiner) {
    super()
    this.#confine = confine
  }

  override compileQuery(node: RootOperationNode, queryId: QueryId): CompiledQuery {
    const compiled = super.compileQuery(this.#confine(node), queryId)
    Object.freeze(compiled.parameters)
    this.#made.add(compiled)
    return compiled
  }

  requireOwn(compiled: CompiledQuery): void {
    if (!this.#made.has(compiled)) throw new WallError('it was not compiled in this transaction')
  }
}

/** A Kysely whose statements run on `client` behind a wall, each prepared under a name once per connection. */
function kyselyOn<Tables>(client: PoolClient, names: Map<string, string>, wall: Confiner): Kysely<Tables> {
  const compiler = new WalledCompiler(wall)
  return kyselyWith<Tables>(compiler, {
    async executeQuery<R>(compiled: CompiledQuery): Promise<QueryResult<R>> {
      compiler.requireOwn(compiled)
      const { sql, parameters } = compiled
      const { rows, rowCount } = await client.query({ name: nameOf(sql, names), text: sql, values: [...parameters] })
      return { rows, numAffectedRows: BigInt(rowCount ?? 0) }
    },
    streamQuery: () => {
      throw new Error('read in pages, not as a stream')
    },
  })
}

/** A Kysely that compiles behind a tenant's wall and reaches no database. */
export function compilingKysely(tenantId: string): Kysely<TenantTables> {
  const refuse = () => {
    throw new Error('this one compiles, and runs nothing')
  }
  return kyselyWith<TenantTables>(new WalledCompiler(tenantWall(tenantId)), {
    executeQuery: async () => refuse(),
    streamQuery: refuse,
  })
}

function kyselyWith<Tables>(compiler: WalledCompiler, connection: DatabaseConnection): Kysely<Tables> {
  const refuse = async (): Promise<never> => {
    throw new Error('a scope opens its transactions itself')
  }
  const driver: Driver = {
    init: async () => {},
    acquireConnection: async () => connection,
    beginTransaction: refuse,
    commitTransaction: refuse,
    rollbackTransaction: refuse,
    releaseConnection: async () => {},
    destroy: async () => {},
  }
  return new Kysely<Tables>({
    dialect: {
      createDriver: () => driver,
      createAdapter: () => new PostgresAdapter(),
      createQueryCompiler: () => compiler,
      createIntrospector: (db) => new PostgresIntrospector(db),
    },
  })
}

const maxNames = 500

/** Statement names, the same on each connection. Past the bound a statement goes unnamed: bounded memory over speed. */
export function nameOf(sql: string, names: Map<string, string>): string {
  let name = names.get(sql)
  if (name === undefined) {
    if (names.size >= maxNames) return ''
    name = `v${names.size}`
    names.set(sql, name)
  }
  return name
}
