/**
 * Who waits, and who goes together. A tenant has one batch under way in this process; what comes meanwhile is its next.
 * Several tenants that wait go in one transaction. A lone request waits for nobody.
 */
import { Fault } from '#kernel/fault'
import type { Batch } from './recall.ts'
import type { Pending } from './request.ts'

type Waiting = { readonly tenantId: string; pendings: Pending[]; isUnderWay: boolean; afterwards: (() => void)[] }

export type Queue = {
  add(tenantId: string, pending: Pending): void
  /** In front of those that came meanwhile, while the batch they were in is under way. */
  putBack(tenantId: string, pendings: readonly Pending[]): void
  /** Runs `work`, which is synchronous, when no batch of the tenant is under way: now, or before the next one. */
  betweenBatches(tenantId: string, work: () => void): void
  /** Looks again for tenants that may go. */
  wake(): void
  /** Resolves when nothing waits and nothing is under way. */
  idle(): Promise<void>
}

const maxPending = 4_096
const maxRows = 256
const maxTenants = 64
/** So many go together, though another lane be free. */
const fewTenants = 4

export function createQueue(needs: {
  lanes: number
  /** Whether a tenant must wait until its tail is shorter. */
  isFull(tenantId: string): boolean
  commit(batches: readonly Batch[]): Promise<void>
}): Queue {
  const { lanes, isFull, commit } = needs
  const tenants = new Map<string, Waiting>()
  /** Those that wait and have no batch under way, in the order of coming. */
  const ready = new Set<Waiting>()
  let underWay = 0
  let pendingCount = 0
  let isScheduled = false
  let idleWaiters: (() => void)[] = []

  const find = (tenantId: string): Waiting => {
    let waiting = tenants.get(tenantId)
    if (!waiting) tenants.set(tenantId, (waiting = { tenantId, pendings: [], isUnderWay: false, afterwards: [] }))
    return waiting
  }

  /** Once everything that is readable by now has been read: requests that came together go together. */
  function schedule(): void {
    if (isScheduled) return
    isScheduled = true
    setImmediate(() => {
      isScheduled = false
      while (underWay < lanes) {
        const taken = take()
        if (taken.length === 0) return
        void run(taken)
      }
    })
  }

  function take(): Waiting[] {
    const taken: Waiting[] = []
    let rows = 0
    // What waits is shared among the free lanes, so that one computes while another waits for the disk.
    const share = Math.min(maxTenants, Math.max(fewTenants, Math.ceil(ready.size / (lanes - underWay))))
    for (const waiting of ready) {
      if (taken.length === share || rows >= maxRows) break
      if (isFull(waiting.tenantId)) continue
      taken.push(waiting)
      rows += waiting.pendings.length
    }
    for (const waiting of taken) {
      ready.delete(waiting)
      waiting.isUnderWay = true
    }
    return taken.sort((one, other) => (one.tenantId < other.tenantId ? -1 : 1))
  }

  async function run(taken: readonly Waiting[]): Promise<void> {
    underWay++
    const batches = taken.map((waiting): Batch => {
      const pendings = waiting.pendings.splice(0, maxRows)
      return { tenantId: waiting.tenantId, pendings }
    })
    try {
      await commit(batches)
    } catch (error) {
      for (const { pendings } of batches) for (const pending of pendings) pending.reject(error)
    } finally {
      underWay--
      for (const { pendings } of batches) pendingCount -= pendings.length
      for (const waiting of taken) end(waiting)
      if (pendingCount === 0) for (const wake of idleWaiters.splice(0)) wake()
      schedule()
    }
  }

  function end(waiting: Waiting): void {
    waiting.isUnderWay = false
    for (const work of waiting.afterwards.splice(0)) work()
    if (waiting.pendings.length > 0) ready.add(waiting)
    else tenants.delete(waiting.tenantId)
  }

  return {
    add(tenantId, pending) {
      if (pendingCount >= maxPending) {
        pending.reject(
          new Fault('overloaded', 'Too many requests are waiting. Try again shortly.', { retryAfterSeconds: 1 }),
        )
        return
      }
      pendingCount++
      const waiting = find(tenantId)
      waiting.pendings.push(pending)
      if (!waiting.isUnderWay) ready.add(waiting)
      schedule()
    },
    putBack(tenantId, pendings) {
      pendingCount += pendings.length
      find(tenantId).pendings.unshift(...pendings)
    },
    betweenBatches(tenantId, work) {
      const waiting = tenants.get(tenantId)
      if (waiting?.isUnderWay) waiting.afterwards.push(work)
      else work()
    },
    wake: schedule,
    async idle() {
      if (pendingCount > 0) await new Promise<void>((resolve) => void idleWaiters.push(resolve))
    },
  }
}
