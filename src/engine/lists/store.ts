import type { PageAsk } from '#kernel/page'
import type { Tx } from '#platform/database'

export type ListRow = { id: string; kind: string; created_at: Date }
export type EntryRow = {
  id: string
  list_id: string
  field: string
  value: Buffer
  note: Buffer | null
  expires_at: Date | null
  created_at: Date
}
const entryColumns = ['id', 'list_id', 'field', 'value', 'note', 'expires_at', 'created_at'] as const

export const readLists = (tx: Tx): Promise<ListRow[]> =>
  tx.query.selectFrom('list').select(['id', 'kind', 'created_at']).orderBy('id').execute()

export const readList = (tx: Tx, id: string): Promise<ListRow | undefined> =>
  tx.query.selectFrom('list').select(['id', 'kind', 'created_at']).where('id', '=', id).executeTakeFirst()

/** True when the list is new. */
export const insertList = async (tx: Tx, row: ListRow): Promise<boolean> => {
  const insert = tx.query
    .insertInto('list')
    .values(row)
    .onConflict((on) => on.columns(['tenant_id', 'id']).doNothing())
  return (await insert.executeTakeFirst()).numInsertedOrUpdatedRows === 1n
}

export const deleteList = async (tx: Tx, id: string): Promise<boolean> =>
  (await tx.query.deleteFrom('list').where('id', '=', id).executeTakeFirst()).numDeletedRows === 1n

/** False when the list has the value already. */
export const insertEntry = async (tx: Tx, row: EntryRow & { value_key: Buffer }): Promise<boolean> => {
  const insert = tx.query
    .insertInto('list_entry')
    .values(row)
    .onConflict((on) => on.columns(['tenant_id', 'list_id', 'value_key']).doNothing())
  return (await insert.executeTakeFirst()).numInsertedOrUpdatedRows === 1n
}

export const deleteEntry = async (tx: Tx, listId: string, id: string): Promise<boolean> =>
  (await tx.query.deleteFrom('list_entry').where('list_id', '=', listId).where('id', '=', id).executeTakeFirst())
    .numDeletedRows === 1n

export const deleteExpiredEntry = async (tx: Tx, listId: string, valueKey: Buffer, now: Date): Promise<void> => {
  await tx.query
    .deleteFrom('list_entry')
    .where('list_id', '=', listId)
    .where('value_key', '=', valueKey)
    .where('expires_at', '<=', now)
    .execute()
}

export const deleteExpired = async (tx: Tx, now: Date): Promise<void> => {
  await tx.query.deleteFrom('list_entry').where('expires_at', '<=', now).execute()
}

export const listEntries = (tx: Tx, listId: string, page: PageAsk): Promise<EntryRow[]> => {
  const all = tx.query
    .selectFrom('list_entry')
    .select(entryColumns)
    .where('list_id', '=', listId)
    .orderBy('id', 'desc')
    .limit(page.limit)
  return (page.before ? all.where('id', '<', page.before) : all).execute()
}

export const matchEntries = (
  tx: Tx,
  valueKeys: readonly Buffer[],
  now: Date,
): Promise<{ list: string; kind: string; field: string }[]> =>
  tx.query
    .selectFrom('list_entry as entry')
    .innerJoin('list', 'list.id', 'entry.list_id')
    .select(['list.id as list', 'list.kind', 'entry.field'])
    .where('entry.value_key', 'in', valueKeys)
    .where((eb) => eb.or([eb('entry.expires_at', 'is', null), eb('entry.expires_at', '>', now)]))
    .orderBy('list.id')
    .orderBy('entry.field')
    .execute()
