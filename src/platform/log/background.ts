/**
 * What a serving process does for the logs, without anyone asking: follows hints, signs, and walks by every tenant for
 * what a process that died has left. Each step is safe on any number of processes.
 */
import { setTimeout } from 'node:timers/promises'
import { toWireId } from '#kernel/id'
import type { Clock } from '#kernel/clock'
import type { SystemScope } from '#platform/database'
import { errorFields, type Log as Logger, type Metrics } from '#platform/telemetry'
import type { Hints } from './hints.ts'
import { batchRows, type Sequenced } from './sequence.ts'

export const turnEveryMs = 250
export const patrolEveryMs = 60_000
/** A checkpoint is four kilobytes and a signature of a millisecond: not one for each batch. */
export const signEveryMs = 10_000
/** With very many logs at once signing is spread, longest due first, so that sequencing keeps up. */
const signsATurn = 8
/** After something failed for a tenant, so that it is told now and then, and not at every turn. */
const restMs = 5_000
const batchesATurn = 16
const underWayMs = 10
const tenantsAtOnce = 4

export type Background = {
  /** One step of following hints and signing what is due. */
  turn(): Promise<void>
  /** Looks at every tenant. */
  patrol(): Promise<void>
}

export function createBackground(needs: {
  system: SystemScope
  hints: Hints
  clock: Clock
  logger: Logger
  metrics: Metrics
  sequence(tenantId: string): Promise<Sequenced>
  isUnsigned(tenantId: string): Promise<boolean>
  /** False if another process is at it. */
  sign(tenantId: string): Promise<boolean>
  /** Witnesses may have something to see. Not waited for. */
  noteSigned(tenantId: string): void
}): Background {
  const { system, hints, clock, logger, metrics } = needs
  /** When to sign, by tenant. */
  const due = new Map<string, number>()
  const lastSigned = new Map<string, number>()
  const restsUntil = new Map<string, number>()
  const isAwake = (tenantId: string): boolean => (restsUntil.get(tenantId) ?? 0) <= clock.elapsed()

  /** True once everything that was durable when it began is sequenced, whatever is written meanwhile. */
  async function follow(tenantId: string): Promise<boolean> {
    let ahead: bigint | undefined
    for (let batch = 0; batch < batchesATurn; batch++) {
      const done = await needs.sequence(tenantId)
      if (done === 'busy') return false
      ahead ??= done.ahead
      if (done.added > 0) {
        metrics.logEntries.inc(done.added)
        if (!due.has(tenantId)) due.set(tenantId, (lastSigned.get(tenantId) ?? -Infinity) + signEveryMs)
      }
      if (!done.hasMore || done.upTo >= ahead) return true
      if (done.added === 0) return false
      // What is left waits for transactions under way, and those take milliseconds.
      if (done.added < batchRows) await setTimeout(underWayMs)
    }
    return false
  }

  async function sign(tenantId: string): Promise<void> {
    if (!(await needs.sign(tenantId))) return
    due.delete(tenantId)
    lastSigned.set(tenantId, clock.elapsed())
    metrics.logCheckpoints.inc()
    needs.noteSigned(tenantId)
  }

  /** One tenant's trouble is not another's. */
  async function attempt(what: string, tenantId: string, work: () => Promise<void>): Promise<void> {
    try {
      await work()
      restsUntil.delete(tenantId)
    } catch (error) {
      metrics.logFailures.inc({ what })
      const isFork = error instanceof Error && error.name === 'LogForkError'
      const fields = { tenant_id: toWireId('tenant', tenantId), reason: what, ...errorFields(error) }
      if (isFork) logger.error('log_fork_refused', fields)
      else logger.warn('log_step_failed', fields)
      restsUntil.set(tenantId, clock.elapsed() + restMs)
    }
  }

  const eachOf = async (tenantIds: Iterable<string>, work: (tenantId: string) => Promise<void>): Promise<void> => {
    const rest = tenantIds[Symbol.iterator]()
    const worker = async (): Promise<void> => {
      for (let next = rest.next(); !next.done; next = rest.next()) await work(next.value)
    }
    await Promise.all(Array.from({ length: tenantsAtOnce }, worker))
  }

  return {
    async turn() {
      await eachOf(hints.tenants().filter(isAwake), async (tenantId) => {
        const settle = hints.begin(tenantId)
        await attempt('sequence', tenantId, async () => {
          if (await follow(tenantId)) settle()
        })
      })
      const now = clock.elapsed()
      const ready = [...due]
        .filter(([id, dueMs]) => dueMs <= now && isAwake(id))
        .sort(([, one], [, other]) => one - other)
      const first = ready.slice(0, signsATurn).map(([tenantId]) => tenantId)
      await eachOf(first, (tenantId) => attempt('sign', tenantId, () => sign(tenantId)))
    },
    async patrol() {
      for await (const tenantId of system.everyTenant()) {
        await attempt('sequence', tenantId, async () => void (await follow(tenantId)))
        await attempt('sign', tenantId, async () => {
          if (!due.has(tenantId) && (await needs.isUnsigned(tenantId))) await sign(tenantId)
        })
        needs.noteSigned(tenantId)
      }
    },
  }
}
