/**
 * Looks at the stored log again: each entry of a window against the row it stands for, its hash, and what was signed. It
 * finds what was done to rows, entries, tiles or checkpoints behind the back of this code, by whomever.
 */
import type { Scope, Tx } from '#platform/database'
import {
  commitTo,
  type HashReader,
  hashLeaf,
  makeInclusion,
  openCheckpoint,
  readRoot,
  tileWidth,
  TlogError,
  verifyInclusion,
} from '#platform/tlog'
import { readWithContents, type ReadEntry } from '../export.ts'
import { keyAt, readLogKeys } from '../signing-keys.ts'
import { type Cursor, type LogSource, start } from '../source.ts'
import { readCheckpoint, readCheckpointsAfter, readHead, readLoggedIds, type StoredCheckpoint } from '../store.ts'
import { tileReader } from '../tile-reader.ts'

export type Flaw = { index: number | null; why: string }
const pageRows = 1_000

/** The first flaw of entries from `from` up to but without `to`, as far as they are signed. `from` begins a tile. */
export async function reverifyWindow(
  scope: Scope,
  sources: readonly LogSource[],
  from: number,
  to: number,
): Promise<Flaw | undefined> {
  const signed = await scope.transaction(readSigned)
  if (!signed || 'why' in signed) return signed
  for (let at = from; at < Math.min(to, signed.size); at += tileWidth) {
    const end = Math.min(at + tileWidth, signed.size)
    const judge = () => scope.transaction((tx) => judgeTile(tx, sources, signed, at, end))
    // Twice: between two statements of the first look, a content may have been erased.
    const flaw = (await judge()) && (await judge())
    if (flaw) return flaw
  }
  return undefined
}

type Signed = { size: number; root: Buffer }

async function readSigned(tx: Tx): Promise<Signed | Flaw | undefined> {
  const last = await readCheckpoint(tx)
  if (!last) return undefined
  return (await judgeCheckpoint(tx, last)) ?? { size: Number(last.size), root: last.root }
}

async function judgeCheckpoint(tx: Tx, { size, root, note }: StoredCheckpoint): Promise<Flaw | undefined> {
  try {
    const signed = openCheckpoint(note, keyAt(await readLogKeys(tx), Number(size)).verifiers)
    if (BigInt(signed.size) === size && signed.root.equals(root)) return undefined
    return { index: null, why: `the stored checkpoint of ${size} entries is not what was signed` }
  } catch (error) {
    if (!(error instanceof TlogError)) throw error
    return { index: null, why: `the stored checkpoint of ${size} entries: ${error.message}` }
  }
}

/** All hashes of the tile are covered: each goes into the inclusion proof of any one of its entries. */
async function judgeTile(
  tx: Tx,
  sources: readonly LogSource[],
  { size, root }: Signed,
  from: number,
  end: number,
): Promise<Flaw | undefined> {
  const entries = await readWithContents(tx, sources, from, end)
  const reader = tileReader(tx)
  try {
    const hashes = await reader.readTile(0, from / tileWidth, end - from)
    for (let index = from; index < end; index++) {
      const why = judgeEntry(entries[index - from], index, hashes, (index - from) * 32)
      if (why !== undefined) return { index, why }
    }
    const leaf = Buffer.from(hashes.subarray((end - from - 1) * 32, (end - from) * 32))
    const proof = await makeInclusion(reader, end - 1, size)
    if (verifyInclusion({ index: end - 1, size, leaf, root, proof })) return undefined
    return { index: from, why: `the tiles above entries ${from} to ${end - 1} do not lead to the signed root` }
  } catch (error) {
    if (!(error instanceof TlogError)) throw error
    return { index: null, why: error.message }
  }
}

function judgeEntry(entry: ReadEntry | undefined, index: number, hashes: Uint8Array, at: number): string | undefined {
  if (!entry || Number(entry.index) !== index) return 'the entry is gone'
  if (hashLeaf(entry.bytes).compare(hashes, at, at + 32) !== 0) return 'the entry is not what was hashed'
  if (!entry.salt) return undefined
  if (entry.content === null) return 'its row is gone, and nobody erased it'
  if (commitTo(entry.salt, entry.content) !== entry.commitment.toString('hex')) return 'its row is not what was logged'
  return undefined
}

/** What no window shows: each checkpoint ever signed, and rows that were slipped in behind what is sequenced. */
export async function reverifyRest(scope: Scope, sources: readonly LogSource[]): Promise<Flaw | undefined> {
  for (let after = -1n; ;) {
    const checkpoints = await scope.transaction((tx) => readCheckpointsAfter(tx, after, pageRows))
    for (const checkpoint of checkpoints) {
      const flaw = await scope.transaction(async (tx) => {
        const reader: HashReader = tileReader(tx)
        return (await judgeCheckpoint(tx, checkpoint)) ?? (await judgeRoot(reader, checkpoint))
      })
      if (flaw) return flaw
    }
    const last = checkpoints.at(-1)
    if (!last) break
    after = last.size
  }
  for (const source of sources) {
    const flaw = await findUnlogged(scope, source)
    if (flaw) return flaw
  }
  return undefined
}

async function judgeRoot(reader: HashReader, { size, root }: StoredCheckpoint): Promise<Flaw | undefined> {
  try {
    if ((await readRoot(reader, Number(size))).equals(root)) return undefined
    return { index: null, why: `the first ${size} entries do not have the root that was signed` }
  } catch (error) {
    if (!(error instanceof TlogError)) throw error
    return { index: null, why: error.message }
  }
}

async function findUnlogged(scope: Scope, source: LogSource): Promise<Flaw | undefined> {
  const end = (await scope.transaction(readHead))?.cursors[source.name]
  const isBeyond = ({ xact, id }: Cursor): boolean =>
    !end || BigInt(xact) > BigInt(end.xact) || (xact === end.xact && id > end.id)
  for (let at = start; ;) {
    const { rows, logged } = await scope.transaction(async (tx) => {
      const rows = (await source.read(tx, at, pageRows)).filter((row) => !isBeyond(row))
      const ids = rows.map(({ id }) => id)
      return { rows, logged: ids.length > 0 ? await readLoggedIds(tx, ids) : new Set<string>() }
    })
    const missing = rows.find(({ id }) => !logged.has(id))
    if (missing)
      return { index: null, why: `a row of the source ${source.name} was slipped in: ${missing.id} is not in the log` }
    const last = rows.at(-1)
    if (!last) return undefined
    at = { xact: last.xact, id: last.id }
  }
}
