/** Hashes an export's entries, first to last, a bundle at a time, and holds every tile against what they give. */
import { join } from 'node:path'
import { growTree } from './append.ts'
import { createFileReader } from './export-files.ts'
import { hashBytes, writeSha256 } from './hash.ts'
import { maxBundleBytes, type Tile, tilePath, tileWidth, widthAt } from './tiles.ts'

/** `inTile` names the tile that holds another hash than the entries give: one of the two was changed. */
export type Finding = {
  /** The first entry that it may be about, of `span` entries, one if not said; null for none in particular. */
  readonly index: number | null
  readonly span?: number
  readonly why: string
  readonly inTile?: string
}
export type WalkedTree = {
  readonly findings: readonly Finding[]
  readonly entries: number
  /** Over all entries; missing if they could not all be read. */
  readonly root: Buffer | undefined
}

/** The first few are enough: later ones often follow from them. */
export const maxFindings = 16
const tileBytes = tileWidth * hashBytes
const bundlesAtOnce = 16

export type WalkOptions = {
  /** Is shown each bundle before it is hashed. */
  readonly onBundle: (bundle: Buffer, index: number, width: number) => void
  /** Hears how many entries are done. */
  readonly onProgress: (done: number) => void
}

export async function walkTree(dir: string, size: number, { onBundle, onProgress }: WalkOptions): Promise<WalkedTree> {
  const findings: Finding[] = []
  const find = (finding: Finding): void => void (findings.length < maxFindings && findings.push(finding))
  const readBundle = createFileReader(maxBundleBytes)
  const readTile = createFileReader(tileBytes)
  const leaves = Buffer.alloc(tileBytes)
  const tree = growTree(0, [], (tile) => judgeTile(tile))

  function judgeTile({ level, index, width, hashes }: Tile): void {
    const path = tilePath({ level, index, width })
    const first = index * tileWidth ** (level + 1)
    const stored = readTile(join(dir, path))
    if (stored?.length !== width * hashBytes) {
      find({ index: first, why: `${path} is missing, cannot be read or does not have ${width} hashes` })
      return
    }
    if (hashes.compare(stored, 0, stored.length, 0, stored.length) === 0) return
    let at = 0
    while (hashes.compare(stored, at, at + hashBytes, at, at + hashBytes) === 0) at += hashBytes
    const span = tileWidth ** level
    const why = level === 0 ? `it does not have the hash in ${path}` : `${path} has another hash`
    find({ index: first + (at / hashBytes) * span, span, inTile: path, why })
  }

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

  /** Whether the walk can go on. */
  function judgeBundle(index: number): boolean {
    const width = widthAt('entries', index, size)
    const path = tilePath({ level: 'entries', index, width })
    const bundle = readBundle(join(dir, path))
    if (!bundle) find({ index: index * tileWidth, why: `${path} is missing, too long or cannot be read` })
    if (!bundle) return false
    onBundle(bundle, index, width)
    const { count, why } = hashBundle(bundle, width)
    tree.addAll(leaves.subarray(0, count * hashBytes))
    if (why === undefined) return true
    // What is before the break may be what was changed, so the hashes that the tile has are held against it.
    if (tree.size() % tileWidth > 0 && count < width) judgeStart(index, count, width)
    find({ index: tree.size(), why })
    return false
  }
  function judgeStart(index: number, count: number, width: number): void {
    const path = tilePath({ level: 0, index, width })
    const stored = readTile(join(dir, path))
    for (let n = 0; n < count && stored?.length === width * hashBytes; n++) {
      const from = n * hashBytes
      if (leaves.compare(stored, from, from + hashBytes, from, from + hashBytes) === 0) continue
      find({ index: index * tileWidth + n, why: `it does not have the hash in ${path}` })
      return
    }
  }

  let isWhole = true
  for (let index = 0; isWhole && index * tileWidth < size; index++) {
    isWhole = judgeBundle(index)
    if (index % bundlesAtOnce > 0) continue
    onProgress(tree.size())
    await new Promise((resolve) => void setImmediate(resolve))
  }
  if (isWhole) for (const tile of tree.partials()) judgeTile(tile)
  onProgress(tree.size())
  return { findings, entries: tree.size(), root: isWhole ? tree.root() : undefined }
}
