import type { Tx } from '#platform/database'

export type KeyRow = { version: number; vkey: string; seed: Buffer; created_at: Date; retired_at: Date | null }

/** Newest first. */
export const readKeys = (tx: Tx): Promise<KeyRow[]> =>
  tx.query
    .selectFrom('attestation_key')
    .select(['version', 'vkey', 'seed', 'created_at', 'retired_at'])
    .orderBy('version', 'desc')
    .execute()

/** False when another process was first. */
export async function insertKey(tx: Tx, row: KeyRow): Promise<boolean> {
  const [result] = await tx.query
    .insertInto('attestation_key')
    .values(row)
    .onConflict((on) => on.doNothing())
    .execute()
  return result?.numInsertedOrUpdatedRows === 1n
}

export const retireKeys = async (tx: Tx, before: number, at: Date): Promise<void> => {
  await tx.query
    .updateTable('attestation_key')
    .set({ retired_at: at })
    .where('version', '<', before)
    .where('retired_at', 'is', null)
    .execute()
}
