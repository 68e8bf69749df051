/**
 * Analytics: how many, how much and how right, from counts that are kept instead of rows that are counted.
 * Promises: every decision is counted once, on any number of processes, whichever of them dies; so is every outcome, and
 * one that is replaced is taken back; an answer says up to when it counts; counts hold nothing of anybody and stay when
 * decisions go; no decision waits for them.
 * Refuses: nothing.
 * Needs: the database, a clock, ids, and somebody who calls `turn` every few seconds.
 */
import type { Clock } from '#kernel/clock'
import { decidedAfter, type Decided } from '#engine/decisions'
import type { NewId } from '#kernel/id'
import type { Repeated } from '#platform/loops'
import { type Database, type Scope, systemScope, type Tx } from '#platform/database'
import type { Days } from './days.ts'
import { changeOf, fold, merge, placeOf, type Sheet, tallyAt, tallyDecisions } from './fold.ts'
import { bucketOf } from './latency.ts'
import { insertChange, type Place, type Placed, readCounted } from './store.ts'
import { count, type Labelled } from './tally.ts'

export { actions, analyticsRead } from './actions.ts'
export { type Days, maxDays, readDays } from './days.ts'
export { routes } from './routes.ts'
export { type By, bys, type Report, report, type Summary } from './summarise.ts'
export { type Labelled, type OutcomeWord, outcomeWords } from './tally.ts'

export type Counted = { asOfMs: number; placed: readonly Placed[] }

export type Analytics = {
  /** A tenant has something new to count. */
  note(tenantId: string): void
  /** One of its decisions took so long. In memory until it is counted: a process that dies takes its last ones along. */
  noteLatency(of: Pick<Decided, 'receivedMs' | 'policyVersion'> & { tenantId: string; latencyMs: number }): void
  /** A decision has another outcome, in the transaction that says so. Whoever calls knows that nobody else changes it. */
  countOutcome(tx: Tx, decided: Decided, outcome: { before: Labelled | undefined; now: Labelled }): Promise<void>
  /** Counts what tenants have decided that have waited long enough, or decided enough. Safe on several processes at once. */
  turn(): Promise<void>
  /** Lets the next turn look at every tenant, for what a process that died has left. */
  patrol(): Promise<void>
  /** Counts all that a tenant has decided so far. */
  follow(scope: Scope): Promise<void>
  /** Of decisions received on these days. Decisions that are not in the counts yet are added, so nobody waits for a turn. */
  read(scope: Scope, days: Days): Promise<Counted>
  /** What a serving process repeats. */
  readonly loops: readonly Repeated[]
  close(): Promise<void>
}

/** A tenant is counted when it has decided so often, or waits so long: answers need no counting, and it is shared by many. */
const dueRows = 1_000
const dueMs = 300_000
/** Of those that only wait, the longest waiting: what many tenants began together is not counted all at once. */
const waitersATurn = 16
const batchRows = 500
const batchesATurn = 32
/** Read besides the counts: more than wait for a turn. */
const tailRows = 4_000

type Waiting = { sinceMs: number; decisions: number; latencies: Sheet }

export function createAnalytics(needs: { database: Database; clock: Clock; newId: NewId }): Analytics {
  const { database, clock, newId } = needs
  const system = systemScope(database, 'analytics')
  const waiting = new Map<string, Waiting>()

  function find(tenantId: string): Waiting {
    let found = waiting.get(tenantId)
    if (!found) waiting.set(tenantId, (found = { sinceMs: clock.elapsed(), decisions: 0, latencies: new Map() }))
    return found
  }
  const makeDue = (tenantId: string): void => void (find(tenantId).sinceMs = -Infinity)
  const isBusy = ({ decisions }: Waiting): boolean => decisions >= dueRows
  const isDue = (one: Waiting): boolean => isBusy(one) || clock.elapsed() - one.sinceMs >= dueMs

  async function countOne(tenantId: string, batches: number): Promise<void> {
    const scope = system.asTenant(tenantId)
    const taken = find(tenantId)
    waiting.delete(tenantId)
    let left = [...taken.latencies.values()]
    try {
      for (let batch = 0; batch < batches; batch++) {
        const isDone = await scope.transaction((tx) => fold(tx, batchRows, left))
        left = []
        if (isDone) return
      }
      makeDue(tenantId)
    } catch (error) {
      makeDue(tenantId)
      merge(find(tenantId).latencies, left)
      throw error
    }
  }

  /** One tenant's trouble is not another's: all are tried, and then the first trouble is told. */
  async function countEach(tenantIds: readonly string[]): Promise<void> {
    const troubles: unknown[] = []
    for (const tenantId of tenantIds)
      await countOne(tenantId, batchesATurn).catch((error: unknown) => void troubles.push(error))
    if (troubles.length > 0) throw troubles[0]
  }

  const analytics: Analytics = {
    note: (tenantId) => void find(tenantId),
    noteLatency({ tenantId, latencyMs, ...of }) {
      const found = find(tenantId)
      found.decisions++
      count(tallyAt(found.latencies, placeOf(of)), 1, 'latency', String(bucketOf(latencyMs)))
    },
    async countOutcome(tx, decided, outcome) {
      await insertChange(tx, changeOf(decided, outcome), newId())
      tx.afterCommit(() => void find(tx.tenantId))
    },
    turn() {
      const due = [...waiting]
        .filter(([, one]) => isDue(one))
        .toSorted(([, one], [, other]) => one.sinceMs - other.sinceMs)
      const [busy, waiters] = [due.filter(([, one]) => isBusy(one)), due.filter(([, one]) => !isBusy(one))]
      return countEach([...busy, ...waiters.slice(0, waitersATurn)].map(([tenantId]) => tenantId))
    },
    async patrol() {
      for await (const tenantId of system.everyTenant()) makeDue(tenantId)
    },
    follow: ({ tenantId }) => countOne(tenantId, Infinity),
    async read(scope, { fromDay, toDay }) {
      const startedMs = clock.now()
      const isAsked = ({ day }: Place): boolean => day >= fromDay && day < toDay
      return scope.transaction(async (tx) => {
        const { version, placed } = await readCounted(tx, fromDay, toDay)
        const tail = await decidedAfter(tx, version, tailRows)
        const isWhole = tail.length < tailRows
        if (!isWhole) makeDue(scope.tenantId)
        const more = [tallyDecisions(tail), waiting.get(scope.tenantId)?.latencies ?? new Map()]
        return {
          asOfMs: isWhole ? startedMs : (tail.at(-1)?.receivedMs ?? startedMs),
          placed: [...placed, ...more.flatMap((sheet) => [...sheet.values()].filter(isAsked))],
        }
      })
    },
    get loops() {
      return [
        { name: 'analytics', everyMs: 2_000, run: analytics.turn },
        { name: 'analytics patrol', everyMs: 3_600_000, run: analytics.patrol, atOnce: true },
      ]
    },
    async close() {
      // What cannot be counted now is counted by whoever comes next; latencies of the last moment are lost.
      await countEach([...waiting.keys()]).catch(() => {})
    },
  }
  return analytics
}
