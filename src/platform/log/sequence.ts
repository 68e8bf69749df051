/**
 * Orders and hashes what is written and not yet in the log, a batch in one transaction: entries, the tiles that grew, the
 * new head. All or nothing of a batch is in the log, so a process may be killed at any moment.
 *
 * One at a time: the lock on the head is the lease. Each source is followed by (transaction, id). A row whose transaction
 * is not older than every one under way waits: an older one could still commit rows before it.
 */
import { randomBytes } from 'node:crypto'
import { toWireId } from '#kernel/id'
import type { Tx } from '#platform/database'
import {
  appendLeaves,
  commitTo,
  type Edge,
  hashLeaf,
  makeEntryBytes,
  readEdge,
  saltBytes,
  TlogError,
} from '#platform/tlog'
import { type HeadNeeds, leaseHead } from './head.ts'
import { LogForkError } from './sign.ts'
import { type Cursor, type LogSource, type SourceRow, start } from './source.ts'
import { insertEntries, readCheckpoint, readLoggedIds, saveTile, type StoredEntry, updateHead } from './store.ts'
import { tileReader } from './tile-reader.ts'

/**
 * `busy`: another process has the lease. `hasMore`: rows were left for the next batch, none of them of a transaction
 * before `upTo`. Rows that were durable when this began are of transactions before `ahead`.
 */
export type Sequenced = 'busy' | { added: number; size: number; hasMore: boolean; upTo: bigint; ahead: bigint }

type Found = { source: LogSource; rows: SourceRow[]; cursor: Cursor; hasMore: boolean; upTo: bigint }

export const batchRows = 1_024

export async function sequence(tx: Tx, sources: readonly LogSource[], needs: HeadNeeds): Promise<Sequenced> {
  const head = await leaseHead(tx, needs)
  if (head === 'busy') return 'busy'
  const found: Found[] = []
  for (const source of sources) found.push(await findNew(tx, source, head.cursors[source.name] ?? start, head.horizon))
  const fresh = found.flatMap(({ source, rows }) => rows.map((row) => ({ source, row })))
  // By time of the row, as near as ids tell it.
  fresh.sort((one, other) => (one.row.id < other.row.id ? -1 : 1))

  const first = Number(head.size)
  const entries = toEntries(fresh, first)
  const moved = found.filter(({ source, cursor }) => cursor !== (head.cursors[source.name] ?? start))
  if (moved.length > 0) {
    if (entries.length > 0) await append(tx, entries, head.size)
    const cursors = Object.fromEntries(found.map(({ source, cursor }) => [source.name, cursor]))
    await updateHead(tx, { size: head.size + BigInt(entries.length), cursors: { ...head.cursors, ...cursors } })
  }
  const upTo = found.reduce((least, { upTo }) => (upTo < least ? upTo : least), head.horizon)
  const hasMore = found.some(({ hasMore }) => hasMore)
  return { added: entries.length, size: first + entries.length, hasMore, upTo, ahead: head.ahead }
}

/** Rows after the cursor that are safe to take. What is in the log already is never taken again. */
async function findNew(tx: Tx, source: LogSource, cursor: Cursor, horizon: bigint): Promise<Found> {
  if (BigInt(cursor.xact) > horizon) return findAll(tx, source, horizon)
  const rows = await source.read(tx, cursor, batchRows)
  const safe = rows.filter(({ xact }) => BigInt(xact) < horizon)
  const last = toCursor(safe.at(-1))
  const isFull = last !== undefined && safe.length === batchRows
  // Rows that came with a restored copy bear numbers this server has not reached: in the log already, they wait for nothing.
  const late = isFull ? [] : await withoutLogged(tx, rows.slice(safe.length))
  return {
    source,
    rows: await withoutLogged(tx, safe),
    cursor: last ?? cursor,
    hasMore: isFull || late.length > 0,
    upTo: isFull ? BigInt(last.xact) : horizon,
  }
}

/**
 * The cursor is ahead of every transaction: the rows came here with a restored copy, from a server that had counted
 * further. All of them are looked at once; the log then follows this server's count.
 */
async function findAll(tx: Tx, source: LogSource, horizon: bigint): Promise<Found> {
  const found: SourceRow[] = []
  let at: Cursor = start
  for (;;) {
    const rows = await source.read(tx, at, batchRows)
    const last = toCursor(rows.at(-1))
    if (!last) break
    found.push(...(await withoutLogged(tx, rows)))
    at = last
  }
  return { source, rows: found, cursor: { ...start, xact: String(horizon) }, hasMore: false, upTo: horizon }
}

const toCursor = (row: SourceRow | undefined): Cursor | undefined => row && { xact: row.xact, id: row.id }

async function withoutLogged(tx: Tx, rows: readonly SourceRow[]): Promise<SourceRow[]> {
  if (rows.length === 0) return []
  const logged = await readLoggedIds(
    tx,
    rows.map(({ id }) => id),
  )
  return rows.filter(({ id }) => !logged.has(id))
}

/** The edge of the stored tree. Nothing is put on one that was cut below what is signed: it could only be forked. */
async function readUnbroken(tx: Tx, size: bigint): Promise<Edge> {
  const last = await readCheckpoint(tx)
  if (last && last.size > size) throw new LogForkError(`the log has ${size} entries, and signed ${last.size}`)
  try {
    return await readEdge(tileReader(tx), Number(size))
  } catch (error) {
    if (error instanceof TlogError) throw new LogForkError(`what is to be continued cannot be read: ${error.message}`)
    throw error
  }
}

type Made = { stored: StoredEntry; leaf: Buffer }

function toEntries(fresh: readonly { source: LogSource; row: SourceRow }[], first: number): Made[] {
  const salts = randomBytes(saltBytes * fresh.length)
  return fresh.map(({ source, row }, n) => {
    const { id, at, type, content } = row
    const salt = salts.subarray(n * saltBytes, (n + 1) * saltBytes)
    const commit = commitTo(salt, content)
    const bytes = makeEntryBytes({ id: toWireId(source.idKind, id), timeMs: at.getTime(), type, commit })
    const commitment = Buffer.from(commit, 'hex')
    const stored = { index: BigInt(first + n), source: source.name, id, at, type, commitment, salt }
    return { stored, leaf: hashLeaf(bytes) }
  })
}

async function append(tx: Tx, made: readonly Made[], size: bigint): Promise<void> {
  const first = Number(size)
  const edge = await readUnbroken(tx, size)
  const { tiles } = appendLeaves(
    first,
    edge,
    made.map(({ leaf }) => leaf),
  )
  await insertEntries(
    tx,
    made.map(({ stored }) => stored),
  )
  for (const { level, index, hashes } of tiles) await saveTile(tx, level, index, Buffer.from(hashes))
}
