/** Connections to PostgreSQL: bounded in number, in waiting and in time, and honest when the database is away. */
import pg from 'pg'
import { Fault } from '#kernel/fault'
import { type Lanes, openLanes } from './lanes.ts'

export type WriteHooks = {
  /** Called around each statement that writes; throwing makes that write fail before or after it persisted. */
  before?(statement: string): void | Promise<void>
  after?(statement: string): void | Promise<void>
}

export type Connections = {
  /** Statement text → name under which connections prepare it. */
  readonly names: Map<string, string>
  /** `begin` and `first` in one round trip, then `work`, then `commit`. */
  transaction<T>(first: string, work: (client: pg.PoolClient) => Promise<T>): Promise<T>
  /** One statement outside of a transaction, for looking at the database itself. */
  inspect<Row extends pg.QueryResultRow>(text: string): Promise<Row[]>
  waiting(): number
  /** Transactions over several tenants, on few connections of their own. */
  readonly lanes: Readonly<Record<LaneUser, Lanes>>
  close(): Promise<void>
}

export const poolSize = 16
/** Connections of each, so that neither waits for the other. */
export const laneCounts = { journal: 4, log: 2 } as const
export type LaneUser = keyof typeof laneCounts
/** Requests that may wait for a connection; more are refused at once, so that waiting stays short. */
export const maxWaiting = 256
const connectTimeoutMs = 2_000
const statementTimeoutMs = 5_000

const parsers = new pg.TypeOverrides()
parsers.setTypeParser(pg.types.builtins.INT8, (text) => BigInt(text))

const settings: pg.PoolConfig = {
  connectionTimeoutMillis: connectTimeoutMs,
  idleTimeoutMillis: 30_000,
  statement_timeout: statementTimeoutMs,
  lock_timeout: 1_000,
  idle_in_transaction_session_timeout: 15_000,
  query_timeout: statementTimeoutMs + 2_000,
  application_name: 'vouch',
  // Every table is read by an index that begins with the tenant. What the statistics of a young table suggest instead is
  // kept in prepared statements for as long as they live.
  options: '-c enable_seqscan=off',
  types: parsers,
}

export function openConnections(
  url: string,
  options: { hooks?: WriteHooks; onError?: (error: Error) => void; onMissingMonth?: () => void } = {},
): Connections {
  const open = (more: pg.PoolConfig): pg.Pool => {
    const pool = new pg.Pool({ ...settings, connectionString: url, ...more })
    // An idle connection that breaks is replaced at the next use; nothing is lost with it.
    pool.on('error', (error) => options.onError?.(error))
    // One that breaks in use, between two statements, has no listener of the pool's and would end the process; the next
    // statement on it fails and says so.
    pool.on('connect', (client) => void client.on('error', () => {}))
    return pool
  }
  const pool = open({ max: poolSize })
  // Few statements, always of the same kind: planned once.
  const openLanePool = (max: number): pg.Pool =>
    open({ max, options: `${settings.options} -c plan_cache_mode=force_generic_plan` })
  const lanePools = { journal: openLanePool(laneCounts.journal), log: openLanePool(laneCounts.log) }

  const take = (from: pg.Pool) => async (): Promise<pg.PoolClient> => {
    if (from.waitingCount >= maxWaiting) throw overloaded()
    try {
      const client = await from.connect()
      return options.hooks ? watchWrites(client, options.hooks) : client
    } catch (error) {
      // Whatever the reason (a changed password, a database under maintenance): it is none of the caller's.
      throw away(error, nothingStored)
    }
  }
  const toFault = (error: unknown, isCommitting: boolean): unknown => {
    if (!lacksMonth(error)) return asFault(error, isCommitting)
    options.onMissingMonth?.()
    return away(error, 'The tables of this month are being made. Nothing was stored; try again shortly.')
  }
  const connect = take(pool)
  const names = new Map<string, string>()

  const lanesOn = (pool: pg.Pool): Lanes =>
    openLanes({
      connect: take(pool),
      types: parsers,
      names,
      isInTurn: options.hooks !== undefined,
      isConnectionLoss,
      asFault: toFault,
    })

  return {
    names,
    lanes: { journal: lanesOn(lanePools.journal), log: lanesOn(lanePools.log) },
    waiting: () => pool.waitingCount,
    async transaction(first, work) {
      const client = await connect()
      let broken: Error | true | undefined
      let isCommitting = false
      try {
        await client.query(`begin; ${first}`)
        const result = await work(client)
        isCommitting = true
        // PostgreSQL answers the commit of a transaction that failed on the way with a polite ROLLBACK.
        if ((await client.query('commit')).command !== 'COMMIT')
          throw new Error('the transaction had failed, and was rolled back')
        return result
      } catch (error) {
        if (isConnectionLoss(error)) broken = true
        else await client.query('rollback').catch(() => (broken = true))
        throw toFault(error, isCommitting)
      } finally {
        client.release(broken)
      }
    },
    async inspect<Row extends pg.QueryResultRow>(text: string) {
      const client = await connect()
      let broken = false
      try {
        return (await client.query<Row>(text)).rows
      } catch (error) {
        broken = isConnectionLoss(error)
        throw asFault(error)
      } finally {
        client.release(broken)
      }
    },
    close: async () => {
      await Promise.all([pool, lanePools.journal, lanePools.log].map((one) => one.end()))
    },
  }
}

