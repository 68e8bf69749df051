/** The log as static files, as C2SP tlog-tiles has them: what was signed, and nothing beyond it. */
import { Fault } from '#kernel/fault'
import type { Tx } from '#platform/database'
import { joinBundle, parseTilePath, tileWidth, widthAt } from '#platform/tlog'
import { bytesOf } from './export.ts'
import type { LogSource } from './source.ts'
import { readCheckpoint, readEntries, readTile } from './store.ts'
import { withCosignatures } from './witnesses/quorum.ts'

const hashBytes = 32
const nothing = (): Fault => new Fault('not_found', 'The signed log has no such tile.')

export async function serveCheckpoint(tx: Tx): Promise<string> {
  const checkpoint = await readCheckpoint(tx)
  if (!checkpoint) throw new Fault('not_found', 'Nothing is signed yet. The first checkpoint comes within seconds.')
  return (await withCosignatures(tx, checkpoint)).note
}

/** `path` follows `tile/`: `0/x001/067`, `entries/000.p/12`. The bytes at a path never change. */
export async function serveTile(tx: Tx, sources: readonly LogSource[], path: string): Promise<Buffer> {
  const place = parseTilePath(`tile/${path}`)
  const size = place ? Number((await readCheckpoint(tx))?.size ?? 0n) : 0
  if (!place || place.width > widthAt(place.level, place.index, size)) throw nothing()
  const { level, index, width } = place
  if (level !== 'entries') {
    const hashes = await readTile(tx, level, index)
    if (!hashes) throw nothing()
    return hashes.subarray(0, width * hashBytes)
  }
  const entries = await readEntries(tx, index * tileWidth, index * tileWidth + width)
  return joinBundle(entries.map((entry) => bytesOf(entry, sources)))
}
