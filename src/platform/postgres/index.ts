/**
 * Vouch's own PostgreSQL: what runs when the operator brings none.
 *
 * Promises: one call in an empty home gives a database with three ordinary roles. The server outlives a killed Vouch
 * and is adopted by the next; it is restarted when it dies; it stops when the last process that uses it closes. One
 * process at a time serves from a home, others work beside it. What was interrupted heals at the next start. Nothing
 * that callers send reaches its log.
 * Refuses: connections from other users and machines (a unix socket in a closed folder); to run as root; to make an
 * empty database where one was lost; a socket folder that someone else made.
 * Needs: Linux or macOS and the npm package with PostgreSQL for this machine.
 */
import pg from 'pg'
import { systemClock, type Clock } from '#kernel/clock'
import { makeData } from './first-start.ts'
import { holdServer } from './hold.ts'
import { choosePlace } from './place.ts'
import { ensureDatabase } from './roles.ts'
import { socketPort } from './server.ts'

export type OwnPostgresNeeds = {
  /** Vouch's home. All is kept in `<home>/postgres`, or where the file LOCATION there says. */
  home: string
  /** `postgres_…` events with ids, paths and numbers. */
  log: (event: string, fields?: Record<string, string | number | boolean>) => void
  /** 18 unless told; 15 is for tests. */
  major?: 18 | 15
  /** `vouch` unless told: a lower-case word. */
  databaseName?: string
  /** PostgreSQL settings beside ours, used if this call is the one that starts the server (`fsync: 'off'` in tests). */
  settings?: Readonly<Record<string, string>>
  /** Called when the server came back and another process had meanwhile taken the lock for serving. */
  onServingLost?: () => void
  clock?: Clock
  /** Test seam: 'never' takes the way of a system without user namespaces. */
  unshare?: 'auto' | 'never'
}

export type OwnPostgres = {
  /** For `pg`, over the unix socket, all to the same database. `admin` is the superuser: backups, tests, never requests. */
  urls: { owner: string; app: string; jobs: string; admin: string }
  /** Held until `close` or the end of the process. Throws a `conflict` Fault if another process holds it. */
  lockForServing(): Promise<void>
  /** Of the postmaster; `undefined` while it is away. */
  processId(): number | undefined
  /** Stops the server if nobody else uses it. */
  close(): Promise<void>
}

/** Starts or adopts the server; resolves when it accepts connections and roles and database are as they must be. */
export async function openOwnPostgres(needs: OwnPostgresNeeds): Promise<OwnPostgres> {
  const { databaseName = 'vouch', settings = {}, clock = systemClock, log } = needs
  if (!/^[a-z_][a-z0-9_]{0,62}$/.test(databaseName)) throw new Error(`${databaseName} can't be a database's name`)
  const place = await choosePlace({ home: needs.home, major: needs.major ?? 18, unshare: needs.unshare ?? 'auto', log })
  const passwords = await makeData(place, { sync: settings['fsync'] !== 'off' })
  // Port and sslmode are written out: `pg` would otherwise take them from its process's environment.
  const where = `host=${encodeURIComponent(place.socketFolder)}&port=${socketPort}&sslmode=disable`
  const urlOf = (role: keyof typeof passwords, database = databaseName): string =>
    `postgres://vouch_${role}:${passwords[role]}@/${database}?${where}`
  const hold = await holdServer({
    place,
    adminUrl: urlOf('admin', 'postgres'),
    settings,
    clock,
    log,
    onServingLost: needs.onServingLost,
  })
  try {
    await ensureDatabase(await hold.client(), { databaseName, databaseUrl: urlOf('admin'), passwords })
  } catch (error) {
    await hold.close()
    throw error
  }
  log('postgres_open', { pid: hold.processId() ?? 0, path: place.data, reason: place.runner.kind })
  return {
    urls: { owner: urlOf('owner'), app: urlOf('app'), jobs: urlOf('jobs'), admin: urlOf('admin') },
    lockForServing: hold.lockForServing,
    processId: hold.processId,
    close: hold.close,
  }
}

/** Drops everything the database holds; the next start finds it empty. Refused while another Vouch serves from the home. */
export async function emptyOwnPostgres(needs: OwnPostgresNeeds): Promise<void> {
  const { databaseName = 'vouch' } = needs
  const postgres = await openOwnPostgres(needs)
  try {
    await postgres.lockForServing()
    const client = new pg.Client(postgres.urls.admin.replace(`/${databaseName}?`, '/postgres?'))
    await client.connect()
    try {
      await client.query(`drop database if exists ${databaseName} with (force)`)
    } finally {
      await client.end()
    }
  } finally {
    await postgres.close()
  }
}
