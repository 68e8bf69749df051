/**
 * Journal: decisions of a tenant in one order, and the counters that each of them sees.
 * Promises: whoever decides sees every decision of the tenant before it, on any number of processes, and none after it; what
 * is answered is durable; an idempotency key stands for one decision; a process that dies loses nothing, because
 * counters are made again from decisions; memory and what is not yet in the counters are bounded.
 * Refuses: an idempotency key that comes with another request; more requests than can wait.
 * Needs: the database, a clock, and somebody who calls `flush` every quarter of a second.
 */
import { createBriefing } from '#engine/briefing'
import type { Clock } from '#kernel/clock'
import { type Database, laneCounts, systemScope, tenantLanes } from '#platform/database'
import type { Repeated } from '#platform/loops'
import { commitBatches } from './commit-batch.ts'
import { createFlusher, dueRows, maxRows } from './flush.ts'
import { createMemory } from './memory.ts'
import { createQueue } from './queue.ts'
import { type JournalRequest, type Outcome, toPending } from './request.ts'
import { claimKeptMs } from './judge-batch.ts'
import { deleteIdleCounters, deleteOldClaims } from './store.ts'

export type { Given, JournalRequest, JudgedRow, Outcome } from './request.ts'
export { kindNumber, type Subject, type SubjectKind, toPartner } from './subject.ts'

export type Journal = {
  decide<Answer>(request: JournalRequest<Answer>): Promise<Outcome<Answer>>
  /** Writes the counters of tails that are long or old enough; with `all`, of all. Safe on several processes at once. */
  flush(all?: boolean): Promise<void>
  /** Deletes idempotency keys past their time, and counters of subjects that were idle for longer than any window. */
  expire(): Promise<void>
  /** What a serving process repeats. */
  readonly loops: readonly Repeated[]
  /** Waits for requests under way and writes all counters, so that the next start has nothing to replay. */
  close(): Promise<void>
}

/** The longest window and a day. */
const idleMs = 31 * 86_400_000

export function createJournal(needs: {
  database: Database
  clock: Clock
  /** Hears of a tenant's decisions once they are durable. */
  onRecord(tenantId: string): void
  /** Subjects whose counters are remembered, of all tenants together. */
  maxSubjects?: number
}): Journal {
  const { database, clock, onRecord, maxSubjects = 200_000 } = needs
  const lanes = tenantLanes(database, 'journal')
  const briefing = createBriefing()
  const memory = createMemory({ clock, maxSubjects })
  const queue = createQueue({
    // One is left for the counters.
    lanes: laneCounts.journal - 1,
    isFull: (tenantId) => (memory.find(tenantId)?.tail.length ?? 0) >= maxRows,
    async commit(batches) {
      await commitBatches({ lanes, memory, briefing, clock, onRecord, putBack: queue.putBack }, batches)
      const isLong = batches.some(({ tenantId }) => (memory.find(tenantId)?.tail.length ?? 0) >= dueRows)
      // What fails is tried again at the next call, and at the next.
      if (isLong) flusher.run().catch(() => {})
    },
  })
  const flusher = createFlusher({ lanes, memory, queue, clock })
  const system = systemScope(database, 'counters')

  const journal: Journal = {
    decide(request) {
      const { pending, outcome } = toPending(request)
      queue.add(request.scope.tenantId, pending)
      return outcome
    },
    flush: flusher.run,
    async expire() {
      const now = clock.now()
      for await (const tenantId of system.everyTenant())
        await system.asTenant(tenantId).transaction(async (tx) => {
          await deleteOldClaims(tx, new Date(now - claimKeptMs))
          await deleteIdleCounters(tx, new Date(now - idleMs))
        })
    },
    get loops() {
      return [
        { name: 'counters', everyMs: 250, run: () => journal.flush() },
        { name: 'old counters and keys', everyMs: 3_600_000, run: journal.expire },
      ]
    },
    async close() {
      await queue.idle()
      // What cannot be written now is made again from decisions.
      await flusher.run(true).catch(() => {})
    },
  }
  return journal
}
