/** Puts route tables on the server. Each request makes the same stops, in the same order; see ARCHITECTURE.md. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import Type, { type TSchema } from 'typebox'
import type { AuditAction } from '#kernel/audit-action'
import { Fault } from '#kernel/fault'
import type { OpenRoute, Permission, RateClass } from '#kernel/route'
import type { Principal, RequestContext, Route } from '#platform/access'
import type { Scope } from '#platform/database'
import { addressName, type Limiter, type RateTable, strangerRate, type Verdict } from '#platform/limits'
import { authenticate, type AuthenticateKey } from './authenticate.ts'
import { shownBody } from './openapi.ts'
import { problemReply } from './problem.ts'

export type MountNeeds = {
  authenticateKey: AuthenticateKey
  authorize(principal: Principal, permission: Permission, requestId: string): Scope
  limiter: Limiter
  rates: RateTable
  /** Writes that data was read; an answer waits for it. */
  recordRead(scope: Scope, action: AuditAction, target: string | undefined): Promise<void>
  /** Writes that a valid key was refused for want of a scope. */
  recordRefusal(principal: Principal, requestId: string, target: string): Promise<void>
}

type Guarded = { context: RequestContext }
const contexts = new WeakMap<FastifyRequest, Guarded>()
/** Who asks, for the log. */
export const principalOf = (request: FastifyRequest): Principal | undefined => contexts.get(request)?.context.principal

export const toFastifyPath = (path: string): string => path.replaceAll(/\{(\w+)\}/g, ':$1')

const present = (schemas: Record<string, TSchema | undefined>): Record<string, TSchema> =>
  Object.fromEntries(Object.entries(schemas).filter((entry): entry is [string, TSchema] => entry[1] !== undefined))

const headersOf = ({ headers }: Route | OpenRoute): TSchema | undefined =>
  headers &&
  Type.Object(
    Object.fromEntries(
      Object.entries(headers).map(([name, description]) => [name, Type.Optional(Type.String({ description }))]),
    ),
  )

function schemaOf(route: Route | OpenRoute) {
  const isJson = route.contentType === undefined
  return {
    tags: [route.tag],
    summary: route.summary,
    ...(route.description ? { description: route.description } : {}),
    ...(route.permission === 'public' || route.permission === 'loopback'
      ? { security: [] }
      : { security: [{ key: [] }], 'x-permission': route.permission }),
    ...present({ params: route.params, querystring: route.query, body: route.body, headers: headersOf(route) }),
    ...(route.shownBody ? { [shownBody]: route.shownBody } : {}),
    ...(isJson ? { response: { [route.status ?? 200]: route.reply, '4xx': problemReply, '5xx': problemReply } } : {}),
  }
}

export function mountGuarded(app: FastifyInstance, routes: readonly Route[], needs: MountNeeds): void {
  const { authenticateKey, authorize, limiter, rates, recordRead, recordRefusal } = needs
  for (const route of routes) {
    /** Written for a key that was let in and lacks a scope; never for a stranger. */
    const noteRefusal = async (error: unknown, principal: Principal, requestId: string): Promise<void> => {
      if (error instanceof Fault && error.code === 'forbidden')
        await recordRefusal(principal, requestId, `${route.method} ${route.path}`)
    }
    app.route({
      method: route.method,
      url: toFastifyPath(route.path),
      schema: schemaOf(route),
      bodyLimit: route.bodyLimitBytes ?? 65_536,
      // Before the body is read: a stranger's bytes are never parsed.
      onRequest: async (request, reply) => {
        const address = addressName(request.ip)
        const principal = await authenticate(request.headers.authorization, request.ip, authenticateKey).catch(
          (error: unknown) => {
            if (error instanceof Fault && error.status < 500) {
              requireRoom(reply, [limiter.take(`stranger ${address}`, strangerRate)])
            }
            throw error
          },
        )
        if (route.rate !== 'none') requireRoom(reply, takeAll(limiter, rates, route.rate, principal, address))
        try {
          const scope = authorize(principal, route.permission, request.id)
          contexts.set(request, { context: { scope, principal, requestId: request.id } })
        } catch (error) {
          await noteRefusal(error, principal, request.id)
          throw error
        }
      },
      handler: async (request, reply) => {
        const guarded = contexts.get(request)
        if (!guarded) throw new Fault('unauthenticated', 'Send a key: Authorization: Bearer vch_live_…')
        const headers = headersFor(route, request)
        const { params, query, body } = request
        const { scope, principal, requestId } = guarded.context
        const others = (route.countOf?.(body) ?? 1) - 1
        if (others > 0 && route.rate !== 'none')
          requireRoom(reply, takeAll(limiter, rates, route.rate, principal, addressName(request.ip), others))
        const answering = route.run(guarded.context, { params, query, body, headers })
        const {
          status = 200,
          body: answer,
          headers: more = {},
        } = await answering.catch(async (error: unknown) => {
          await noteRefusal(error, principal, requestId)
          throw error
        })
        if (route.audit !== 'none' && route.audit.level === 'reads')
          await recordRead(scope, route.audit, targetOf(params))
        if (route.contentType) reply.type(route.contentType)
        return reply
          .code(status)
          .headers(more)
          .send(status === 204 ? undefined : answer)
      },
    })
  }
}

