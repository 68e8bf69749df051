import { rfc3339 } from '#kernel/clock'
import { toWireId } from '#kernel/id'
import type { TrailItem } from './list.ts'

/** A row of the trail as it is read. */
export const toWireItem = (item: TrailItem) => ({
  id: toWireId('audit', item.id),
  at: rfc3339(item.at.getTime()),
  actor: { kind: item.actor_kind, id: item.actor_id },
  on_behalf_of: item.on_behalf_of,
  action: item.action,
  target: item.target,
  outcome: item.outcome,
  request_id: item.request_id && toWireId('request', item.request_id),
  details: item.details,
  log: item.index === null ? null : { index: Number(item.index) },
})
export type WireItem = ReturnType<typeof toWireItem>
