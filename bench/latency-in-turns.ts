/** The median latency of POST /v1/evaluate in two places, by turns: one that has much stored, and one that has not. */
import type { Payers } from './bodies.ts'
import type { Tenant } from './installation.ts'
import type { Result } from './run.ts'
import { sendLoad } from './send-load.ts'
import { median, spread } from './statistics.ts'

export type Place = { url: string; tenant: Tenant; settle(): Promise<void> }

const rounds = 5
const until = { warmMs: 2_000, ms: 4_000 }

export async function* latencyInTurns(of: {
  name: string
  payers: Payers
  ours: Place
  peer: Place
  peer_name: string
}): AsyncGenerator<Result> {
  const { name, payers, ours, peer, peer_name } = of
  for (const connections of [1, 32]) {
    const seen: Record<'ours' | 'peer', number[]> = { ours: [], peer: [] }
    for (let round = 0; round < rounds; round++) {
      for (const [place, samples] of [
        [peer, seen.peer],
        [ours, seen.ours],
      ] as const) {
        const { url, tenant, settle } = place
        const { p50_ms } = await sendLoad({ url, keys: [tenant.key], connections, seed: round, payers, until })
        await settle()
        samples.push(p50_ms)
      }
    }
    yield {
      case: `${name}, ${connections} connection${connections === 1 ? '' : 's'}`, unit: 'ms p50', ours: median(seen.ours),
      peer: median(seen.peer), peer_name, samples: rounds, spread: spread(seen.ours),
    } // prettier-ignore
  }
}
