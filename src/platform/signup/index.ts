/**
 * Signup: somebody without a key makes a tenant.
 * Promises: tenant, test twin, contact and keys appear whole or not at all; nothing is looked up, so the answer is the same
 * whether or not a name or an address was seen before.
 * Refuses: callers from elsewhere, unless the operator opened it; keys that can do more than judge, read and rotate.
 * Needs: tenancy, keys, encryption, audit, a clock, whom it is open to.
 */
import { refuseCardNumber } from '#kernel/card-number'
import type { Clock } from '#kernel/clock'
import { Fault } from '#kernel/fault'
import type { OpenRoute, Permission } from '#kernel/route'
import type { Audit } from '#platform/audit'
import type { Tx } from '#platform/database'
import type { Encryption } from '#platform/encryption'
import type { Keys } from '#platform/keys'
import type { Tenancy, Tenant } from '#platform/tenancy'
import { contactRead, tenantSignedUp } from './actions.ts'
import { openRoutes } from './routes.ts'
import { insertContact, readContact } from './store.ts'

export { actions } from './actions.ts'

export type OpenTo = 'local' | 'on' | 'off'
export type Contact = { name: string; email: string; signedUpAt: Date }
export type Signup = {
  routes: OpenRoute[]
  signUp(who: { name: string; email: string }, requestId: string): Promise<{ tenant: Tenant; key: string; testKey: string }>
  /** Who signed up for this tenant. Each call is in its trail. */
  contact(tx: Tx): Promise<Contact>
} // prettier-ignore

/** What the quickstart needs, and no more: the operator issues wider keys. */
export const signupScopes: readonly Permission[] = ['decisions:write', 'decisions:read', 'auth:write']

export function createSignup(needs: {
  tenancy: Tenancy
  keys: Keys
  encryption: Encryption
  audit: Audit
  clock: Clock
  openTo: OpenTo
}): Signup {
  const { tenancy, keys, encryption, audit, clock, openTo } = needs
  const grantable = new Set(signupScopes)

  const signUp: Signup['signUp'] = async ({ name, email }, requestId) => {
    refuseCardNumber({ name, email })
    const tokens = { live: '', test: '' }
    // A name that somebody gave may be that of a person, and names of tenants are kept in the clear.
    const tenant = await tenancy.create(
      'signed up',
      { kind: 'system', id: 'signup' },
      async (tx, mode) => {
        const { token } = await keys.issue(tx, mode, { name: 'signup', scopes: signupScopes }, grantable)
        tokens[mode] = token
        if (mode === 'test') return
        const own = await encryption.keysOf(tx)
        await insertContact(tx, {
          name: own.seal(place(tx, 'name'), name),
          email: own.seal(place(tx, 'email'), email),
          created_at: new Date(clock.now()),
        })
        await audit.append(tx, { action: tenantSignedUp })
      },
      requestId,
    )
    return { tenant, key: tokens.live, testKey: tokens.test }
  }

  return {
    routes: openRoutes(signUp, openTo),
    signUp,
    async contact(tx) {
      const row = await readContact(tx)
      if (!row)
        throw new Fault(
          'not_found',
          'No contact is stored: this is a test twin, or a tenant that was made at the command line.',
        )
      const own = await encryption.keysOf(tx)
      await audit.append(tx, { action: contactRead })
      return {
        name: own.open(place(tx, 'name'), row.name),
        email: own.open(place(tx, 'email'), row.email),
        signedUpAt: row.created_at,
      }
    },
  }
}

const place = ({ tenantId }: Tx, column: 'name' | 'email') => ({ table: 'tenant_contact', column, row: tenantId })
