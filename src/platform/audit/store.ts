import type { HotStatement, Segment, Tx } from '#platform/database'

export const insertEvent = async (
  tx: Tx,
  event: {
    id: string
    at: Date
    action: string
    target: string | null
    on_behalf_of: string | null
    outcome: string
    details: Buffer | null
  },
): Promise<void> => {
  await tx.query
    .insertInto('audit_event')
    .values({ ...event, actor_kind: tx.actor.kind, actor_id: tx.actor.id, request_id: tx.requestId })
    .execute()
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
  'xact',
] as const
export type AuditRow = Awaited<ReturnType<typeof readEvents>>[number]

type After = { xact: string; id: string }
const eventsAfter: HotStatement<{ after: After; limit: number }, AuditRow> = {
  name: 'audit read after',
  shapeOf: () => 1,
  build: (query, { after, limit }) =>
    query
      .selectFrom('audit_event')
      .select(columns)
      .where((is) => is(is.refTuple('xact', 'id'), '>', is.tuple(after.xact, after.id)))
      .orderBy('xact')
      .orderBy('id')
      .limit(limit),
  values: ({ after, limit }) => [after.xact, after.id, limit],
}
export const readEventsAfter = ({ run }: Segment, after: After, limit: number) => run(eventsAfter, { after, limit })

export const readEvents = (tx: Tx, ids: readonly string[]) =>
  tx.query
    .selectFrom('audit_event')
    .select(columns)
    .where('id', '=', (is) => is.fn.any(is.val([...ids])))
    .execute()

export const eraseDetails = async (tx: Tx, id: string): Promise<void> => {
  await tx.query.updateTable('audit_event').set({ details: null }).where('id', '=', id).execute()
}

export const readLevel = async (tx: Tx): Promise<string | undefined> =>
  (await tx.query.selectFrom('audit_level').select('level').executeTakeFirst())?.level

type LevelRow = { level: string; changed_at: Date }

/** The level, locked; `first` if none was set before. */
export async function lockLevel(tx: Tx, first: LevelRow): Promise<string> {
  await tx.query
    .insertInto('audit_level')
    .values(first)
    .onConflict((on) => on.doNothing())
    .execute()
  return (await tx.query.selectFrom('audit_level').select('level').forUpdate().executeTakeFirstOrThrow()).level
}

export const saveLevel = async (tx: Tx, row: LevelRow): Promise<void> => {
  await tx.query.updateTable('audit_level').set(row).execute()
}
