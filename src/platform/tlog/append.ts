/** Grows a tree from its right edge: whoever stores tiles needs nothing else to append. */
import { foldHashes, hashBytes } from './hash.ts'
import { TlogError } from './malformed.ts'
import { tileWidth, type Tile } from './tiles.ts'
import { type Edge, foldEdge, requireSize } from './tree.ts'

type Level = { readonly hashes: Buffer; index: number; width: number; isChanged: boolean }

/** `onFull` is handed each tile as it fills; its bytes are overwritten after the call. */
export function growTree(size: number, edge: Edge, onFull: (tile: Tile) => void) {
  requireSize(size)
  const levels: Level[] = []
  let count = size
  for (let level = 0; count > 0; level++, count = Math.floor(count / tileWidth)) {
    const width = count % tileWidth
    const hashes = Buffer.alloc(tileWidth * hashBytes)
    if ((edge[level]?.length ?? 0) !== width * hashBytes) throw new TlogError(`the edge is not that of ${size} entries`)
    hashes.set(edge[level] ?? [])
    levels.push({ hashes, index: Math.floor(count / tileWidth), width, isChanged: false })
  }

  function add(hash: Uint8Array, level = 0): void {
    if (hash.length !== hashBytes) throw new TlogError('a leaf hash has 32 bytes')
    const at = (levels[level] ??= { hashes: Buffer.alloc(tileWidth * hashBytes), index: 0, width: 0, isChanged: false })
    at.hashes.set(hash, at.width * hashBytes)
    at.width++
    at.isChanged = true
    if (level === 0) size++
    if (at.width === tileWidth) close(at, level)
  }
  function close(at: Level, level: number): void {
    onFull({ level, index: at.index, width: tileWidth, hashes: at.hashes })
    add(foldHashes(at.hashes, 0, tileWidth), level + 1)
    at.index++
    at.width = 0
  }
  const readTheEdge = (): Edge => levels.map(({ hashes, width }) => Buffer.from(hashes.subarray(0, width * hashBytes)))
  return {
    add: (leaf: Uint8Array): void => add(leaf),
    /** Many leaf hashes, side by side. */
    addAll(leaves: Uint8Array): void {
      const bottom = levels[0]
      if (bottom?.width === 0 && leaves.length === tileWidth * hashBytes) {
        bottom.hashes.set(leaves)
        size += tileWidth
        close(bottom, 0)
      } else for (let at = 0; at < leaves.length; at += hashBytes) add(leaves.subarray(at, at + hashBytes))
    },
    size: (): number => size,
    edge: readTheEdge,
    root: (): Buffer => foldEdge(readTheEdge()),
    /** The partial tiles at the edge that have grown. */
    partials: (): Tile[] =>
      levels.flatMap(({ hashes, index, width, isChanged }, level) =>
        isChanged && width > 0
          ? [{ level, index, width, hashes: Buffer.from(hashes.subarray(0, width * hashBytes)) }]
          : [],
      ),
  }
}

export type Appended = {
  readonly size: number
  readonly root: Buffer
  readonly edge: Edge
  readonly tiles: readonly Tile[]
}

/** The tree after `leaves` are appended to one of `size`, and the tiles that are new or have grown. */
export function appendLeaves(size: number, edge: Edge, leaves: readonly Uint8Array[]): Appended {
  const tiles: Tile[] = []
  const tree = growTree(size, edge, (tile) => tiles.push({ ...tile, hashes: Buffer.from(tile.hashes) }))
  for (const leaf of leaves) tree.add(leaf)
  return { size: tree.size(), root: tree.root(), edge: tree.edge(), tiles: [...tiles, ...tree.partials()] }
}
