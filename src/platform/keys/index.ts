/**
 * Keys: API keys of a tenant.
 * Promises: the secret is shown once and kept only as a hash; what a key may do is listed in its scopes, and an empty list
 * is nothing; a revoked or expired key is dead on every process within a second; rotation overlaps, so nothing breaks.
 * Refuses: to issue a scope the issuer lacks; to show a secret again.
 * Needs: the database, encryption, audit, ids, a clock.
 */
import ipaddr from 'ipaddr.js'
import { refuseCardNumber } from '#kernel/card-number'
import type { Clock } from '#kernel/clock'
import { Fault } from '#kernel/fault'
import { type NewId, toWireId } from '#kernel/id'
import type { Permission } from '#kernel/route'
import type { Audit } from '#platform/audit'
import { type Database, systemScope, type Tx } from '#platform/database'
import type { Encryption, TenantKeys } from '#platform/encryption'
import { keyIssued, keyRevoked, keyRotated } from './actions.ts'
import { type Authenticate, createAuthenticate } from './authenticate.ts'
import { insertKey, type KeyRow, listKeys, lockKey, setLastUsed, setReplaced, setRevoked } from './store.ts'
import type { KeyMode } from '#platform/access'
import { makeToken } from './token.ts'

export { actions } from './actions.ts'
export { maxOverlapSeconds } from './contract.ts'
export { controls } from './controls.ts'
export { routes, toWireIssued, toWireKey } from './routes.ts'
export { rememberedMs } from './authenticate.ts'
export { makeToken, parseToken } from './token.ts'

/** A key as its tenant sees it. */
export type Key = Omit<KeyRow, 'name'> & { name: string }
export type NewKey = {
  name: string
  scopes: readonly Permission[]
  allowedIps?: readonly string[]
  expiresAt?: Date | null
}
export type Issued = { row: Key; token: string }

export type Keys = {
  /** `grantable`: what the issuer may pass on; nothing beyond it is issued. */
  issue(tx: Tx, mode: KeyMode, key: NewKey, grantable: ReadonlySet<Permission>): Promise<Issued>
  list(tx: Tx, page: { before: string | undefined; limit: number }): Promise<Key[]>
  /** A new key with the same name, scopes and networks; the old one works until `overlapSeconds` from now. */
  rotate(tx: Tx, mode: KeyMode, id: string, overlapSeconds: number, grantable: ReadonlySet<Permission>): Promise<Issued>
  /** Ends a key now. Revoking a revoked key changes nothing. */
  revoke(tx: Tx, id: string): Promise<Key>
  authenticate: Authenticate
  /** Writes when keys were last used. Called by a background loop, never by a request. */
  flushLastUsed(): Promise<void>
}

