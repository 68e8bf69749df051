/**
 * Lists: whom a tenant always refuses or always approves.
 * Promises: an entry is found by a blind key, so the table shows nobody's identifier; an expired entry matches nothing.
 * Refuses: card numbers as values; a list whose kind would change under its entries.
 * Needs: the database, encryption, audit, ids, a clock.
 */
import { refuseCardNumber } from '#kernel/card-number'
import type { Clock } from '#kernel/clock'
import { Fault } from '#kernel/fault'
import { type NewId, toWireId } from '#kernel/id'
import type { PageAsk } from '#kernel/page'
import type { Audit } from '#platform/audit'
import { type Database, systemScope, type Tx } from '#platform/database'
import type { Encryption, TenantKeys } from '#platform/encryption'
import { entryAdded, entryDeleted, listDeleted, listPut } from './actions.ts'
import {
  deleteEntry, deleteExpired, deleteExpiredEntry, deleteList, type EntryRow, insertEntry, insertList, listEntries, type ListRow, matchEntries, readList, readLists,
} from './store.ts' // prettier-ignore

export { actions } from './actions.ts'
export { listFields } from './contract.ts'
export { routes } from './routes.ts'

export type Entry = {
  id: string
  listId: string
  field: string
  value: string
  note: string | null
  expiresAt: Date | null
  createdAt: Date
}
export type NewEntry = { field: string; value: string; note: string | null; expiresAt: Date | null }
export type ListMatch = { list: string; kind: 'allow' | 'deny'; field: string }

export type Lists = {
  all(tx: Tx): Promise<ListRow[]>
  /** Makes the list, or finds it as it is. */
  put(tx: Tx, id: string, kind: string): Promise<ListRow>
  remove(tx: Tx, id: string): Promise<void>
  entries(tx: Tx, listId: string, page: PageAsk): Promise<Entry[]>
  add(tx: Tx, listId: string, entry: NewEntry): Promise<Entry>
  removeEntry(tx: Tx, listId: string, id: string): Promise<void>
  /** Deletes entries past their time, tenant by tenant. */
  expire(): Promise<void>
  /** Which allow and deny lists hold one of these values. */
  match(tx: Tx, values: readonly { field: string; value: string }[]): Promise<ListMatch[]>
}

export function createLists(needs: {
  database: Database
  encryption: Encryption
  audit: Audit
  newId: NewId
  clock: Clock
}): Lists {
  const { database, encryption, audit, newId, clock } = needs
  const system = systemScope(database, 'expired list entries')
  const blind = (keys: TenantKeys, field: string, value: string): Buffer => keys.blind(`list:${field}`, value)

  async function requireList(tx: Tx, id: string): Promise<ListRow> {
    const list = await readList(tx, id)
    if (!list) throw new Fault('not_found', 'There is no such list.')
    return list
  }

  return {
    all: readLists,

    async put(tx, id, kind) {
      refuseCardNumber({ list_id: id })
      const row = { id, kind, created_at: new Date(clock.now()) }
      const isNew = await insertList(tx, row)
      const list = isNew ? row : await requireList(tx, id)
      if (list.kind !== kind)
        throw new Fault(
          'conflict',
          `The list exists with the kind ${list.kind}. Delete it first, or choose another id.`,
        )
      await audit.append(tx, { action: listPut, target: id, details: { kind, is_new: isNew } })
      return list
    },

    async remove(tx, id) {
      if (!(await deleteList(tx, id))) throw new Fault('not_found', 'There is no such list.')
      await audit.append(tx, { action: listDeleted, target: id })
    },

    async entries(tx, listId, page) {
      await requireList(tx, listId)
      const keys = await encryption.keysOf(tx)
      return (await listEntries(tx, listId, page)).map((row) => open(keys, row))
    },

    async add(tx, listId, entry) {
      refuseCardNumber({ value: entry.value, note: entry.note })
      await requireList(tx, listId)
      const keys = await encryption.keysOf(tx)
      const now = new Date(clock.now())
      const id = newId()
      const value_key = blind(keys, entry.field, entry.value)
      const row: EntryRow & { value_key: Buffer } = {
        id,
        list_id: listId,
        field: entry.field,
        value_key,
        value: keys.seal(place('value', id), entry.value),
        note: entry.note === null ? null : keys.seal(place('note', id), entry.note),
        expires_at: entry.expiresAt,
        created_at: now,
      }
      await deleteExpiredEntry(tx, listId, value_key, now)
      if (!(await insertEntry(tx, row))) throw new Fault('conflict', 'The list has this value already.')
      await audit.append(tx, {
        action: entryAdded,
        target: `${listId}/${toWireId('entry', id)}`,
        details: { field: entry.field },
      })
      return open(keys, row)
    },

    async removeEntry(tx, listId, id) {
      if (!(await deleteEntry(tx, listId, id))) throw new Fault('not_found', 'There is no such entry in this list.')
      await audit.append(tx, { action: entryDeleted, target: `${listId}/${toWireId('entry', id)}` })
    },

    async expire() {
      const now = new Date(clock.now())
      for await (const tenantId of system.everyTenant())
        await system.asTenant(tenantId).transaction((tx) => deleteExpired(tx, now))
    },

    async match(tx, values) {
      if (values.length === 0) return []
      const keys = await encryption.keysOf(tx)
      const rows = await matchEntries(
        tx,
        values.map(({ field, value }) => blind(keys, field, value)),
        new Date(clock.now()),
      )
      return rows.flatMap(({ list, kind, field }) =>
        kind === 'allow' || kind === 'deny' ? [{ list, kind, field }] : [],
      )
    },
  }
}

const place = (column: string, row: string) => ({ table: 'list_entry', column, row })

const open = (keys: TenantKeys, row: EntryRow): Entry => ({
  id: row.id,
  listId: row.list_id,
  field: row.field,
  value: keys.open(place('value', row.id), row.value),
  note: row.note && keys.open(place('note', row.id), row.note),
  expiresAt: row.expires_at,
  createdAt: row.created_at,
})
