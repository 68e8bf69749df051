/**
 * Runs the benches: `npm run bench` all of them, `npm run bench -- evaluate` one. A table on standard error, one JSON line
 * a result on standard output. Ours and the peer take turns in the same run; read ratios and medians, not absolutes.
 */
import { cpus } from 'node:os'
import { analytics } from './analytics.ts'
import { evaluate } from './evaluate.ts'
import { history } from './history.ts'
import { lists } from './lists.ts'
import { log } from './log.ts'
import { memory } from './memory.ts'
import { rules } from './rules.ts'
import { verify } from './verify.ts'

export type Result = {
  case: string
  unit: string
  ours: number
  peer: number
  peer_name: string
  samples: number
  spread: number
}
export type Bench = (options: { full: boolean }) => AsyncGenerator<Result>

const benches: Readonly<Record<string, Bench>> = { evaluate, analytics, history, lists, memory, log, rules, verify }
const words = process.argv.slice(2)
const named = words.filter((word) => !word.startsWith('--'))
const unknown = named.filter((name) => !(name in benches))
if (unknown.length > 0) {
  process.stderr.write(`There is no bench ${unknown.join(', ')}; there are ${Object.keys(benches).join(', ')}.\n`)
  process.exit(2)
}
const machine = `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, Node ${process.versions.node}`
process.stderr.write(
  `${machine}\n${'case'.padEnd(48)}${'ours'.padStart(10)}${'peer'.padStart(10)}${'ratio'.padStart(8)}  unit, peer\n`,
)
const brief = (value: number): string => value.toFixed(value < 10 ? 2 : 1)
for (const [bench, run] of Object.entries(benches)) {
  if (named.length > 0 && !named.includes(bench)) continue
  for await (const result of run({ full: words.includes('--full') })) {
    const ratio = Math.round((result.ours / result.peer) * 1000) / 1000
    const { case: name, ours, peer, unit, peer_name } = result
    process.stderr.write(
      `${`${bench}: ${name}`.padEnd(48)}${brief(ours).padStart(10)}${brief(peer).padStart(10)}${ratio.toFixed(2).padStart(8)}  ${unit}, ${peer_name}\n`,
    )
    process.stdout.write(`${JSON.stringify({ bench, ...result, ratio, machine })}\n`)
  }
}
