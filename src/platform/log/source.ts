/** What the log follows: modules that write rows describe them so, and the log knows nothing else of them. */
import type { IdKind } from '#kernel/id'
import type { Segment, Tx } from '#platform/database'

/** The last row of a source that is sequenced: number of its transaction, and its id. */
export type Cursor = { xact: string; id: string }
export const start: Cursor = { xact: '0', id: '00000000-0000-0000-0000-000000000000' }

/** `type` is a noun and a verb; `content` is what the entry commits to. */
export type SourceRow = Cursor & { at: Date; type: string; content: string }

export type LogSource = {
  readonly name: string
  /** Kind of the rows' wire ids. */
  readonly idKind: IdKind
  /** Rows after a cursor, in its order. */
  read(tx: Segment, after: Cursor, limit: number): Promise<SourceRow[]>
  /** Contents by id, derived from the rows as they are now. A row that is gone has none. */
  readContents(tx: Tx, ids: readonly string[]): Promise<ReadonlyMap<string, string>>
  /** Erases what of a row can be erased. */
  erase(tx: Tx, id: string): Promise<void>
}
