/**
 * How much of a bare insert's throughput does a whole decision keep? Ours: POST /v1/evaluate, authenticated, validated,
 * judged, stored durably, with the sequencer of the log on. Peer: the same server library and database, one named prepared insert of as many bytes, committed
 * by itself. Both over HTTP on loopback, PostgreSQL with fsync on, the load from a process of its own.
 */
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import fastify from 'fastify'
import pg from 'pg'
import { openVouch } from '#app'
import { readConfig } from '#config'
import { payment } from '#harness'
import { systemClock } from '#kernel/clock'
import { isPermission, permissions } from '#kernel/route'
import { createLog } from '#platform/telemetry'
import type { Bench } from './run.ts'
import { noLimits } from '#harness'

type Load = { per_second: number; p50_ms: number; p99_ms: number; statuses: Record<string, number> }
const rounds = 5
const all = new Set(Object.keys(permissions).filter(isPermission))

export const evaluate: Bench = async function* ({ full }) {
  const home = await mkdtemp(join(tmpdir(), 'vouch-bench-'))
  const log = createLog({ clock: systemClock, level: 'silent' })
  const config = readConfig({ VOUCH_HOME: home, VOUCH_PORT: '0' })
  const vouch = await openVouch({ config, clock: systemClock, log, as: 'server', rates: noLimits })
  const admin = new pg.Pool({ connectionString: vouch.own?.urls.owner, max: 16 })
  const peer = fastify()
  try {
    let key = ''
    await vouch.tenancy.create('Bench', { kind: 'operator', id: 'bench' }, async (tx, mode) => {
      const { token } = await vouch.keys.issue(tx, mode, { name: 'bench', scopes: [...all] }, all)
      if (mode === 'live') key = token
    })
    await admin.query(
      'create table bare (id uuid primary key default gen_random_uuid(), at timestamptz not null default now(), document bytea, event bytea)',
    )
    const document = Buffer.alloc(1_150, 1)
    const event = Buffer.alloc(230, 2)
    peer.post('/v1/evaluate', async () => {
      await admin.query({
        name: 'bare',
        text: 'insert into bare (document, event) values ($1, $2)',
        values: [document, event],
      })
      return { ok: true }
    })
    vouch.startLoops()
    const ours = await vouch.server.listen({ host: '127.0.0.1', port: 0 })
    const theirs = await peer.listen({ host: '127.0.0.1', port: 0 })
    for (const connections of full ? [1, 8, 32, 128] : [1, 32]) {
      const loads: { ours: Load[]; peer: Load[] } = { ours: [], peer: [] }
      const lags: number[] = []
      for (let round = 0; round < rounds; round++) {
        loads.peer.push(await load(theirs, key, connections))
        loads.ours.push(await load(ours, key, connections))
        // How far the log is behind at the very end of the load.
        lags.push(vouch.hints.lagMs())
      }
      const what = `${connections} connections, 1 tenant`
      yield { case: what, unit: 'ms log lag', ours: median(lags), peer: 2_000, peer_name: 'promised at most', samples: rounds, spread: spread(lags) } // prettier-ignore
      const shared = { peer_name: 'bare prepared insert over HTTP', samples: rounds }
      for (const [unit, read] of [
        ['decisions/s', ({ per_second }: Load) => per_second],
        ['ms p50', ({ p50_ms }: Load) => p50_ms],
        ['ms p99', ({ p99_ms }: Load) => p99_ms],
      ] as const) {
        const [a, b] = [loads.ours.map(read), loads.peer.map(read)]
        yield {
          case: what,
          unit,
          ours: median(a),
          peer: median(b),
          spread: spread(a),
          ...shared,
        }
      }
    }
  } finally {
    await peer.close()
    await admin.end()
    await vouch.close()
    await rm(home, { recursive: true, force: true })
  }
}

async function load(url: string, key: string, connections: number): Promise<Load> {
  const script = new URL('load.ts', import.meta.url).pathname
  const { stdout } = await promisify(execFile)(process.execPath, [
    script,
    url,
    key,
    String(connections),
    '2000',
    JSON.stringify(payment()),
  ])
  const result: Load = JSON.parse(stdout)
  if (Object.keys(result.statuses).join() !== '200')
    throw new Error(`answers were not all 200: ${JSON.stringify(result.statuses)}`)
  return result
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
/** (largest - smallest) ÷ median. */
const spread = (values: readonly number[]): number =>
  Math.round(((Math.max(...values) - Math.min(...values)) / median(values)) * 100) / 100
