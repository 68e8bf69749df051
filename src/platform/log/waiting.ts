/** Rows that are durable and not yet in the log. */
import type { Tx } from '#platform/database'
import { type LogSource, start } from './source.ts'
import { readHead, readLoggedIds } from './store.ts'

const most = 1_000

/** Counted up to a bound for each source; `isMore` when one has reached it. */
export async function countWaiting(tx: Tx, sources: readonly LogSource[]): Promise<{ rows: number; isMore: boolean }> {
  const cursors = (await readHead(tx))?.cursors ?? {}
  let rows = 0
  let isMore = false
  for (const source of sources) {
    const found = await source.read(tx, cursors[source.name] ?? start, most)
    const ids = found.map(({ id }) => id)
    const logged = ids.length > 0 ? await readLoggedIds(tx, ids) : new Set<string>()
    rows += ids.filter((id) => !logged.has(id)).length
    isMore ||= found.length === most
  }
  return { rows, isMore }
}
