/**
 * From a bearer token to a principal. What the database said of a key is remembered for `rememberedMs`, no longer: that
 * bound, not a message that could be lost, is why a revoked key is dead on every process within a second.
 */
import { timingSafeEqual } from 'node:crypto'
import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'
import type { Clock } from '#kernel/clock'
import { Fault } from '#kernel/fault'
import { toWireId } from '#kernel/id'
import { isPermission } from '#kernel/route'
import type { Principal } from '#platform/access'
import { type Database, systemScope } from '#platform/database'
import { type KeyRow, readSecret } from './store.ts'
import { type ParsedToken, parseToken } from './token.ts'

export const rememberedMs = 800
const maxRemembered = 10_000

type Known = {
  row: KeyRow & { secret_hash: Buffer }
  principal: Principal
  networks: ReturnType<typeof ipaddr.parseCIDR>[]
}
type Remembered = { known: Promise<Known | undefined>; untilMs: number }

export type Authenticate = (token: string, ip: string) => Promise<Principal>

export function createAuthenticate(needs: {
  database: Database
  clock: Clock
  onUsed(tenantId: string, keyId: string): void
}): Authenticate {
  const { clock, onUsed } = needs
  const system = systemScope(needs.database, 'authenticate')
  const remembered = new Map<string, Remembered>()

  function recall(parsed: ParsedToken): Promise<Known | undefined> {
    const id = `${parsed.tenantId}${parsed.keyId}`
    const entry = remembered.get(id)
    // Counted from before the look-up, so that its duration is inside the bound.
    if (entry && entry.untilMs > clock.elapsed()) return entry.known
    const known = lookUp(parsed)
    if (remembered.size >= maxRemembered) remembered.clear()
    remembered.set(id, { known, untilMs: clock.elapsed() + rememberedMs })
    known.catch(() => remembered.delete(id))
    return known
  }

  async function lookUp({ tenantId, keyId, mode }: ParsedToken): Promise<Known | undefined> {
    const row = await system.asTenant(tenantId).transaction((tx) => readSecret(tx, keyId))
    if (!row) return undefined
    const principal: Principal = {
      tenantId,
      mode,
      actor: { kind: 'key', id: toWireId('key', keyId) },
      permissions: new Set(row.scopes.filter(isPermission)),
    }
    return { row, principal, networks: row.allowed_ips.map((cidr) => ipaddr.parseCIDR(cidr)) }
  }

  return async (token, ip) => {
    const parsed = parseToken(token)
    if (!parsed) throw unauthenticated('form')
    const known = await recall(parsed)
    // An unknown key takes the same path as a wrong one: compared, then refused, in the same words.
    const isSame = timingSafeEqual(known?.row.secret_hash ?? Buffer.alloc(32), parsed.hash)
    if (!known || !isSame) throw unauthenticated('secret')
    const now = clock.now()
    if (known.row.revoked_at) throw unauthenticated('revoked')
    if (known.row.expires_at && known.row.expires_at.getTime() <= now) throw unauthenticated('expired')
    if (known.networks.length > 0 && !isInside(ip, known.networks)) {
      throw new Fault('forbidden', 'This key is not accepted from this address.', { internal: 'address' })
    }
    onUsed(parsed.tenantId, parsed.keyId)
    return known.principal
  }
}

const unauthenticated = (internal: string): Fault =>
  new Fault('unauthenticated', 'Send a valid key: Authorization: Bearer vch_live_…', { internal })

function isInside(ip: string, networks: Known['networks']): boolean {
  // `::203.0.113.7` is an IPv6 address of its own, which ipaddr.js takes for the IPv4 one; short and hex forms are none.
  if (isIP(ip) === 0 || /^::\d+\./.test(ip)) return false
  const address = ipaddr.process(ip)
  return networks.some(([range, bits]) => address.kind() === range.kind() && address.match(range, bits))
}
