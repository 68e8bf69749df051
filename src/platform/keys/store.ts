import type { Tx } from '#platform/database'

export type KeyRow = {
  id: string
  /** Sealed. */
  name: Buffer
  scopes: string[]
  allowed_ips: string[]
  created_at: Date
  expires_at: Date | null
  revoked_at: Date | null
  replaced_by: string | null
  last_used_at: Date | null
}
const columns = [
  'id', 'name', 'scopes', 'allowed_ips', 'created_at', 'expires_at', 'revoked_at', 'replaced_by', 'last_used_at',
] as const // prettier-ignore

export const insertKey = async (
  tx: Tx,
  row: Omit<KeyRow, 'revoked_at' | 'replaced_by' | 'last_used_at'> & { secret_hash: Buffer },
): Promise<void> => {
  await tx.query.insertInto('api_key').values(row).execute()
}

/** The key with its hash, as authentication needs it. */
export const readSecret = (tx: Tx, id: string): Promise<(KeyRow & { secret_hash: Buffer }) | undefined> =>
  tx.query
    .selectFrom('api_key')
    .select([...columns, 'secret_hash'])
    .where('id', '=', id)
    .executeTakeFirst()

export const readKey = (tx: Tx, id: string): Promise<KeyRow | undefined> =>
  tx.query.selectFrom('api_key').select(columns).where('id', '=', id).executeTakeFirst()

/** As `readKey`, and nobody else changes the key before this transaction ends. */
export const lockKey = (tx: Tx, id: string): Promise<KeyRow | undefined> =>
  tx.query.selectFrom('api_key').select(columns).where('id', '=', id).forUpdate().executeTakeFirst()

/** Newest first. */
export const listKeys = (tx: Tx, page: { before: string | undefined; limit: number }): Promise<KeyRow[]> => {
  const all = tx.query.selectFrom('api_key').select(columns).orderBy('id', 'desc').limit(page.limit)
  return (page.before ? all.where('id', '<', page.before) : all).execute()
}

export const setRevoked = async (tx: Tx, id: string, at: Date): Promise<void> => {
  await tx.query.updateTable('api_key').set({ revoked_at: at }).where('id', '=', id).execute()
}

export const setReplaced = async (tx: Tx, id: string, by: string, expiresAt: Date): Promise<void> => {
  await tx.query.updateTable('api_key').set({ replaced_by: by, expires_at: expiresAt }).where('id', '=', id).execute()
}

/** Only forward: a late writer does not turn the time back. */
export const setLastUsed = async (tx: Tx, id: string, at: Date): Promise<void> => {
  await tx.query
    .updateTable('api_key')
    .set({ last_used_at: at })
    .where('id', '=', id)
    .where((eb) => eb.or([eb('last_used_at', 'is', null), eb('last_used_at', '<', at)]))
    .execute()
}

/** Everything that is stored about keys in a tenant: rows of keys, and of the trail. For searching. */
export async function readEverything(tx: Tx): Promise<object[]> {
  const rows = await tx.query.selectFrom('api_key').selectAll().limit(1_000).execute()
  const trail = await tx.query.selectFrom('audit_event').selectAll().limit(1_000).execute()
  return [...rows, ...trail]
}
