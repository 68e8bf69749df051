/**
 * Trail: reading what audit wrote.
 * Promises: a page examines a bounded number of rows, however many there are; each row says its place in the log; reads
 * and refusals leave a row; a tenant sets how much is written, and that is itself written.
 * Refuses: a level below the floor, an action that is not in the closed list.
 * Needs: the database, encryption, audit, a log, the version.
 */
import { toWireId } from '#kernel/id'
import type { PageAsk } from '#kernel/page'
import type { Audit } from '#platform/audit'
import type { Database, Scope } from '#platform/database'
import type { Encryption } from '#platform/encryption'
import type { Log } from '#platform/telemetry'
import { listTrail, type TrailAsk } from './list.ts'
import { type OcsfEvent, toOcsf } from './ocsf.ts'
import { createRecorder } from './record.ts'
import { toWireItem, type WireItem } from './wire.ts'

export { actions, auditRead } from './actions.ts'
export { controls } from './controls.ts'
export { examinedAtMost, type TrailAsk } from './list.ts'
export { ocsfVersion } from './ocsf.ts'
export { routes } from './routes.ts'

export type Format = 'vouch' | 'ocsf'
export type TrailPage = {
  data: readonly (WireItem | OcsfEvent)[]
  /** Rows before this id are not read yet. A page can be short, even empty, and have a next. */
  next: string | null
}

export type Trail = ReturnType<typeof createRecorder> & {
  readonly audit: Audit
  list(scope: Scope, ask: TrailAsk, page: PageAsk, format: Format): Promise<TrailPage>
}

export function createTrail(needs: {
  database: Database
  encryption: Encryption
  audit: Audit
  log: Log
  version: string
}): Trail {
  const { encryption, audit, version } = needs
  const actions = new Map<string, (typeof audit.actions)[number]>(audit.actions.map((action) => [action.name, action]))
  return {
    ...createRecorder(needs),
    audit,
    async list(scope, ask, page, format) {
      const { items, next } = await scope.transaction((tx) => listTrail(tx, encryption, ask, page), 'in index order')
      const from = { tenantId: toWireId('tenant', scope.tenantId), version }
      const data = items.map((item) =>
        format === 'ocsf' ? toOcsf(item, actions.get(item.action), from) : toWireItem(item),
      )
      return { data, next }
    },
  }
}
