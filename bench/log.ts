/**
 * What does the log cost? Rows of the trail are appended in transactions of their own by 16 writers while the sequencer
 * and the signer run as in a serving process; the clock stops when the last row is covered by a signed checkpoint. Peers: the
 * same appends without a log, and one named prepared insert of as many bytes, committed by itself. PostgreSQL with fsync on.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { openVouch, type Vouch } from '#app'
import { readConfig } from '#config'
import { systemClock } from '#kernel/clock'
import { type Scope, systemScope } from '#platform/database'
import { createLog } from '#platform/telemetry'
import { verifyExport } from '#platform/tlog'
import type { Bench } from './run.ts'
import { median, spread } from './statistics.ts'

const rounds = 5
const writers = 16
const action = { name: 'tenant.created', ocsfClass: 3004, ocsfActivity: 1 } as const
const details = { note: 'x'.repeat(300) }

export const log: Bench = async function* ({ full }) {
  const count = full ? 20_000 : 4_000
  const home = await mkdtemp(join(tmpdir(), 'vouch-bench-'))
  const logger = createLog({ clock: systemClock, level: 'silent' })
  const config = readConfig({ VOUCH_HOME: home, VOUCH_PORT: '0' })
  const vouch = await openVouch({ config, clock: systemClock, log: logger, as: 'server' })
  const bare = new pg.Pool({ connectionString: vouch.own?.urls.owner, max: writers })
  try {
    const tenant = await vouch.tenancy.create('Bench', { kind: 'operator', id: 'bench' }, async () => {})
    const scope = systemScope(vouch.database, 'bench').asTenant(tenant.id)
    await bare.query(
      'create table bare (tenant_id uuid, id uuid primary key default gen_random_uuid(), at timestamptz default now(), kind text, actor text, action text, outcome text, details bytea)',
    )
    const append = (): Promise<unknown> => scope.transaction((tx) => vouch.audit.append(tx, { action, details }))
    const insert = (): Promise<unknown> =>
      bare.query({
        name: 'bare',
        text: 'insert into bare (tenant_id, kind, actor, action, outcome, details) values ($1, $2, $3, $4, $5, $6)',
        values: [tenant.id, 'system', 'bench', action.name, 'success', Buffer.alloc(400, 1)],
      })
    await vouch.logs.drain(scope)

    const seen = { logged: [] as number[], appended: [] as number[], inserted: [] as number[], drained: [] as number[] }
    for (let round = 0; round < rounds; round++) {
      seen.inserted.push(await rateOf(count, insert))
      seen.appended.push(await rateOf(count, append))
      // What those left is sequenced and signed alone: the cost of the log without the appends.
      const began = performance.now()
      await vouch.logs.drain(scope)
      seen.drained.push((count / (performance.now() - began)) * 1_000)
      seen.logged.push(await rateWithLog(vouch, scope, count, append))
    }
    const shared = { unit: 'rows/s', samples: rounds }
    const of = (name: keyof typeof seen) => ({ ours: median(seen[name]), spread: spread(seen[name]) })
    yield {
      case: 'append + sequence + sign',
      ...shared,
      ...of('logged'),
      peer: median(seen.inserted),
      peer_name: 'bare prepared insert',
    }
    yield {
      case: 'append + sequence + sign',
      ...shared,
      ...of('logged'),
      peer: median(seen.appended),
      peer_name: 'append, no log',
    }
    yield { case: 'sequence + sign', ...shared, ...of('drained'), peer: median(seen.inserted), peer_name: 'bare prepared insert' } // prettier-ignore

    const dir = join(home, 'export')
    const { vkeys } = await vouch.logs.export(scope, dir)
    const report = await verifyExport(dir, { vkey: vkeys })
    if (!report.ok || report.contents < 2 * rounds * count) throw new Error('the log that was measured does not verify')
  } finally {
    await bare.end()
    await vouch.close()
    await rm(home, { recursive: true, force: true })
  }
}

async function rateOf(count: number, write: () => Promise<unknown>): Promise<number> {
  const began = performance.now()
  await writeAll(count, write)
  return (count / (performance.now() - began)) * 1_000
}

async function rateWithLog(vouch: Vouch, scope: Scope, count: number, append: () => Promise<unknown>): Promise<number> {
  const began = performance.now()
  let isWriting = true
  const follow = async (): Promise<void> => {
    while (isWriting) {
      await vouch.logs.turn()
      await new Promise((resolve) => void setTimeout(resolve, 250))
    }
  }
  const following = follow()
  await writeAll(count, append)
  isWriting = false
  await vouch.logs.drain(scope)
  const took = performance.now() - began
  await following
  return (count / took) * 1_000
}

async function writeAll(count: number, write: () => Promise<unknown>): Promise<void> {
  let left = count
  const worker = async (): Promise<void> => {
    while (left-- > 0) await write()
  }
  await Promise.all(Array.from({ length: writers }, worker))
}
