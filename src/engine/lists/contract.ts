import Type from 'typebox'
import { wireIdPattern } from '#kernel/id'
import { pageOf, pageQuery } from '#kernel/page'

const closed = { additionalProperties: false } as const

/** Fields of an event that a list can name; `free` is any text of its metadata. */
export const listFields = ['user_id', 'merchant_id', 'card_fingerprint', 'device_id', 'ip', 'country', 'agent', 'free'] as const // prettier-ignore

const listId = Type.String({
  pattern: '^[a-z0-9][a-z0-9_-]{0,62}$',
  description: 'A word you choose.',
  examples: ['stolen-cards'],
})
const entryId = Type.String({ pattern: wireIdPattern('entry') })
const kind = Type.String({
  enum: ['allow', 'deny', 'custom'],
  description: 'deny declines, allow approves, custom is for rules to name.',
})
const time = Type.String({ format: 'date-time' })

export const ListParams = Type.Object({ list_id: listId }, closed)
export const EntryParams = Type.Object({ list_id: listId, entry_id: entryId }, closed)
export const EntryQuery = Type.Object(pageQuery, closed)
export const NewList = Type.Object({ kind }, { ...closed, title: 'NewList', examples: [{ kind: 'deny' }] })
export const List = Type.Object({ id: listId, kind, created_at: time }, { ...closed, title: 'List' })
export const Lists = Type.Object({ data: Type.Array(List), next_cursor: Type.Null() }, { ...closed, title: 'Lists' })
export const Nothing = Type.Null()

const field = Type.String({ enum: [...listFields] })
export const NewEntry = Type.Object(
  {
    field,
    value: Type.String({
      minLength: 1,
      maxLength: 256,
      description:
        'As events carry it. For `ip` an address or a range, such as 203.0.113.0/24; for `country` two capitals, such as SE; for `free` any text that metadata may hold.',
      examples: ['u_456'],
    }),
    note: Type.Optional(Type.String({ minLength: 1, maxLength: 500, description: 'Why. Kept encrypted.' })),
    expires_at: Type.Optional(time),
  },
  { ...closed, title: 'NewEntry' },
)
export const Entry = Type.Object(
  {
    id: entryId,
    list_id: listId,
    field,
    value: Type.String(),
    note: Type.Union([Type.String(), Type.Null()]),
    expires_at: Type.Union([time, Type.Null()]),
    created_at: time,
  },
  { ...closed, title: 'Entry' },
)
export const EntryPage = pageOf(Entry, 'EntryPage')

export const mostAtOnce = 500
export const NewEntries = Type.Object(
  { entries: Type.Array(NewEntry, { minItems: 1, maxItems: mostAtOnce }) },
  { ...closed, title: 'NewEntries' },
)
export const Imported = Type.Object(
  {
    added: Type.Integer(),
    results: Type.Array(
      Type.Object(
        {
          result: Type.String({
            enum: ['added', 'duplicate', 'refused'],
            description: 'duplicate: the list has the value already.',
          }),
          id: Type.Union([entryId, Type.Null()]),
          error: Type.Union([
            Type.Object({ pointer: Type.String(), message: Type.String() }, { ...closed, title: 'EntryError' }),
            Type.Null(),
          ]),
        },
        { ...closed, title: 'EntryResult' },
      ),
      { description: 'In the order of the entries.' },
    ),
  },
  { ...closed, title: 'ImportedEntries' },
)
