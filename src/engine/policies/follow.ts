/**
 * The published policy, compiled, as decisions use it. It is remembered for `rememberedMs` and no longer: that bound, not a
 * message that could be lost, is why a policy judges on every process within a second.
 */
import { compileOrThrow, type CompiledPolicy, defaultPolicy, defaultVersion } from '#engine/decide'
import type { Clock } from '#kernel/clock'
import type { Tx } from '#platform/database'
import { toDocument } from './documents.ts'
import { readLatestVersion, readVersion } from './store.ts'

export const rememberedMs = 800
const maxRemembered = 10_000

export type Published = { readonly version: number; readonly policy: CompiledPolicy }
export const defaultPublished: Published = { version: defaultVersion, policy: compileOrThrow(defaultPolicy) }

export type Follow = {
  /** As it was at most `rememberedMs` ago. */
  recall(tx: Tx): Promise<Published>
  forget(tenantId: string): void
}

export function createFollow({ clock }: { clock: Clock }): Follow {
  const remembered = new Map<string, { published: Published; untilMs: number }>()
  /** A version never changes, so what was compiled once is used as long as it is the latest. */
  async function read(tx: Tx, known: Published): Promise<Published> {
    const version = (await readLatestVersion(tx)) ?? defaultVersion
    if (version === known.version) return known
    if (version === defaultVersion) return defaultPublished
    const row = await readVersion(tx, version)
    if (!row) throw new Error(`policy version ${version} is gone`)
    return { version, policy: compileOrThrow(toDocument(row.document)) }
  }
  return {
    async recall(tx) {
      // Counted from before the look-up, so that its duration is inside the bound.
      const nowMs = clock.elapsed()
      const entry = remembered.get(tx.tenantId)
      if (entry && entry.untilMs > nowMs) return entry.published
      const published = await read(tx, entry?.published ?? defaultPublished)
      // Not before the commit: what this transaction alone can see may be taken back.
      tx.afterCommit(() => {
        if (remembered.size >= maxRemembered) remembered.clear()
        remembered.set(tx.tenantId, { published, untilMs: nowMs + rememberedMs })
      })
      return published
    },
    forget: (tenantId) => void remembered.delete(tenantId),
  }
}
