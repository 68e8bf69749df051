import type { Tx } from '#platform/database'
import { readTally, type Tally, writeTally } from './tally.ts'

/** Which tally: of a day, counted from 1970-01-01, and a version of the policy. */
export type Place = { day: number; policyVersion: number }
export type Placed = Place & { tally: Tally }

type Row = { day: number; policy_version: number; counts: unknown }
const toPlaced = ({ day, policy_version: policyVersion, counts }: Row): Placed => ({
  day,
  policyVersion,
  tally: readTally(counts),
})
const columns = ['day', 'policy_version', 'counts'] as const

/** Waits until nobody else adds to the tenant's tallies. Every decision up to the answer is counted. */
export async function lockMark(tx: Tx): Promise<bigint> {
  const lock = () => tx.query.selectFrom('analytics_mark').select('version').forUpdate().executeTakeFirst()
  const mark = await lock()
  if (mark) return mark.version
  await tx.query
    .insertInto('analytics_mark')
    .values({ version: 0n })
    .onConflict((on) => on.doNothing())
    .execute()
  return (await lock())?.version ?? 0n
}

export const moveMark = async (tx: Tx, version: bigint): Promise<void> => {
  await tx.query.updateTable('analytics_mark').set({ version }).execute()
}

/** For whoever holds the lock. */
export const readTallies = async (tx: Tx, days: readonly number[]): Promise<Placed[]> =>
  (
    await tx.query
      .selectFrom('decision_tally')
      .select(columns)
      .where('day', '=', (is) => is.fn.any(is.val([...days])))
      .execute()
  ).map(toPlaced)

export async function putTally(tx: Tx, { day, policyVersion, tally }: Placed): Promise<void> {
  const counts = writeTally(tally)
  await tx.query
    .insertInto('decision_tally')
    .values({ day, policy_version: policyVersion, counts })
    .onConflict((on) => on.columns(['tenant_id', 'day', 'policy_version']).doUpdateSet({ counts }))
    .execute()
}

export const insertChange = async (tx: Tx, { day, policyVersion, tally }: Placed, id: string): Promise<void> => {
  const counts = writeTally(tally)
  await tx.query.insertInto('tally_change').values({ id, day, policy_version: policyVersion, counts }).execute()
}

/** Up to `limit` of them, which are gone with the transaction. For whoever holds the lock. */
export async function takeChanges(tx: Tx, limit: number): Promise<Placed[]> {
  const rows = await tx.query
    .selectFrom('tally_change')
    .select(['id', ...columns])
    .orderBy('id')
    .limit(limit)
    .execute()
  if (rows.length > 0)
    await tx.query
      .deleteFrom('tally_change')
      .where('id', '=', (is) => is.fn.any(is.val(rows.map(({ id }) => id))))
      .execute()
  return rows.map(toPlaced)
}

type Counted = { version: bigint | null; day: number | null; policy_version: number | null; counts: unknown }

/** In one statement, so that the mark, the tallies and what is to be added to them are of one moment. */
export async function readCounted(
  tx: Tx,
  fromDay: number,
  toDay: number,
): Promise<{ version: bigint; placed: Placed[] }> {
  const of = (table: 'decision_tally' | 'tally_change') =>
    tx.query
      .selectFrom(table)
      .select((is) => [is.lit(null).as('version'), ...columns])
      .where('day', '>=', fromDay)
      .where('day', '<', toDay)
      .$castTo<Counted>()
  const rows = await tx.query
    .selectFrom('analytics_mark')
    .select((is) => ['version', ...columns.map((column) => is.lit(null).as(column))])
    .$castTo<Counted>()
    .unionAll(of('decision_tally'))
    .unionAll(of('tally_change'))
    .execute()
  const placed = rows.flatMap(({ day, policy_version, counts }) =>
    day === null || policy_version === null ? [] : [toPlaced({ day, policy_version, counts })],
  )
  return { version: rows.find(({ version }) => version !== null)?.version ?? 0n, placed }
}
