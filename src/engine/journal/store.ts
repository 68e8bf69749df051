/** Every statement of the journal. They run in segments of transactions over several tenants, hot: compiled once a shape. */
import type { HotStatement, Tx } from '#platform/database'

export type DecisionRow = {
  id: string
  version: bigint
  at: Date
  occurred_at: Date
  actor_kind: string
  actor_id: string
  request_id: string
  decision: string
  risk_score: number
  policy_version: number
  amount_minor: bigint
  currency: string
  category: string
  merchant_key: Buffer
  user_key: Buffer | null
  subjects: Buffer | null
  local_hour: number | null
  lat_tenths: number | null
  lon_tenths: number | null
  document: Buffer
  event: Buffer
}
export type ClaimRow = { key_hash: Buffer; body_hash: Buffer; decision_id: string; at: Date }
export type CounterRow = { subject: Buffer; as_of: bigint; written_on: Date; state: Buffer }
export type TailRow = {
  version: bigint | null
  occurred_at: Date
  decision: string
  amount_minor: bigint
  currency: string
  merchant_key: Buffer
  user_key: Buffer | null
  subjects: Buffer | null
  local_hour: number | null
  lat_tenths: number | null
  lon_tenths: number | null
}

const one = () => 1
/** Values of all rows, in the order in which the first row names its columns. */
const flatten = (rows: readonly Readonly<Record<string, unknown>>[]): unknown[] =>
  rows.flatMap((row) => Object.values(row))

/** Waits for the tenant's turn and takes `count` versions: answers the last of them. Nothing if there is no head yet. */
export const lockHead: HotStatement<number, { version: bigint }> = {
  name: 'journal lock head',
  shapeOf: one,
  build: (query, count) =>
    query
      .updateTable('tenant_head')
      .set((is) => ({ version: is('version', '+', is.val(BigInt(count))) }))
      .returning('version'),
  values: (count) => [BigInt(count)],
}

export const insertHead: HotStatement<bigint, unknown> = {
  name: 'journal insert head',
  shapeOf: one,
  build: (query, version) =>
    query.insertInto('tenant_head').values({ version }).onConflict((on) => on.doNothing()),
  values: (version) => [version],
} // prettier-ignore

export const insertMark: HotStatement<bigint, unknown> = {
  name: 'journal insert mark',
  shapeOf: one,
  build: (query, version) =>
    query.insertInto('counter_mark').values({ version }).onConflict((on) => on.doNothing()),
  values: (version) => [version],
} // prettier-ignore

export const readMark: HotStatement<undefined, { version: bigint }> = {
  name: 'journal read mark',
  shapeOf: one,
  build: (query) => query.selectFrom('counter_mark').select('version'),
  values: () => [],
}

/** Nothing when another process is writing the counters, or there is no mark yet. */
export const lockMark: HotStatement<undefined, { version: bigint }> = {
  name: 'journal lock mark',
  shapeOf: one,
  build: (query) => query.selectFrom('counter_mark').select('version').forUpdate().skipLocked(),
  values: () => [],
}

export const moveMark: HotStatement<bigint, unknown> = {
  name: 'journal move mark',
  shapeOf: one,
  build: (query, version) => query.updateTable('counter_mark').set({ version }).where('version', '<', version),
  values: (version) => [version, version],
}

/** What was decided after a version, in order. */
export const readTail: HotStatement<{ after: bigint; limit: number }, TailRow> = {
  name: 'journal read tail',
  shapeOf: one,
  build: (query, { after, limit }) =>
    query
      .selectFrom('decision')
      .select([
        'version',
        'occurred_at',
        'decision',
        'amount_minor',
        'currency',
        'merchant_key',
        'user_key',
        'subjects',
        'local_hour',
        'lat_tenths',
        'lon_tenths',
      ]) // prettier-ignore
      .where('version', '>', after)
      .orderBy('version')
      .limit(limit),
  values: ({ after, limit }) => [after, limit],
}

export const readCounters: HotStatement<Buffer[], { subject: Buffer; as_of: bigint; state: Buffer }> = {
  name: 'journal read counters',
  shapeOf: one,
  build: (query, subjects) =>
    query
      .selectFrom('subject_counter')
      .select(['subject', 'as_of', 'state'])
      .where('subject', '=', (is) => is.fn.any(is.val(subjects))),
  values: (subjects) => [subjects],
}

export const readClaims: HotStatement<Buffer[], ClaimRow> = {
  name: 'journal read claims',
  shapeOf: one,
  build: (query, hashes) =>
    query
      .selectFrom('idempotency')
      .select(['key_hash', 'body_hash', 'decision_id', 'at'])
      .where('key_hash', '=', (is) => is.fn.any(is.val(hashes))),
  values: (hashes) => [hashes],
}

export const deleteClaims: HotStatement<{ hashes: Buffer[]; before: Date }, unknown> = {
  name: 'journal delete claims',
  shapeOf: one,
  build: (query, { hashes, before }) =>
    query
      .deleteFrom('idempotency')
      .where('key_hash', '=', (is) => is.fn.any(is.val(hashes)))
      .where('at', '<', before),
  values: ({ hashes, before }) => [hashes, before],
}

/** Fails when a key is taken: the read under the head's lock has said that it is free. */
export const insertClaims: HotStatement<ClaimRow[], unknown> = {
  name: 'journal insert claims',
  shapeOf: (rows) => rows.length,
  build: (query, rows) => query.insertInto('idempotency').values(rows),
  values: flatten,
}

export const insertDecisions: HotStatement<DecisionRow[], unknown> = {
  name: 'journal insert decisions',
  shapeOf: (rows) => rows.length,
  build: (query, rows) => query.insertInto('decision').values(rows),
  values: flatten,
}

/** Writes counters, but never over newer ones. */
export const putCounters: HotStatement<CounterRow[], unknown> = {
  name: 'journal put counters',
  shapeOf: (rows) => rows.length,
  build: (query, rows) =>
    query
      .insertInto('subject_counter')
      .values(rows)
      .onConflict((on) =>
        on
          .columns(['tenant_id', 'subject'])
          .doUpdateSet((is) => ({
            as_of: is.ref('excluded.as_of'),
            written_on: is.ref('excluded.written_on'),
            state: is.ref('excluded.state'),
          }))
          .whereRef('subject_counter.as_of', '<', 'excluded.as_of'),
      ),
  values: flatten,
}

export const deleteOldClaims = async (tx: Tx, before: Date): Promise<void> => {
  await tx.query.deleteFrom('idempotency').where('at', '<', before).execute()
}

export const deleteIdleCounters = async (tx: Tx, before: Date): Promise<void> => {
  await tx.query.deleteFrom('subject_counter').where('written_on', '<', before).execute()
}

/** Rows in statements of 64, 32, 16 … rows: few shapes, so that each is prepared soon and stays. */
export function* inPowersOfTwo<Row>(rows: readonly Row[], largest = 64): Generator<Row[]> {
  for (let at = 0; at < rows.length;) {
    let size = largest
    while (size > rows.length - at) size /= 2
    yield rows.slice(at, at + size)
    at += size
  }
}