export function createKeys(needs: {
  database: Database
  encryption: Encryption
  audit: Audit
  newId: NewId
  clock: Clock
}): Keys {
  const { database, encryption, audit, newId, clock } = needs
  const used = new Map<string, Map<string, Date>>()
  const system = systemScope(database, 'last used')

  async function issue(tx: Tx, mode: KeyMode, key: NewKey, grantable: ReadonlySet<Permission>): Promise<Issued> {
    refuseCardNumber({ name: key.name })
    const beyond = key.scopes.filter((scope) => !grantable.has(scope))
    if (beyond.length > 0) throw new Fault('forbidden', `You cannot grant what you do not hold: ${beyond.join(', ')}.`)
    const now = clock.now()
    if (key.expiresAt && key.expiresAt.getTime() <= now) throw invalid('/expires_at', 'must lie in the future')
    const id = newId()
    const { token, hash } = makeToken(mode, tx.tenantId, id)
    const row = {
      id,
      scopes: [...new Set(key.scopes)].sort(),
      allowed_ips: (key.allowedIps ?? []).map(normalizeNetwork),
      created_at: new Date(now),
      expires_at: key.expiresAt ?? null,
    }
    const keys = await encryption.keysOf(tx)
    await insertKey(tx, { ...row, name: keys.seal(namePlace(id), key.name), secret_hash: hash })
    const { scopes, allowed_ips } = row
    await audit.append(tx, { action: keyIssued, target: toWireId('key', id), details: { scopes, allowed_ips } })
    return { row: { ...row, name: key.name, revoked_at: null, replaced_by: null, last_used_at: null }, token }
  }

  async function requireLive(tx: Tx, id: string): Promise<KeyRow> {
    const row = await lockKey(tx, id)
    if (!row) throw new Fault('not_found', 'There is no such key.')
    return row
  }

  return {
    issue,
    async list(tx, page) {
      const keys = await encryption.keysOf(tx)
      return (await listKeys(tx, page)).map((row) => withName(keys, row))
    },
    async rotate(tx, mode, id, overlapSeconds, grantable) {
      const old = await requireLive(tx, id)
      const now = clock.now()
      if (old.revoked_at || (old.expires_at && old.expires_at.getTime() <= now)) {
        throw new Fault('conflict', 'This key is revoked or expired. Issue a new one instead.')
      }
      if (old.replaced_by) throw new Fault('conflict', 'This key was rotated already. Rotate its successor instead.')
      const scopes = old.scopes.filter((scope): scope is Permission => [...grantable].some((known) => known === scope))
      if (scopes.length < old.scopes.length) throw new Fault('forbidden', 'This key holds scopes that you do not hold.')
      const { name } = withName(await encryption.keysOf(tx), old)
      const issued = await issue(
        tx,
        mode,
        { name, scopes, allowedIps: old.allowed_ips, expiresAt: old.expires_at },
        grantable,
      )
      const end = Math.min(now + overlapSeconds * 1000, old.expires_at?.getTime() ?? Infinity)
      await setReplaced(tx, id, issued.row.id, new Date(end))
      const details = { replaced_by: toWireId('key', issued.row.id), overlap_seconds: overlapSeconds }
      await audit.append(tx, { action: keyRotated, target: toWireId('key', id), details })
      return issued
    },
    async revoke(tx, id) {
      const row = await requireLive(tx, id)
      const key = withName(await encryption.keysOf(tx), row)
      if (row.revoked_at) return key
      const revokedAt = new Date(clock.now())
      await setRevoked(tx, id, revokedAt)
      await audit.append(tx, { action: keyRevoked, target: toWireId('key', id) })
      return { ...key, revoked_at: revokedAt }
    },
    authenticate: createAuthenticate({
      database,
      clock,
      onUsed(tenantId, keyId) {
        const keys = used.get(tenantId) ?? new Map<string, Date>()
        used.set(tenantId, keys.set(keyId, new Date(clock.now())))
      },
    }),
    async flushLastUsed() {
      for (const [tenantId, keys] of used) {
        used.delete(tenantId)
        // In id order, so that two processes never wait for each other.
        const ordered = [...keys].sort(([a], [b]) => (a < b ? -1 : 1))
        await system.asTenant(tenantId).transaction(async (tx) => {
          for (const [keyId, at] of ordered) await setLastUsed(tx, keyId, at)
        })
      }
    },
  }
}

const namePlace = (row: string) => ({ table: 'api_key', column: 'name', row })
const withName = (keys: TenantKeys, row: KeyRow): Key => ({ ...row, name: keys.open(namePlace(row.id), row.name) })

const invalid = (pointer: string, message: string): Fault =>
  new Fault('invalid_request', 'The request does not have the documented form.', { errors: [{ pointer, message }] })

/** `203.0.113.7` → `203.0.113.7/32`. */
function normalizeNetwork(text: string): string {
  const cidr = text.includes('/') ? text : `${text}/${text.includes(':') ? 128 : 32}`
  // The library also reads 1/8, 0x7f.1 and zones; what such a text allows is not what its writer sees.
  const isPlain = cidr.includes(':')
    ? !cidr.includes('%') && ipaddr.IPv6.isValidCIDR(cidr)
    : ipaddr.IPv4.isValidCIDRFourPartDecimal(cidr)
  if (!isPlain) throw invalid('/allowed_ips', 'each entry is an IP address or a CIDR network')
  return cidr
}
