import type { Tx } from '#platform/database'
import { isWitnessState, type WitnessState } from './states.ts'

export type Witness = {
  name: string
  url: string
  /** One a line. */
  vkeys: string
  /** Size of what it has cosigned last. */
  seenSize: bigint
  state: WitnessState
  detail: string | null
  since: Date
  askedAt: Date | null
  failures: number
  dueAt: Date
  createdAt: Date
}
const columns = [
  'name',
  'url',
  'vkeys',
  'seen_size as seenSize',
  'state',
  'detail',
  'since',
  'asked_at as askedAt',
  'failures',
  'due_at as dueAt',
  'created_at as createdAt',
] as const

function toWitness(row: Omit<Witness, 'state'> & { state: string }): Witness {
  if (!isWitnessState(row.state)) throw new Error('a witness is in a state that has no word')
  return { ...row, state: row.state }
}

export const listWitnesses = async (tx: Tx): Promise<Witness[]> =>
  (await tx.query.selectFrom('log_witness').select(columns).orderBy('name').execute()).map(toWitness)

export const insertWitness = async (
  tx: Tx,
  witness: Pick<Witness, 'name' | 'url' | 'vkeys'>,
  now: Date,
): Promise<void> => {
  const asNew = { seen_size: 0n, state: 'new', detail: null, since: now, asked_at: null, failures: 0, due_at: now }
  await tx.query
    .insertInto('log_witness')
    .values({ ...witness, ...asNew, created_at: now })
    .execute()
}

/** True if there was one. */
export const deleteWitness = async (tx: Tx, name: string): Promise<boolean> =>
  (await tx.query.deleteFrom('log_witness').where('name', '=', name).executeTakeFirst()).numDeletedRows === 1n

/**
 * Takes a witness that is due, for whoever asks it: until `until` nobody else does. One that is due after `horizon` was
 * put off by a clock that has been set back since, and is due as well.
 */
export async function claimWitness(
  tx: Tx,
  name: string,
  { now, until, horizon }: { now: Date; until: Date; horizon: Date },
): Promise<Witness | undefined> {
  const row = await tx.query
    .updateTable('log_witness')
    .set({ due_at: until })
    .where('name', '=', name)
    .where((is) => is.or([is('due_at', '<=', now), is('due_at', '>', horizon)]))
    .returning(columns)
    .executeTakeFirst()
  return row && toWitness(row)
}

/** False if it was removed, or became another one, since it was taken. */
export async function updateWitness(tx: Tx, taken: Witness, after: Omit<Witness, 'createdAt'>): Promise<boolean> {
  const { numUpdatedRows } = await tx.query
    .updateTable('log_witness')
    .set({
      seen_size: after.seenSize,
      state: after.state,
      detail: after.detail,
      since: after.since,
      asked_at: after.askedAt,
      failures: after.failures,
      due_at: after.dueAt,
    })
    .where('name', '=', taken.name)
    .where('url', '=', taken.url)
    .where('vkeys', '=', taken.vkeys)
    .where('created_at', '=', taken.createdAt)
    .executeTakeFirst()
  return numUpdatedRows === 1n
}

/** A witness that cosigns once more says the same at another time, or with other keys. */
export const saveCosignature = async (
  tx: Tx,
  cosignature: { size: bigint; witness: string; lines: string; at: Date },
): Promise<void> => {
  const { lines, at } = cosignature
  await tx.query
    .insertInto('log_cosignature')
    .values(cosignature)
    .onConflict((on) => on.columns(['tenant_id', 'size', 'witness']).doUpdateSet({ lines, at }))
    .execute()
}

/** Lines below the checkpoint of a size, by the witnesses that the log has now. */
export const readLines = async (tx: Tx, size: bigint): Promise<string[]> => {
  const rows = await tx.query
    .selectFrom('log_cosignature')
    .innerJoin('log_witness', 'log_witness.name', 'log_cosignature.witness')
    .select('log_cosignature.lines')
    .where('log_cosignature.size', '=', size)
    .orderBy('log_cosignature.witness')
    .execute()
  return rows.map(({ lines }) => lines)
}

/** The largest size that a witness has cosigned, of at most `most`. */
export const readNewestSize = async (tx: Tx, witness: string, most: bigint): Promise<bigint | undefined> =>
  (
    await tx.query
      .selectFrom('log_cosignature')
      .select('size')
      .where('witness', '=', witness)
      .where('size', '<=', most)
      .orderBy('size', 'desc')
      .limit(1)
      .executeTakeFirst()
  )?.size

export type Quorum = { count: number; since: Date | null }

/** 0 where there is no log yet. */
export async function readQuorum(tx: Tx): Promise<Quorum> {
  const row = await tx.query.selectFrom('log_head').select(['witness_quorum', 'quorum_since']).executeTakeFirst()
  return { count: row?.witness_quorum ?? 0, since: row?.quorum_since ?? null }
}

/** Whoever changes witnesses or the quorum holds this until the end: the two are judged together. */
export async function lockQuorum(tx: Tx): Promise<number> {
  const row = await tx.query.selectFrom('log_head').select('witness_quorum').forUpdate().executeTakeFirstOrThrow()
  return row.witness_quorum
}

export const updateQuorum = async (tx: Tx, { count, since }: Quorum): Promise<void> => {
  await tx.query.updateTable('log_head').set({ witness_quorum: count, quorum_since: since }).execute()
}
