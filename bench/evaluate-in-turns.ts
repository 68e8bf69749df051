/** Decisions and their peers, by turns. Nothing is said of speed unless as much is stored as was answered. */
import { ask } from './ask.ts'
import { type BareTable, openBareTable } from './bare-table.ts'
import { createBodies } from './bodies.ts'
import { countRows, type Installation } from './installation.ts'
import { openPeerRoute } from './peer-routes.ts'
import { type LoadResult, sendLoad, type Speed } from './send-load.ts'
import { percentile } from './statistics.ts'

export type Turns = {
  ours: LoadResult[]
  inserts: LoadResult[]
  nothing: LoadResult[]
  direct: Speed[]
  lagMs: number[]
}
type Asked = { installation: Installation; url: string; keys: readonly string[]; connections: number; rounds: number }

/** Warm for as long as the counters and the log may lag: what is measured is as steady as it gets. */
const warmMs = 2_000
const ms = 3_000
const users = 10_000

export async function evaluateInTurns({ installation, url, keys, connections, rounds }: Asked): Promise<Turns> {
  const { admin, vouch } = installation
  // A decision whose bytes and answer the peers take.
  const answer: unknown = JSON.parse(
    await ask('POST', `${url}/v1/evaluate`, keys[0] ?? '', createBodies(0, { any: users })()),
  )
  const bare = await openBareTable(installation, connections)
  const inserts = await openPeerRoute({ vouch, answer, work: bare.insert })
  const nothing = await openPeerRoute({ vouch, answer, work: async () => {} })
  const counted = (): Promise<number[]> =>
    Promise.all([countRows(admin, 'decision'), countRows(admin, 'idempotency'), countRows(admin, 'bare')])
  try {
    const first = { keys, connections, seed: -1, payers: { any: users }, until: { warmMs: 0, ms: warmMs } }
    for (const target of [url, inserts.url, nothing.url]) await sendLoad({ ...first, url: target })
    await installation.settle()
    const before = await counted()
    const turns: Turns = { ours: [], inserts: [], nothing: [], direct: [], lagMs: [] }
    let inserted = 0
    for (let round = 0; round < rounds; round++) {
      const load = { keys, connections, seed: round, payers: { any: users }, until: { warmMs, ms } }
      turns.inserts.push(await sendLoad({ ...load, url: inserts.url }))
      const lag = watchLag(installation)
      turns.ours.push(await sendLoad({ ...load, url }))
      turns.lagMs.push(lag.stop())
      await installation.settle()
      turns.nothing.push(await sendLoad({ ...load, url: nothing.url }))
      const { answered, ...direct } = await insertDirectly(bare, connections)
      turns.direct.push(direct)
      inserted += answered
    }
    const decided = total(turns.ours)
    const expected = [decided, decided, total(turns.inserts) + inserted]
    const stored = (await counted()).map((count, at) => count - (before[at] ?? 0))
    if (stored.join() !== expected.join())
      throw new Error(
        `decisions, keys and rows of the peer: ${expected.join(', ')} answered, ${stored.join(', ')} stored`,
      )
    requireSameAnswers(turns)
    return turns
  } finally {
    await Promise.all([inserts.close(), nothing.close()])
    await bare.close()
  }
}

async function insertDirectly(bare: BareTable, connections: number): Promise<Speed & { answered: number }> {
  const latencies: number[] = []
  let answered = 0
  const measuredFrom = performance.now() + warmMs
  const worker = async (): Promise<void> => {
    for (let began; (began = performance.now()) < measuredFrom + ms; answered++) {
      await bare.insert()
      if (began >= measuredFrom) latencies.push(performance.now() - began)
    }
  }
  await Promise.all(Array.from({ length: connections }, worker))
  const seconds = (performance.now() - measuredFrom) / 1_000
  const [p50_ms, p99_ms] = [percentile(latencies, 0.5), percentile(latencies, 0.99)]
  return { answered, per_second: latencies.length / seconds, p50_ms, p99_ms }
}

/** How far the log was behind at the worst moment. */
function watchLag({ vouch }: Installation): { stop(): number } {
  let longest = 0
  const look = (): void => void (longest = Math.max(longest, vouch.hints.lagMs()))
  const timer = setInterval(look, 50)
  return {
    stop() {
      clearInterval(timer)
      look()
      return longest
    },
  }
}

const total = (loads: readonly LoadResult[]): number => loads.reduce((sum, { answered }) => sum + answered, 0)

function requireSameAnswers({ ours, inserts }: Turns): void {
  const bytes = (loads: readonly LoadResult[]): number =>
    loads.reduce((sum, load) => sum + load.answer_bytes, 0) / loads.length
  const ratio = bytes(inserts) / bytes(ours)
  if (Math.abs(ratio - 1) > 0.1)
    throw new Error(`the answers of the peer are ${ratio.toFixed(2)} times as long as ours`)
}
