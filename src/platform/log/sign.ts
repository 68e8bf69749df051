/**
 * Signs what is sequenced. A log that has signed two trees that do not fit together has lied, and nobody need believe it
 * again; so before it signs, the signer holds the stored tree against what was signed last, and refuses what would fork.
 * A checkpoint is durable before anyone is shown it.
 */
import type { Tx } from '#platform/database'
import { openCheckpoint, readRoot, signCheckpoint, TlogError } from '#platform/tlog'
import { type HeadNeeds, leaseHead } from './head.ts'
import { keyAt, openSigners, toLogKey } from './signing-keys.ts'
import {
  activateKey,
  insertCheckpoint,
  readCheckpoint,
  readEntryOf,
  readKeys,
  type StoredCheckpoint,
  type StoredKey,
} from './store.ts'
import { tileReader } from './tile-reader.ts'

/** To sign would be to contradict an earlier checkpoint. Nothing was signed. */
export class LogForkError extends Error {
  override name = 'LogForkError'
}

export type SignNeeds = HeadNeeds & {
  /** What this process signed or saw signed last, by tenant: a stored history that is shorter was taken away. */
  remembered: Map<string, { size: bigint; root: Buffer }>
}
const mostRemembered = 10_000

/** The checkpoint of all that is sequenced: the stored one, or a new one. `busy`: another process has the lease. */
export async function sign(tx: Tx, needs: SignNeeds): Promise<'busy' | StoredCheckpoint> {
  const head = await leaseHead(tx, needs)
  if (head === 'busy') return 'busy'
  const keys = await readKeys(tx)
  const last = await readCheckpoint(tx)
  const known = needs.remembered.get(tx.tenantId)
  if (known && (!last || last.size < known.size || (last.size === known.size && !last.root.equals(known.root))))
    throw new LogForkError(`a checkpoint of ${known.size} entries that was signed is not stored any more`)
  if (last) {
    await requireSame(tx, last, keys, head.size)
    remember(needs.remembered, tx.tenantId, last)
  }
  if (last?.size === head.size) return last

  const size = Number(head.size)
  const root = await readRoot(tileReader(tx), size)
  const pending = await announced(tx, keys, head.size)
  const oldest = keyAt(
    keys.map((key) => ({ firstSize: key.first_size === null ? null : Number(key.first_size), key })),
    size,
  ).key
  const signers = []
  for (const key of [oldest, ...pending]) signers.push(...(await openSigners(tx, needs.encryption, head.origin, key)))
  const note = signCheckpoint({ origin: head.origin, size, root }, signers, needs.now.getTime())
  const made = { size: head.size, root, note, at: needs.now }
  await insertCheckpoint(tx, made)
  for (const { version } of pending) await activateKey(tx, version, head.size)
  tx.afterCommit(() => remember(needs.remembered, tx.tenantId, made))
  return made
}

/** Keys whose announcement the next checkpoint covers. */
async function announced(tx: Tx, keys: readonly StoredKey[], size: bigint): Promise<StoredKey[]> {
  const found: StoredKey[] = []
  for (const key of keys) {
    if (key.first_size !== null || key.announced_in === null) continue
    const entry = await readEntryOf(tx, key.announced_in)
    if (entry && entry.index < size) found.push(key)
  }
  return found
}

/** Is what was signed last still what is stored, and a beginning of it? */
async function requireSame(tx: Tx, last: StoredCheckpoint, keys: readonly StoredKey[], size: bigint): Promise<void> {
  if (last.size > size) throw new LogForkError(`the log has ${size} entries, and signed ${last.size}`)
  try {
    const signed = openCheckpoint(last.note, keyAt(keys.map(toLogKey), Number(last.size)).verifiers)
    if (BigInt(signed.size) !== last.size || !signed.root.equals(last.root))
      throw new LogForkError(`what is stored of the checkpoint of ${last.size} entries is not what was signed`)
    const root = await readRoot(tileReader(tx), signed.size)
    if (!root.equals(signed.root))
      throw new LogForkError(`the first ${last.size} entries are not those that were signed`)
  } catch (error) {
    if (error instanceof TlogError) throw new LogForkError(`what was signed last cannot be read: ${error.message}`)
    throw error
  }
}

function remember(map: SignNeeds['remembered'], tenantId: string, { size, root }: StoredCheckpoint): void {
  map.delete(tenantId)
  const oldest = map.size >= mostRemembered ? map.keys().next() : undefined
  if (oldest && !oldest.done) map.delete(oldest.value)
  map.set(tenantId, { size, root })
}
