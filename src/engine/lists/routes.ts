import type { Static } from 'typebox'
import { rfc3339 } from '#kernel/clock'
import { Fault } from '#kernel/fault'
import { fromWireId, toWireId } from '#kernel/id'
import { askPage, toPage } from '#kernel/page'
import { type Route, route } from '#platform/access'
import { entriesImported, entryAdded, entryDeleted, listDeleted, listListed, listPut, listRead } from './actions.ts'
import {
  Entry as EntrySchema,
  EntryPage,
  EntryParams,
  EntryQuery,
  Imported,
  List,
  ListParams,
  Lists as ListsSchema,
  mostAtOnce,
  NewEntries,
  NewEntry,
  NewList,
  Nothing,
} from './contract.ts'
import type { Added, Entry, Lists, NewEntry as NewEntryOf } from './index.ts'
import type { ListRow } from './store.ts'

const tag = 'Lists'
const toWireList = ({ id, kind, created_at }: ListRow) => ({ id, kind, created_at: rfc3339(created_at.getTime()) })
const toWireEntry = (entry: Entry) => ({
  id: toWireId('entry', entry.id),
  list_id: entry.listId,
  field: entry.field,
  value: entry.value,
  note: entry.note,
  expires_at: entry.expiresAt && rfc3339(entry.expiresAt.getTime()),
  created_at: rfc3339(entry.createdAt.getTime()),
})

const readEntry = ({ field, value, note, expires_at }: Static<typeof NewEntry>): NewEntryOf => ({
  field,
  value,
  note: note ?? null,
  expiresAt: expires_at === undefined ? null : new Date(expires_at),
})
const toWireAdded = (one: Added, at: number) => ({
  result: one.result,
  id: one.result === 'added' ? toWireId('entry', one.id) : null,
  error: one.result === 'refused' ? { pointer: `/entries/${at}${one.pointer}`, message: one.why } : null,
})

function requireEntryId(wire: string): string {
  const id = fromWireId('entry', wire)
  if (!id) throw new Fault('not_found', 'There is no such entry in this list.')
  return id
}

export const routes = (lists: Lists): Route[] => [
  route({
    method: 'GET', path: '/v1/lists', tag, summary: 'All lists', permission: 'lists:read', audit: listListed, rate: 'read',
    reply: ListsSchema,
    async run({ scope }) {
      return { body: { data: (await scope.transaction(lists.all)).map(toWireList), next_cursor: null } }
    },
  }),
  route({
    method: 'PUT', path: '/v1/lists/{list_id}', tag, summary: 'Make a list', permission: 'lists:write', audit: listPut, rate: 'write',
    params: ListParams, body: NewList, reply: List,
    async run({ scope }, { params, body }) {
      return { body: toWireList(await scope.transaction((tx) => lists.put(tx, params.list_id, body.kind))) }
    },
  }),
  route({
    method: 'DELETE', path: '/v1/lists/{list_id}', tag, summary: 'Delete a list and its entries',
    permission: 'lists:write', audit: listDeleted, rate: 'write', params: ListParams, reply: Nothing, status: 204,
    async run({ scope }, { params }) {
      await scope.transaction((tx) => lists.remove(tx, params.list_id))
      return { status: 204, body: null }
    },
  }),
  route({
    method: 'GET', path: '/v1/lists/{list_id}/entries', tag, summary: 'Entries of a list, newest first',
    permission: 'lists:read', audit: listRead, rate: 'read', params: ListParams, query: EntryQuery, reply: EntryPage,
    async run({ scope }, { params, query }) {
      const ask = askPage(query)
      return { body: toPage(await scope.transaction((tx) => lists.entries(tx, params.list_id, ask)), ask, toWireEntry) }
    },
  }),
  route({
    method: 'POST', path: '/v1/lists/{list_id}/entries', tag, summary: 'Add an entry',
    permission: 'lists:write', audit: entryAdded, rate: 'write', params: ListParams, body: NewEntry, reply: EntrySchema, status: 201,
    async run({ scope }, { params, body }) {
      const entry = await scope.transaction((tx) => lists.add(tx, params.list_id, readEntry(body)))
      return { status: 201, body: toWireEntry(entry) }
    },
  }),
  route({
    method: 'POST', path: '/v1/lists/{list_id}/import', tag, summary: `Add up to ${mostAtOnce} entries, each judged alone`,
    permission: 'lists:write', audit: entriesImported, rate: 'write', params: ListParams, body: NewEntries, reply: Imported,
    bodyLimitBytes: 524_288,
    async run({ scope }, { params, body }) {
      const results = await scope.transaction((tx) => lists.addMany(tx, params.list_id, body.entries.map(readEntry)))
      const added = results.filter(({ result }) => result === 'added').length
      return { body: { added, results: results.map(toWireAdded) } }
    },
  }),
  route({
    method: 'DELETE', path: '/v1/lists/{list_id}/entries/{entry_id}', tag, summary: 'Delete an entry',
    permission: 'lists:write', audit: entryDeleted, rate: 'write', params: EntryParams, reply: Nothing, status: 204,
    async run({ scope }, { params }) {
      await scope.transaction((tx) => lists.removeEntry(tx, params.list_id, requireEntryId(params.entry_id)))
      return { status: 204, body: null }
    },
  }),
] // prettier-ignore
