/**
 * Databases for tests: one PostgreSQL for the whole run (started by whoever comes first, stopped by whoever leaves last),
 * one migrated template, and a clone of it for each world.
 */
import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { setTimeout } from 'node:timers/promises'
import pg from 'pg'
import { migrate } from '#platform/database'
import { openOwnPostgres, type OwnPostgres } from '#platform/postgres'

const root = new URL('../../', import.meta.url).pathname

/** 18, or 15 when the run is told so. */
export const postgresMajor: 15 | 18 = process.env['TEST_POSTGRES_MAJOR'] === '15' ? 15 : 18

export type TestDatabase = {
  urls: OwnPostgres['urls']
  name: string
  drop(): Promise<void>
}

/** Fast and careless: tests of durability open their own. */
export const carelessSettings = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  max_connections: '300',
}

let shared: Promise<OwnPostgres> | undefined
let users = 0

/** The run's PostgreSQL. Each call is paired with one of `leavePostgres`. */
export function joinPostgres(): Promise<OwnPostgres> {
  users++
  shared ??= openOwnPostgres({
    home: `${root}.vouch-test/${postgresMajor}`,
    major: postgresMajor,
    settings: carelessSettings,
    log: () => {},
  })
  return shared
}

export async function leavePostgres(): Promise<void> {
  if (--users > 0) return
  const leaving = shared
  shared = undefined
  await (await leaving)?.close()
}

const inDatabase = (url: string, name: string): string => url.replace('/vouch?', `/${name}?`)
const urlsOf = ({ urls }: OwnPostgres, name: string): OwnPostgres['urls'] => ({
  owner: inDatabase(urls.owner, name),
  app: inDatabase(urls.app, name),
  jobs: inDatabase(urls.jobs, name),
  admin: inDatabase(urls.admin, name),
})

async function withAdmin<T>(postgres: OwnPostgres, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client(inDatabase(postgres.urls.admin, 'postgres'))
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

const createDatabase = async (client: pg.Client, name: string, template: string): Promise<void> => {
  // Copied as files: written to the log page by page it takes twice as long, and nothing here survives a crash.
  await client.query(`create database ${name} owner vouch_owner template ${template} strategy file_copy`)
  await client.query(`revoke all on database ${name} from public`)
  await client.query(`grant connect on database ${name} to vouch_owner, vouch_app, vouch_jobs`)
}

/** The migrated template for the migrations as they are; made under a lock, once. */
async function ensureTemplate(postgres: OwnPostgres, client: pg.Client): Promise<string> {
  const folder = `${root}migrations/`
  const hash = createHash('sha256')
  for (const name of (await readdir(folder)).sort()) hash.update(await readFile(folder + name))
  const template = `template_${hash.digest('hex').slice(0, 16)}`
  await client.query(`select pg_advisory_lock(hashtext('vouch.test.template'))`)
  const { rowCount } = await client.query('select from pg_database where datname = $1', [template])
  if (rowCount === 0) {
    const draft = `${template}_draft`
    await client.query(`drop database if exists ${draft}`)
    // `vouch` is as openOwnPostgres made it, before any migration: schema and rights are right.
    await createDatabase(client, draft, 'vouch')
    await migrate(inDatabase(postgres.urls.owner, draft))
    await client.query(`alter database ${draft} rename to ${template}`)
  }
  await client.query(`select pg_advisory_unlock(hashtext('vouch.test.template'))`)
  return template
}

/** Connections to a database that stay: one that was just closed is given a moment to be gone. */
async function findConnections(
  client: pg.Client,
  name: string,
): Promise<{ application_name: string; query: string }[]> {
  for (let attempt = 0; ; attempt++) {
    const { rows } = await client.query<{ application_name: string; query: string }>(
      'select application_name, query from pg_stat_activity where datname = $1 and pid <> pg_backend_pid()',
      [name],
    )
    if (rows.length === 0 || attempt === 20) return rows
    await setTimeout(100)
  }
}

let made = 0

/** A clone of the migrated template, or with `empty` a database as it is before the first migration. */
export async function createDatabaseForTest(from: 'template' | 'empty' = 'template'): Promise<TestDatabase> {
  const postgres = await joinPostgres()
  const name = `t_${process.pid}_${++made}`
  await withAdmin(postgres, async (client) => {
    const template = from === 'empty' ? 'vouch' : await ensureTemplate(postgres, client)
    await client.query(`drop database if exists ${name} with (force)`)
    await createDatabase(client, name, template)
  })
  return {
    urls: urlsOf(postgres, name),
    name,
    async drop() {
      const leaked = await withAdmin(postgres, async (client) => {
        const rows = await findConnections(client, name)
        await client.query(`drop database if exists ${name} with (force)`)
        return rows
      })
      await leavePostgres()
      if (leaked.length > 0)
        throw new Error(`a test left ${leaked.length} database connections open: ${JSON.stringify(leaked)}`)
    },
  }
}
