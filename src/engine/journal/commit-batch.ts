/** One transaction: a batch of one tenant, or of several, each in a segment of its own. All are stored, or none is. */
import type { Briefing } from '#engine/briefing'
import type { Clock } from '#kernel/clock'
import { Fault } from '#kernel/fault'
import type { Enter, Lanes } from '#platform/database'
import { claimKeptMs, judgeBatch, type JudgedBatch } from './judge-batch.ts'
import type { Memory } from './memory.ts'
import { type Batch, recall, type Recalled } from './recall.ts'
import type { Pending } from './request.ts'
import { deleteClaims, inPowersOfTwo, insertClaims, insertDecisions } from './store.ts'

type Needs = {
  lanes: Lanes
  memory: Memory
  briefing: Briefing
  clock: Clock
  onRecord(tenantId: string): void
  /** They go with the tenant's next batch. */
  putBack(tenantId: string, pendings: readonly Pending[]): void
}

/** Judging keeps everybody else of this process waiting. A policy that takes long gets no more of it at a time, in ms. */
const judgingMs = 100

/** `batches` are in the order of their tenants' ids, each with one request or more. Every request gets its answer, or is put back. */
export async function commitBatches(needs: Needs, batches: readonly Batch[]): Promise<void> {
  const { lanes, memory, clock, onRecord, putBack } = needs
  let judged: { recalled: Recalled; of: JudgedBatch }[] = []
  let isSent = false
  try {
    judged = await lanes.transaction({
      read: (enter) => recall(enter, needs, batches),
      write: (enter, all) => {
        const [nowMs, untilMs] = [clock.now(), clock.elapsed() + judgingMs]
        const written = all.map((recalled) => {
          const of = judgeBatch(recalled, nowMs, () => clock.elapsed() > untilMs)
          store(enter, recalled, of, nowMs)
          return { recalled, of }
        })
        isSent = true
        return written
      },
    })
  } catch (error) {
    // What is in memory may be of a transaction that is not there: rows will say.
    for (const { tenantId } of batches) memory.forget(tenantId)
    // Once all is sent, only the server's own word says that it is not stored.
    if (isSent && !isRefusal(error)) rejectAll(batches, error)
    else await retryAlone(needs, batches, error)
    return
  }
  for (const { recalled, of } of judged) {
    const { tenant, head } = recalled
    tenant.version = head
    for (const event of of.events) memory.addToTail(tenant, event)
    for (const pending of of.answered) pending.settle()
    for (const { pending, error } of of.refused) pending.reject(error)
    if (of.left.length > 0) putBack(tenant.tenantId, of.left)
    if (of.rows.length > 0) onRecord(tenant.tenantId)
  }
}

function store(enter: Enter, { batch }: Recalled, of: JudgedBatch, nowMs: number): void {
  if (of.rows.length === 0) return
  const segment = enter(batch.tenantId)
  const before = new Date(nowMs - claimKeptMs)
  if (of.expired.length > 0) void segment.run(deleteClaims, { hashes: of.expired, before })
  for (const rows of inPowersOfTwo(of.claims)) void segment.run(insertClaims, rows)
  for (const rows of inPowersOfTwo(of.rows)) void segment.run(insertDecisions, rows)
}

const rejectAll = (batches: readonly Batch[], error: unknown): void => {
  for (const { pendings } of batches) for (const pending of pendings) pending.reject(error)
}

/** PostgreSQL refused a statement, and with it the transaction. */
const isRefusal = (error: unknown): boolean =>
  (error instanceof Error && 'severity' in error) || (error instanceof Fault && error.code === 'conflict')

/**
 * Nothing of the transaction is stored. One tenant must not suffer for another, nor one request for another; a database
 * that is away, or a head that others hold, is away for all.
 */
async function retryAlone(needs: Needs, batches: readonly Batch[], error: unknown): Promise<void> {
  const [first, ...others] = batches
  const isAlone = others.length === 0 && (first?.pendings.length ?? 0) <= 1
  const isForAll = error instanceof Fault && (error.code !== 'conflict' || others.length === 0)
  if (isAlone || isForAll || !first) rejectAll(batches, error)
  else if (others.length > 0) for (const batch of batches) await commitBatches(needs, [batch])
  else for (const pending of first.pendings) await commitBatches(needs, [{ ...first, pendings: [pending] }])
}
