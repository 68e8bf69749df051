/** From any state (nothing runs, it recovers, it stops, another process starts it) to a connection that holds it. */
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'
import type { Clock } from '#kernel/clock'
import { codeOf, statIfThere } from './file-facts.ts'
import { lockShared } from './locks.ts'
import type { Place } from './place.ts'
import { findPostmaster, launch, type Launched, type Postmaster, readLogTail } from './server.ts'

export type Held = {
  client: Client
  pid: number
  /** Kept when the connection ends, for whatever reason. */
  ended: Promise<void>
}
export type BringUp = {
  place: Place
  /** Connection string of the administrator, database `postgres`. */
  adminUrl: string
  settings: Readonly<Record<string, string>>
  clock: Clock
  /** While closing, nothing is started any more. */
  isClosing(): boolean
}

/** How long nothing may happen. Recovery after a crash may take far longer: its progress is seen in the log. */
const patienceMs = { normal: 120_000, unreachable: 15_000, closing: 20_000 }
const triesToLaunch = 3

export async function bringUp(given: BringUp): Promise<Held> {
  const { place, clock } = given
  let launched: Launched | undefined
  let failures = 0
  let waitMs = 20
  let trouble: unknown
  let seen = ''
  let seenAtMs = clock.elapsed()
  for (;;) {
    const postmaster = await findPostmaster(place)
    if (postmaster) launched = undefined
    if (postmaster?.isReady) {
      const held = await tryToHold(given, postmaster)
      if ('client' in held) return held
      trouble = held.error
    } else if (!postmaster && given.isClosing()) {
      throw new Error('PostgreSQL is not running')
    } else if (!postmaster && launched?.ended() !== 'no') {
      if (launched?.ended() === 'failed' && ++failures >= triesToLaunch) {
        throw new Error(`PostgreSQL does not start. The end of ${place.log}:\n${await readLogTail(place)}`)
      }
      launched = await launch(place, given.settings)
    }
    const now = `${postmaster?.pid} ${postmaster?.isReady} ${(await statIfThere(place.log))?.size}`
    if (now !== seen) {
      seen = now
      seenAtMs = clock.elapsed()
    }
    const isUnreachable = postmaster?.isReady === true && codeOf(trouble) === 'ENOENT'
    const patience = patienceMs[given.isClosing() ? 'closing' : isUnreachable ? 'unreachable' : 'normal']
    if (clock.elapsed() - seenAtMs > patience) {
      throw await describe(place, { trouble, postmaster, isUnreachable, launched })
    }
    await sleep(waitMs)
    waitMs = Math.min(waitMs * 1.2, 500)
  }
}

export function createAdmin(url: string): Client {
  const client = new Client({
    connectionString: url,
    application_name: 'vouch own postgres',
    connectionTimeoutMillis: 10_000,
    // No limit that someone set for the whole server may end or stall this session.
    options: '-c idle_session_timeout=0 -c statement_timeout=0 -c lock_timeout=0',
  })
  // A lost connection is noticed by its end; without a listener the error would end the process.
  client.on('error', () => undefined)
  return client
}

async function tryToHold(given: BringUp, postmaster: Postmaster): Promise<Held | { error: unknown }> {
  const client = createAdmin(given.adminUrl)
  const { promise: ended, resolve } = Promise.withResolvers<void>()
  client.once('end', () => resolve())
  try {
    await client.connect()
    await lockShared(client, 'presence')
    return { client, pid: postmaster.pid, ended }
  } catch (error) {
    await client.end().catch(() => undefined)
    if (codeOf(error) === '28P01') {
      throw new Error(`PostgreSQL does not accept the passwords in ${given.place.passwords}`, { cause: error })
    }
    return { error }
  }
}

async function describe(
  place: Place,
  seen: {
    trouble: unknown
    postmaster: Postmaster | undefined
    isUnreachable: boolean
    launched: Launched | undefined
  },
): Promise<Error> {
  const options = { cause: seen.trouble }
  if (seen.isUnreachable) {
    const why = `its socket in ${place.socketFolder} is not to be seen from here: /tmp is private to it, or was cleaned`
    return new Error(`PostgreSQL runs (process ${seen.postmaster?.pid}), but ${why}`, options)
  }
  if (seen.launched?.ended() === 'lock held') {
    const who = 'perhaps in another container, or one that does not end'
    return new Error(`Another PostgreSQL process uses ${place.data}: ${who}`, options)
  }
  return new Error(
    `PostgreSQL does not accept connections. The end of ${place.log}:\n${await readLogTail(place)}`,
    options,
  )
}
