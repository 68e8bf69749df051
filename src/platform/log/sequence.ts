/**
 * Orders and hashes what is written and not yet in the log, a batch in one transaction: entries, the tiles that grew, the
 * new head. All or nothing of a batch is in the log, so a process may be killed at any moment.
 *
 * One at a time: the lock on the head is the lease. Each source is followed by (transaction, id). A row whose transaction
 * is not older than every one under way waits: an older one could still commit rows before it.
 *
 * Several tenants share a transaction, each behind its walls: for most of them there are few new rows, and what costs is
 * the way to the database and the commit.
 */
import { randomBytes } from 'node:crypto'
import { toWireId } from '#kernel/id'
import type { Enter, Lanes, Segment } from '#platform/database'
import {
  appendLeaves,
  commitTo,
  type Edge,
  hashLeaf,
  makeEntryBytes,
  readEdge,
  saltBytes,
  type Tile,
  TlogError,
} from '#platform/tlog'
import { LogForkError } from './sign.ts'
import { type Cursor, type LogSource, type SourceRow, start } from './source.ts'
import {
  hasHead,
  insertEntries,
  lockHead,
  type MovedHead,
  readLoggedIds,
  readSignedSize,
  saveTile,
  type StoredEntry,
  updateHead,
} from './store.ts'
import { tileReader } from './tile-reader.ts'

/**
 * `busy`: another process has the lease. `none`: there is no log. `isFull`: the batch took as many rows as it may.
 * `hasMore`: rows were left for the next batch, none of them of a transaction before `upTo`. Rows that were durable when
 * this began are of transactions before `ahead`.
 */
export type Sequenced =
  | 'busy'
  | 'none'
  | { added: number; size: number; isFull: boolean; hasMore: boolean; upTo: bigint; ahead: bigint }
/** What came of one tenant. Its own trouble is not that of those beside it. */
export type Outcome = { done: Sequenced } | { error: unknown }

type Found = { source: LogSource; rows: SourceRow[]; cursor: Cursor; isFull: boolean; hasMore: boolean; upTo: bigint }
/** What is to be stored, and what can be said once it is. */
type Planned = { done: Sequenced; grown?: { entries: StoredEntry[]; tiles: readonly Tile[] }; moved?: MovedHead }

/** Of one source in one transaction, for all its tenants together. */
export const batchRows = 1_024

type Needs = {
  lanes: Lanes
  sources: readonly LogSource[]
  /** In a transaction of its own. */
  openHead(tenantId: string): Promise<unknown>
}

/** A batch of each of these tenants. Makes the logs that are not there yet. */
export async function sequence(needs: Needs, tenantIds: readonly string[]): Promise<ReadonlyMap<string, Outcome>> {
  const outcomes = new Map(await sequenceTogether(needs, tenantIds))
  const begun: string[] = []
  for (const [tenantId, outcome] of outcomes) {
    if (!('done' in outcome && outcome.done === 'none')) continue
    try {
      await needs.openHead(tenantId)
      begun.push(tenantId)
    } catch (error) {
      outcomes.set(tenantId, { error })
    }
  }
  if (begun.length > 0)
    for (const [tenantId, outcome] of await sequenceTogether(needs, begun)) outcomes.set(tenantId, outcome)
  return outcomes
}

async function sequenceTogether(needs: Needs, tenantIds: readonly string[]): Promise<ReadonlyMap<string, Outcome>> {
  const { lanes, sources } = needs
  const inOrder = tenantIds.toSorted()
  const limit = Math.ceil(batchRows / inOrder.length)
  try {
    return await lanes.transaction({
      read: (enter) => Promise.all(inOrder.map((tenantId) => attempt(reentering(enter, tenantId), sources, limit))),
      write: (enter, found) =>
        new Map(found.map(({ tenantId, plan }) => [tenantId, 'error' in plan ? plan : store(enter(tenantId), plan)])),
    })
  } catch (error) {
    const [first = '', ...others] = inOrder
    if (others.length === 0) return new Map([[first, { error }]])
    // One of them may be the reason. Nothing of the transaction is stored, or all of it, which each will see.
    const alone: [string, Outcome][] = []
    for (const tenantId of inOrder) alone.push(...(await sequenceTogether(needs, [tenantId])))
    return new Map(alone)
  }
}

/** The tenants ask by turns: each enters again before it does. */
const reentering = (enter: Enter, tenantId: string): Segment => ({
  tenantId,
  run: (statement, input) => enter(tenantId).run(statement, input),
})

async function attempt(segment: Segment, sources: readonly LogSource[], limit: number) {
  const { tenantId } = segment
  try {
    return { tenantId, plan: await plan(segment, sources, limit) }
  } catch (error) {
    // If it was a statement that failed, the transaction fails with it.
    return { tenantId, plan: { error } }
  }
}

