/**
 * Audit: the trail of what was done.
 * Promises: a change and its row are one transaction; the row says who, for whom, what, on what, when and in which request;
 * its details can be erased without touching the rest; a tenant's level leaves out reads, and never what is of the floor.
 * Refuses: actions that are not in the closed list, levels below the floor.
 * Needs: the gathered actions, encryption, ids, a clock.
 */
import type { AuditAction } from '#kernel/audit-action'
import { canonicalJson, type Json } from '#kernel/canonical-json'
import type { Clock } from '#kernel/clock'
import type { NewId } from '#kernel/id'
import type { Tx } from '#platform/database'
import type { Encryption } from '#platform/encryption'
import { createLevels, type Level, levelChanged } from './level.ts'
import { createSource, detailsPlace } from './source.ts'
import { insertEvent } from './store.ts'

export { type Level, levelChanged, levelRememberedMs, levels } from './level.ts'
export { openDetails } from './source.ts'

export type AuditEntry = {
  action: AuditAction
  /** Wire id, or word, of what was changed. */
  target?: string
  /** Wire id of whoever the actor acted for. */
  onBehalfOf?: string
  outcome?: 'success' | 'refused'
  /** What was entered. Sealed; can be erased alone. */
  details?: { readonly [key: string]: Json }
}

export type Audit = {
  readonly actions: readonly AuditAction[]
  /** Writes the row in the caller's transaction, and gives its id; null when the tenant's level leaves it out. */
  append(tx: Tx, entry: AuditEntry): Promise<string | null>
  level(tx: Tx): Promise<Level>
  /** Followed on every process within `levelRememberedMs`. Each call is itself in the trail. */
  setLevel(tx: Tx, level: string): Promise<void>
  /** What the log follows. */
  readonly source: ReturnType<typeof createSource>
}

export function createAudit(needs: {
  actions: readonly AuditAction[]
  encryption: Encryption
  newId: NewId
  clock: Clock
  /** Hears of a tenant's row once it is durable. */
  onAppend(tenantId: string): void
}): Audit {
  const { actions, encryption, newId, clock, onAppend } = needs
  const known = new Set(actions.map(({ name }) => name))
  if (known.size !== actions.length) throw new Error('two audit actions share a name')
  const levels = createLevels({ clock })
  const audit: Audit = {
    actions,
    source: createSource(encryption),
    level: levels.read,
    async setLevel(tx, level) {
      const from = await levels.set(tx, level)
      await audit.append(tx, { action: levelChanged, details: { from, to: level } })
    },
    async append(tx, { action, target, onBehalfOf, outcome = 'success', details }) {
      if (!known.has(action.name)) throw new Error(`the audit action ${action.name} is not gathered in app.ts`)
      if (action.level === 'reads' && (await levels.recall(tx)) === 'changes') return null
      const id = newId()
      const sealed = details ? (await encryption.keysOf(tx)).seal(detailsPlace(id), canonicalJson(details)) : null
      await insertEvent(tx, {
        id,
        at: new Date(clock.now()),
        action: action.name,
        target: target ?? null,
        on_behalf_of: onBehalfOf ?? null,
        outcome,
        details: sealed,
      })
      tx.afterCommit(() => onAppend(tx.tenantId))
      return id
    },
  }
  return audit
}