const headerOf = (request: FastifyRequest, name: string): string | undefined => {
  const value = request.headers[name]
  return Array.isArray(value) ? value.join(', ') : value
}

/** The fields that a route declared, and no others. */
const headersFor = ({ headers }: Route | OpenRoute, request: FastifyRequest): Record<string, string | undefined> =>
  Object.fromEntries(Object.keys(headers ?? {}).map((name) => [name, headerOf(request, name)]))

/** Does the caller have this already? Weak and strong tags count alike (RFC 9110, 13.1.2). */
function isKnown(request: FastifyRequest, etag: string | undefined): boolean {
  const known = headerOf(request, 'if-none-match')
  if (etag === undefined || known === undefined) return false
  return known.split(',').some((tag) => tag.trim() === '*' || tag.trim().replace(/^W\//, '') === etag)
}

/** What an address names: its ids and words, as `list/entry`. */
const targetOf = (params: unknown): string | undefined => {
  const names = typeof params === 'object' && params !== null ? Object.values(params) : []
  return names.length > 0 ? names.join('/') : undefined
}

/** One after the other, up to one that has no room: a key that asks too often spends nothing of what is its tenant's. */
function takeAll(
  limiter: Limiter,
  rates: RateTable,
  rate: Exclude<RateClass, 'signup' | 'none'>,
  principal: Principal,
  address: string,
  count = 1,
): Verdict[] {
  const verdicts: Verdict[] = []
  for (const [name, table] of [
    [`key ${principal.actor.id} ${rate}`, rates.key],
    [`tenant ${principal.tenantId} ${rate}`, rates.tenant],
    [`ip ${address} ${rate}`, rates.ip],
  ] as const) {
    const verdict = limiter.take(name, table[rate], count)
    verdicts.push(verdict)
    if (!verdict.ok) break
  }
  return verdicts
}

/** Tells the tightest of the limits, and refuses when one has no room. */
function requireRoom(reply: FastifyReply, verdicts: readonly Verdict[]): void {
  const [tightest] = [...verdicts].sort((a, b) => Number(a.ok) - Number(b.ok) || a.remaining - b.remaining)
  if (!tightest) return
  reply.headers({
    'ratelimit-limit': tightest.limit,
    'ratelimit-remaining': tightest.remaining,
    'ratelimit-reset': tightest.resetSeconds,
  })
  if (!tightest.ok)
    throw new Fault('rate_limited', 'Slow down: wait as long as Retry-After says.', {
      retryAfterSeconds: tightest.resetSeconds,
    })
}

export function mountOpen(
  app: FastifyInstance,
  routes: readonly OpenRoute[],
  limiter: Limiter,
  rates: RateTable,
): void {
  for (const route of routes) {
    app.route({
      method: route.method,
      url: toFastifyPath(route.path),
      schema: schemaOf(route),
      bodyLimit: route.bodyLimitBytes ?? 65_536,
      exposeHeadRoute: route.method === 'GET',
      onRequest: async (request, reply) => {
        if (route.permission === 'loopback' && !isLocal(request))
          throw new Fault('not_found', 'There is nothing at this address.')
        const address = addressName(request.ip)
        const closed = route.closedTo?.(isLocal(request))
        if (closed !== undefined) {
          requireRoom(reply, [limiter.take(`stranger ${address}`, strangerRate)])
          throw new Fault('not_found', closed)
        }
        if (route.rate === 'signup') {
          // One after the other: whoever asks too often spends nothing of what is everybody's.
          requireRoom(reply, [limiter.take(`signup ${address}`, rates.signup.ip)])
          requireRoom(reply, [limiter.take('signup', rates.signup.all)])
        } else if (route.rate !== 'none') requireRoom(reply, [limiter.take(`ip ${address} open`, rates.ip[route.rate])])
      },
      handler: async (request, reply) => {
        const { params, query, body, id: requestId } = request
        const answering = route.run({ params, query, body, headers: headersFor(route, request), requestId })
        const { status = 200, body: answer, headers = {} } = await answering
        reply.headers(headers)
        if (status === 200 && isKnown(request, headers['etag'])) return reply.code(304).send()
        if (route.contentType && headers['content-type'] === undefined) reply.type(route.contentType)
        return reply.code(status).send(answer)
      },
    })
  }
}

/** From this machine, and not by way of a proxy on it. */
const isLocal = ({ socket, headers }: FastifyRequest): boolean =>
  /^(127\.|::1$|::ffff:127\.)/.test(socket.remoteAddress ?? '') &&
  !headers['x-forwarded-for'] &&
  !headers['forwarded'] &&
  !headers['via']
