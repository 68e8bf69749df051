/**
 * Migrations: plain SQL files, forward only, in the order of their names. One process at a time (advisory lock), each
 * file in a transaction with the row that records it. A file that changed after it was applied is refused, and so is a
 * database that is newer than this code.
 */
import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import pg from 'pg'

const folder = new URL('../../../migrations/', import.meta.url)
export const roles = { owner: 'vouch_owner', app: 'vouch_app', jobs: 'vouch_jobs' } as const

type Migration = { name: string; sql: string; sha256: string }

async function readMigrations(): Promise<Migration[]> {
  const names = (await readdir(folder)).filter((name) => /^\d{4}_[a-z_]+\.sql$/.test(name)).sort()
  return Promise.all(
    names.map(async (name) => {
      const sql = await readFile(new URL(name, folder), 'utf8')
      return { name, sql, sha256: createHash('sha256').update(sql).digest('hex') }
    }),
  )
}

export class MigrationError extends Error {
  override name = 'MigrationError'
}

/** Brings the database of `ownerUrl` up to this code. Returns the names that were applied now. */
export async function migrate(ownerUrl: string): Promise<string[]> {
  const migrations = await readMigrations()
  const client = new pg.Client({
    connectionString: ownerUrl,
    application_name: 'vouch migrate',
    connectionTimeoutMillis: 5_000,
  })
  await client.connect()
  try {
    await requireRoles(client)
    await client.query(`select pg_advisory_lock(hashtext('vouch.migrate'))`)
    await client.query(
      'create table if not exists schema_migration (name text primary key, sha256 text not null, applied_at timestamptz not null default now())',
    )
    await client.query(`grant select on schema_migration to ${roles.app}`)
    const { rows } = await client.query<{ name: string; sha256: string }>(
      'select name, sha256 from schema_migration order by name',
    )
    const applied = new Map(rows.map(({ name, sha256 }) => [name, sha256]))
    requireSameHistory(applied, migrations)
    const pending = migrations.filter(({ name }) => !applied.has(name))
    for (const { name, sql, sha256 } of pending) {
      await client.query('begin')
      await client.query(sql)
      await client.query('insert into schema_migration (name, sha256) values ($1, $2)', [name, sha256])
      await client.query('commit')
    }
    return pending.map(({ name }) => name)
  } finally {
    await client.end()
  }
}

function requireSameHistory(applied: ReadonlyMap<string, string>, migrations: readonly Migration[]): void {
  const known = new Map(migrations.map(({ name, sha256 }) => [name, sha256]))
  for (const [name, sha256] of applied) {
    if (!known.has(name))
      throw new MigrationError(`The database is newer than this Vouch: it has ${name}. Start the newer version.`)
    if (known.get(name) !== sha256) {
      throw new MigrationError(
        `${name} was changed after it was applied. Restore the file; put changes in a new migration.`,
      )
    }
  }
}

async function requireRoles(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ rolname: string }>('select rolname from pg_roles where rolname = any($1)', [
    [roles.app, roles.jobs],
  ])
  if (rows.length < 2) {
    throw new MigrationError(
      `The database lacks the roles ${roles.app} and ${roles.jobs}. docs/operations/database.md has the statements that make them.`,
    )
  }
}

/** Names of migrations the database does not have yet; empty when it is up to date. Reads as the app role. */
export async function pendingMigrations(inspect: (text: string) => Promise<{ name: string }[]>): Promise<string[]> {
  const exists = await inspect(
    `select 'schema_migration' as name where to_regclass('public.schema_migration') is not null`,
  )
  const applied = exists.length > 0 ? await inspect('select name from schema_migration') : []
  const names = new Set(applied.map(({ name }) => name))
  const migrations = await readMigrations()
  const ahead = [...names].filter((name) => !migrations.some((migration) => migration.name === name))
  if (ahead.length > 0) throw new MigrationError(`The database is newer than this Vouch: it has ${ahead.join(', ')}.`)
  return migrations.filter(({ name }) => !names.has(name)).map(({ name }) => name)
}
