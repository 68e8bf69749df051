/**
 * What does it cost to ask how the month was? Ours: `GET /v1/analytics` over the last 30 days, authenticated, read into the
 * trail. Peer: the same numbers counted from decisions and outcomes by one SQL statement. Results are checked equal first.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { isDeepStrictEqual } from 'node:util'
import { join } from 'node:path'
import { flatten, type Part, recount } from '#harness/recount'
import { systemScope } from '#platform/database'
import { ask } from './ask.ts'
import { fillHistory, makePast } from './fill-history.ts'
import { type Installation, openInstallation, type Tenant } from './installation.ts'
import type { Bench } from './run.ts'
import { median, spread } from './statistics.ts'

const dayMs = 86_400_000
const outcomes = 500
/** Requests for each time that the peer counts. */
const requests = 30

export const analytics: Bench = async function* ({ full }) {
  const [users, copies] = full ? [100_000, 50] : [2_000, 49]
  const home = await mkdtemp(join(tmpdir(), 'vouch-bench-'))
  try {
    const tenant = await makePast(home, users)
    const installation = await openInstallation(home)
    try {
      yield* measure(installation, tenant, copies, full)
    } finally {
      await installation.close()
    }
  } finally {
    await rm(home, { recursive: true, force: true })
  }
}

async function* measure(installation: Installation, tenant: Tenant, copies: number, full: boolean) {
  const { vouch, admin } = installation
  const { decisions } = await fillHistory(installation, tenant, copies)
  const name = `${(decisions / 1e6).toFixed(1)} M decisions`
  const scope = systemScope(vouch.database, 'bench').asTenant(tenant.id)
  const began = performance.now()
  await vouch.analytics.follow(scope)
  const counting = Math.round(((decisions * copies) / (copies + 1) / (performance.now() - began)) * 1_000)
  const url = await installation.serve()
  await sayOutcomes(installation, url, tenant)
  await vouch.analytics.follow(scope)
  await installation.settle()

  const toDay = Math.floor(Date.now() / dayMs) + 1
  const days = { fromDay: toDay - 30, toDay }
  const kept = flatten((await vouch.analytics.read(scope, days)).placed)
  const counted = await recount(admin, tenant.id, days)
  if (Object.keys(kept).length < 100 || !isDeepStrictEqual({ ...kept }, { ...counted }))
    throw new Error('what is kept is not what is counted')

  const day = (at: number): string => new Date(at * dayMs).toISOString().slice(0, 10)
  const cases: readonly [string, string, readonly Part[], number][] = [
    ['all of a month', '', ['decisions', 'outcomes'], 5],
    ['by day', '&by=day', ['decisions', 'outcomes'], 3],
    // Documents are read for it, which takes the peer minutes.
    ['by factor', '&by=factor', ['decisions', 'outcomes', 'factors'], full ? 1 : 3],
  ]
  for (const [what, by, wanted, rounds] of cases) {
    const path = `${url}/v1/analytics?from=${day(days.fromDay)}&to=${day(days.toDay)}${by}`
    const [ours, peers]: [number[], number[]] = [[], []]
    for (let round = 0; round < rounds; round++) {
      peers.push(await timed(() => recount(admin, tenant.id, { ...days, wanted })))
      for (let nth = 0; nth < requests; nth++) ours.push(await timed(() => ask('GET', path, tenant.key)))
    }
    yield {
      case: `${what}, ${name}`,
      unit: 'ms p50',
      ours: median(ours),
      peer: median(peers),
      peer_name: 'counted from decisions by SQL',
      samples: ours.length,
      spread: spread(ours),
    }
  }
  yield {
    case: `counting, ${name}`,
    unit: 'decisions/s',
    ours: counting,
    peer: Math.round((decisions / median([await timed(() => recount(admin, tenant.id, days))])) * 1_000),
    peer_name: 'the same by SQL, all at once',
    samples: 1,
    spread: 0,
  }
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now()
  await work()
  return performance.now() - began
}

/** Of decisions spread over the past, by real requests. */
async function sayOutcomes({ admin }: Installation, url: string, { id, key }: Tenant): Promise<void> {
  const { rows } = await admin.query<{ id: string }>(
    `select 'tr_' || replace(id::text, '-', '') as id from decision where tenant_id = $1 order by md5(id::text) limit $2`,
    [id, outcomes],
  )
  const words = ['fraud', 'legitimate', 'chargeback']
  for (const [nth, row] of rows.entries()) {
    const body = { outcome: words[nth % words.length], occurred_at: new Date().toISOString() }
    await ask('POST', `${url}/v1/decisions/${row.id}/outcome`, key, JSON.stringify(body))
  }
}
