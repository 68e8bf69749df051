/** The server: every timeout and every cap is set here, and every answer leaves through here. */
import type { Server } from 'node:http'
import helmet from '@fastify/helmet'
import swagger from '@fastify/swagger'
import underPressure from '@fastify/under-pressure'
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import type { TSchema } from 'typebox'
import { Fault } from '#kernel/fault'
import { type NewId, toWireId } from '#kernel/id'
import type { OpenRoute } from '#kernel/route'
import type { Route } from '#platform/access'
import { addressName, strangerRate } from '#platform/limits'
import { errorFields, type Log, type Metrics } from '#platform/telemetry'
import { mountGuarded, type MountNeeds, mountOpen, principalOf } from './mount.ts'
import { describeApi } from './openapi.ts'
import { Problem, type ProblemPage, problemType, toFault, toProblem, wantsPage } from './problem.ts'
import { readJson, requireNothing } from './read-json.ts'
import { edgeHeaders, refuseConnection } from './refuse-connection.ts'
import { compileValidator, type Part } from './validate.ts'

/** Each limit of the edge, in one place. docs/settings.md repeats them. */
export const edgeLimits = {
  headerBytes: 16_384,
  headersMs: 8_000,
  requestMs: 10_000,
  idleSocketMs: 15_000,
  keepAliveMs: 10_000,
  /** Longer than `requestMs` and its check: a body that never ends is the caller's 408, not our 503. */
  handlerMs: 15_000,
  connections: 2_048,
  inFlight: 512,
  pathPartLength: 100,
  eventLoopDelayMs: 1_500,
} as const

export type ServerNeeds = MountNeeds & {
  guarded: readonly Route[]
  open: readonly OpenRoute[]
  newId: NewId
  log: Log
  metrics: Metrics
  version: string
  /** What a browser gets instead of a problem document, outside of /v1. */
  problemPage?: ProblemPage
  /** Networks of proxies whose X-Forwarded-For is believed; never a count, never `true`. */
  trustedProxies: readonly string[]
}

const partOf = (word: string | undefined): Part =>
  word === 'body' || word === 'params' || word === 'headers' ? word : 'querystring'

