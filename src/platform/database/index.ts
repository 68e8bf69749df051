/**
 * Database: PostgreSQL behind two walls.
 * Promises: a scope reaches one tenant's rows, by this code and again by row security; what a transaction resolved with
 * is durable; waiting is bounded; a database that is away is a Fault, never a half-written change.
 * Refuses: a role that could bypass the walls, raw SQL inside a scope, a database newer than this code.
 * Needs: the URL of the app role.
 */
import type { Actor } from '#kernel/actor'
import type { Clock } from '#kernel/clock'
import { requireSafeRole } from './app-role.ts'
import { type Connections, type LaneUser, openConnections, type WriteHooks } from './connections.ts'
import type { Lanes } from './lanes.ts'
import { MigrationError, pendingMigrations } from './migrate.ts'
import { createScope, globalTransaction, newTenants, type Scope, type ScopeOf, type Tx } from './scope.ts'

export type { Scope, Tx } from './scope.ts'
export { migrate, MigrationError, roles } from './migrate.ts'
export { UnsafeRoleError } from './app-role.ts'
export { globalTables, WallError } from './tenant-wall.ts'
export type { WriteHooks } from './connections.ts'
export type { HotStatement, Run } from './hot-statement.ts'
export type { Enter, Lanes, Segment } from './lanes.ts'
export { laneCounts, maxWaiting, poolSize } from './connections.ts'
export { controls } from './controls.ts'
export { goRound, type Page, type Round, type Seen } from './round.ts'

export type Database = {
  readonly connections: Connections
  /** Resolves when a query was answered. */
  ping(): Promise<void>
  /** Makes the partitions of this month, the one before and the next three. */
  ensurePartitions(): Promise<void>
  /** Is there a partition of months before that day, `YYYY-MM-01`? */
  hasPartitionsBefore(day: string): Promise<boolean>
  /** Drops the partitions of months before that day, and names them. */
  dropPartitions(day: string): Promise<string[]>
  close(): Promise<void>
}

/** Connects as the app role and checks that it is the right one, on a database of this version. */
export async function openDatabase(needs: {
  url: string
  clock: Clock
  hooks?: WriteHooks
  onError?: (error: Error) => void
}): Promise<Database> {
  const { url, clock, ...options } = needs
  const connections = openConnections(url, {
    ...options,
    onMissingMonth: () => void database.ensurePartitions().catch((error: Error) => options.onError?.(error)),
  })
  const database: Database = {
    connections,
    ping: async () => {
      await connections.inspect('select 1 as one')
    },
    ensurePartitions: async () => {
      const first = new Date(clock.now())
      const day = new Date(Date.UTC(first.getUTCFullYear(), first.getUTCMonth() - 1, 1)).toISOString().slice(0, 10)
      await connections.inspect(`select ensure_partitions('${day}'::date, 5)`)
    },
    async hasPartitionsBefore(day) {
      const month = `${day.slice(0, 4)}_${day.slice(5, 7)}`
      const [row] = await connections.inspect<{ found: boolean }>(
        `select exists (select from pg_inherits i join pg_class c on c.oid = i.inhrelid
           where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and right(c.relname, 7) < '${month}') as found`,
      )
      return row?.found ?? false
    },
    async dropPartitions(day) {
      const [row] = await connections.inspect<{ dropped: string[] }>(
        `select drop_partitions('${day}'::date) as dropped`,
      )
      return row?.dropped ?? []
    },
    close: () => connections.close(),
  }
  try {
    await requireSafeRole(connections)
    const pending = await pendingMigrations((text) => connections.inspect(text))
    if (pending.length > 0) {
      throw new MigrationError(
        `The database lacks ${pending.length} migrations (${pending[0]} …). Run \`vouch migrate\` with VOUCH_DATABASE_OWNER_URL set.`,
      )
    }
    await database.ensurePartitions()
    return database
  } catch (error) {
    await connections.close()
    throw error
  }
}

/** Makes a scope. Imported by platform/access alone: elsewhere, be authorised. */
export const openScope = (database: Database, of: ScopeOf): Scope => createScope(database.connections, of)

/**
 * Transactions over several tenants, each in its own segment: for the journal, whose requests come with scopes, and the
 * log, which follows the rows of all tenants.
 */
export const tenantLanes = (database: Database, user: LaneUser): Lanes => database.connections.lanes[user]

/** Work of the system itself, without a caller. Built in the files that architecture.ts lists, each with its reason. */
export type SystemScope = {
  readonly reason: string
  /** Ids of tenants in id order, after `after`; test twins included. */
  tenants(page: { after?: string; limit: number }): Promise<{ id: string; twinOf: string | null; createdAt: Date }[]>
  /** Ids of all tenants, read page by page. */
  everyTenant(): AsyncGenerator<string>
  global: <T>(work: Parameters<typeof globalTransaction<T>>[1]) => Promise<T>
  /** Makes tenants and does `work` in each, in one transaction. */
  newTenants(
    tenants: { id: string; twinOf: string | null; createdAt: Date }[],
    by: Pick<ScopeOf, 'actor' | 'requestId'>,
    work: (tx: Tx) => Promise<void>,
  ): Promise<void>
  /** The system, working in one tenant. */
  asTenant(tenantId: string, actor?: Actor, requestId?: string | null): Scope
}

export function systemScope(database: Database, reason: string): SystemScope {
  const actor: Actor = { kind: 'system', id: reason.slice(0, 100) }
  const tenants: SystemScope['tenants'] = ({ after, limit }) =>
    globalTransaction(database.connections, async (query) => {
      const page = query
        .selectFrom('tenant')
        .select(['id', 'twin_of as twinOf', 'created_at as createdAt'])
        .orderBy('id')
        .limit(limit)
      return (after ? page.where('id', '>', after) : page).execute()
    })
  return {
    reason,
    tenants,
    async *everyTenant() {
      let after: string | undefined
      do {
        const page = await tenants({ ...(after ? { after } : {}), limit: 500 })
        for (const { id } of page) yield id
        after = page.at(-1)?.id
      } while (after)
    },
    global: (work) => globalTransaction(database.connections, work),
    newTenants: (made, by, work) => newTenants(database.connections, made, by, work),
    asTenant: (tenantId, as = actor, requestId = null) =>
      createScope(database.connections, { tenantId, actor: as, requestId }),
  }
}
