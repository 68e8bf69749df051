/** What schema.ocsf.io/1.7.0 asks of each class, as far as these events have it: required attributes and constraints. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AuditAction } from '#kernel/audit-action'
import type { Json } from '#kernel/canonical-json'
import { toWireId } from '#kernel/id'
import { createWorld } from '#harness'
import type { TrailItem } from './list.ts'
import { toOcsf } from './ocsf.ts'

type Attributes = { readonly [name: string]: Json }

const required = ['activity_id', 'category_uid', 'class_uid', 'metadata', 'severity_id', 'time', 'type_uid']
const classes: Readonly<Record<AuditAction['ocsfClass'], { required: string[]; oneOf: string[]; activities: number }>> =
  {
    3001: { required: ['user'], oneOf: [], activities: 12 },
    3002: { required: ['user'], oneOf: ['service', 'dst_endpoint'], activities: 7 },
    3003: { required: ['user'], oneOf: ['privileges', 'group'], activities: 2 },
    3004: { required: ['entity'], oneOf: [], activities: 13 },
    3005: { required: ['user', 'privileges'], oneOf: [], activities: 2 },
    3006: { required: ['group'], oneOf: ['privileges', 'user'], activities: 8 },
    6003: { required: ['actor', 'api', 'src_endpoint'], oneOf: [], activities: 4 },
  }
/** Objects, each with attributes of which it has at least one, and those it requires. */
const objects: Readonly<Record<string, { oneOf: string[]; required: string[] }>> = {
  actor: { oneOf: ['process', 'user', 'invoked_by', 'session', 'app_name', 'app_uid'], required: [] },
  user: { oneOf: ['account', 'name', 'uid'], required: [] },
  group: { oneOf: ['name', 'uid'], required: [] },
  entity: { oneOf: ['name', 'uid', 'device', 'group', 'org', 'policy', 'user'], required: [] },
  service: { oneOf: ['name', 'uid'], required: [] },
  src_endpoint: { oneOf: ['ip', 'uid', 'name', 'hostname', 'svc_name'], required: [] },
  api: { oneOf: ['operation'], required: ['operation'] },
  request: { oneOf: ['uid'], required: ['uid'] },
  product: { oneOf: ['name', 'uid'], required: [] },
  metadata: { oneOf: ['product'], required: ['product', 'version'] },
}

function offences(event: Attributes): string[] {
  const found: string[] = []
  const known = Object.entries(classes).find(([uid]) => Number(uid) === event['class_uid'])
  if (!known) return [`class ${Number(event['class_uid'])} is none of ours`]
  const [uid, of] = known
  for (const name of [...required, ...of.required]) if (!Object.hasOwn(event, name)) found.push(`${uid} lacks ${name}`)
  if (of.oneOf.length > 0 && !of.oneOf.some((name) => Object.hasOwn(event, name)))
    found.push(`${uid} has none of ${of.oneOf.join()}`)
  const activity = Number(event['activity_id'])
  if (!(activity === 99 || (activity >= 1 && activity <= of.activities)))
    found.push(`${uid} has no activity ${activity}`)
  if (activity === 99 && typeof event['activity_name'] !== 'string') found.push(`${uid}: another activity has no name`)
  if (event['type_uid'] !== Number(uid) * 100 + activity) found.push(`${uid}: type_uid`)
  if (event['category_uid'] !== (Number(uid) < 4_000 ? 3 : 6)) found.push(`${uid}: category_uid`)
  if (![1, 2].includes(Number(event['status_id'])) || ![1, 2].includes(Number(event['severity_id'])))
    found.push(`${uid}: status`)
  const walk = (value: Json, name: string): void => {
    if (Array.isArray(value)) for (const one of value) walk(one, name)
    if (value === null || typeof value !== 'object' || Array.isArray(value)) return
    const rule = objects[name]
    const has = new Set(Object.keys(value))
    if (rule && !rule.oneOf.some((word) => has.has(word)))
      found.push(`${uid}: ${name} has none of ${rule.oneOf.join()}`)
    for (const word of rule?.required ?? []) if (!has.has(word)) found.push(`${uid}: ${name} lacks ${word}`)
    for (const [inner, one] of Object.entries(value)) if (inner !== 'unmapped') walk(one, inner)
  }
  walk(event, '')
  return found
}

