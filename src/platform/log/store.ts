import type { HotStatement, Segment, Tx } from '#platform/database'
import type { Cursor } from './source.ts'

const one = () => 1

export type Head = { origin: string; size: bigint; cursors: Readonly<Record<string, Cursor>>; isPublic: boolean }

const isCursor = (value: unknown): value is Cursor =>
  typeof value === 'object' &&
  value !== null &&
  'xact' in value &&
  typeof value.xact === 'string' &&
  'id' in value &&
  typeof value.id === 'string'

const readCursors = (value: unknown): Readonly<Record<string, Cursor>> =>
  Object.fromEntries(Object.entries(value ?? {}).filter((entry): entry is [string, Cursor] => isCursor(entry[1])))

/** False if there is one already. */
export const insertHead = async (tx: Tx, head: { origin: string; createdAt: Date }): Promise<boolean> => {
  const row = { origin: head.origin, size: 0n, cursors: '{}', created_at: head.createdAt }
  const [result] = await tx.query
    .insertInto('log_head')
    .values(row)
    .onConflict((on) => on.doNothing())
    .execute()
  return result?.numInsertedOrUpdatedRows === 1n
}

export async function readHead(tx: Tx): Promise<Head | undefined> {
  const row = await tx.query
    .selectFrom('log_head')
    .select(['origin', 'size', 'cursors', 'is_public as isPublic'])
    .executeTakeFirst()
  return row && { ...row, cursors: readCursors(row.cursors) }
}

export type Snapshot = { horizon: bigint; ahead: bigint }

/**
 * The lease: the row, locked, with the oldest transaction under way when it was asked for, and the first one that had not
 * begun. Rows of transactions older than `horizon` are seen by every later statement. `undefined` when another process holds it, or there is no log yet.
 */
export async function lockHead({ run }: Segment): Promise<(Head & Snapshot) | undefined> {
  const [row] = await run(lockedHead, undefined)
  return row && { ...row, cursors: readCursors(row.cursors), horizon: BigInt(row.horizon), ahead: BigInt(row.ahead) }
}

const lockedHead: HotStatement<
  undefined,
  { origin: string; size: bigint; cursors: unknown; isPublic: boolean; horizon: string; ahead: string }
> = {
  name: 'log lock head',
  shapeOf: one,
  build: (query) =>
    query
      .selectFrom('log_head')
      .select(['origin', 'size', 'cursors', 'is_public as isPublic'])
      .select((is) => [
        is.fn<string>('pg_snapshot_xmin', [is.fn('pg_current_snapshot')]).as('horizon'),
        is.fn<string>('pg_snapshot_xmax', [is.fn('pg_current_snapshot')]).as('ahead'),
      ])
      .forUpdate()
      .skipLocked(),
  values: () => [],
}

const headSize: HotStatement<undefined, { size: bigint }> = {
  name: 'log read head size',
  shapeOf: one,
  build: (query) => query.selectFrom('log_head').select('size'),
  values: () => [],
}
export const hasHead = async ({ run }: Segment): Promise<boolean> => (await run(headSize, undefined)).length > 0

export type MovedHead = { size: bigint; cursors: Readonly<Record<string, Cursor>> }
export const updateHead: HotStatement<MovedHead, unknown> = {
  name: 'log update head',
  shapeOf: one,
  build: (query, { size, cursors }) => query.updateTable('log_head').set({ size, cursors: JSON.stringify(cursors) }),
  values: ({ size, cursors }) => [size, JSON.stringify(cursors)],
}

export const updateVisibility = async (tx: Tx, isPublic: boolean): Promise<void> => {
  await tx.query.updateTable('log_head').set({ is_public: isPublic }).execute()
}

export type StoredEntry = {
  index: bigint
  source: string
  id: string
  at: Date
  type: string
  commitment: Buffer
  salt: Buffer | null
}
const entryColumns = ['index', 'source', 'id', 'at', 'type', 'commitment', 'salt'] as const

const entriesPiece: HotStatement<readonly StoredEntry[], unknown> = {
  name: 'log insert entries',
  shapeOf: (entries) => entries.length,
  build: (query, entries) => query.insertInto('log_entry').values(entries),
  values: (entries) => entries.flatMap((entry) => Object.values(entry)),
}

/** In pieces whose sizes are powers of two, so that the statements are few and stay prepared. Not waited for. */
export function insertEntries({ run }: Segment, entries: readonly StoredEntry[]): void {
  for (let at = 0, piece = 256; at < entries.length; at += piece) {
    while (piece > entries.length - at) piece /= 2
    void run(entriesPiece, entries.slice(at, at + piece))
  }
}

const loggedIds: HotStatement<string[], { id: string }> = {
  name: 'log read logged ids',
  shapeOf: one,
  build: (query, ids) =>
    query
      .selectFrom('log_entry')
      .select('id')
      .where('id', '=', (is) => is.fn.any(is.val(ids))),
  values: (ids) => [ids],
}
/** Which of these rows are entries already. */
export const readLoggedIds = async ({ run }: Segment, ids: readonly string[]): Promise<ReadonlySet<string>> =>
  new Set(ids.length === 0 ? [] : (await run(loggedIds, [...ids])).map(({ id }) => id))

