/**
 * Advisory locks in the database `postgres`, where only the administrator may connect. They end with their session,
 * so a killed process leaves none.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Client } from 'pg'

const family = 0x76_6f_75 // 'vou'
const keys = { presence: 1, serving: 2, setup: 3 } as const
type Key = keyof typeof keys

/** Everyone who uses the server holds `presence`; waits while the last one turns off the light. */
export async function lockShared(client: Client, key: Key): Promise<void> {
  await client.query('select pg_advisory_lock_shared($1, $2)', [family, keys[key]])
}

export async function unlockShared(client: Client, key: Key): Promise<void> {
  await client.query('select pg_advisory_unlock_shared($1, $2)', [family, keys[key]])
}

export async function tryLock(client: Client, key: Key): Promise<boolean> {
  const { rows } = await client.query<{ got: boolean }>('select pg_try_advisory_lock($1, $2) as got', [
    family,
    keys[key],
  ])
  return rows[0]?.got === true
}

/** For the moment in which PostgreSQL has not yet noticed that the last holder was killed. */
export async function tryLockAgain(client: Client, key: Key): Promise<boolean> {
  for (let tries = 0; tries < 6; tries++) {
    if (await tryLock(client, key)) return true
    await sleep(100)
  }
  return false
}

/** One process at a time. */
export async function withLock<T>(client: Client, key: Key, work: () => Promise<T>): Promise<T> {
  await client.query('select pg_advisory_lock($1, $2)', [family, keys[key]])
  try {
    return await work()
  } finally {
    await client.query('select pg_advisory_unlock($1, $2)', [family, keys[key]])
  }
}
