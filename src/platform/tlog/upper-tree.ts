/** Grows the tree above the bundles of an export, and holds every tile from level 1 up against it. */
import { growTree } from './append.ts'
import { type Find, judgeTiles } from './judge-tile.ts'
import { foldEdge } from './tree.ts'

export type UpperTree = {
  /** The root over the next whole bundle. */
  add(root: Uint8Array): void
  /** After the last: judges the tiles at the edge. The root over all entries; `rest` are the hashes of the last bundle. */
  finish(rest: Uint8Array): Buffer
}

/** The roots over bundles are the leaves of a tree that is one level lower. */
export function growUpperTree(dir: string, find: Find): UpperTree {
  const tiles = judgeTiles(dir, find)
  const tree = growTree(0, [], (tile) => tiles.judge({ ...tile, level: tile.level + 1 }))
  return {
    add: tree.add,
    finish(rest) {
      for (const tile of tree.partials()) tiles.judge({ ...tile, level: tile.level + 1 })
      return foldEdge([Buffer.from(rest), ...tree.edge()])
    },
  }
}
