/**
 * Retention: what is old enough goes, by whole months, and the policy that says so is public.
 * Promises: the policy that is published is the one that is carried out; entries of the log stay, and every proof with
 * them; what goes is logged first, so that nothing goes without having been in the log.
 * Refuses: to keep the trail for less than a year; the database refuses it again.
 * Needs: the database, the log, audit, a clock, how many months to keep, and whoever must see what goes.
 */
import type { Clock } from '#kernel/clock'
import { firstIdAt } from '#kernel/id'
import type { Audit } from '#platform/audit'
import { type Database, type Scope, systemScope } from '#platform/database'
import type { Logs } from '#platform/log'
import { retentionApplied } from './actions.ts'
import { policyOf, type Rule } from './policy.ts'

export { actions } from './actions.ts'
export { controls } from './controls.ts'
export { fewestMonths, policyOf, type Rule } from './policy.ts'
export { openRoutes } from './routes.ts'

export type Retention = {
  readonly policy: readonly Rule[]
  /** Deletes the months that are over. Tells which partitions went. */
  apply(): Promise<string[]>
}

export function createRetention(needs: {
  database: Database
  logs: Logs
  audit: Audit
  clock: Clock
  months: number
  /** Sees all of a tenant's decisions before some of them go. */
  beforeDrop(scope: Scope): Promise<void>
}): Retention {
  const { database, logs, audit, clock, months, beforeDrop } = needs
  const system = systemScope(database, 'retention')
  return {
    policy: policyOf(months),
    async apply() {
      const now = new Date(clock.now())
      const beforeMs = Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - months, 1)
      const before = new Date(beforeMs).toISOString().slice(0, 10)
      if (!(await database.hasPartitionsBefore(before))) return []
      for await (const tenantId of system.everyTenant()) {
        const scope = system.asTenant(tenantId)
        await logs.drain(scope)
        await beforeDrop(scope)
        const forgotten = await logs.forgetBefore(scope, firstIdAt(beforeMs))
        if (forgotten === 0) continue
        const details = { before, entries: forgotten }
        await scope.transaction((tx) => audit.append(tx, { action: retentionApplied, details }))
      }
      return database.dropPartitions(before)
    },
  }
}
