/** The three roles and the database, as they must be; again on every start, so an interrupted first start heals. */
import type { Client } from 'pg'
import { createAdmin } from './bring-up.ts'
import { withLock } from './locks.ts'
import type { Passwords } from './passwords.ts'

/** `admin` is connected to the database `postgres`; `databaseUrl` leads to the one that is made. */
export async function ensureDatabase(
  admin: Client,
  given: { databaseName: string; databaseUrl: string; passwords: Passwords },
): Promise<void> {
  await withLock(admin, 'setup', async () => {
    for (const role of ['owner', 'app', 'jobs'] as const) {
      await ensureRole(admin, `vouch_${role}`, given.passwords[role])
    }
    const name = admin.escapeIdentifier(given.databaseName)
    const found = await admin.query('select from pg_database where datname = $1', [given.databaseName])
    if (found.rowCount === 0) await admin.query(`create database ${name} owner vouch_owner`)
    await admin.query(`alter database ${name} owner to vouch_owner`)
    await admin.query(`revoke all on database ${name}, postgres, template1 from public`)
    await admin.query(`grant connect on database ${name} to vouch_owner, vouch_app, vouch_jobs`)
    const client = createAdmin(given.databaseUrl)
    await client.connect()
    try {
      await client.query('alter schema public owner to vouch_owner')
      await client.query('revoke create on schema public from public')
    } finally {
      await client.end()
    }
  })
}

/** A role may log in, and nothing else that PostgreSQL gives to roles. */
async function ensureRole(admin: Client, name: string, password: string): Promise<void> {
  const { rows } = await admin.query<{ ordinary: boolean }>(
    `select rolcanlogin and not (rolsuper or rolcreatedb or rolcreaterole or rolreplication or rolbypassrls) as ordinary
     from pg_roles where rolname = $1`,
    [name],
  )
  if (rows[0]?.ordinary === true) return
  await admin.query(
    `${rows.length === 0 ? 'create' : 'alter'} role ${admin.escapeIdentifier(name)} login nosuperuser nocreatedb
     nocreaterole noreplication nobypassrls password ${admin.escapeLiteral(password)}`,
  )
}
