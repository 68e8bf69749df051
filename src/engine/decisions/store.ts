import type { PageAsk } from '#kernel/page'
import type { HotStatement, Segment, Tx } from '#platform/database'

export type StoredRow = { at: Date; occurred_at: Date; policy_version: number; document: Buffer; event: Buffer | null }

export const readDecision = (tx: Tx, id: string): Promise<StoredRow | undefined> =>
  tx.query
    .selectFrom('decision')
    .select(['at', 'occurred_at', 'policy_version', 'document', 'event'])
    .where('id', '=', id)
    .executeTakeFirst()

const decidedColumns = ['version', 'at', 'decision', 'policy_version', 'amount_minor', 'currency', 'document'] as const
export type DecidedRow = Awaited<ReturnType<typeof readDecidedAfter>>[number]

/** Decisions after a version, in the tenant's order. */
export const readDecidedAfter = (tx: Tx, version: bigint, limit: number) =>
  tx.query
    .selectFrom('decision')
    .select(decidedColumns)
    .where('version', '>', version)
    .orderBy('version')
    .limit(limit)
    .execute()

/** Locked, until the transaction ends, for whoever keeps something about the decision. */
export const readDecided = (tx: Tx, id: string, locked: boolean) => {
  const query = tx.query
    .selectFrom('decision')
    .select(decidedColumns)
    .select((is) => is('event', 'is', null).as('is_erased'))
    .where('id', '=', id)
  return (locked ? query.forNoKeyUpdate() : query).executeTakeFirst()
}

export type DecisionFilter = {
  decision?: string
  userKey?: Buffer
  merchantKey?: Buffer
  /** Ids at or after, and before: times as UUIDv7 bounds, so that partitions are pruned. */
  fromId?: string
  toId?: string
  minScore?: number
}

export const listDecisions = (
  tx: Tx,
  filter: DecisionFilter,
  page: PageAsk,
): Promise<{ id: string; document: Buffer }[]> => {
  let query = tx.query.selectFrom('decision').select(['id', 'document']).orderBy('id', 'desc').limit(page.limit)
  if (filter.decision !== undefined) query = query.where('decision', '=', filter.decision)
  if (filter.userKey) query = query.where('user_key', '=', filter.userKey)
  if (filter.merchantKey) query = query.where('merchant_key', '=', filter.merchantKey)
  if (filter.fromId) query = query.where('id', '>=', filter.fromId)
  if (filter.toId) query = query.where('id', '<', filter.toId)
  if (filter.minScore !== undefined) query = query.where('risk_score', '>=', filter.minScore)
  if (page.before) query = query.where('id', '<', page.before)
  return query.execute()
}

const loggedColumns = [
  'id',
  'at',
  'occurred_at',
  'actor_kind',
  'actor_id',
  'request_id',
  'decision',
  'risk_score',
  'policy_version',
  'amount_minor',
  'currency',
  'category',
  'document',
  'xact',
] as const
export type LoggedDecision = Awaited<ReturnType<typeof readLogged>>[number]

type After = { xact: string; id: string }
const loggedAfter: HotStatement<{ after: After; limit: number }, LoggedDecision> = {
  name: 'decisions read after',
  shapeOf: () => 1,
  build: (query, { after, limit }) =>
    query
      .selectFrom('decision')
      .select(loggedColumns)
      .where((is) => is(is.refTuple('xact', 'id'), '>', is.tuple(after.xact, after.id)))
      .orderBy('xact')
      .orderBy('id')
      .limit(limit),
  values: ({ after, limit }) => [after.xact, after.id, limit],
}
export const readLoggedAfter = ({ run }: Segment, after: After, limit: number) => run(loggedAfter, { after, limit })

export const readLogged = (tx: Tx, ids: readonly string[]) =>
  tx.query
    .selectFrom('decision')
    .select(loggedColumns)
    .where('id', '=', (is) => is.fn.any(is.val([...ids])))
    .execute()

export const eraseEvent = async (tx: Tx, id: string): Promise<void> => {
  await tx.query.updateTable('decision').set({ event: null }).where('id', '=', id).execute()
}
