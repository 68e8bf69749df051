/**
 * Counter rows are written off the request path: one row for each subject of a tail, however often it came. Any process may
 * do it for any tenant whose tail it knows, for the tail has the decisions of all; the lock on the mark lets one at a time.
 */
import type { Clock } from '#kernel/clock'
import type { Enter, Lanes } from '#platform/database'
import { encodeState } from '#engine/windows'
import { type Memory, recallState, type SubjectEvent, type TenantMemory } from './memory.ts'
import type { Queue } from './queue.ts'
import { inPowersOfTwo, lockMark, moveMark, putCounters, readCounters } from './store.ts'
import { keyToBytes } from './subject.ts'

/** A tail is written when it has so many decisions, or is so old; at the most, requests wait until it is. */
export const dueRows = 2_000
export const dueMs = 1_500
export const maxRows = 10_000
const maxTenants = 32

/** The tail of a tenant as it was between two batches. */
type Captured = {
  tenant: TenantMemory
  version: number
  /** Subjects that are remembered; the others are made from their rows and from what the tail has of them. */
  states: { key: string; state: Buffer }[]
  cold: Map<string, readonly SubjectEvent[]>
}

export type Flusher = {
  /** Writes the counters of every tail that is due, or with `all` of every tail. */
  run(all?: boolean): Promise<void>
}

export function createFlusher(needs: { lanes: Lanes; memory: Memory; queue: Queue; clock: Clock }): Flusher {
  const { lanes, memory, queue, clock } = needs
  let underWay: Promise<void> | undefined

  const isDue = ({ tail, tailSinceMs }: TenantMemory): boolean =>
    tail.length >= dueRows || (tail.length > 0 && clock.elapsed() - tailSinceMs >= dueMs)

  /** Nothing of a tenant that was forgotten meanwhile: its states may hold what was never stored. */
  function capture(tenant: TenantMemory): Captured | undefined {
    if (memory.find(tenant.tenantId) !== tenant) return undefined
    const captured: Captured = { tenant, version: tenant.version, states: [], cold: new Map() }
    for (const [key, events] of tenant.tailOf) {
      const state = memory.stateOf(tenant, key)
      if (state) captured.states.push({ key, state: encodeState(state) })
      else captured.cold.set(key, [...events])
    }
    return captured
  }

  const whenIdle = <T>(tenantId: string, work: () => T): Promise<T> =>
    new Promise((resolve, reject) =>
      queue.betweenBatches(tenantId, () => {
        try {
          resolve(work())
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)))
        }
      }),
    )

  async function writeSome(tenants: readonly TenantMemory[]): Promise<void> {
    const sorted = tenants.toSorted((one, other) => (one.tenantId < other.tenantId ? -1 : 1))
    const found = await Promise.all(sorted.map((tenant) => whenIdle(tenant.tenantId, () => capture(tenant))))
    const captured = found.filter((one) => one !== undefined)
    const marks = await lanes.transaction({
      read: (enter) => lockMarks(enter, captured),
      write: (enter, locked) => locked.map((one) => ({ tenant: one.captured.tenant, mark: write(enter, one) })),
    })
    await Promise.all(marks.map(({ tenant, mark }) => whenIdle(tenant.tenantId, () => memory.trim(tenant, mark))))
  }

  type Locked = { captured: Captured; mark: number; rows: readonly { subject: Buffer; as_of: bigint; state: Buffer }[] }
  /** Tenants whose counters another process is writing are left out. */
  async function lockMarks(enter: Enter, all: readonly Captured[]): Promise<Locked[]> {
    const asked = all.map((captured) => {
      const segment = enter(captured.tenant.tenantId)
      const cold = [...captured.cold.keys()]
      const marks = segment.run(lockMark, undefined)
      const rows = cold.length > 0 ? segment.run(readCounters, cold.map(keyToBytes)) : Promise.resolve([])
      return { captured, answers: Promise.all([marks, rows]) }
    })
    const answers = await Promise.all(asked.map(({ answers }) => answers))
    return asked.flatMap(({ captured }, at): Locked[] => {
      const [[mark] = [], rows = []] = answers[at] ?? []
      return mark ? [{ captured, mark: Number(mark.version), rows }] : []
    })
  }

  /** Up to where the counters now are. */
  function write(enter: Enter, { captured, mark, rows }: Locked): number {
    if (mark >= captured.version) return mark
    const { tenant, version, states, cold } = captured
    const found = new Map(rows.map((row) => [row.subject.toString('latin1'), row]))
    for (const [key, events] of cold) states.push({ key, state: encodeState(recallState(events, found.get(key))) })
    const day = new Date(Math.floor(clock.now() / 86_400_000) * 86_400_000)
    const written = states.map(({ key, state }) => ({
      subject: keyToBytes(key), as_of: BigInt(version), written_on: day, state,
    })) // prettier-ignore
    const segment = enter(tenant.tenantId)
    for (const some of inPowersOfTwo(written)) void segment.run(putCounters, some)
    void segment.run(moveMark, BigInt(version))
    return version
  }

  async function runOnce(all: boolean): Promise<void> {
    const due = [...memory.tenants()].filter((tenant) => (all ? tenant.tail.length > 0 : isDue(tenant)))
    for (let at = 0; at < due.length; at += maxTenants) await writeSome(due.slice(at, at + maxTenants))
    if (due.length > 0) queue.wake()
  }

  return {
    async run(all = false) {
      if (all) await underWay?.catch(() => {})
      await (underWay ??= runOnce(all).finally(() => (underWay = undefined)))
    },
  }
}
