/**
 * Audit: the trail of what was done.
 * Promises: a change and its row are one transaction; the row says who, for whom, what, on what, when and in which request;
 * its details can be erased without touching the rest.
 * Refuses: actions that are not in the closed list.
 * Needs: the gathered actions, encryption, ids, a clock.
 */
import type { AuditAction } from '#kernel/audit-action'
import { canonicalJson, type Json } from '#kernel/canonical-json'
import type { Clock } from '#kernel/clock'
import type { NewId } from '#kernel/id'
import type { Tx } from '#platform/database'
import type { Encryption } from '#platform/encryption'
import { insertEvent } from './store.ts'

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
  append(tx: Tx, entry: AuditEntry): Promise<void>
}

export function createAudit(needs: {
  actions: readonly AuditAction[]
  encryption: Encryption
  newId: NewId
  clock: Clock
}): Audit {
  const { actions, encryption, newId, clock } = needs
  const known = new Set(actions.map(({ name }) => name))
  if (known.size !== actions.length) throw new Error('two audit actions share a name')
  return {
    actions,
    async append(tx, { action, target, onBehalfOf, outcome = 'success', details }) {
      if (!known.has(action.name)) throw new Error(`the audit action ${action.name} is not gathered in app.ts`)
      const id = newId()
      const sealed = details
        ? (await encryption.keysOf(tx)).seal(
            { table: 'audit_event', column: 'details', row: id },
            canonicalJson(details),
          )
        : null
      await insertEvent(tx, {
        id,
        at: new Date(clock.now()),
        action: action.name,
        target: target ?? null,
        on_behalf_of: onBehalfOf ?? null,
        outcome,
        details: sealed,
      })
    },
  }
}
