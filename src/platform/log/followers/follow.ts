/**
 * Following a log by position. A follower has a durable position: entries before it are handed over, each once. Whoever is
 * handed entries in a transaction moves on with it or not at all; what is then delivered from there may arrive twice.
 */
import { setTimeout } from 'node:timers/promises'
import type { Clock } from '#kernel/clock'
import { Fault } from '#kernel/fault'
import type { Audit } from '#platform/audit'
import type { Scope, Tx } from '#platform/database'
import { followerStarted, followerStopped } from '../actions.ts'
import { readWithContents, type ReadEntry } from '../export.ts'
import type { LogSource } from '../source.ts'
import { readHead } from '../store.ts'
import {
  deleteFollower,
  type Follower,
  insertFollower,
  listFollowers,
  lockFollower,
  moveFollower,
  readFollower,
} from './store.ts'

export const mostFollowers = 100
export const mostWaiting = 256
export const longestWaitMs = 10_000
const lookEveryMs = 500

const noFollower = (): Fault => new Fault('not_found', 'There is no such follower.')

export function createFollowing(needs: { audit: Audit; sources: readonly LogSource[]; clock: Clock }) {
  const { audit, sources, clock } = needs
  /** Those who wait, by tenant: woken when this process has sequenced something, or closes. */
  const waiting = new Map<string, Set<() => void>>()
  let waitingCount = 0
  let isClosing = false

  const sizeOf = async (tx: Tx): Promise<number> => Number((await readHead(tx))?.size ?? 0n)

  async function read(tx: Tx, after: number, limit: number): Promise<ReadEntry[]> {
    const to = Math.min(after + limit, await sizeOf(tx))
    return to > after ? readWithContents(tx, sources, after, to) : []
  }

  function untilWoken(tenantId: string, ms: number): Promise<void> {
    const stop = new AbortController()
    const wake = (): void => stop.abort()
    const ofTenant = waiting.get(tenantId) ?? new Set()
    waiting.set(tenantId, ofTenant.add(wake))
    return setTimeout(ms, undefined, { signal: stop.signal })
      .catch(() => {})
      .finally(() => {
        ofTenant.delete(wake)
        if (ofTenant.size === 0) waiting.delete(tenantId)
      })
  }

  async function lease(tx: Tx, name: string): Promise<Follower | 'busy'> {
    const follower = await lockFollower(tx, name)
    if (follower) return follower
    if (await readFollower(tx, name)) return 'busy'
    throw noFollower()
  }

  async function follower(tx: Tx, name: string): Promise<Follower> {
    const found = await readFollower(tx, name)
    if (!found) throw noFollower()
    return found
  }

  return {
    read,
    follower,

    /** Entries from position `after` on, up to `limit`. Without any it waits for some, up to `waitMs`. */
    async readOrWait(scope: Scope, after: number, limit: number, waitMs: number): Promise<ReadEntry[]> {
      const untilMs = clock.elapsed() + Math.min(waitMs, longestWaitMs)
      for (;;) {
        const entries = await scope.transaction((tx) => read(tx, after, limit))
        const leftMs = untilMs - clock.elapsed()
        if (entries.length > 0 || leftMs <= 0 || isClosing || waitingCount >= mostWaiting) return entries
        waitingCount++
        await untilWoken(scope.tenantId, Math.min(leftMs, lookEveryMs)).finally(() => waitingCount--)
      }
    },

    wake(tenantId: string): void {
      for (const wake of waiting.get(tenantId) ?? []) wake()
    },
    /** Nobody waits any longer, and nobody begins to. */
    close(): void {
      isClosing = true
      for (const tenantId of waiting.keys()) for (const wake of waiting.get(tenantId) ?? []) wake()
    },

    followers: listFollowers,

    /** Makes a follower at a position, the end of the log unless told. One that exists stays as it is. */
    async start(tx: Tx, name: string, position?: number): Promise<Follower> {
      const existing = await readFollower(tx, name)
      if (existing) return existing
      const size = await sizeOf(tx)
      if (position !== undefined && position > size) throw beyond(size)
      if ((await listFollowers(tx)).length >= mostFollowers)
        throw new Fault('conflict', `A log has at most ${mostFollowers} followers. Delete one first.`)
      const now = new Date(clock.now())
      const follower = { name, position: BigInt(position ?? size), created_at: now, moved_at: now }
      await insertFollower(tx, follower)
      await audit.append(tx, {
        action: followerStarted,
        target: name,
        details: { position: Number(follower.position) },
      })
      return (await readFollower(tx, name)) ?? follower
    },

    /** Moves a follower from where it stands: of two who both read from there, one moves it and the other is refused. */
    async acknowledge(tx: Tx, name: string, from: number, to: number): Promise<Follower> {
      const follower = await lease(tx, name)
      if (follower === 'busy') throw new Fault('conflict', 'The follower is being moved. Try again shortly.')
      const size = await sizeOf(tx)
      if (to > size) throw beyond(size)
      if (Number(follower.position) !== from) {
        throw new Fault('conflict', `The follower is at ${follower.position}, not at ${from}. Read from there.`)
      }
      const moved = { ...follower, position: BigInt(to), moved_at: new Date(clock.now()) }
      await moveFollower(tx, name, moved)
      return moved
    },

    /**
     * Hands entries to `work` and moves the follower, in one transaction: what `work` writes and the new position are
     * durable together. One at a time for each follower; `undefined` when another has it.
     */
    async handOver(
      scope: Scope,
      name: string,
      limit: number,
      work: (tx: Tx, entries: readonly ReadEntry[]) => Promise<void>,
    ): Promise<number | undefined> {
      return scope.transaction(async (tx) => {
        const follower = await lease(tx, name)
        if (follower === 'busy') return undefined
        const entries = await read(tx, Number(follower.position), limit)
        if (entries.length === 0) return 0
        await work(tx, entries)
        const position = follower.position + BigInt(entries.length)
        await moveFollower(tx, name, { position, moved_at: new Date(clock.now()) })
        return entries.length
      })
    },

    async stop(tx: Tx, name: string): Promise<void> {
      if (!(await deleteFollower(tx, name))) throw noFollower()
      await audit.append(tx, { action: followerStopped, target: name })
    },
  }
}
export type Following = ReturnType<typeof createFollowing>

const beyond = (size: number): Fault =>
  new Fault('invalid_request', 'The request does not have the documented form.', {
    errors: [{ pointer: '/position', message: `is beyond the log, which has ${size} entries` }],
  })
