import type { Tx } from '#platform/database'

export type RunRow = {
  id: string
  check_id: string
  source_digest: Buffer
  started_at: Date
  ended_at: Date
  expires_at: Date
  result: string
  caught: boolean
  number: bigint
  document: Buffer
}

export const insertRun = async (tx: Tx, row: RunRow): Promise<void> => {
  await tx.query.insertInto('check_run').values(row).execute()
}

/** The newest run of a check by this very code. Runs are numbered, because clocks may be set back. */
export const readNewestRun = (tx: Tx, checkId: string, sourceDigest: Buffer): Promise<RunRow | undefined> =>
  tx.query
    .selectFrom('check_run')
    .select([
      'id',
      'check_id',
      'source_digest',
      'started_at',
      'ended_at',
      'expires_at',
      'result',
      'caught',
      'number',
      'document',
    ])
    .where('check_id', '=', checkId)
    .where('source_digest', '=', sourceDigest)
    .orderBy('number', 'desc')
    .limit(1)
    .executeTakeFirst()

/**
 * Takes the turn until `until`. False if another process has it. A turn that ends after `voidAfter` cannot have been taken by a
 * clock as it is now, and is void.
 */
export async function takeLease(
  tx: Tx,
  checkId: string,
  { now, until, voidAfter }: { now: Date; until: Date; voidAfter: Date },
): Promise<boolean> {
  const [made] = await tx.query
    .insertInto('check_lease')
    .values({ check_id: checkId, until })
    .onConflict((on) => on.doNothing())
    .execute()
  if (made?.numInsertedOrUpdatedRows === 1n) return true
  const [taken] = await tx.query
    .updateTable('check_lease')
    .set({ until })
    .where('check_id', '=', checkId)
    .where((is) => is.or([is('until', '<=', now), is('until', '>', voidAfter)]))
    .execute()
  return taken?.numUpdatedRows === 1n
}

/** Ends the turn that was taken until `until`. False if that one is over already: then it may be another's. */
export async function endLease(tx: Tx, checkId: string, until: Date, now: Date): Promise<boolean> {
  const [ended] = await tx.query
    .updateTable('check_lease')
    .set({ until: now })
    .where('check_id', '=', checkId)
    .where('until', '=', until)
    .execute()
  return ended?.numUpdatedRows === 1n
}

export type ChangeRow = {
  claim: string
  number: number
  at: Date
  from_state: string | null
  to_state: string
  why_en: string
  why_sv: string
}
const changeColumns = ['claim', 'number', 'at', 'from_state', 'to_state', 'why_en', 'why_sv'] as const

/** False when another process was first. */
export async function insertChange(tx: Tx, row: ChangeRow): Promise<boolean> {
  const [result] = await tx.query
    .insertInto('claim_change')
    .values(row)
    .onConflict((on) => on.doNothing())
    .execute()
  return result?.numInsertedOrUpdatedRows === 1n
}

/** Of one claim, newest first. */
export const readChangesOf = (tx: Tx, claim: string, limit: number): Promise<ChangeRow[]> =>
  tx.query
    .selectFrom('claim_change')
    .select(changeColumns)
    .where('claim', '=', claim)
    .orderBy('number', 'desc')
    .limit(limit)
    .execute()

/** Of all claims, by the times they bear, newest first. */
export const readChanges = (tx: Tx, limit: number): Promise<ChangeRow[]> =>
  tx.query
    .selectFrom('claim_change')
    .select(changeColumns)
    .orderBy('at', 'desc')
    .orderBy('claim')
    .orderBy('number', 'desc')
    .limit(limit)
    .execute()
