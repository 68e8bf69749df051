/**
 * A row of the trail as an OCSF 1.7.0 event in a CloudEvents 1.0.2 envelope, as Adobe's audit logs come. Each class gets
 * the attributes that schema.ocsf.io/1.7.0 requires of it. The address a caller came from is not kept, so a source is
 * named by its key alone.
 */
import type { AuditAction } from '#kernel/audit-action'
import type { Json } from '#kernel/canonical-json'
import { toWireItem, type WireItem } from './wire.ts'
import type { TrailItem } from './list.ts'

export const ocsfVersion = '1.7.0'
type Attributes = { readonly [name: string]: Json }

/** What was written by a version of Vouch that had other actions. */
const unknownAction = { ocsfClass: 6003, ocsfActivity: 99 } as const

export function toOcsf(item: TrailItem, action: AuditAction | undefined, from: { tenantId: string; version: string }) {
  const wire = toWireItem(item)
  const { ocsfClass, ocsfActivity } = action ?? unknownAction
  const isRefused = wire.outcome === 'refused'
  const [noun, verb] = wire.action.split('.')
  const data: Attributes = {
    class_uid: ocsfClass,
    category_uid: Math.floor(ocsfClass / 1_000),
    activity_id: ocsfActivity,
    ...(ocsfActivity === 99 ? { activity_name: verb ?? wire.action } : {}),
    type_uid: ocsfClass * 100 + ocsfActivity,
    time: item.at.getTime(),
    severity_id: isRefused ? 2 : 1,
    status_id: isRefused ? 2 : 1,
    message: wire.action,
    metadata: {
      version: ocsfVersion,
      product: { name: 'Vouch', vendor_name: 'Vouch', version: from.version },
      uid: wire.id,
      event_code: wire.action,
      log_name: 'audit',
      original_time: wire.at,
      tenant_uid: from.tenantId,
      ...(wire.request_id === null ? {} : { correlation_uid: wire.request_id }),
      ...(wire.log === null ? {} : { sequence: wire.log.index }),
    },
    actor: toActor(wire.actor),
    api: {
      operation: wire.action,
      ...(wire.request_id === null ? {} : { request: { uid: wire.request_id } }),
    },
    ...aboutTarget(ocsfClass, { uid: wire.target ?? from.tenantId, type: noun ?? wire.action }, wire),
    ...withoutNulls({ unmapped: withoutNulls({ on_behalf_of: wire.on_behalf_of, details: wire.details }) ?? null }),
  }
  return {
    specversion: '1.0' as const,
    id: wire.id,
    source: `/log/${from.tenantId}`,
    type: 'vouch.audit.v1' as const,
    subject: wire.target ?? from.tenantId,
    time: wire.at,
    datacontenttype: 'application/json' as const,
    data,
  }
}

function toActor({ kind, id }: WireItem['actor']): Attributes {
  if (kind === 'system') return { app_name: 'Vouch', app_uid: id }
  return { user: kind === 'key' ? toService(id) : { uid: id, type_id: 2, type: 'Admin' } }
}

/** A key, as OCSF's types of accounts have it. */
const toService = (uid: string) => ({ uid, type_id: 4, type: 'Service' })

/** What the action was done to, under the name that its class has for it. */
function aboutTarget(
  ocsfClass: AuditAction['ocsfClass'],
  target: { uid: string; type: string },
  wire: WireItem,
): Attributes {
  const user = target.type === 'key' ? toService(target.uid) : { uid: target.uid, type_id: 99, type: target.type }
  const privileges = privilegesIn(wire.details)
  if (ocsfClass === 3001) return { user }
  if (ocsfClass === 3002) return { user, service: { name: 'Vouch' } }
  if (ocsfClass === 3003 || ocsfClass === 3005) return { user, privileges }
  if (ocsfClass === 3004) return { entity: { uid: target.uid, type_id: 99, type: target.type } }
  if (ocsfClass === 3006) return { group: target, privileges }
  return { src_endpoint: { uid: wire.actor.id, name: wire.actor.kind }, resources: [target] }
}

function privilegesIn(details: Json): readonly string[] {
  const scopes: Json = details !== null && typeof details === 'object' && 'scopes' in details ? details.scopes : null
  return Array.isArray(scopes) ? scopes.map(String) : []
}

/** Undefined when nothing is left. */
function withoutNulls(of: Attributes): Attributes | undefined {
  const kept = Object.entries(of).filter(([, value]) => value !== null)
  return kept.length > 0 ? Object.fromEntries(kept) : undefined
}

export type OcsfEvent = ReturnType<typeof toOcsf>