const overloaded = () =>
  new Fault('overloaded', 'Too many requests are waiting. Try again shortly.', { retryAfterSeconds: 1 })

/** SQLSTATE of a PostgreSQL error, else the system's or the driver's code. */
const codeOf = (error: unknown): string =>
  typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string' ? error.code : ''

/** Shutdown, crash recovery, disk or memory full, too many connections, read-only after a failover, timeouts. */
const awayStates =
  /^(08...|53...|57P0.|57014|25006|58...|XX001|ECONN.*|EPIPE|ENOENT|ETIMEDOUT|ENETDOWN|EHOSTUNREACH|EAGAIN|EMFILE|ENFILE)$/
const lossMessages = /connection (terminated|timeout)|timeout (exceeded|expired)|query read timeout|not queryable/i

const isConnectionLoss = (error: unknown): boolean =>
  /^(08...|57P0.|ECONN.*|EPIPE|ENOENT|ETIMEDOUT)$/.test(codeOf(error)) ||
  (error instanceof Error && lossMessages.test(error.message))

/** A row whose id lies beyond the partitions that exist: the clock leapt further than they were made ahead. */
const lacksMonth = (error: unknown): boolean =>
  codeOf(error) === '23514' && error instanceof Error && error.message.startsWith('no partition of relation')

/** A lock that others hold, and a deadlock. */
const concurrentStates: ReadonlySet<string> = new Set(['55P03', '40P01'])
/** A row that refers to one that is gone. */
const isOrphan = (error: unknown): boolean => codeOf(error) === '23503'

/** What others did or are doing becomes a Fault that says so, and when to come back; all other errors pass as they are. */
function asFault(error: unknown, isCommitting = false): unknown {
  if (error instanceof Fault) return error
  if (concurrentStates.has(codeOf(error))) {
    return new Fault('conflict', 'Another request is changing the same thing. Try again shortly.', {
      retryAfterSeconds: 1,
    })
  }
  if (isOrphan(error))
    return new Fault('conflict', 'What this belongs to was deleted meanwhile. Nothing was stored.', { cause: error })
  // Whoever loses the connection while committing cannot know how it ended, and does not say so.
  if (isConnectionLoss(error)) return away(error, isCommitting ? storedOrNot : nothingStored)
  return awayStates.test(codeOf(error)) ? away(error, nothingStored) : error
}

const nothingStored = 'The database is away. Nothing was stored; try again shortly.'
const storedOrNot =
  'The database went away at the last moment, and whether the change was stored is not known. With an idempotency key, asking again is safe.'

const away = (cause: unknown, what: string): Fault =>
  new Fault('unavailable', what, {
    retryAfterSeconds: 2,
    internal: `database: ${codeOf(cause) || 'connection lost'}`,
    cause,
  })

/** For crash tests: every insert, update, delete and commit passes the hooks. */
function watchWrites(client: pg.PoolClient, hooks: WriteHooks): pg.PoolClient {
  return new Proxy(client, {
    get(target, name) {
      if (name === 'query') {
        return async (...args: unknown[]): Promise<unknown> => {
          const text = statementText(args[0])
          const isWrite = /^\s*(insert|update|delete|commit)\b/i.test(text)
          if (isWrite) await hooks.before?.(text)
          const result: unknown = await Reflect.apply(target.query, target, args)
          if (isWrite) await hooks.after?.(text)
          return result
        }
      }
      const value: unknown = Reflect.get(target, name, target)
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    },
  })
}

const statementText = (statement: unknown): string => {
  if (typeof statement === 'string') return statement
  return typeof statement === 'object' && statement !== null && 'text' in statement ? String(statement.text) : ''
}
