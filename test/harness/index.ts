/**
 * A whole world in process: a database of its own, Vouch on it (and as many further processes as wanted), people with
 * names, and a close that fails the test if anything was left open.
 *
 *   await using world = await createWorld()
 *   const reply = await world.as('ada').post('/v1/evaluate', payment())
 */
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { openVouch, type Vouch } from '#app'
import { readConfig } from '#config'
import { type Clock, systemClock } from '#kernel/clock'
import { isPermission, permissions, type Permission } from '#kernel/route'
import type { WriteHooks } from '#platform/database'
import { defaultRates, type Rate, type RateTable } from '#platform/limits'
import { createLog } from '#platform/telemetry'
import { createDatabaseForTest, type TestDatabase } from './databases.ts'
import { patienceMs } from './patience.ts'
import type { FaultPoint } from './fault-point.ts'
import { type ServerProcess, startServer } from './server-process.ts'

export {
  carelessSettings,
  createDatabaseForTest,
  joinPostgres,
  leavePostgres,
  postgresMajor,
  type TestDatabase,
} from './databases.ts'
export { createFakeClock, type FakeClock } from './fake-clock.ts'
export { waitUntil } from './patience.ts'
export type { FaultPoint } from './fault-point.ts'
export { type ServerProcess, startServer } from './server-process.ts'

/**
 * ada runs the tenant Acme (every scope); bo may only read there; eve's key there has no scope at all; tess works in
 * Acme's test twin; cleo runs another tenant, Globex; nobody has no key.
 */
export type ActorName = 'ada' | 'bo' | 'eve' | 'tess' | 'cleo' | 'nobody'

export type Reply = { status: number; headers: Headers; body: any; text: string } // eslint-disable-line
export type Client = {
  readonly key: string
  get(path: string): Promise<Reply>
  post(path: string, body: unknown, headers?: Record<string, string>): Promise<Reply>
  put(path: string, body: unknown): Promise<Reply>
  delete(path: string): Promise<Reply>
  /** Any method, any bytes. */
  send(
    method: string,
    path: string,
    init?: { body?: string | Uint8Array; headers?: Record<string, string> },
  ): Promise<Reply>
}

export type World = AsyncDisposable & {
  readonly vouch: Vouch
  readonly url: string
  readonly database: TestDatabase
  /** Superuser on this world's database: row security does not bind it. For looking and for planting, never for proving. */
  readonly admin: pg.Client
  readonly processes: readonly ServerProcess[]
  /** Settings with which a further process serves the same installation. */
  readonly settings: Readonly<Record<string, string>>
  readonly acme: { id: string; twinId: string }
  readonly globex: { id: string; twinId: string }
  /** Log lines of the Vouch in process. */
  readonly logLines: readonly string[]
  as(actor: ActorName, url?: string): Client
  issue(
    tenantId: string,
    scopes: readonly Permission[],
    more?: { allowedIps?: string[]; expiresAt?: Date; mode?: 'live' | 'test' },
  ): Promise<string>
  startProcess(fault?: FaultPoint): Promise<ServerProcess>
}

const all: ReadonlySet<Permission> = new Set(Object.keys(permissions).filter(isPermission))
const plenty: Rate = { perMinute: 60_000_000, burst: 1_000_000 }
const plentyOf = { evaluate: plenty, read: plenty, write: plenty }
/** Limits out of the way, for tests about other things. */
export const noLimits: RateTable = {
  key: plentyOf,
  tenant: plentyOf,
  ip: plentyOf,
  signup: { ip: plenty, all: plenty },
}
export { defaultRates }

