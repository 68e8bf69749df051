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
import type { Outcome, Sequenced } from './sequence.ts'

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
/** In one transaction: enough that the way to the database and the commit cost little, and few that its locks are short. */
const tenantsTogether = 32
const signsAtOnce = 4

export type Background = {
  /** One step of following hints and signing what is due. */
  turn(): Promise<void>
  /** Looks at every tenant. */
  patrol(): Promise<void>
}

type Following = { tenantId: string; settle?: () => void; ahead?: bigint; batches: number }

export function createBackground(needs: {
  system: SystemScope
  hints: Hints
  clock: Clock
  logger: Logger
  metrics: Metrics
  /** A batch of each. */
  sequence(tenantIds: readonly string[]): Promise<ReadonlyMap<string, Outcome>>
  noteSequenced(tenantId: string): void
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
    await Promise.all(Array.from({ length: signsAtOnce }, worker))
  }

  /**
   * Tenants by turns, several together, each until everything that was durable when it began is sequenced, whatever is
   * written meanwhile.
   */
  async function follow(tenantIds: readonly string[]): Promise<void> {
    const queue = tenantIds.map((tenantId): Following => ({ tenantId, batches: 0 }))
    while (queue.length > 0) {
      const group = queue.splice(0, tenantsTogether)
      for (const one of group) one.settle ??= hints.begin(one.tenantId)
      const outcomes = await needs.sequence(group.map(({ tenantId }) => tenantId))
      const areLast = queue.length === 0
      let isFull = false
      for (const one of group) {
        await attempt('sequence', one.tenantId, async () => {
          const outcome = outcomes.get(one.tenantId)
          if (!outcome || 'error' in outcome) throw outcome?.error
          if (!advance(one, outcome.done)) return
          queue.push(one)
          isFull ||= outcome.done.isFull
        })
      }
      // What is left waits for transactions under way, and those take milliseconds.
      if (areLast && queue.length > 0 && !isFull) await setTimeout(underWayMs)
    }
  }

  function advance(one: Following, done: Sequenced): done is Exclude<Sequenced, string> {
    if (typeof done === 'string') return false
    one.ahead ??= done.ahead
    if (done.added > 0) {
      metrics.logEntries.inc(done.added)
      needs.noteSequenced(one.tenantId)
      if (!due.has(one.tenantId)) due.set(one.tenantId, (lastSigned.get(one.tenantId) ?? -Infinity) + signEveryMs)
    }
    if (done.hasMore && done.upTo < one.ahead) return done.added > 0 && ++one.batches < batchesATurn
    one.settle?.()
    return false
  }

  async function lookAtSignature(tenantId: string): Promise<void> {
    await attempt('sign', tenantId, async () => {
      if (!due.has(tenantId) && (await needs.isUnsigned(tenantId))) await sign(tenantId)
    })
    needs.noteSigned(tenantId)
  }

  return {
    async turn() {
      await follow(hints.tenants().filter(isAwake))
      const now = clock.elapsed()
      const ready = [...due]
        .filter(([id, dueMs]) => dueMs <= now && isAwake(id))
        .sort(([, one], [, other]) => one - other)
        .slice(0, signsATurn)
      await eachOf(
        ready.map(([tenantId]) => tenantId),
        (tenantId) => attempt('sign', tenantId, () => sign(tenantId)),
      )
    },
    async patrol() {
      let some: string[] = []
      const look = async (): Promise<void> => {
        await follow(some)
        for (const tenantId of some) await lookAtSignature(tenantId)
        some = []
      }
      for await (const tenantId of system.everyTenant()) if (some.push(tenantId) === tenantsTogether) await look()
      await look()
    },
  }
}
