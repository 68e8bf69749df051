import type { PageAsk } from '#kernel/page'
import type { HotStatement, Tx } from '#platform/database'

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

export const readListIds: HotStatement<readonly string[], { id: string }> = {
  name: 'lists read ids',
  shapeOf: () => 1,
  build: (query, ids) =>
    query
      .selectFrom('list')
      .select('id')
      .where('id', '=', (is) => is.fn.any(is.val(ids))),
  values: (ids) => [ids],
}

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

export type NewRow = EntryRow & { value_key: Buffer; prefix: number | null }

/** In pieces whose sizes are powers of two, so that the statements are few. Gives the ids of those the list did not have. */
export async function insertEntries(tx: Tx, rows: readonly NewRow[]): Promise<ReadonlySet<string>> {
  const inserted = new Set<string>()
  for (let at = 0, piece = 256; at < rows.length; at += piece) {
    while (piece > rows.length - at) piece /= 2
    const added = await tx.query
      .insertInto('list_entry')
      .values(rows.slice(at, at + piece))
      .onConflict((on) => on.columns(['tenant_id', 'list_id', 'value_key']).doNothing())
      .returning('id')
      .execute()
    for (const { id } of added) inserted.add(id)
  }
  return inserted
}

export type FormRow = { field: string; prefix: number }
/** True when entries have a form that none had. */
export const insertForms = async (tx: Tx, rows: readonly FormRow[]): Promise<boolean> => {
  const insert = tx.query
    .insertInto('list_form')
    .values(rows)
    .onConflict((on) => on.columns(['tenant_id', 'field', 'prefix']).doNothing())
  return ((await insert.executeTakeFirst()).numInsertedOrUpdatedRows ?? 0n) > 0n
}

export const readForms: HotStatement<undefined, FormRow> = {
  name: 'lists read forms',
  shapeOf: () => 1,
  build: (query) => query.selectFrom('list_form').select(['field', 'prefix']),
  values: () => [],
}

export const deleteEntry = async (tx: Tx, listId: string, id: string): Promise<boolean> =>
  (await tx.query.deleteFrom('list_entry').where('list_id', '=', listId).where('id', '=', id).executeTakeFirst())
    .numDeletedRows === 1n

export const deleteExpiredEntries = async (
  tx: Tx,
  listId: string,
  valueKeys: readonly Buffer[],
  now: Date,
): Promise<void> => {
  await tx.query
    .deleteFrom('list_entry')
    .where('list_id', '=', listId)
    .where('value_key', '=', (is) => is.fn.any(is.val([...valueKeys])))
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

export type MatchRow = { list: string; kind: string; field: string; value_key: Buffer }
export const matchEntries: HotStatement<{ valueKeys: readonly Buffer[]; now: Date }, MatchRow> = {
  name: 'lists match',
  shapeOf: () => 1,
  build: (query, { valueKeys, now }) =>
    query
      .selectFrom('list_entry as entry')
      .innerJoin('list', 'list.id', 'entry.list_id')
      .select(['list.id as list', 'list.kind', 'entry.field', 'entry.value_key'])
      .where('entry.value_key', '=', (is) => is.fn.any(is.val(valueKeys)))
      .where((is) => is.or([is('entry.expires_at', 'is', null), is('entry.expires_at', '>', now)]))
      .orderBy('list.id')
      .orderBy('entry.field'),
  values: ({ valueKeys, now }) => [valueKeys, now],
}
