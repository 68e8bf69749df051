/** Hashes the entries of an export's bundles, and holds the tile above each bundle against what they give. */
import { join } from 'node:path'
import { createFileReader } from './export-files.ts'
import { foldHashes, hashBytes, writeSha256 } from './hash.ts'
import { type Find, judgeTiles } from './judge-tile.ts'
import { maxBundleBytes, tilePath, tileWidth, widthAt } from './tiles.ts'

export type BundleListener = {
  readonly find: Find
  /** Is shown each bundle before it is hashed. */
  readonly onBundle: (bundle: Buffer, index: number, width: number) => void
  /** Hears the root over each whole bundle of 256 entries. */
  readonly onRoot: (root: Buffer) => void
}
export type BundleWalk = {
  /** The next bundle; whether the walk can go on after it. */
  step(): boolean
  /** How many entries were hashed. */
  entries(): number
  /** The hashes of those entries that stand in no whole bundle. */
  rest(): Buffer
}

/** From the bundle at `from` on. */
export function walkBundles(
  dir: string,
  size: number,
  from: number,
  { find, onBundle, onRoot }: BundleListener,
): BundleWalk {
  const readBundle = createFileReader(maxBundleBytes)
  const tiles = judgeTiles(dir, find)
  const leaves = Buffer.alloc(tileWidth * hashBytes)
  let index = from
  /** In the last bundle, as far as it is not a whole one. */
  let restCount = 0

  /** Hashes in place: the byte before each entry, the end of its length, becomes the 0x00 of RFC 6962. How many fit? */
  function hashBundle(bundle: Buffer, width: number): { count: number; why?: string } {
    let at = 0
    for (let count = 0; count < width; count++) {
      const end = at + 2 <= bundle.length ? at + 2 + bundle.readUInt16BE(at) : Infinity
      if (end > bundle.length) return { count, why: 'its bundle ends before it does' }
      bundle[at + 1] = 0
      writeSha256(bundle.subarray(at + 1, end), leaves, count * hashBytes)
      at = end
    }
    return at === bundle.length
      ? { count: width }
      : { count: width, why: 'bytes stand after the last entry of the bundle' }
  }

  /** What is before a break may be what was changed, so the hashes that the tile has are held against it. */
  function judgeStart(count: number, width: number): void {
    const place = { level: 0, index, width }
    const stored = tiles.read(place)
    for (let n = 0; n < count && stored; n++) {
      const from = n * hashBytes
      if (leaves.compare(stored, from, from + hashBytes, from, from + hashBytes) === 0) continue
      find({ index: index * tileWidth + n, why: `it does not have the hash in ${tilePath(place)}` })
      return
    }
  }

  function step(): boolean {
    const width = widthAt('entries', index, size)
    const path = tilePath({ level: 'entries', index, width })
    const bundle = readBundle(join(dir, path))
    if (!bundle) find({ index: index * tileWidth, why: `${path} is missing, too long or cannot be read` })
    if (!bundle) return false
    onBundle(bundle, index, width)
    const { count, why } = hashBundle(bundle, width)
    if (count < width) judgeStart(count, width)
    else if (width === tileWidth || why === undefined)
      tiles.judge({ level: 0, index, width, hashes: leaves.subarray(0, width * hashBytes) })
    if (count === tileWidth) onRoot(foldHashes(leaves, 0, tileWidth))
    if (why !== undefined) find({ index: index * tileWidth + count, why })
    if (count === tileWidth) index++
    else restCount = count
    return why === undefined
  }
  return {
    step,
    entries: () => (index - from) * tileWidth + restCount,
    rest: () => leaves.subarray(0, restCount * hashBytes),
  }
}
