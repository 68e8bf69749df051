/**
 * Tenancy: the tenants of this installation and their test twins.
 * Promises: a tenant appears whole (twin, profile, keys, trail) or not at all.
 * Refuses: nothing reaches across; listing walks the global table of ids and enters one tenant at a time.
 * Needs: the database, encryption, audit, ids, a clock.
 */
import type { Actor } from '#kernel/actor'
import { refuseCardNumber } from '#kernel/card-number'
import type { Clock } from '#kernel/clock'
import { Fault } from '#kernel/fault'
import { type NewId, toWireId } from '#kernel/id'
import type { Audit } from '#platform/audit'
import { type Database, systemScope, type Tx } from '#platform/database'
import type { Encryption } from '#platform/encryption'
import { tenantCreated } from './actions.ts'
import { insertProfile, readName } from './store.ts'

export { actions } from './actions.ts'

export type Tenant = { id: string; twinId: string; name: string; createdAt: Date }

/** The installation is a tenant too: its trail and its log are about the installation itself. The same id everywhere. */
export const installationTenant = '00000000-0000-7000-8000-000000000001'
const installationTwin = '00000000-0000-7000-8000-000000000002'

export type Tenancy = {
  /** Makes a tenant and its test twin. `furnish` runs in both, within the same transaction. */
  create(
    name: string,
    actor: Actor,
    furnish: (tx: Tx, twin: 'live' | 'test') => Promise<void>,
    requestId?: string,
  ): Promise<Tenant>
  /** Makes a tenant as `create` does, does `work` in both, and takes it all back: for checks that must leave no trace. */
  rehearse(work: (tx: Tx, twin: 'live' | 'test') => Promise<void>): Promise<void>
  /** Makes the installation's own tenant if there is none yet. */
  ensureInstallation(): Promise<void>
  /** Live tenants in the order they were made, without the installation's own. */
  list(page: { after?: string; limit: number }): Promise<Tenant[]>
}

export function createTenancy(needs: {
  database: Database
  encryption: Encryption
  audit: Audit
  newId: NewId
  clock: Clock
}): Tenancy {
  const { database, encryption, audit, newId, clock } = needs
  const system = systemScope(database, 'tenancy')

  type Furnish = Parameters<Tenancy['create']>[2]

  type By = { actor: Actor; requestId: string | null }
  async function make(tenant: Tenant, by: By, furnish: Furnish): Promise<Tenant> {
    const { id, twinId, name, createdAt } = tenant
    const rows = [
      { id, twinOf: null, createdAt },
      { id: twinId, twinOf: id, createdAt },
    ]
    await system.newTenants(rows, by, async (tx) => {
      await insertProfile(tx, name)
      await encryption.makeTenantKeys(tx)
      await audit.append(tx, { action: tenantCreated, target: toWireId('tenant', tx.tenantId), details: { name } })
      await furnish(tx, tx.tenantId === id ? 'live' : 'test')
    })
    return tenant
  }

  /** Its id is the first of all. */
  const hasInstallation = async (): Promise<boolean> =>
    (await system.tenants({ limit: 1 }))[0]?.id === installationTenant

  const tenancy: Tenancy = {
    async create(name, actor, furnish, requestId) {
      const trimmed = name.trim()
      if (trimmed.length === 0 || trimmed.length > 100)
        throw new Fault('invalid_request', 'A tenant needs a name of 1 to 100 characters.')
      refuseCardNumber({ name: trimmed })
      const tenant = { id: newId(), twinId: newId(), name: trimmed, createdAt: new Date(clock.now()) }
      return make(tenant, { actor, requestId: requestId ?? null }, furnish)
    },

    async ensureInstallation() {
      if (await hasInstallation()) return
      const actor: Actor = { kind: 'system', id: 'installation' }
      const createdAt = new Date(clock.now())
      const tenant = { id: installationTenant, twinId: installationTwin, name: 'installation', createdAt }
      await make(tenant, { actor, requestId: null }, async () => {}).catch(async (error: unknown) => {
        // Another process was first.
        if (!(await hasInstallation())) throw error
      })
    },

    async rehearse(work) {
      const done = new Error('rehearsed')
      const actor: Actor = { kind: 'system', id: 'rehearsal' }
      const rehearsal = tenancy.create('rehearsal', actor, async (tx, twin) => {
        await work(tx, twin)
        if (twin === 'test') throw done
      })
      await rehearsal.catch((error: unknown) => {
        if (error !== done) throw error
      })
    },

    async list(page) {
      const found: Tenant[] = []
      let after = page.after
      while (found.length < page.limit) {
        const rows = await system.tenants({ ...(after ? { after } : {}), limit: 200 })
        for (const { id, twinOf, createdAt } of rows) {
          after = id
          if (twinOf === null || twinOf === installationTenant || found.length === page.limit) continue
          const name = await system.asTenant(twinOf).transaction(readName)
          found.push({ id: twinOf, twinId: id, name, createdAt })
        }
        if (rows.length < 200) break
      }
      return found
    },
  }
  return tenancy
}
