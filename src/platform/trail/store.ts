import type { Tx } from '#platform/database'

export type TrailFilter = {
  actor_id?: string
  actor_kind?: string
  action?: string
  target?: string
  outcome?: string
  /** Ids at or after, and before: times as UUIDv7 bounds, so that partitions are pruned. */
  fromId: string
  toId: string
}

const columns = [
  'id',
  'at',
  'actor_kind',
  'actor_id',
  'on_behalf_of',
  'action',
  'target',
  'outcome',
  'request_id',
  'details',
] as const

type Lead = { column: 'target' | 'outcome' | 'actor_id' | 'action'; value: string }

/** The conditions whose index is walked; the others are looked at row by row. */
function leadsOf({
  target,
  outcome,
  actor_id,
  action,
}: TrailFilter): readonly [] | readonly [Lead] | readonly [Lead, Lead] {
  if (target !== undefined) return [{ column: 'target', value: target }]
  if (actor_id !== undefined && action !== undefined)
    return [
      { column: 'actor_id', value: actor_id },
      { column: 'action', value: action },
    ]
  if (outcome === 'refused') return [{ column: 'outcome', value: outcome }]
  if (actor_id !== undefined) return [{ column: 'actor_id', value: actor_id }]
  return action === undefined ? [] : [{ column: 'action', value: action }]
}

/**
 * Rows that meet the leading conditions, newest first. They are compared and ordered as (column, id), not as
 * `column = value` and by id: the same rows, in an order that one index alone has. So that index is walked, whatever the
 * statistics say.
 */
function walk(tx: Tx, filter: TrailFilter) {
  const { fromId, toId } = filter
  const all = tx.query.selectFrom('audit_event').select(columns).where('id', '>=', fromId).where('id', '<', toId)
  const [first, second] = leadsOf(filter)
  if (!first) return all.orderBy('id', 'desc')
  if (!second)
    return all
      .where((is) => is(is.refTuple(first.column, 'id'), '>=', is.tuple(first.value, fromId)))
      .where((is) => is(is.refTuple(first.column, 'id'), '<', is.tuple(first.value, toId)))
      .orderBy(first.column, 'desc')
      .orderBy('id', 'desc')
  const tuple = [first.column, second.column, 'id'] as const
  return all
    .where((is) => is(is.refTuple(...tuple), '>=', is.tuple(first.value, second.value, fromId)))
    .where((is) => is(is.refTuple(...tuple), '<', is.tuple(first.value, second.value, toId)))
    .orderBy(first.column, 'desc')
    .orderBy(second.column, 'desc')
    .orderBy('id', 'desc')
}

/** Of the newest `depth` rows of the walk those that meet the whole filter, newest first, at most `limit`. */
export function trailQuery(tx: Tx, filter: TrailFilter, depth: number, limit: number) {
  const { actor_id, actor_kind, action, target, outcome } = filter
  let query = tx.query.selectFrom(walk(tx, filter).limit(depth).as('examined')).select(columns).limit(limit)
  if (actor_id !== undefined) query = query.where('actor_id', '=', actor_id)
  if (actor_kind !== undefined) query = query.where('actor_kind', '=', actor_kind)
  if (action !== undefined) query = query.where('action', '=', action)
  if (target !== undefined) query = query.where('target', '=', target)
  if (outcome !== undefined) query = query.where('outcome', '=', outcome)
  // The order that the walk has already.
  for (const { column } of leadsOf(filter)) query = query.orderBy(column, 'desc')
  return query.orderBy('id', 'desc')
}
export type TrailRow = Awaited<ReturnType<typeof readTrail>>[number]

export const readTrail = (tx: Tx, filter: TrailFilter, depth: number, limit: number) =>
  trailQuery(tx, filter, depth, limit).execute()

/** The id at which a walk of `depth` rows ends; undefined if there are fewer. */
export const readDeepest = async (tx: Tx, filter: TrailFilter, depth: number): Promise<string | undefined> => {
  const { id } =
    (await walk(tx, filter)
      .clearSelect()
      .select('id')
      .offset(depth - 1)
      .limit(1)
      .executeTakeFirst()) ?? {}
  return id
}

/** Places in the log, of rows that are sequenced. */
export const readPlaces = async (tx: Tx, ids: readonly string[]): Promise<ReadonlyMap<string, bigint>> => {
  const rows = await tx.query
    .selectFrom('log_entry')
    .select(['id', 'index'])
    .where('id', '=', (is) => is.fn.any(is.val([...ids])))
    .execute()
  return new Map(rows.map(({ id, index }) => [id, index]))
}

/** Past every rule of ours, for the check that asks what the database itself takes for a level. */
export const insertAnyLevel = async (tx: Tx, level: string, at: Date): Promise<void> => {
  await tx.query.insertInto('audit_level').values({ level, changed_at: at }).execute()
}