export async function createWorld(
  options: {
    processes?: number
    clock?: Clock
    rates?: RateTable
    hooks?: WriteHooks
    logLevel?: 'info' | 'silent'
    settings?: Readonly<Record<string, string>>
  } = {},
): Promise<World> {
  const clock = options.clock ?? systemClock
  const database = await createDatabaseForTest()
  const home = await mkdtemp(join(tmpdir(), 'vouch-world-'))
  const settings = {
    VOUCH_HOME: home,
    VOUCH_DATABASE_URL: database.urls.app,
    VOUCH_MASTER_KEY: randomBytes(32).toString('base64'),
    VOUCH_PORT: '0',
    VOUCH_LOG_LEVEL: options.logLevel ?? 'info',
    ...options.settings,
  }
  const logLines: string[] = []
  const log = createLog({ clock, level: options.logLevel ?? 'info', write: (line) => void logLines.push(line) })
  const more = options.hooks ? { hooks: options.hooks } : {}
  const vouch = await openVouch({
    config: readConfig(settings),
    clock,
    log,
    as: 'server',
    rates: options.rates ?? noLimits,
    ...more,
  })
  const url = await vouch.server.listen({ host: '127.0.0.1', port: 0 })
  const admin = new pg.Client(database.urls.admin)
  await admin.connect()
  // Small tables without statistics look large: looking at many of them would mostly be the start of workers.
  await admin.query('set max_parallel_workers_per_gather = 0')

  const keys: Record<ActorName, string> = { ada: '', bo: '', eve: '', tess: '', cleo: '', nobody: '' }
  const operator = { kind: 'operator', id: 'test' } as const
  const acme = await vouch.tenancy.create('Acme', operator, async (tx, mode) => {
    const issue = async (name: string, scopes: readonly Permission[]) =>
      (await vouch.keys.issue(tx, mode, { name, scopes }, all)).token
    if (mode === 'test') keys.tess = await issue('tess', [...all])
    else {
      keys.ada = await issue('ada', [...all])
      keys.bo = await issue(
        'bo',
        [...all].filter((scope) => scope.endsWith(':read')),
      )
      keys.eve = await issue('eve', [])
    }
  })
  const globex = await vouch.tenancy.create('Globex', operator, async (tx, mode) => {
    if (mode === 'live') keys.cleo = (await vouch.keys.issue(tx, mode, { name: 'cleo', scopes: [...all] }, all)).token
  })

  const processes: ServerProcess[] = []
  const startProcess = async (fault?: FaultPoint) => {
    const server = await startServer(settings, fault)
    processes.push(server)
    return server
  }
  await Promise.all(Array.from({ length: options.processes ?? 0 }, () => startProcess()))

  return {
    vouch, url, database, admin, processes, settings, acme, globex, logLines, startProcess,
    as: (actor, base = url) => clientOf(base, keys[actor]),
    async issue(tenantId, scopes, { mode = 'live', ...key } = {}) {
      const scope = (await import('#platform/database')).systemScope(vouch.database, 'test').asTenant(tenantId)
      return (await scope.transaction((tx) => vouch.keys.issue(tx, mode, { name: 'issued by a test', scopes, ...key }, all))).token
    },
    async [Symbol.asyncDispose]() {
      for (const server of processes) server.kill('SIGTERM')
      await Promise.all(processes.map((server) => server.exited))
      await admin.end()
      await vouch.close()
      await rm(home, { recursive: true, force: true })
      await database.drop()
    },
  } // prettier-ignore
}

/**
 * `patient`: does what every client is told to do with 503, which is to ask again, for any machine may be too busy for a
 * moment. `as it is` shows each answer, for tests about refusals.
 */
export function clientOf(url: string, key: string, manner: 'patient' | 'as it is' = 'patient'): Client {
  const send: Client['send'] = async (...request) => {
    for (const untilMs = performance.now() + patienceMs; ;) {
      const reply = await sendOnce(...request)
      if (manner === 'as it is' || reply.status !== 503 || performance.now() > untilMs) return reply
      await sleep(100)
    }
  }
  const sendOnce: Client['send'] = async (method, path, { body, headers = {} } = {}) => {
    const authorization = key ? { authorization: `Bearer ${key}` } : {}
    const response = await fetch(url + path, {
      method,
      headers: { ...authorization, ...headers },
      ...(body === undefined ? {} : { body }),
    })
    const text = await response.text()
    const isJson = /json/.test(response.headers.get('content-type') ?? '')
    return {
      status: response.status,
      headers: response.headers,
      text,
      body: isJson && text ? JSON.parse(text) : undefined,
    }
  }
  const json = { 'content-type': 'application/json' }
  return {
    key,
    send,
    get: (path) => send('GET', path),
    post: (path, body, headers) => send('POST', path, { body: JSON.stringify(body), headers: { ...json, ...headers } }),
    put: (path, body) => send('PUT', path, { body: JSON.stringify(body), headers: json }),
    delete: (path) => send('DELETE', path),
  }
}

/** A payment that any policy can judge. */
export const payment = (more: Record<string, unknown> = {}) => ({
  amount: '20.00',
  currency: 'EUR',
  category: 'groceries',
  merchant_id: 'm_1',
  user_id: 'u_1',
  merchant_trust_score: 0.9,
  ...more,
})
