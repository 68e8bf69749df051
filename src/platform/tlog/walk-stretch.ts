/** Verifies a stretch of an export by itself, up to what only the whole can show: the tiles above, and the seams. */
import { collectFindings } from './judge-tile.ts'
import { tileWidth } from './tiles.ts'
import { walkBundles } from './walk-bundles.ts'
import { judgeContents } from './walk-contents.ts'

/** Bundles from `from` up to, not including, `to`. */
export type Stretch = { readonly dir: string; readonly size: number; readonly from: number; readonly to: number }
export type WalkedStretch = {
  /** The roots over its whole bundles, side by side. */
  readonly roots: Uint8Array
  /** The hashes of the entries after them, side by side. */
  readonly rest: Uint8Array
  /** Where its lines of contents.jsonl start and end. */
  readonly lines: { readonly start: number; readonly end: number }
  readonly contents: number
  readonly erased: number
}

/** `null` if anything is not as it should be. */
export function walkStretch({ dir, size, from, to }: Stretch): WalkedStretch | null {
  const { findings, find } = collectFindings()
  const roots: Buffer[] = []
  const contents = judgeContents(dir, size, from * tileWidth)
  try {
    const start = contents.offset()
    const onRoot = (root: Buffer): void => void roots.push(root)
    const bundles = walkBundles(dir, size, from, { find, onBundle: contents.judgeBundle, onRoot })
    const isWell = (): boolean => findings.length + contents.findings.length === 0
    for (let index = from; index < to; index++) if (!bundles.step() || !isWell()) return null
    const end = contents.offset()
    if (to * tileWidth >= size) contents.finish()
    if (!isWell() || start === undefined || end === undefined) return null
    return { roots: Buffer.concat(roots), rest: bundles.rest(), lines: { start, end }, ...contents.counts }
  } finally {
    contents.close()
  }
}
