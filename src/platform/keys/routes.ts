import { rfc3339 } from '#kernel/clock'
import { Fault } from '#kernel/fault'
import { fromWireId, toWireId } from '#kernel/id'
import { askPage, pageOf, PageQuery, toPage } from '#kernel/page'
import { isPermission } from '#kernel/route'
import { type Route, route } from '#platform/access'
import { keyIssued, keyListed, keyRevoked, keyRotated } from './actions.ts'
import { IssuedKey, Key, KeyParams, NewKey, ReplacedKey, Rotation } from './contract.ts'
import type { Issued, Key as KeyOf, Keys } from './index.ts'

const dayInSeconds = 86_400

export const toWireKey = (row: KeyOf) => ({
  id: toWireId('key', row.id),
  name: row.name,
  scopes: row.scopes,
  allowed_ips: row.allowed_ips,
  created_at: rfc3339(row.created_at.getTime()),
  expires_at: row.expires_at && rfc3339(row.expires_at.getTime()),
  revoked_at: row.revoked_at && rfc3339(row.revoked_at.getTime()),
  replaced_by: row.replaced_by && toWireId('key', row.replaced_by),
  last_used_at: row.last_used_at && rfc3339(row.last_used_at.getTime()),
})
export const toWireIssued = ({ row, token }: Issued) => ({ ...toWireKey(row), key: token })

function requireKeyId(wire: string): string {
  const id = fromWireId('key', wire)
  if (!id) throw new Fault('not_found', 'There is no such key.')
  return id
}

export const routes = (keys: Keys): Route[] => [
  route({
    method: 'GET',
    path: '/v1/keys',
    tag: 'Keys',
    summary: 'List keys, newest first',
    permission: 'keys:read',
    audit: keyListed,
    rate: 'read',
    query: PageQuery,
    reply: pageOf(Key, 'KeyPage'),
    async run({ scope }, { query }) {
      const ask = askPage(query)
      return { body: toPage(await scope.transaction((tx) => keys.list(tx, ask)), ask, toWireKey) }
    },
  }),
  route({
    method: 'POST',
    path: '/v1/keys',
    tag: 'Keys',
    summary: 'Issue a key',
    description: 'The answer holds the secret key, this once. A key can pass on only scopes that it holds itself.',
    permission: 'keys:write',
    audit: keyIssued,
    rate: 'write',
    body: NewKey,
    reply: IssuedKey,
    status: 201,
    async run({ scope, principal }, { body }) {
      const key = {
        name: body.name,
        scopes: body.scopes.filter(isPermission),
        allowedIps: body.allowed_ips ?? [],
        expiresAt: body.expires_at === undefined ? null : new Date(body.expires_at),
      }
      const issued = await scope.transaction((tx) => keys.issue(tx, principal.mode, key, principal.permissions))
      return { status: 201, body: toWireIssued(issued) }
    },
  }),
  route({
    method: 'POST',
    path: '/v1/keys/{key_id}/rotate',
    tag: 'Keys',
    summary: 'Replace a key, with an overlap in which both work',
    permission: 'keys:write',
    audit: keyRotated,
    rate: 'write',
    params: KeyParams,
    body: Rotation,
    reply: IssuedKey,
    status: 201,
    async run({ scope, principal }, { params, body }) {
      const overlap = body.overlap_seconds ?? dayInSeconds
      const issued = await scope.transaction((tx) =>
        keys.rotate(tx, principal.mode, requireKeyId(params.key_id), overlap, principal.permissions),
      )
      return { status: 201, body: toWireIssued(issued) }
    },
  }),
  route({
    method: 'POST',
    path: '/v1/auth/rotate',
    tag: 'Keys',
    summary: 'Replace the key that asks',
    description: 'The answer holds the new key, this once. The old one works for another 24 hours, and then no more.',
    permission: 'auth:write',
    audit: keyRotated,
    rate: 'write',
    reply: ReplacedKey,
    status: 201,
    async run({ scope, principal }) {
      const own = fromWireId('key', principal.actor.id)
      if (!own) throw new Fault('forbidden', 'Only a key can replace itself.')
      const { row, token } = await scope.transaction((tx) =>
        keys.rotate(tx, principal.mode, own, dayInSeconds, principal.permissions),
      )
      const body = {
        tenant_id: toWireId('tenant', principal.tenantId),
        api_key: token,
        key_id: toWireId('key', row.id),
        replaces: toWireId('key', own),
        overlap_seconds: dayInSeconds,
      }
      return { status: 201, body }
    },
  }),
  route({
    method: 'DELETE',
    path: '/v1/keys/{key_id}',
    tag: 'Keys',
    summary: 'Revoke a key; within a second it works nowhere',
    permission: 'keys:write',
    audit: keyRevoked,
    rate: 'write',
    params: KeyParams,
    reply: Key,
    async run({ scope }, { params }) {
      return { body: toWireKey(await scope.transaction((tx) => keys.revoke(tx, requireKeyId(params.key_id)))) }
    },
  }),
]
