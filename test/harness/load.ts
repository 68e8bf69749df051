/**
 * Load that never gives up: each client sends payments under keys of its own, and asks again with the same key until it
 * is acknowledged. Disposing of it ends it at once. `sumsOf` is what the database must then say.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { clientOf, payment } from './index.ts'
import { patienceMs } from './patience.ts'

/** What came instead of an acknowledgement; status 0: the connection broke, or nothing listened. */
export type Refusal = { status: number; code: string; retryAfter: string | null; tookMs: number; isProblem: boolean }

export type Load = AsyncDisposable & {
  /** Idempotency key → trace id. */
  readonly acknowledged: ReadonlyMap<string, string>
  readonly refusals: readonly Refusal[]
  /** Keys that were begun, acknowledged or not. */
  begun(): number
  /** Ends once every key that was begun is acknowledged. Throws if one is not within `withinMs`. */
  finish(withinMs?: number): Promise<void>
}

let loads = 0

/** `targets` is asked before each try: the processes that are believed to live. */
export function startLoad(needs: {
  key: string
  clients: number
  pauseMs?: number
  targets(): readonly string[]
}): Load {
  const { key, clients, pauseMs = 0, targets } = needs
  const name = `load_${process.pid}_${++loads}`
  const acknowledged = new Map<string, string>()
  const refusals: Refusal[] = []
  let begun = 0
  let isOver = false
  let deadline = Infinity

  async function tryOnce(idempotencyKey: string, nth: number): Promise<void> {
    const urls = targets()
    const start = performance.now()
    const since = () => Math.round(performance.now() - start)
    try {
      const url = urls[nth % urls.length] ?? 'http://127.0.0.1:1'
      const reply = await clientOf(url, key, 'as it is').post('/v1/evaluate', payment({ user_id: idempotencyKey }), {
        'idempotency-key': idempotencyKey,
      })
      if (reply.status === 200) {
        acknowledged.set(idempotencyKey, reply.body.trace_id)
        return
      }
      const isProblem = (reply.headers.get('content-type') ?? '').startsWith('application/problem+json')
      refusals.push({
        status: reply.status,
        code: reply.body?.code ?? '',
        retryAfter: reply.headers.get('retry-after'),
        tookMs: since(),
        isProblem,
      })
    } catch {
      refusals.push({ status: 0, code: 'no answer', retryAfter: null, tookMs: since(), isProblem: false })
    }
    await sleep(50)
  }

  async function work(client: number): Promise<void> {
    for (let nth = client; !isOver; nth++) {
      const idempotencyKey = `${name}_${++begun}`
      for (let tries = 0; !acknowledged.has(idempotencyKey); tries++) {
        if (performance.now() > deadline) return
        await tryOnce(idempotencyKey, nth + tries)
      }
      if (pauseMs > 0) await sleep(pauseMs)
    }
  }
  const working = Promise.all(Array.from({ length: clients }, (_, client) => work(client)))
  return {
    acknowledged,
    refusals,
    begun: () => begun,
    async finish(withinMs = patienceMs) {
      isOver = true
      deadline = performance.now() + withinMs
      await working
      if (acknowledged.size < begun)
        throw new Error(
          `${begun - acknowledged.size} of ${begun} requests were never acknowledged: ${JSON.stringify(refusals.slice(-5))}`,
        )
    },
    async [Symbol.asyncDispose]() {
      isOver = true
      deadline = 0
      await working
    },
  }
}

export type Sums = {
  decisions: number
  keys: number
  /** Rows of `idempotency` whose decision does not exist. */
  keysWithoutDecision: number
  /** Decisions that no idempotency key stands for. */
  decisionsWithoutKey: number
  /** Decisions that two keys claim. */
  shared: number
  /** Of the acknowledged, those that are not there. */
  lost: string[]
}

/** `adminUrl`: of the superuser, because row security would hide what the test must see. */
export async function sumsOf(adminUrl: string, acknowledged: ReadonlyMap<string, string> = new Map()): Promise<Sums> {
  const client = new pg.Client({ connectionString: adminUrl, connectionTimeoutMillis: 10_000 })
  await client.connect()
  try {
    const { rows } = await client.query<Omit<Sums, 'lost'>>(`
      select (select count(*)::int from decision) as decisions,
             (select count(*)::int from idempotency) as keys,
             (select count(*)::int from idempotency i where not exists (select from decision d where d.tenant_id = i.tenant_id and d.id = i.decision_id)) as "keysWithoutDecision",
             (select count(*)::int from decision d where not exists (select from idempotency i where i.tenant_id = d.tenant_id and i.decision_id = d.id)) as "decisionsWithoutKey",
             (select count(*)::int from (select from idempotency group by tenant_id, decision_id having count(*) > 1) twice) as shared`)
    const found = await client.query<{ id: string }>(`select replace(id::text, '-', '') as id from decision`)
    const ids = new Set(found.rows.map(({ id }) => `tr_${id}`))
    const [sums] = rows
    if (!sums) throw new Error('the database counted nothing')
    return { ...sums, lost: [...acknowledged.values()].filter((traceId) => !ids.has(traceId)) }
  } finally {
    await client.end()
  }
}

/** What is wrong with what is stored, in words; nothing for nothing. */
export function findDamage(sums: Sums, load: Pick<Load, 'acknowledged' | 'begun'>): string[] {
  const distinct = new Set(load.acknowledged.values()).size
  const findings: [boolean, string][] = [
    [sums.lost.length > 0, `${sums.lost.length} acknowledged decisions are lost`],
    [
      distinct < load.acknowledged.size,
      `${load.acknowledged.size - distinct} keys were answered with the decision of another`,
    ],
    [sums.keysWithoutDecision > 0, `${sums.keysWithoutDecision} keys point at no decision`],
    [sums.decisionsWithoutKey > 0, `${sums.decisionsWithoutKey} decisions have no key`],
    [sums.shared > 0, `${sums.shared} decisions belong to two keys`],
    [sums.decisions !== sums.keys, `${sums.decisions} decisions for ${sums.keys} keys`],
    [
      sums.decisions < load.acknowledged.size || sums.decisions > load.begun(),
      `${sums.decisions} decisions for ${load.begun()} requests`,
    ],
  ]
  return findings.flatMap(([isSo, words]) => (isSo ? [words] : []))
}