/** Entries from `from` up to but without `to`, in their order. */
export const readEntries = (tx: Tx, from: number, to: number): Promise<StoredEntry[]> =>
  tx.query
    .selectFrom('log_entry')
    .select(entryColumns)
    .where('index', '>=', BigInt(from))
    .where('index', '<', BigInt(to))
    .orderBy('index')
    .execute()

/** Which entries from `from` up to but without `to` have no salt. */
export const readErased = async (tx: Tx, from: number, to: number): Promise<ReadonlySet<string>> => {
  const rows = await tx.query
    .selectFrom('log_entry')
    .select('id')
    .where('index', '>=', BigInt(from))
    .where('index', '<', BigInt(to))
    .where('salt', 'is', null)
    .execute()
  return new Set(rows.map(({ id }) => id))
}

export const readEntryOf = (tx: Tx, id: string): Promise<StoredEntry | undefined> =>
  tx.query.selectFrom('log_entry').select(entryColumns).where('id', '=', id).executeTakeFirst()

export const eraseSalt = async (tx: Tx, id: string): Promise<void> => {
  await tx.query.updateTable('log_entry').set({ salt: null }).where('id', '=', id).execute()
}

/** Of up to `limit` entries with ids from after `after` to below `before`, in their order. `last` is the id to go on from. */
export async function eraseSalts(
  tx: Tx,
  after: string,
  before: string,
  limit: number,
): Promise<{ erased: number; last: string | undefined }> {
  const found = await tx.query
    .selectFrom('log_entry')
    .select(['id', (is) => is('salt', 'is not', null).as('hasSalt')])
    .where('id', '>', after)
    .where('id', '<', before)
    .orderBy('id')
    .limit(limit)
    .execute()
  const ids = found.filter(({ hasSalt }) => hasSalt).map(({ id }) => id)
  if (ids.length > 0)
    await tx.query
      .updateTable('log_entry')
      .set({ salt: null })
      .where('id', '=', (is) => is.fn.any(is.val(ids)))
      .execute()
  return { erased: ids.length, last: found.at(-1)?.id }
}

const tileAt: HotStatement<{ level: number; index: bigint }, { hashes: Buffer }> = {
  name: 'log read tile',
  shapeOf: one,
  build: (query, { level, index }) =>
    query.selectFrom('log_tile').select('hashes').where('level', '=', level).where('index', '=', index),
  values: ({ level, index }) => [level, index],
}
export const readTile = async ({ run }: Segment, level: number, index: number): Promise<Buffer | undefined> =>
  (await run(tileAt, { level, index: BigInt(index) }))[0]?.hashes

/** One statement a tile: at most one or two of a batch are new, the others have grown. */
export const saveTile: HotStatement<{ level: number; index: bigint; hashes: Buffer }, unknown> = {
  name: 'log save tile',
  shapeOf: one,
  build: (query, tile) =>
    query
      .insertInto('log_tile')
      .values(tile)
      .onConflict((on) =>
        on.columns(['tenant_id', 'level', 'index']).doUpdateSet((is) => ({ hashes: is.ref('excluded.hashes') })),
      ),
  values: ({ level, index, hashes }) => [level, index, hashes],
}

export type StoredCheckpoint = { size: bigint; root: Buffer; note: string; at: Date }

export const insertCheckpoint = async (tx: Tx, checkpoint: StoredCheckpoint): Promise<void> => {
  await tx.query.insertInto('log_checkpoint').values(checkpoint).execute()
}

/** The newest, or the newest of at most `size`. */
export const readCheckpoint = (tx: Tx, size?: bigint): Promise<StoredCheckpoint | undefined> => {
  const newest = tx.query
    .selectFrom('log_checkpoint')
    .select(['size', 'root', 'note', 'at'])
    .orderBy('size', 'desc')
    .limit(1)
  return (size === undefined ? newest : newest.where('size', '<=', size)).executeTakeFirst()
}

const signedSize: HotStatement<undefined, { size: bigint }> = {
  name: 'log read signed size',
  shapeOf: one,
  build: (query) => query.selectFrom('log_checkpoint').select('size').orderBy('size', 'desc').limit(1),
  values: () => [1],
}
/** Of the newest checkpoint; 0 before the first. */
export const readSignedSize = async ({ run }: Segment): Promise<bigint> =>
  (await run(signedSize, undefined))[0]?.size ?? 0n

/** Checkpoints above a size, smallest first. */
export const readCheckpointsAfter = (tx: Tx, size: bigint, limit: number): Promise<StoredCheckpoint[]> =>
  tx.query
    .selectFrom('log_checkpoint')
    .select(['size', 'root', 'note', 'at'])
    .where('size', '>', size)
    .orderBy('size')
    .limit(limit)
    .execute()

export type StoredKey = {
  version: number
  vkeys: string
  seeds: Buffer
  announced_in: string | null
  first_size: bigint | null
  created_at: Date
}

export const insertKey = async (tx: Tx, key: StoredKey): Promise<void> => {
  await tx.query.insertInto('log_key').values(key).execute()
}

/** Oldest first. */
export const readKeys = (tx: Tx): Promise<StoredKey[]> =>
  tx.query
    .selectFrom('log_key')
    .select(['version', 'vkeys', 'seeds', 'announced_in', 'first_size', 'created_at'])
    .orderBy('version')
    .execute()

export const activateKey = async (tx: Tx, version: number, firstSize: bigint): Promise<void> => {
  await tx.query.updateTable('log_key').set({ first_size: firstSize }).where('version', '=', version).execute()
}
