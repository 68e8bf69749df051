/** `POST /v1/evaluate` with another verb: the same server, authentication, limits and schemas. */
import { version, type Vouch } from '#app'
import { createServer } from '#http'
import { noLimits } from '#harness'
import { systemClock } from '#kernel/clock'
import { createIds } from '#kernel/id'
import { authorize } from '#platform/access'
import { createLimiter } from '#platform/limits'
import { createMetrics } from '#platform/telemetry'

export type PeerRoute = { url: string; close(): Promise<void> }

/** Does `work`, then gives the same answer to everybody. */
export async function openPeerRoute(of: {
  vouch: Vouch
  answer: unknown
  work(): Promise<unknown>
}): Promise<PeerRoute> {
  const { vouch, answer, work } = of
  const evaluate = vouch.guarded.find(({ method, path }) => method === 'POST' && path === '/v1/evaluate')
  if (!evaluate) throw new Error('there is no POST /v1/evaluate')
  const server = await createServer({
    guarded: [
      {
        ...evaluate,
        async run() {
          await work()
          return { body: answer }
        },
      },
    ],
    open: [],
    newId: createIds(systemClock),
    log: vouch.log,
    metrics: createMetrics(),
    version,
    limiter: createLimiter({ clock: systemClock }),
    rates: noLimits,
    trustedProxies: [],
    recordRead: vouch.trail.recordRead,
    recordRefusal: vouch.trail.recordRefusal,
    authenticateKey: vouch.keys.authenticate,
    authorize: (principal, permission, requestId) => authorize(vouch.database, principal, permission, requestId),
  })
  return { url: await server.listen({ host: '127.0.0.1', port: 0 }), close: () => server.close() }
}
