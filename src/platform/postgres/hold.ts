/** Keeps the server running while it is used, and turns it off when nobody does. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Client } from 'pg'
import { Fault } from '#kernel/fault'
import { bringUp, type BringUp, type Held } from './bring-up.ts'
import { tryLock, tryLockAgain, unlockShared } from './locks.ts'
import { stopPostmaster } from './server.ts'

export type Hold = {
  /** The connection as it is now. */
  client: () => Promise<Client>
  lockForServing: () => Promise<void>
  processId: () => number | undefined
  close: () => Promise<void>
}

const backoffMs = { first: 200, most: 5000, forgottenAfter: 30_000 }

export async function holdServer(
  given: Omit<BringUp, 'isClosing'> & {
    log: (event: string, fields?: Record<string, string | number | boolean>) => void
    onServingLost: (() => void) | undefined
  },
): Promise<Hold> {
  const { place, clock, log } = given
  const closing = new AbortController()
  const start: BringUp = { ...given, isClosing: () => closing.signal.aborted }
  let isServing = false
  let waitMs = backoffMs.first
  let held: Held | undefined
  let recovering: Promise<void> | undefined
  let closed: Promise<void> | undefined

  function attach(next: Held): void {
    held = next
    const sinceMs = clock.elapsed()
    void next.ended.then(() => {
      held = undefined
      if (closing.signal.aborted) return
      if (clock.elapsed() - sinceMs > backoffMs.forgottenAfter) waitMs = backoffMs.first
      log('postgres_lost', { pid: next.pid })
      recovering = recover()
    })
  }

  /** Never rejects: goes on until the server is held again, or we close. */
  async function recover(): Promise<void> {
    while (!closing.signal.aborted) {
      try {
        await sleep(waitMs, undefined, { signal: closing.signal })
        waitMs = Math.min(waitMs * 2, backoffMs.most)
        const next = await bringUp(start)
        await serveAgain(next)
        attach(next)
        log('postgres_back', { pid: next.pid })
        return
      } catch (error) {
        if (closing.signal.aborted) return
        log('postgres_still_away', { reason: error instanceof Error ? error.name : 'unknown' })
      }
    }
  }

  async function serveAgain(next: Held): Promise<void> {
    if (!isServing) return
    try {
      if (await tryLockAgain(next.client, 'serving')) return
    } catch (error) {
      await next.client.end().catch(() => undefined)
      throw error
    }
    isServing = false
    log('postgres_serving_lost', { home: place.home })
    given.onServingLost?.()
  }

  async function client(): Promise<Client> {
    if (held) return held.client
    if (closing.signal.aborted) throw new Fault('unavailable', 'Vouch closes its PostgreSQL')
    await recovering
    return client()
  }

  async function lockForServing(): Promise<void> {
    if (isServing) return
    if (!(await tryLockAgain(await client(), 'serving'))) {
      throw new Fault('conflict', `another Vouch already serves from this home (${place.home})`)
    }
    isServing = true
  }

  async function close(): Promise<void> {
    closing.abort()
    await recovering
    // A second try is for a connection that is lost at this very moment while the server goes on.
    for (let tries = 0; tries < 2; tries++) {
      const last = held ?? (await bringUp(start).catch(() => undefined))
      if (!last) return
      try {
        await unlockShared(last.client, 'presence')
        if (!(await tryLock(last.client, 'presence'))) return
        if (!(await stopPostmaster(place, last.pid, clock))) log('postgres_does_not_stop', { pid: last.pid })
        return
      } catch {
        held = undefined
      } finally {
        await last.client.end().catch(() => undefined)
      }
    }
  }

  attach(await bringUp(start))
  return { client, lockForServing, processId: () => held?.pid, close: () => (closed ??= close()) }
}
