/** Load from a process of its own: `load.ts URL KEY CONNECTIONS MS BODY` posts for so long and prints what it saw. */
import { Agent, request } from 'node:http'

const [url = '', key = '', connections = '1', ms = '1000', body = '{}'] = process.argv.slice(2)
const agent = new Agent({ keepAlive: true, maxSockets: Number(connections) })
const headers = {
  authorization: `Bearer ${key}`,
  'content-type': 'application/json',
  'content-length': Buffer.byteLength(body),
}
const target = new URL('/v1/evaluate', url)
const latencies: number[] = []
const statuses: Record<string, number> = {}

const post = (): Promise<void> =>
  new Promise((resolve, reject) => {
    const started = performance.now()
    const sent = request(target, { method: 'POST', agent, headers }, (response) => {
      response.resume()
      response.on('end', () => {
        latencies.push(performance.now() - started)
        const status = String(response.statusCode)
        statuses[status] = (statuses[status] ?? 0) + 1
        resolve()
      })
    })
    sent.on('error', reject)
    sent.end(body)
  })

const start = performance.now()
const worker = async () => {
  while (performance.now() - start < Number(ms)) await post()
}
await Promise.all(Array.from({ length: Number(connections) }, worker))
const seconds = (performance.now() - start) / 1000
latencies.sort((a, b) => a - b)
const at = (share: number): number => Math.round((latencies[Math.floor(latencies.length * share)] ?? 0) * 100) / 100
process.stdout.write(
  JSON.stringify({ per_second: Math.round(latencies.length / seconds), p50_ms: at(0.5), p99_ms: at(0.99), statuses }),
)
agent.destroy()
