/** Routes of the process itself: is it alive, is it ready, how is it doing, what does it speak. */
import Type from 'typebox'
import type { OpenRoute } from '#kernel/route'

const tag = 'System'
const Healthy = Type.Object({ status: Type.Literal('ok') }, { additionalProperties: false, title: 'Healthy' })
const Ready = Type.String({ description: 'JSON: status (ready, not_ready), database (ok, away), version.' })

export function systemRoutes(needs: {
  version: string
  ping(): Promise<void>
  metrics(): Promise<string>
  openapi(): unknown
}): OpenRoute[] {
  return [
    {
      method: 'GET', path: '/healthz', tag, summary: 'The process runs', permission: 'public', audit: 'none', rate: 'none', reply: Healthy,
      run: async () => ({ body: { status: 'ok' } }),
    },
    {
      method: 'GET', path: '/readyz', tag, summary: 'The process can answer: 200, or 503 while the database is away',
      permission: 'public', audit: 'none', rate: 'none',
      reply: Ready, contentType: 'application/json; charset=utf-8',
      async run() {
        const isUp = await needs.ping().then(() => true, () => false)
        const body = JSON.stringify({ status: isUp ? 'ready' : 'not_ready', database: isUp ? 'ok' : 'away', version: needs.version })
        return isUp ? { body } : { status: 503, body, headers: { 'retry-after': '2' } }
      },
    },
    {
      method: 'GET', path: '/metrics', tag, summary: 'Prometheus metrics, for callers on this machine', permission: 'loopback', audit: 'none', rate: 'none',
      reply: Type.String(), contentType: 'text/plain; version=0.0.4; charset=utf-8',
      run: async () => ({ body: await needs.metrics() }),
    },
    {
      method: 'GET', path: '/openapi.json', tag, summary: 'This interface, as OpenAPI 3.1', permission: 'public', audit: 'none', rate: 'read',
      reply: Type.String(), contentType: 'application/json; charset=utf-8',
      run: async () => ({ body: JSON.stringify(needs.openapi()) }),
    },
  ] // prettier-ignore
}
