/**
 * Load, in a process of its own: reads a `LoadAsk` from standard input, keeps every connection busy with one request at a
 * time, and prints a `LoadResult`. Every request has a fresh idempotency key. What begins in the first `warmMs` is
 * answered and counted in `answered`, but not measured.
 */
import { randomInt } from 'node:crypto'
import { text } from 'node:stream/consumers'
import { Client } from 'undici'
import { createBodies } from './bodies.ts'
import { mulberry32, pick } from './random.ts'
import type { LoadAsk, LoadResult } from './send-load.ts'
import { percentile } from './statistics.ts'

const ask: LoadAsk = JSON.parse(await text(process.stdin))
const { url, keys, connections, seed, payers, until } = ask

const nextBody = createBodies(seed, payers)
const random = mulberry32(seed)
// Letters only: with many digits a key could look like the number of a card.
const run = Array.from({ length: 16 }, () => String.fromCharCode(97 + randomInt(26))).join('')
const latencies: number[] = []
const statuses: Record<string, number> = {}
let [sent, answered, answerBytes] = [0, 0, 0]

const began = performance.now()
const measuredFrom = began + ('warmMs' in until ? until.warmMs : 0)
const isOver = (): boolean => ('count' in until ? sent >= until.count : performance.now() >= measuredFrom + until.ms)

async function keepBusy(client: Client): Promise<void> {
  while (!isOver()) {
    const headers = {
      authorization: `Bearer ${pick(random, keys)}`,
      'content-type': 'application/json',
      'idempotency-key': `${run}-${sent++}`,
    }
    const body = nextBody()
    const sentAt = performance.now()
    const answer = await client.request({ path: '/v1/evaluate', method: 'POST', headers, body })
    const bytes = await answer.body.arrayBuffer()
    if (sentAt >= measuredFrom) latencies.push(performance.now() - sentAt)
    answered++
    answerBytes += bytes.byteLength
    statuses[answer.statusCode] = (statuses[answer.statusCode] ?? 0) + 1
  }
}

const clients = Array.from({ length: connections }, () => new Client(url, { pipelining: 1 }))
await Promise.all(clients.map(keepBusy))
const seconds = (performance.now() - measuredFrom) / 1_000
await Promise.all(clients.map((client) => client.close()))
const result: LoadResult = {
  answered,
  per_second: latencies.length / seconds,
  p50_ms: percentile(latencies, 0.5),
  p99_ms: percentile(latencies, 0.99),
  answer_bytes: answerBytes / answered,
  statuses,
}
process.stdout.write(JSON.stringify(result))
