/** A real HTTP server that fails as told: one step of the script for each request, the last for all that follow. */
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'

export type Step =
  | { status: number; headers?: Record<string, string>; body?: unknown }
  /** hang: no answer. reset: the connection breaks. half: it breaks in the middle of the answer. */
  | 'hang'
  | 'reset'
  | 'half'
export type Seen = { method: string; url: string; headers: IncomingHttpHeaders; body: string }

export async function startFaultServer(...script: readonly [Step, ...Step[]]) {
  const seen: Seen[] = []
  const server = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8').on('data', (chunk) => (body += chunk))
    request.on('end', () => {
      const step = script[Math.min(seen.length, script.length - 1)]!
      seen.push({ method: request.method ?? '', url: request.url ?? '', headers: request.headers, body })
      play(step, response)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return {
    url: `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`,
    seen,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

function play(step: Step, response: ServerResponse): void {
  if (step === 'hang') return
  if (step === 'reset') return void response.destroy()
  if (step === 'half') {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' })
    response.write('{"half":')
    setTimeout(() => response.destroy(), 20)
    return
  }
  const { status, headers, body } = step
  const type = status < 400 ? 'application/json' : 'application/problem+json; charset=utf-8'
  response.writeHead(status, { 'content-type': type, ...headers })
  response.end(body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body))
}

export const problem = (status: number, code: string, more: Record<string, string> = {}): Step => ({
  status,
  headers: more,
  body: { type: `/errors/${code}`, title: code, status, code, detail: `Because of ${code}.`, errors: [], request_id: 'req_1' },
}) // prettier-ignore
