/** The keys of a log: made with it, sealed under the tenant's data key, rotated by announcing the next one in the trail. */
import { createHash } from 'node:crypto'
import type { Tx } from '#platform/database'
import type { Encryption } from '#platform/encryption'
import { createLogSigners, formatVkeys, newSeed, parseVkeys, type LogVerifier, type Signer } from '#platform/tlog'
import { insertKey, readKeys, type StoredKey } from './store.ts'

/** `firstSize` is the size of the first checkpoint it signed, null while its announcement is not yet signed. */
export type LogKey = {
  version: number
  vkeys: string
  verifiers: readonly LogVerifier[]
  firstSize: number | null
  announcedIn: string | null
  createdAt: Date
}

const place = (version: number) => ({ table: 'log_key', column: 'seeds', row: String(version) })

export const toLogKey = (row: StoredKey): LogKey => ({
  version: row.version,
  vkeys: row.vkeys,
  verifiers: parseVkeys(row.vkeys),
  firstSize: row.first_size === null ? null : Number(row.first_size),
  announcedIn: row.announced_in,
  createdAt: row.created_at,
})

/** Which text a rotation announces: whoever has the new keys computes it, and finds it under the old key's signature. */
export const digestOfVkeys = (vkeys: string): string => `sha256:${createHash('sha256').update(vkeys).digest('hex')}`

export async function makeKey(
  tx: Tx,
  encryption: Encryption,
  of: { origin: string; version: number; createdAt: Date },
): Promise<{ vkeys: string; store(announcedIn: string | null): Promise<void> }> {
  const seeds = { ed25519: newSeed(), mlDsa44: newSeed() }
  const vkeys = formatVkeys(createLogSigners(of.origin, seeds))
  const secret = Buffer.concat([seeds.ed25519, seeds.mlDsa44]).toString('base64')
  const sealed = (await encryption.keysOf(tx)).seal(place(of.version), secret)
  const store = (announcedIn: string | null): Promise<void> =>
    insertKey(tx, {
      version: of.version,
      vkeys,
      seeds: sealed,
      announced_in: announcedIn,
      // The first has no older one to announce it.
      first_size: announcedIn === null ? 0n : null,
      created_at: of.createdAt,
    })
  return { vkeys, store }
}

export async function openSigners(
  tx: Tx,
  encryption: Encryption,
  origin: string,
  key: StoredKey,
): Promise<readonly Signer[]> {
  const secret = Buffer.from((await encryption.keysOf(tx)).open(place(key.version), key.seeds), 'base64')
  return createLogSigners(origin, { ed25519: secret.subarray(0, 32), mlDsa44: secret.subarray(32) })
}

/** The key that signs checkpoints of a size alone, or together with the one after it. */
export function keyAt<Key extends { firstSize: number | null }>(keys: readonly Key[], size: number): Key {
  const key = keys.findLast(({ firstSize }) => firstSize !== null && firstSize <= size)
  if (!key) throw new Error('the log has no key')
  return key
}

export const readLogKeys = async (tx: Tx): Promise<LogKey[]> => (await readKeys(tx)).map(toLogKey)