async function plan(segment: Segment, sources: readonly LogSource[], limit: number): Promise<Planned> {
  const head = await lockHead(segment)
  if (!head) return { done: (await hasHead(segment)) ? 'busy' : 'none' }
  const { cursors, horizon, ahead } = head
  const found = await Promise.all(
    sources.map((source) => findNew(segment, { source, cursor: cursors[source.name] ?? start, horizon, limit })),
  )
  const fresh = found.flatMap(({ source, rows }) => rows.map((row) => ({ source, row })))
  // By time of the row, as near as ids tell it.
  fresh.sort((one, other) => (one.row.id < other.row.id ? -1 : 1))

  const first = Number(head.size)
  const size = first + fresh.length
  const upTo = found.reduce((least, { upTo }) => (upTo < least ? upTo : least), horizon)
  const [isFull, hasMore] = [found.some(({ isFull }) => isFull), found.some(({ hasMore }) => hasMore)]
  const done = { added: fresh.length, size, isFull, hasMore, upTo, ahead }
  if (found.every(({ source, cursor }) => cursor === (cursors[source.name] ?? start))) return { done }
  const reached = Object.fromEntries(found.map(({ source, cursor }) => [source.name, cursor]))
  const moved = { size: BigInt(size), cursors: { ...cursors, ...reached } }
  if (fresh.length === 0) return { done, moved }
  const edge = await readUnbroken(segment, head.size)
  const made = toEntries(fresh, first)
  const { tiles } = appendLeaves(
    first,
    edge,
    made.map(({ leaf }) => leaf),
  )
  return { done, moved, grown: { entries: made.map(({ stored }) => stored), tiles } }
}

/** Sends what is planned; the commit tells whether it is stored. */
function store(segment: Segment, { done, grown, moved }: Planned): Outcome {
  if (grown) {
    insertEntries(segment, grown.entries)
    for (const { level, index, hashes } of grown.tiles)
      void segment.run(saveTile, { level, index: BigInt(index), hashes })
  }
  if (moved) void segment.run(updateHead, moved)
  return { done }
}

type Search = { source: LogSource; cursor: Cursor; horizon: bigint; limit: number }

/** Rows after the cursor that are safe to take. What is in the log already is never taken again. */
async function findNew(segment: Segment, search: Search): Promise<Found> {
  const { source, cursor, horizon, limit } = search
  if (BigInt(cursor.xact) > horizon) return findAll(segment, search)
  const rows = await source.read(segment, cursor, limit)
  const isNew = await notLogged(segment, rows)
  const safe = rows.filter(({ xact }) => BigInt(xact) < horizon)
  const last = toCursor(safe.at(-1))
  const isFull = last !== undefined && safe.length === limit
  return {
    source,
    rows: safe.filter(isNew),
    cursor: last ?? cursor,
    isFull,
    // Rows that came with a restored copy bear numbers this server has not reached: in the log already, they wait for nothing.
    hasMore: isFull || rows.slice(safe.length).some(isNew),
    upTo: isFull ? BigInt(last.xact) : horizon,
  }
}

/**
 * The cursor is ahead of every transaction: the rows came here with a restored copy, from a server that had counted
 * further. All of them are looked at once; the log then follows this server's count.
 */
async function findAll(segment: Segment, { source, horizon }: Search): Promise<Found> {
  const found: SourceRow[] = []
  let at: Cursor = start
  for (;;) {
    const rows = await source.read(segment, at, batchRows)
    const last = toCursor(rows.at(-1))
    if (!last) break
    found.push(...rows.filter(await notLogged(segment, rows)))
    at = last
  }
  const cursor = { ...start, xact: String(horizon) }
  return { source, rows: found, cursor, isFull: false, hasMore: false, upTo: horizon }
}

const toCursor = (row: SourceRow | undefined): Cursor | undefined => row && { xact: row.xact, id: row.id }

async function notLogged(segment: Segment, rows: readonly SourceRow[]): Promise<(row: SourceRow) => boolean> {
  const logged = await readLoggedIds(
    segment,
    rows.map(({ id }) => id),
  )
  return ({ id }) => !logged.has(id)
}

/** The edge of the stored tree. Nothing is put on one that was cut below what is signed: it could only be forked. */
async function readUnbroken(segment: Segment, size: bigint): Promise<Edge> {
  const [signed, edge] = await Promise.allSettled([
    readSignedSize(segment),
    readEdge(tileReader(segment), Number(size)),
  ])
  if (signed.status === 'rejected') throw signed.reason
  if (signed.value > size) throw new LogForkError(`the log has ${size} entries, and signed ${signed.value}`)
  if (edge.status === 'fulfilled') return edge.value
  if (edge.reason instanceof TlogError)
    throw new LogForkError(`what is to be continued cannot be read: ${edge.reason.message}`)
  throw edge.reason
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