const at = new Date('2026-11-21T10:00:00.123Z')
const item = (more: Partial<TrailItem>): TrailItem => ({
  id: '019aa5f0-0000-7000-8000-000000000001',
  at,
  actor_kind: 'key',
  actor_id: 'key_1',
  on_behalf_of: null,
  action: 'key.issued',
  target: 'key_2',
  outcome: 'success',
  request_id: '019aa5f0-0000-7000-8000-000000000002',
  details: { scopes: ['lists:read'] },
  index: 7n,
  ...more,
})
const from = { tenantId: 'ten_1', version: '1.2.3' }

test('every action, by every actor, with and without its parts, becomes an event that OCSF 1.7.0 takes', async () => {
  await using world = await createWorld({ logLevel: 'silent' })
  const { actions } = world.vouch.audit
  assert.ok(actions.length >= 20)
  const ofEachClass = Object.keys(classes).map((uid): AuditAction => ({
    name: 'thing.done',
    ocsfClass: Number(uid) as AuditAction['ocsfClass'],
    ocsfActivity: 1,
  }))
  let events = 0
  for (const action of [...actions, ...ofEachClass, undefined])
    for (const actor_kind of ['key', 'operator', 'system'])
      for (const outcome of ['success', 'refused'])
        for (const more of [
          {},
          { target: null, details: null, request_id: null, index: null, on_behalf_of: 'agt_1' },
        ]) {
          const name = action?.name ?? 'of.old'
          const event = toOcsf(item({ action: name, actor_kind, outcome, ...more }), action, from)
          assert.deepEqual(offences(event.data), [], `${name} by ${actor_kind}, ${outcome}`)
          events++
        }
  assert.ok(events > 300)
  assert.deepEqual(
    actions.filter(({ name }) => !/^[a-z_]+\.[a-z_]+$/.test(name)),
    [],
  )
})

test('the envelope is CloudEvents 1.0.2, and the event says all that the row says', () => {
  const action: AuditAction = { name: 'key.issued', ocsfClass: 3001, ocsfActivity: 1 }
  const id = toWireId('audit', item({}).id)
  const request = toWireId('request', '019aa5f0-0000-7000-8000-000000000002')
  assert.deepEqual(toOcsf(item({ on_behalf_of: 'agt_1' }), action, from), {
    specversion: '1.0',
    id,
    source: '/log/ten_1',
    type: 'vouch.audit.v1',
    subject: 'key_2',
    time: '2026-11-21T10:00:00.123Z',
    datacontenttype: 'application/json',
    data: {
      class_uid: 3001,
      category_uid: 3,
      activity_id: 1,
      type_uid: 300_101,
      time: at.getTime(),
      severity_id: 1,
      status_id: 1,
      message: 'key.issued',
      metadata: {
        version: '1.7.0',
        product: { name: 'Vouch', vendor_name: 'Vouch', version: '1.2.3' },
        uid: id,
        event_code: 'key.issued',
        log_name: 'audit',
        original_time: '2026-11-21T10:00:00.123Z',
        tenant_uid: 'ten_1',
        correlation_uid: request,
        sequence: 7,
      },
      actor: { user: { uid: 'key_1', type_id: 4, type: 'Service' } },
      api: { operation: 'key.issued', request: { uid: request } },
      user: { uid: 'key_2', type_id: 4, type: 'Service' },
      unmapped: { on_behalf_of: 'agt_1', details: { scopes: ['lists:read'] } },
    },
  })
  const refused = toOcsf(item({ outcome: 'refused' }), action, from).data
  assert.deepEqual([refused['status_id'], refused['severity_id']], [2, 2])
})

test('the guard is not blind: an event that lacks what its class requires is caught', () => {
  const { data } = toOcsf(item({}), { name: 'key.issued', ocsfClass: 3001, ocsfActivity: 1 }, from)
  const without = (name: string): string[] =>
    offences(Object.fromEntries(Object.entries(data).filter(([word]) => word !== name)))
  for (const name of ['user', 'metadata', 'time', 'type_uid']) assert.ok(without(name).length > 0, name)
  assert.ok(offences({ ...data, activity_id: 98 }).length > 0)
  assert.ok(offences({ ...data, actor: {} }).length > 0)
  assert.ok(offences({ ...data, api: {} }).length > 0)
})
