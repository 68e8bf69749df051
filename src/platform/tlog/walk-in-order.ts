/** Goes through an export from the first entry to the last, and says what is at fault. */
import { collectFindings, type Finding } from './judge-tile.ts'
import { tileWidth } from './tiles.ts'
import { growUpperTree } from './upper-tree.ts'
import { walkBundles } from './walk-bundles.ts'
import { judgeContents } from './walk-contents.ts'

export type Walk = {
  readonly dir: string
  /** How many entries the checkpoint claims. */
  readonly size: number
  /** Hears how many entries are done. */
  readonly onProgress: (done: number) => void
}
export type Walked = {
  /** The one to name comes first. */
  readonly findings: readonly Finding[]
  readonly entries: number
  /** Over all entries; missing if they could not all be read. */
  readonly root: Buffer | undefined
  readonly contents: number
  readonly erased: number
}

const bundlesAtOnce = 16
/** Lets others run: timers, and messages from threads. */
export const breathe = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve))

export async function walkInOrder({ dir, size, onProgress }: Walk): Promise<Walked> {
  const { findings, find } = collectFindings()
  const contents = judgeContents(dir, size, 0)
  const tree = growUpperTree(dir, find)
  const bundles = walkBundles(dir, size, 0, { find, onBundle: contents.judgeBundle, onRoot: tree.add })
  try {
    let isWhole = true
    for (let index = 0; isWhole && index * tileWidth < size; index++) {
      isWhole = bundles.step()
      if (index % bundlesAtOnce > 0) continue
      onProgress(bundles.entries())
      await breathe()
    }
    const root = isWhole ? tree.finish(bundles.rest()) : undefined
    onProgress(bundles.entries())
    if (isWhole) contents.finish()
    // The most exact comes first: a changed entry changes every tile above it. At the same entry the tree comes before the
    // content: it says what was changed, the other what follows from it.
    const placed = (finding: Finding): number => finding.index ?? size
    const sorted = [...findings, ...contents.findings].sort(
      (one, other) => (one.span ?? 1) - (other.span ?? 1) || placed(one) - placed(other),
    )
    return { findings: sorted, entries: bundles.entries(), root, ...contents.counts }
  } finally {
    contents.close()
  }
}
