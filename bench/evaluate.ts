/**
 * How much of a bare insert's throughput does a whole decision keep? Ours: POST /v1/evaluate, with an idempotency key, the
 * sequencer of the log and all other loops on. Peer: the same route on the same server library, whose verb is one named
 * prepared insert of as many bytes, committed by itself. Beside it: the same route whose verb does nothing, and the same
 * insert without HTTP. PostgreSQL syncs; the load comes from a process of its own.
 */
import { evaluateInTurns, type Turns } from './evaluate-in-turns.ts'
import { withInstallation } from './installation.ts'
import type { Bench, Result } from './run.ts'
import type { Speed } from './send-load.ts'
import { median, spread } from './statistics.ts'

type Case = { tenants: number; connections: number }

const short: Case[] = [{ tenants: 1, connections: 1 }, { tenants: 1, connections: 32 }, { tenants: 1_000, connections: 32 }] // prettier-ignore
const long: Case[] = [1, 1_000].flatMap((tenants) => [1, 8, 32, 128].map((connections) => ({ tenants, connections })))
const peers = {
  inserts: 'one insert, same route',
  nothing: 'no work, same route',
  direct: 'one insert, no HTTP',
} as const
const units = { per_second: 'decisions/s', p50_ms: 'ms p50', p99_ms: 'ms p99' } as const
const mostLagMs = 2_000

export const evaluate: Bench = async function* ({ full }) {
  const rounds = full ? 5 : 3
  yield* withInstallation(async function* (installation) {
    const url = await installation.serve()
    const tenants = await installation.addTenants(1)
    for (const one of full ? long : short) {
      tenants.push(...(await installation.addTenants(one.tenants - tenants.length)))
      const keys = tenants.map(({ key }) => key)
      yield* compare(one, await evaluateInTurns({ installation, url, keys, rounds, connections: one.connections }))
    }
  })
}

function* compare({ tenants, connections }: Case, turns: Turns): Generator<Result> {
  const many = (count: number, noun: string): string => `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`
  const name = `${many(connections, 'connection')}, ${many(tenants, 'tenant')}`
  const resultOf = (unit: string, ours: readonly number[], peer: number, peer_name: string): Result => ({
    case: name, unit, ours: median(ours), peer, peer_name, samples: ours.length, spread: spread(ours),
  }) // prettier-ignore
  for (const measure of ['per_second', 'p50_ms', 'p99_ms'] as const) {
    const of = (speeds: readonly Speed[]): number[] => speeds.map((speed) => speed[measure])
    for (const peer of ['inserts', 'nothing', 'direct'] as const)
      yield resultOf(units[measure], of(turns.ours), median(of(turns[peer])), peers[peer])
  }
  yield resultOf('ms log lag, longest', turns.lagMs, mostLagMs, 'promised at most')
}
