/** Lists: `{data, next_cursor}`, newest first, opaque cursor, 50 a page unless told, at most 200. */
import Type, { type Static, type TProperties, type TSchema } from 'typebox'
import { Fault } from './fault.ts'
import { uuidPattern } from './id.ts'

export const pageQuery = {
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200, default: 50, description: 'Items a page.' })),
  cursor: Type.Optional(
    Type.String({ minLength: 1, maxLength: 100, description: '`next_cursor` of the page before.' }),
  ),
} satisfies TProperties
export const PageQuery = Type.Object(pageQuery, { additionalProperties: false })

export const pageOf = <T extends TSchema>(item: T, title: string) =>
  Type.Object(
    {
      data: Type.Array(item),
      next_cursor: Type.Union([Type.String(), Type.Null()], {
        description: 'Send as `cursor` for the next page; null on the last.',
      }),
    },
    { additionalProperties: false, title },
  )

/** What a store needs to know: how many (one more than the page, to see if there is a next) and before which id. */
export type PageAsk = { before: string | undefined; limit: number }

export function askPage(query: Static<typeof PageQuery>): PageAsk {
  const limit = query.limit ?? 50
  if (query.cursor === undefined) return { before: undefined, limit: limit + 1 }
  const before = Buffer.from(query.cursor, 'base64url').toString()
  if (!uuidPattern.test(before)) {
    const errors = [{ pointer: '/cursor', message: 'is not a cursor this list gave. Start without one.' }]
    throw new Fault('invalid_request', 'The request does not have the documented form.', { errors })
  }
  return { before, limit: limit + 1 }
}

export function toPage<Row extends { id: string }, Item>(
  rows: readonly Row[],
  ask: PageAsk,
  toItem: (row: Row) => Item,
) {
  const shown = rows.slice(0, ask.limit - 1)
  const last = rows.length === ask.limit ? shown.at(-1) : undefined
  return { data: shown.map(toItem), next_cursor: last ? toCursor(last.id) : null }
}

/** The cursor of the page whose rows are all before this id. */
export const toCursor = (id: string): string => Buffer.from(id).toString('base64url')
