/**
 * Encryption: master key → a tenant's keys → one key for each sealed value.
 * Promises: what is sealed opens only for its tenant, table, column, row and version; equal values have equal blind keys
 * within a tenant and unrelated ones across tenants; destroying a tenant's keys makes its sealed values unreadable.
 * Refuses: to start with a missing or wrong master key on an installation that has one; to overwrite a key.
 * Needs: the database, a clock, where the master key is.
 */
import { createSecretKey, type KeyObject, randomBytes } from 'node:crypto'
import type { Clock } from '#kernel/clock'
import { type Database, type Scope, type Segment, systemScope, type Tx } from '#platform/database'
import { hmacSha256 } from './hmac.ts'
import { makeMasterKey, MasterKeyError, type MasterKeySource, readMasterKey } from './master-key.ts'
import { keyVersionOf, open, seal, type SealContext, SealError } from './seal.ts'
import { insertKeyCheck, insertTenantKey, type KeyPurpose, readKeyCheck, readTenantKeys } from './store.ts'

export { MasterKeyError } from './master-key.ts'
export { SealError } from './seal.ts'
export { controls } from './controls.ts'

/** Where in the tenant a value lives. */
export type Place = { table: string; column: string; row: string; version?: number }

/** A tenant's keys, opened. Kept in memory for a bounded time and number of tenants; never written or logged. */
export type TenantKeys = {
  seal(place: Place, plaintext: string): Buffer
  open(place: Place, sealed: Buffer): string
  /** HMAC-SHA-256 under the tenant's index key: finds a value without holding it. */
  blind(kind: string, value: string): Buffer
}

export type Encryption = {
  /** Makes the keys of a new tenant, in the transaction that makes the tenant. */
  makeTenantKeys(tx: Tx): Promise<void>
  keysOf(tx: Segment): Promise<TenantKeys>
  /** As `keysOf`, with a transaction of its own where they are not in memory. Who asks first is answered first. */
  keysIn(scope: Scope): Promise<TenantKeys>
  /** Forgets opened keys, e.g. after a tenant's were destroyed. */
  forget(tenantId: string): void
}

const checkContext: SealContext = {
  tenant: '',
  table: 'installation',
  column: 'master_key_check',
  row: '1',
  version: 1,
}
const checkText = 'this is the master key of this installation'
const maxTenantsInMemory = 10_000
const keptMs = 60_000

export async function createEncryption(needs: {
  database: Database
  clock: Clock
  masterKey: MasterKeySource
  onMasterKeyMade(file: string): void
}): Promise<Encryption> {
  const { clock } = needs
  const master = await settleMasterKey(needs)
  const opened = new Map<string, { keys: TenantKeys; untilMs: number }>()
  /** Being read: whoever comes meanwhile waits for the same. */
  const opening = new Map<string, Promise<TenantKeys>>()

  async function makeTenantKeys(tx: Tx): Promise<void> {
    for (const purpose of ['data', 'index'] as const) {
      const sealed = seal(master, 1, keyContext(tx.tenantId, purpose, 1), randomBytes(32))
      await insertTenantKey(tx, { purpose, version: 1, sealed, createdAt: new Date(clock.now()) })
    }
  }

  function recall(tenantId: string): TenantKeys | undefined {
    const known = opened.get(tenantId)
    return known && known.untilMs > clock.elapsed() ? known.keys : undefined
  }

  function openOnce(scope: Scope): Promise<TenantKeys> {
    const { tenantId } = scope
    let keys = opening.get(tenantId)
    if (!keys) {
      keys = scope.transaction(keysOf).finally(() => opening.delete(tenantId))
      opening.set(tenantId, keys)
    }
    return keys
  }

  async function keysOf(tx: Segment): Promise<TenantKeys> {
    const known = recall(tx.tenantId)
    if (known) return known
    const openKey = (purpose: KeyPurpose, version: number, sealed: Buffer): Buffer =>
      open(master, keyContext(tx.tenantId, purpose, version), sealed)
    const data = new Map<number, KeyObject>()
    let index: Buffer | undefined
    for (const { purpose, version, sealed } of await readTenantKeys(tx)) {
      if (purpose === 'data') data.set(version, createSecretKey(openKey('data', version, sealed)))
      else index = openKey('index', version, sealed)
    }
    if (!index || data.size === 0) throw new SealError('the tenant has no keys: they were destroyed, or never made')
    const keys = tenantKeys(tx.tenantId, data, index)
    opened.delete(tx.tenantId)
    const oldest = opened.size >= maxTenantsInMemory ? opened.keys().next() : undefined
    if (oldest && !oldest.done) opened.delete(oldest.value)
    opened.set(tx.tenantId, { keys, untilMs: clock.elapsed() + keptMs })
    return keys
  }

  return {
    makeTenantKeys,
    keysOf,
    keysIn: async (scope) => recall(scope.tenantId) ?? openOnce(scope),
    forget: (tenantId) => void opened.delete(tenantId),
  }
}

const keyContext = (tenant: string, purpose: KeyPurpose, version: number): SealContext => ({
  tenant,
  table: 'tenant_key',
  column: 'sealed',
  row: purpose,
  version,
})

function tenantKeys(tenant: string, data: ReadonlyMap<number, KeyObject>, index: Buffer): TenantKeys {
  const newest = Math.max(...data.keys())
  const keyOf = (version: number): KeyObject => {
    const key = data.get(version)
    if (!key) throw new SealError('the key of this value was destroyed')
    return key
  }
  const context = ({ table, column, row, version = 1 }: Place): SealContext => ({ tenant, table, column, row, version })
  return {
    seal: (place, plaintext) => seal(keyOf(newest), newest, context(place), Buffer.from(plaintext)),
    open: (place, sealed) => open(keyOf(keyVersionOf(sealed)), context(place), sealed).toString(),
    blind: (kind, value) => hmacSha256(index, `${kind}\0${value}`),
  }
}

/** Finds the master key of this installation, makes it at the very first start, and proves that it is the right one. */
async function settleMasterKey(needs: {
  database: Database
  clock: Clock
  masterKey: MasterKeySource
  onMasterKeyMade(file: string): void
}): Promise<KeyObject> {
  const { database, clock, masterKey } = needs
  const system = systemScope(database, 'master key')
  const where = masterKey.value === undefined ? masterKey.file : 'VOUCH_MASTER_KEY'
  let check = await readKeyCheck(system)
  let key = await readMasterKey(masterKey)
  if (!check) {
    if (!key) {
      key = await makeMasterKey(masterKey.file)
      if (key) needs.onMasterKeyMade(masterKey.file)
      else key = await readMasterKey(masterKey)
    }
    if (key) {
      const made = seal(key, 1, checkContext, Buffer.from(checkText))
      check = (await insertKeyCheck(system, made, new Date(clock.now()))) ? made : await readKeyCheck(system)
    }
  }
  if (!key) {
    throw new MasterKeyError(
      `The master key is missing: this installation has one, but there is none at ${where}. Put the backed-up key there ` +
        '(or set VOUCH_MASTER_KEY). Nothing was changed; without the key, what is sealed cannot be read by anyone.',
    )
  }
  try {
    if (check && open(key, checkContext, check).toString() === checkText) return key
  } catch (error) {
    if (!(error instanceof SealError)) throw error
  }
  throw new MasterKeyError(
    `The master key at ${where} is not the one of this installation. Restore the right key; nothing was changed.`,
  )
}
