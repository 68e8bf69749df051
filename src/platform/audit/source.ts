/** The trail as a source of the log: what of a row the log commits to. */
import { canonicalJson, type Json } from '#kernel/canonical-json'
import { rfc3339 } from '#kernel/clock'
import { toWireId } from '#kernel/id'
import type { Segment, Tx } from '#platform/database'
import type { Encryption, TenantKeys } from '#platform/encryption'
import { type AuditRow, eraseDetails, readEvents, readEventsAfter } from './store.ts'

export const detailsPlace = (row: string) => ({ table: 'audit_event', column: 'details', row })

export function openDetails(row: Pick<AuditRow, 'id' | 'details'>, keys: TenantKeys): Json {
  if (row.details === null) return null
  const details: Json = JSON.parse(keys.open(detailsPlace(row.id), row.details))
  return details
}

const toContent = (row: AuditRow, keys: TenantKeys): string =>
  canonicalJson({
    id: toWireId('audit', row.id),
    at: rfc3339(row.at.getTime()),
    actor: { kind: row.actor_kind, id: row.actor_id },
    on_behalf_of: row.on_behalf_of,
    action: row.action,
    target: row.target,
    outcome: row.outcome,
    request_id: row.request_id && toWireId('request', row.request_id),
    details: openDetails(row, keys),
  })

export const createSource = (encryption: Encryption) => ({
  name: 'audit',
  idKind: 'audit' as const,
  /** Rows after (xact, id), in that order. */
  async read(tx: Segment, after: { xact: string; id: string }, limit: number) {
    const rows = await readEventsAfter(tx, after, limit)
    if (rows.length === 0) return []
    const keys = await encryption.keysOf(tx)
    return rows.map((row) => ({
      xact: row.xact,
      id: row.id,
      at: row.at,
      type: row.action,
      content: toContent(row, keys),
    }))
  },
  /** By id; a row that is gone has none. */
  async readContents(tx: Tx, ids: readonly string[]) {
    const keys = await encryption.keysOf(tx)
    return new Map((await readEvents(tx, ids)).map((row) => [row.id, toContent(row, keys)]))
  },
  erase: eraseDetails,
})
