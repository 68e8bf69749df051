/** Rows that no verb writes: a read that succeeded, and a request that was refused for want of a scope. */
import type { AuditAction } from '#kernel/audit-action'
import type { Principal } from '#platform/access'
import type { Audit } from '#platform/audit'
import { type Database, type Scope, systemScope } from '#platform/database'
import { errorFields, type Log } from '#platform/telemetry'
import { accessRefused } from './actions.ts'

const maxTarget = 200

export function createRecorder(needs: { database: Database; audit: Audit; log: Log }) {
  const { database, audit, log } = needs
  const system = systemScope(database, 'refusals')
  return {
    /** Resolves once the row is durable. Whoever cannot record a read does not answer it. */
    async recordRead(scope: Scope, action: AuditAction, target: string | undefined): Promise<void> {
      const entry = target === undefined || target === '' ? { action } : { action, target: target.slice(0, maxTarget) }
      await scope.transaction((tx) => audit.append(tx, entry))
    },
    /** The request is refused, whether or not this could be written. */
    async recordRefusal(principal: Principal, requestId: string, target: string): Promise<void> {
      const scope = system.asTenant(principal.tenantId, principal.actor, requestId)
      await scope
        .transaction((tx) => audit.append(tx, { action: accessRefused, target, outcome: 'refused' }))
        .catch((error: unknown) => log.warn('refusal_not_recorded', errorFields(error)))
    },
  }
}
