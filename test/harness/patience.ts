/** How tests wait: for what must happen, never for a length of time that was enough once. */
import { setTimeout as sleep } from 'node:timers/promises'

/** Longer than any machine is busy. No measure of speed. */
export const patienceMs = 90_000

/** Waits until `isSo`; answers how long it took, in ms. */
export async function waitUntil(what: string, isSo: () => boolean | Promise<boolean>): Promise<number> {
  const start = performance.now()
  while (!(await isSo())) {
    if (performance.now() - start > patienceMs) throw new Error(`waited ${patienceMs} ms in vain until ${what}`)
    await sleep(25)
  }
  return performance.now() - start
}
