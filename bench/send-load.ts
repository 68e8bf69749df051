/** Runs load.ts, and stops the bench unless every answer was a 200. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { Payers } from './bodies.ts'

export type LoadAsk = {
  url: string
  /** Each request has any of them. */
  keys: readonly string[]
  connections: number
  seed: number
  payers: Payers
  until: { warmMs: number; ms: number } | { count: number }
}
/** What any of the sides did in a turn. */
export type Speed = { per_second: number; p50_ms: number; p99_ms: number }
export type LoadResult = Speed & {
  /** All, those that warmed up included. */
  answered: number
  /** Of a body, on average. */
  answer_bytes: number
  statuses: Record<string, number>
}

const script = new URL('load.ts', import.meta.url).pathname

export async function sendLoad(ask: LoadAsk): Promise<LoadResult> {
  const running = promisify(execFile)(process.execPath, [script])
  running.child.stdin?.end(JSON.stringify(ask))
  const { stdout } = await running
  const result: LoadResult = JSON.parse(stdout)
  if (Object.keys(result.statuses).join() !== '200')
    throw new Error(`answers were not all 200: ${JSON.stringify(result.statuses)}`)
  return result
}
