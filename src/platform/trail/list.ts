/** A page of the trail. However many rows a tenant has and whatever is asked, a page examines a bounded number of them. */
import type { Json } from '#kernel/canonical-json'
import { firstIdAt } from '#kernel/id'
import type { PageAsk } from '#kernel/page'
import { openDetails } from '#platform/audit'
import type { Tx } from '#platform/database'
import type { Encryption } from '#platform/encryption'
import { readDeepest, readPlaces, readTrail, type TrailFilter, type TrailRow } from './store.ts'

export type TrailAsk = {
  /** As it is recorded, or `operator` or `system` for all of that kind. */
  actor?: string
  action?: string
  target?: string
  outcome?: string
  fromMs?: number
  toMs?: number
}
export type TrailItem = Omit<TrailRow, 'details'> & {
  /** Null when there were none, and once they are erased. */
  details: Json
  /** Place in the log; null while the row is not sequenced. */
  index: bigint | null
}
/** `next`: rows before it are not read yet. A page can be short, even empty, and have a next. */
export type TrailPage = { items: TrailItem[]; next: string | null }

/** Rows that a page examines. A single condition never comes near it: only two that rarely meet. */
export const examinedAtMost = 10_000

const lowest = '00000000-0000-0000-0000-000000000000'
const highest = 'ffffffff-ffff-ffff-ffff-ffffffffffff'

const conditionOfActor = (actor: string): Pick<TrailFilter, 'actor_id' | 'actor_kind'> =>
  actor === 'operator' || actor === 'system' ? { actor_kind: actor } : { actor_id: actor }

export function toFilter(ask: TrailAsk, before: string | undefined): TrailFilter {
  const { actor, action, target, outcome, fromMs, toMs } = ask
  const until = toMs === undefined ? highest : firstIdAt(toMs)
  return {
    ...(actor === undefined ? {} : conditionOfActor(actor)),
    ...(action === undefined ? {} : { action }),
    ...(target === undefined ? {} : { target }),
    ...(outcome === undefined ? {} : { outcome }),
    fromId: fromMs === undefined ? lowest : firstIdAt(fromMs),
    toId: before !== undefined && before < until ? before : until,
  }
}

export async function listTrail(tx: Tx, encryption: Encryption, ask: TrailAsk, page: PageAsk): Promise<TrailPage> {
  const filter = toFilter(ask, page.before)
  const rows = await readTrail(tx, filter, examinedAtMost, page.limit)
  const shown = rows.slice(0, page.limit - 1)
  const next = rows.length === page.limit ? shown.at(-1)?.id : await readDeepest(tx, filter, examinedAtMost)
  if (shown.length === 0) return { items: [], next: next ?? null }
  const keys = await encryption.keysOf(tx)
  const ids = shown.map(({ id }) => id)
  const places = await readPlaces(tx, ids)
  const items = shown.map((row) => ({ ...row, details: openDetails(row, keys), index: places.get(row.id) ?? null }))
  return { items, next: next ?? null }
}
