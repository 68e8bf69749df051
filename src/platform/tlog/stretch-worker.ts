/** A thread that verifies one stretch after another until none is left. */
import { parentPort, workerData } from 'node:worker_threads'
import { type Plan, stretchOf, takeStretch } from './stretch-plan.ts'
import { walkStretch } from './walk-stretch.ts'

const plan: Plan = workerData
for (let n = takeStretch(plan); n !== undefined; n = takeStretch(plan)) {
  parentPort?.postMessage({ n, walked: walkStretch(stretchOf(plan, n)) }, [])
}
