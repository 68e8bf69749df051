/**
 * Briefing: what a tenant's decisions are made on besides events and counters: its published policy and its lists.
 * Promises: whoever decides has what was published and listed when it looked at the basis, or newer, on any process; what
 * did not change is not read again; memory is bounded.
 * Refuses: nothing.
 * Needs: policies and lists of the tenant, through the statements that the caller runs.
 */
import { type ListForms, readForms, readListIds, toForms } from '#engine/lists'
import { defaultPublished, type Published, readPublished } from '#engine/policies'
import type { Run } from '#platform/database'

export type Brief = {
  /** The number of the basis that was read before the rest. */
  readonly basis: bigint
  readonly published: Published
  /** Lists that the policy names and that there are. */
  readonly known: ReadonlySet<string>
  readonly forms: ListForms
}

export type Briefing = {
  /** As it was when it was last read, if it is remembered. */
  recall(tenantId: string): Brief | undefined
  /** `basis` is read before. */
  read(tenantId: string, basis: bigint, run: Run): Promise<Brief>
}

const maxTenants = 20_000

export function createBriefing(): Briefing {
  const remembered = new Map<string, Brief>()
  return {
    recall: (tenantId) => remembered.get(tenantId),
    async read(tenantId, basis, run) {
      const forms = run(readForms, undefined)
      const published = await readPublished(run, remembered.get(tenantId)?.published ?? defaultPublished)
      const named = published.policy.document.lists
      const found = named.length === 0 ? [] : await run(readListIds, named)
      const brief = { basis, published, known: new Set(found.map(({ id }) => id)), forms: toForms(await forms) }
      // The oldest goes: it is read again when it is needed.
      const [oldest] = remembered.size >= maxTenants ? remembered.keys() : []
      if (oldest !== undefined) remembered.delete(oldest)
      remembered.delete(tenantId)
      remembered.set(tenantId, brief)
      return brief
    },
  }
}
