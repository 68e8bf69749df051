/** Which prefix lengths a tenant's ranges have, remembered for a moment: ranges of other processes count within a second. */
import type { Clock } from '#kernel/clock'
import type { Tx } from '#platform/database'
import { readPrefixes } from './store.ts'

const rememberedMs = 800
const mostTenants = 10_000

export function createPrefixMemory(clock: Clock) {
  const known = new Map<string, { prefixes: readonly number[]; untilMs: number }>()
  return {
    async of(tx: Tx): Promise<readonly number[]> {
      const remembered = known.get(tx.tenantId)
      if (remembered && remembered.untilMs > clock.elapsed()) return remembered.prefixes
      const prefixes = await readPrefixes(tx)
      if (known.size >= mostTenants) known.clear()
      known.set(tx.tenantId, { prefixes, untilMs: clock.elapsed() + rememberedMs })
      return prefixes
    },
    forget: (tenantId: string): void => void known.delete(tenantId),
  }
}
