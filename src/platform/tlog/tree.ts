/** A tree that is read from tiles: its root, its edge, and the root above any run of entries. */
import { emptyRoot, foldHashes, hashBytes, hashNode } from './hash.ts'
import { TlogError } from './malformed.ts'
import { tileWidth, widthAt } from './tiles.ts'

export interface HashReader {
  /** At least the first `width` hashes of a tile, side by side. What it has beyond them is not looked at. */
  readTile(level: number, index: number, width: number): Uint8Array | Promise<Uint8Array>
}

/** The partial tiles at the right edge: `edge[l]` is that of level l, 0 to 255 hashes side by side. */
export type Edge = readonly Buffer[]

async function readHashes(reader: HashReader, level: number, index: number, width: number): Promise<Buffer> {
  const bytes = await reader.readTile(level, index, width)
  if (bytes.length < width * hashBytes) throw new TlogError(`tile ${level}/${index} has fewer than ${width} hashes`)
  return Buffer.from(bytes.buffer, bytes.byteOffset, width * hashBytes)
}

/** All that an appender needs of a tree of `size` entries. Its tiles are asked for at once. */
export async function readEdge(reader: HashReader, size: number): Promise<Edge> {
  requireSize(size)
  const edge: Promise<Buffer>[] = []
  for (let level = 0, count = size; count > 0; level++, count = Math.floor(count / tileWidth)) {
    const width = count % tileWidth
    const index = Math.floor(count / tileWidth)
    edge.push(width === 0 ? Promise.resolve(Buffer.alloc(0)) : readHashes(reader, level, index, width))
  }
  return Promise.all(edge)
}

/**
 * RFC 6962 splits a tree at powers of two, so its root joins one full subtree for each 1 in the binary form of its size:
 * eight digits a level, the smallest subtree rightmost.
 */
export function foldEdge(edge: Edge): Buffer {
  let root: Buffer | undefined
  for (const hashes of edge) {
    let end = hashes.length / hashBytes
    for (let width = 1; end > 0; width *= 2) {
      if (end % (2 * width) === 0) continue
      end -= width
      const subtree = foldHashes(hashes, end, width)
      root = root ? hashNode(subtree, root) : subtree
    }
  }
  return root ?? emptyRoot()
}

export const readRoot = async (reader: HashReader, size: number): Promise<Buffer> =>
  foldEdge(await readEdge(reader, size))

/** Reads roots above runs of entries in a tree of `size`; each tile is read once. */
export function openTree(reader: HashReader, size: number): { rootOf(start: number, end: number): Promise<Buffer> } {
  const tiles = new Map<string, Promise<Buffer>>()
  const readTile = (level: number, index: number): Promise<Buffer> => {
    const name = `${level}/${index}`
    const tile = tiles.get(name) ?? readHashes(reader, level, index, widthAt(level, index, size))
    tiles.set(name, tile)
    return tile
  }
  async function rootOf(start: number, end: number): Promise<Buffer> {
    const count = end - start
    const half = splitPoint(count)
    if (half * 2 !== count && count > 1)
      return hashNode(await rootOf(start, start + half), await rootOf(start + half, end))
    let level = 0
    let span = 1
    for (; span * tileWidth <= count; span *= tileWidth) level++
    const at = start / span
    return foldHashes(await readTile(level, Math.floor(at / tileWidth)), at % tileWidth, count / span)
  }
  return { rootOf }
}

/** The largest power of two below `count`. */
export function splitPoint(count: number): number {
  let half = 1
  while (half * 2 < count) half *= 2
  return half
}

export function requireSize(size: number): void {
  if (!Number.isSafeInteger(size) || size < 0) throw new TlogError('a tree has a whole number of entries')
}
