/**
 * Verifies an export on several threads, a stretch at a time, and only ever finds that all is well. The stretches must
 * follow each other without a gap in contents.jsonl, and their roots are folded here. A stretch that a thread does not
 * answer, because it failed or never started, is walked here too.
 */
import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { hashBytes } from './hash.ts'
import { collectFindings } from './judge-tile.ts'
import { type Plan, planStretches, stretchOf, takeNoMore, takeStretch } from './stretch-plan.ts'
import { tileWidth } from './tiles.ts'
import { growUpperTree } from './upper-tree.ts'
import { breathe, type Walk, type Walked } from './walk-in-order.ts'
import { type WalkedStretch, walkStretch } from './walk-stretch.ts'

const mostThreads = 4
/** Below, starting a thread takes longer than it saves. */
const smallSize = 1 << 15
/** What nobody has; a checkpoint may claim more. */
const mostSize = 2 ** 38

export const usualThreads = (size: number): number =>
  size < smallSize ? 1 : Math.min(mostThreads, availableParallelism())

/** `undefined` if there is a fault, whatever it is, or nothing to share among threads. */
export async function walkTogether(
  { dir, size, onProgress }: Walk,
  threads: number,
  helper = new URL('./stretch-worker.ts', import.meta.url),
): Promise<Walked | undefined> {
  if (threads < 2 || size <= tileWidth || size > mostSize) return undefined
  const plan = planStretches(dir, size, threads)
  const known = new Map<number, WalkedStretch | null>()
  const helpers = Array.from({ length: Math.min(threads, plan.count) - 1 }, () => startHelper(helper, plan, known))
  const whole = joinStretches(dir)
  const joinKnown = (): boolean => {
    for (let walked = known.get(whole.count()); walked !== undefined; walked = known.get(whole.count())) {
      known.delete(whole.count())
      if (!walked || !whole.join(walked)) return false
    }
    onProgress(Math.min(size, whole.count() * plan.bundlesEach * tileWidth))
    return true
  }
  try {
    for (let n = takeStretch(plan); n !== undefined; n = takeStretch(plan)) {
      known.set(n, walkStretch(stretchOf(plan, n)))
      await breathe()
      if (!joinKnown()) return undefined
    }
    await Promise.all(helpers.map(({ ended }) => ended))
    while (joinKnown() && whole.count() < plan.count)
      known.set(whole.count(), walkStretch(stretchOf(plan, whole.count())))
    return whole.count() === plan.count ? whole.finish(size) : undefined
  } finally {
    takeNoMore(plan)
    await Promise.all(helpers.map(({ worker }) => worker.terminate()))
  }
}

function startHelper(helper: URL, plan: Plan, known: Map<number, WalkedStretch | null>) {
  const worker = new Worker(helper, { workerData: plan })
  worker.on('message', ({ n, walked }: { n: number; walked: WalkedStretch | null }) => known.set(n, walked))
  const ended = new Promise<void>((resolve) => {
    worker.once('exit', () => resolve())
    // It ends then, and what it has not answered is walked by whoever started it.
    worker.once('error', () => resolve())
  })
  return { worker, ended }
}

function joinStretches(dir: string) {
  const { findings, find } = collectFindings()
  const tree = growUpperTree(dir, find)
  const sum = { contents: 0, erased: 0 }
  let count = 0
  let lineEnd = 0
  let rest = new Uint8Array()
  return {
    count: (): number => count,
    /** Whether it follows the stretch before. */
    join(next: WalkedStretch): boolean {
      if (next.lines.start !== lineEnd || rest.length > 0) return false
      lineEnd = next.lines.end
      for (let at = 0; at < next.roots.length; at += hashBytes) tree.add(next.roots.subarray(at, at + hashBytes))
      rest = new Uint8Array(next.rest)
      sum.contents += next.contents
      sum.erased += next.erased
      count++
      return findings.length === 0
    },
    finish(size: number): Walked | undefined {
      const root = tree.finish(rest)
      return findings.length === 0 ? { findings, entries: size, root, ...sum } : undefined
    },
  }
}
