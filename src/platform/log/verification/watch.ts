/**
 * Verification that never ends: at each step of a few tenants the newest entries, and a window that moves on until the
 * whole log was looked at; the next pass begins a day later. What was found stays until a whole pass finds nothing.
 */
import { toWireId } from '#kernel/id'
import type { Clock } from '#kernel/clock'
import type { Scope, SystemScope, Tx } from '#platform/database'
import type { Log as Logger, Metrics } from '#platform/telemetry'
import { tileWidth } from '#platform/tlog'
import { type Flaw, reverifyRest, reverifyWindow } from './reverify.ts'
import type { LogSource } from '../source.ts'
import { readCheckpoint } from '../store.ts'
import { readVerification, saveVerification, type Verification } from './store.ts'

export const watchEveryMs = 30_000
export const wholeEveryMs = 24 * 3_600_000
const tenantsAStep = 16
const windowEntries = 16 * tileWidth
const newestEntries = 2 * tileWidth

export type Newest = { flaw: Flaw | undefined; entries: number }

export type Watch = {
  /** Looks at a part of the logs of the next few tenants. */
  step(): Promise<void>
  /** Looks at the whole log of one tenant, now. */
  verifyWhole(tenantId: string): Promise<Verification>
  /**
   * Looks at the newest entries of one tenant, now; undefined in `entries` when nothing is signed. `distort` changes
   * contents on their way here, to show that a change is found.
   */
  verifyNewest(tenantId: string, distort?: (content: string) => string): Promise<Newest>
}

export function createWatch(needs: {
  system: SystemScope
  sources: readonly LogSource[]
  clock: Clock
  logger: Logger
  metrics: Metrics
}): Watch {
  const { system, sources, clock, logger, metrics } = needs
  let round: AsyncGenerator<string> | undefined

  async function look(tenantId: string, asMuchAs: number): Promise<Verification | undefined> {
    const scope = system.asTenant(tenantId)
    const { last, before } = await scope.transaction(async (tx) => ({
      last: await readCheckpoint(tx),
      before: await readVerification(tx),
    }))
    if (!last) return undefined
    const now = new Date(clock.now())
    const size = Number(last.size)
    const isIdle =
      before !== undefined &&
      before.next_index === 0n &&
      (before.whole_at?.getTime() ?? 0) > now.getTime() - wholeEveryMs
    const from = Number(before?.next_index ?? 0n)
    const to = isIdle && asMuchAs < size ? from : Math.min(size, from + asMuchAs)
    let flaw = await judgeNewest(scope, size)
    flaw ??= await reverifyWindow(scope, sources, from, to)
    const isEnd = to === size && from < to
    if (isEnd) flaw ??= await reverifyRest(scope, sources)
    const after = judge(before, { flaw, now, size, next: isEnd ? 0 : Math.floor(to / tileWidth) * tileWidth, isEnd })
    await scope.transaction((tx) => saveVerification(tx, after))
    if (flaw) report(tenantId, flaw)
    return after
  }

  const judgeNewest = (scope: Scope, size: number, from = sources): Promise<Flaw | undefined> =>
    reverifyWindow(scope, from, Math.max(0, Math.floor((size - newestEntries) / tileWidth) * tileWidth), size)

  function report(tenantId: string, { index, why }: Flaw): void {
    metrics.logFailures.inc({ what: 'verify' })
    logger.error('log_does_not_verify', {
      tenant_id: toWireId('tenant', tenantId),
      reason: why,
      count: index ?? undefined,
    })
  }

  return {
    async step() {
      for (let seen = 0; seen < tenantsAStep; seen++) {
        round ??= system.everyTenant()
        const next = await round.next()
        if (next.done) {
          round = undefined
          return
        }
        await look(next.value, windowEntries)
      }
    },
    async verifyNewest(tenantId, distort) {
      const scope = system.asTenant(tenantId)
      const last = await scope.transaction((tx) => readCheckpoint(tx))
      if (!last) return { flaw: undefined, entries: 0 }
      const through = distort ? sources.map((source) => distorted(source, distort)) : sources
      return { flaw: await judgeNewest(scope, Number(last.size), through), entries: Number(last.size) }
    },
    async verifyWhole(tenantId) {
      await system.asTenant(tenantId).transaction((tx) => restart(tx))
      const done = await look(tenantId, Number.MAX_SAFE_INTEGER)
      if (!done) throw new Error('nothing is signed yet')
      return done
    },
  }

  async function restart(tx: Tx): Promise<void> {
    const before = await readVerification(tx)
    if (before) await saveVerification(tx, { ...before, next_index: 0n })
  }
}

const distorted = (source: LogSource, distort: (content: string) => string): LogSource => ({
  ...source,
  async readContents(tx, ids) {
    const contents = await source.readContents(tx, ids)
    return new Map([...contents].map(([id, content]) => [id, distort(content)]))
  },
})

function judge(
  before: Verification | undefined,
  { flaw, now, size, next, isEnd }: { flaw: Flaw | undefined; now: Date; size: number; next: number; isEnd: boolean },
): Verification {
  const found = flaw
    ? { found: flaw.why.slice(0, 500), found_index: flaw.index === null ? null : BigInt(flaw.index), found_at: now }
    : isEnd || !before
      ? { found: null, found_index: null, found_at: null }
      : { found: before.found, found_index: before.found_index, found_at: before.found_at }
  const isWhole = isEnd && !flaw
  return {
    next_index: BigInt(flaw ? 0 : next),
    looked_at: now,
    whole_at: isWhole ? now : (before?.whole_at ?? null),
    whole_size: isWhole ? BigInt(size) : (before?.whole_size ?? null),
    ...found,
  }
}
