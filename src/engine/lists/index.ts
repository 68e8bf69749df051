/**
 * Lists: whom a tenant always refuses or always approves.
 * Promises: an entry is found by a blind key, so the table shows nobody's identifier; an expired entry matches nothing.
 * Refuses: card numbers as values; addresses and countries that no event can have; a list whose kind would change under its
 * entries; to remove one that the policy names.
 * Needs: the database, encryption, audit, ids, a clock.
 */
import { countChange } from '#engine/basis'
import { refuseCardNumber } from '#kernel/card-number'
import type { Clock } from '#kernel/clock'
import { Fault } from '#kernel/fault'
import { type NewId, toWireId } from '#kernel/id'
import type { PageAsk } from '#kernel/page'
import type { Audit } from '#platform/audit'
import { type Database, systemScope, type Tx } from '#platform/database'
import type { Encryption, TenantKeys } from '#platform/encryption'
import { entriesImported, entryAdded, entryDeleted, listDeleted, listPut } from './actions.ts'
import { parseNetwork } from './addresses.ts'
import { blindValue, noPrefix } from './match.ts'
import {
  deleteEntry, deleteExpired, deleteExpiredEntries, deleteList, type EntryRow, insertEntries, insertForms, insertList, listEntries, type ListRow, type NewRow, readList, readLists,
} from './store.ts' // prettier-ignore

export { actions } from './actions.ts'
export { spellAddress } from './addresses.ts'
export { listFields } from './contract.ts'
export { type Listed, type ListForms, type ListMatch, matchesOf, toForms, valueKeysOf } from './match.ts'
export { matchEntries, readForms, readListIds } from './store.ts'
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
/** `duplicate`: the list has the value already. `why` says how to mend what was refused. */
export type Added =
  | { result: 'added'; id: string }
  | { result: 'duplicate' }
  | { result: 'refused'; pointer: string; why: string }

export type Lists = {
  all(tx: Tx): Promise<ListRow[]>
  /** Makes the list, or finds it as it is. */
  put(tx: Tx, id: string, kind: string): Promise<ListRow>
  remove(tx: Tx, id: string): Promise<void>
  entries(tx: Tx, listId: string, page: PageAsk): Promise<Entry[]>
  add(tx: Tx, listId: string, entry: NewEntry): Promise<Entry>
  /** Adds many, each judged alone; one row of the trail for all. Results stand in the order of the entries. */
  addMany(tx: Tx, listId: string, entries: readonly NewEntry[]): Promise<Added[]>
  removeEntry(tx: Tx, listId: string, id: string): Promise<void>
  /** Deletes entries past their time, tenant by tenant. */
  expire(): Promise<void>
}

export function createLists(needs: {
  database: Database
  encryption: Encryption
  audit: Audit
  newId: NewId
  clock: Clock
  /** Whether the published policy names the list. */
  isNamed(tx: Tx, id: string): Promise<boolean>
}): Lists {
  const { database, encryption, audit, newId, clock, isNamed } = needs
  const system = systemScope(database, 'expired list entries')

  /** Found by its blind key; a range also by the length of its prefix. `undefined` for what no event's field can be. */
  function toRow(keys: TenantKeys, listId: string, { field, value, note, expiresAt }: NewEntry): NewRow | undefined {
    const network = field === 'ip' ? parseNetwork(value) : { network: value, prefix: null }
    if (!network || (field === 'country' && !country.test(value))) return undefined
    const id = newId()
    return {
      id,
      list_id: listId,
      field,
      value_key: blindValue(keys, field, network.network),
      value: keys.seal(place('value', id), network.network),
      note: note === null ? null : keys.seal(place('note', id), note),
      expires_at: expiresAt,
      created_at: new Date(clock.now()),
      prefix: network.prefix,
    }
  }

  async function insert(tx: Tx, listId: string, rows: readonly NewRow[]): Promise<ReadonlySet<string>> {
    const valueKeys = rows.map(({ value_key }) => value_key)
    await deleteExpiredEntries(tx, listId, valueKeys, new Date(clock.now()))
    // In the order of their keys, so that two imports at once do not wait for each other in a circle.
    const ordered = rows.toSorted((one, other) => one.value_key.compare(other.value_key))
    const inserted = await insertEntries(tx, ordered)
    const forms = new Map(
      rows.map(({ field, prefix }) => [`${field} ${prefix}`, { field, prefix: prefix ?? noPrefix }]),
    )
    const sorted = [...forms].toSorted(([one], [other]) => (one < other ? -1 : 1)).map(([, form]) => form)
    if (sorted.length > 0 && (await insertForms(tx, sorted))) await countChange(tx)
    return inserted
  }

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
      if (isNew) await countChange(tx)
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
      // Who publishes counts too, and then looks for the lists: neither looks while the other is under way.
      await countChange(tx)
      if (await isNamed(tx, id))
        throw new Fault('conflict', 'The published policy names this list. Publish one that does not, then delete it.')
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
      const row = toRow(keys, listId, entry)
      if (!row)
        throw new Fault('invalid_request', formMessage, { errors: [{ pointer: '/value', message: formOf(entry) }] })
      if (!(await insert(tx, listId, [row])).has(row.id))
        throw new Fault('conflict', 'The list has this value already.')
      const target = `${listId}/${toWireId('entry', row.id)}`
      await audit.append(tx, { action: entryAdded, target, details: { field: entry.field } })
      return open(keys, row)
    },

    async addMany(tx, listId, entries) {
      await requireList(tx, listId)
      const keys = await encryption.keysOf(tx)
      const judged = entries.map((entry): NewRow | Added => {
        const refused = refusalOf(entry)
        if (refused) return refused
        return toRow(keys, listId, entry) ?? { result: 'refused', pointer: '/value', why: formOf(entry) }
      })
      const rows = judged.filter((one): one is NewRow => 'value_key' in one)
      const inserted = await insert(tx, listId, rows)
      const details = { added: inserted.size, of: entries.length }
      await audit.append(tx, { action: entriesImported, target: listId, details })
      return judged.map((one) => {
        if (!('value_key' in one)) return one
        return inserted.has(one.id) ? { result: 'added', id: one.id } : { result: 'duplicate' }
      })
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
  }
}

const formMessage = 'The request does not have the documented form.'
const country = /^[A-Z]{2}$/
/** Of a value that has not the form of its field. */
const formOf = ({ field }: NewEntry): string =>
  field === 'country'
    ? 'is no country as events carry it: two capitals of ISO 3166-1 (SE)'
    : 'is no address, and no range that begins where it says (203.0.113.0/24)'

/** What of an entry no list takes. */
function refusalOf({ value, note }: NewEntry): Added | undefined {
  try {
    refuseCardNumber({ value, note })
    return undefined
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    return { result: 'refused', pointer: error.errors[0]?.pointer ?? '', why: error.message }
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