export async function createServer(needs: ServerNeeds): Promise<FastifyInstance> {
  const { log, metrics, newId } = needs
  /** As a page for browsers, as a problem document for all others. */
  function refuse(request: FastifyRequest, reply: FastifyReply, fault: Fault): FastifyReply {
    const problem = toProblem(fault, request.id)
    reply.code(fault.status)
    if (!needs.problemPage || !wantsPage(request)) return reply.type(problemType).send(problem)
    const page = needs.problemPage(problem, { url: request.url, acceptLanguage: request.headers['accept-language'] })
    return reply.headers(page.headers).send(page.body)
  }
  const app = fastify({
    genReqId: newId,
    requestIdHeader: false,
    trustProxy: needs.trustedProxies.length > 0 ? [...needs.trustedProxies] : false,
    bodyLimit: 65_536,
    requestTimeout: edgeLimits.requestMs,
    connectionTimeout: edgeLimits.idleSocketMs,
    keepAliveTimeout: edgeLimits.keepAliveMs,
    handlerTimeout: edgeLimits.handlerMs,
    routerOptions: { maxParamLength: edgeLimits.pathPartLength, ignoreTrailingSlash: false },
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    exposeHeadRoutes: false,
    // Addresses that the router cannot read: none of our hooks ran, so the answer is made here alone.
    frameworkErrors: (error, request, reply: FastifyReply) => {
      const fault = toFault(error)
      metrics.refused.inc({ why: fault.code })
      log.info('refused', { request_id: toWireId('request', request.id), route: 'none', code: fault.code })
      void refuse(request, reply.headers({ ...edgeHeaders, 'x-request-id': toWireId('request', request.id) }), fault)
    },
    clientErrorHandler: (error, socket) => refuseConnection(error, socket, toWireId('request', newId())),
    http: {
      maxHeaderSize: edgeLimits.headerBytes,
      headersTimeout: edgeLimits.headersMs,
      connectionsCheckingInterval: 1_000,
      insecureHTTPParser: false,
    },
  })
  const server: Server = app.server
  server.maxConnections = edgeLimits.connections

  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, async (request: FastifyRequest, body: Buffer) =>
    request.routeOptions.schema?.body
      ? readJson(body, { maxMembers: Math.max(20_000, (request.routeOptions.bodyLimit ?? 0) / 16) })
      : requireNothing(body),
  )
  app.setValidatorCompiler<TSchema>(({ schema, httpPart }) => compileValidator(schema, partOf(httpPart)))

  // Before our own hook, which can refuse: its answers carry the headers too.
  await app.register(helmet, {
    global: true,
    contentSecurityPolicy: {
      useDefaults: false,
      directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"], baseUri: ["'none'"], formAction: ["'none'"] },
    },
    strictTransportSecurity: { maxAge: 63_072_000, includeSubDomains: true },
    referrerPolicy: { policy: 'no-referrer' },
    frameguard: { action: 'deny' },
  })

  let inFlight = 0
  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', toWireId('request', request.id))
    reply.header('cache-control', 'no-store')
    metrics.inFlight.set(++inFlight)
    // `close` comes always, also when the caller went away before the answer.
    reply.raw.once('close', () => metrics.inFlight.set(--inFlight))
    if (inFlight > edgeLimits.inFlight)
      throw new Fault('overloaded', 'Too many requests at once. Try again shortly.', { retryAfterSeconds: 1 })
    // The router would take it for the start page.
    if (request.url === '*') throw new Fault('invalid_request', 'Ask for a path: the address * is none.')
    if (request.headers['content-type']?.match(/charset="?(?!utf-?8)[^"]/i))
      throw new Fault('unsupported_media_type', 'Send the body as application/json, in UTF-8.')
  })
  app.addHook('onResponse', async (request, reply) => {
    const route = request.routeOptions.url ?? 'none'
    metrics.requests.inc({ route, method: request.method, status: String(reply.statusCode) })
    metrics.duration.observe({ route }, reply.elapsedTime / 1000)
    const principal = principalOf(request)
    log.info('request', {
      request_id: toWireId('request', request.id),
      method: request.method,
      route,
      status: reply.statusCode,
      duration_ms: Math.round(reply.elapsedTime * 100) / 100,
      tenant_id: principal && toWireId('tenant', principal.tenantId),
      key_id: principal?.actor.id,
    })
  })
  app.setErrorHandler(async (error, request, reply) => {
    const fault = toFault(error)
    metrics.refused.inc({ why: fault.code })
    const fields = {
      request_id: toWireId('request', request.id),
      route: request.routeOptions.url ?? 'none',
      code: fault.code,
    }
    if (fault.code === 'internal') log.error('failed', { ...fields, ...errorFields(error) })
    else log.info('refused', { ...fields, reason: fault.internal })
    if (fault.retryAfterSeconds !== undefined) reply.header('retry-after', fault.retryAfterSeconds)
    if (fault.code === 'unauthenticated') reply.header('www-authenticate', 'Bearer realm="vouch"')
    return refuse(request, reply, fault)
  })

  await app.register(underPressure, {
    maxEventLoopDelay: edgeLimits.eventLoopDelayMs,
    // A stall as long as the interval leaves no sample in it, which counts as a delay without end.
    sampleInterval: 2 * edgeLimits.eventLoopDelayMs,
    pressureHandler: () => {
      throw new Fault('overloaded', 'The service is shedding load. Try again shortly.', { retryAfterSeconds: 2 })
    },
  })
  await app.register(swagger, describeApi(needs.version))
  app.addSchema(Problem)
  mountOpen(app, needs.open, needs.limiter, needs.rates)
  mountGuarded(app, needs.guarded, needs)

  const paths = [...needs.open, ...needs.guarded].map(({ method, path }) => ({
    method,
    form: new RegExp(
      `^${path
        .replaceAll('.', '\\.')
        .replaceAll(/\{\w+\}/g, '[^/]+')
        .replace('*', '.+')}$`,
    ),
  }))
  // Before the body is read, whatever it is.
  app.addHook('onRequest', async (request, reply) => {
    if (!request.is404) return
    // Searching for addresses is as slow as guessing keys.
    const verdict = needs.limiter.take(`stranger ${addressName(request.ip)}`, strangerRate)
    if (!verdict.ok)
      throw new Fault('rate_limited', 'Slow down: wait as long as Retry-After says.', {
        retryAfterSeconds: verdict.resetSeconds,
      })
    const [path = ''] = request.url.split('?')
    const allow = [...new Set(paths.filter(({ form }) => form.test(path)).map(({ method }) => method))]
    if (allow.length === 0)
      throw new Fault('not_found', 'There is nothing at this address. GET /openapi.json lists what there is.')
    reply.header('allow', allow.join(', '))
    throw new Fault('method_not_allowed', `This address knows ${allow.join(', ')}.`)
  })
  await app.ready()
  return app
}
