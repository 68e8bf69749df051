/** What every route must do, asked of it over HTTP and of its description. Each check answers with offences. */
import type { Client, Reply } from '#harness'
import { faults, isFaultCode } from '#kernel/fault'
import { isPermission, type OpenRoute } from '#kernel/route'
import type { Route } from '#platform/access'

export type Offence = { check: string; at: string; what: string }
/** A request that the route answers with success: the path filled in, and the body. */
export type Input = {
  path: string
  body?: Record<string, unknown>
  /** Of whoever must ask, where it is not the one for whom the request was made. */
  key?: string
}

export const nameOf = ({ method, path }: { method: string; path: string }): string => `${method} ${path}`

const methods = new Set(['GET', 'POST', 'PUT', 'DELETE'])
const isClosed = (schema: unknown): boolean =>
  schema === undefined ||
  (typeof schema === 'object' &&
    schema !== null &&
    'additionalProperties' in schema &&
    schema.additionalProperties === false)

/** What can be seen without asking: protections that are missing, or that do not fit what the route does. */
export function structureOffences(guarded: readonly Route[], open: readonly OpenRoute[]): Offence[] {
  const found: Offence[] = []
  const seen = new Set<string>()
  for (const route of [...guarded, ...open]) {
    const at = nameOf(route)
    const say = (check: string, what: string): void => void found.push({ check, at, what })
    if (seen.has(at)) say('once', 'is there twice')
    seen.add(at)
    if (!methods.has(route.method)) say('method', 'is none of ours')
    if (!['evaluate', 'read', 'write', 'signup', 'none'].includes(route.rate)) say('rate', 'has no rate class')
    for (const part of [route.body, route.query, route.params])
      if (!isClosed(part)) say('closed', 'takes fields that nobody described')
    for (const [, name] of route.path.matchAll(/\{(\w+)\}/g)) {
      const properties: unknown = route.params && 'properties' in route.params ? route.params.properties : {}
      if (!Object.hasOwn(Object(properties), name ?? '')) say('params', `does not describe ${name}`)
    }
  }
  for (const route of guarded) {
    const say = (check: string, what: string): void => void found.push({ check, at: nameOf(route), what })
    const permission: string = route.permission ?? ''
    const isWrite = route.method !== 'GET'
    if (!isPermission(permission)) say('permission', `"${permission}" is no permission`)
    else if (isWrite !== permission.endsWith(':write')) say('permission', `${permission} does not fit ${route.method}`)
    if (route.audit !== 'none' && !route.audit?.name) say('audit', 'names no action')
    if (route.audit === 'none') {
      if (!route.unrecorded) say('audit', 'leaves no trail, and does not say why')
    } else if (route.unrecorded !== undefined) say('audit', 'says why it leaves no trail, and leaves one')
    else if ((route.audit?.level === 'reads') === isWrite)
      say('audit', isWrite ? 'a tenant could leave out what it changes' : 'a read is written as if it were a change')
    if (route.rate === 'none' || (isWrite && route.rate === 'read'))
      say('rate', `${route.rate} does not fit ${route.method}`)
    if (!route.path.startsWith('/v1/')) say('path', 'is outside of /v1')
  }
  for (const route of open) {
    const say = (check: string, what: string): void => void found.push({ check, at: nameOf(route), what })
    if (route.permission !== 'public' && route.permission !== 'loopback')
      say('permission', 'says neither public nor loopback')
    const isWrite = route.method !== 'GET'
    if (isWrite && route.rate !== 'signup') say('method', 'without a key one can only read, or sign up')
    if (isWrite !== (route.audit !== 'none'))
      say('audit', isWrite ? 'leaves no trail' : 'names a change that it is not')
    if (route.path.startsWith('/v1/')) say('path', 'is inside of /v1, where a key is needed')
  }
  return found
}

const needed: Readonly<Record<string, RegExp>> = {
  'strict-transport-security': /^max-age=63072000; includeSubDomains/,
  'x-content-type-options': /^nosniff$/,
  'x-frame-options': /^DENY$/,
  'referrer-policy': /^no-referrer$/,
  'content-security-policy': /default-src 'none'.*frame-ancestors 'none'/,
  'cache-control': /no-store/,
  'x-request-id': /^req_[0-9a-f]{32}$/,
}

/** What may be kept on the way: what never changes, what a tenant made public, if it is asked for anew, and our own texts. */
const mayBeKept = [
  { at: /log\/.*tile\//, value: /^(public|private), max-age=31536000, immutable$/ },
  { at: /^\/(log|\.well-known)\//, value: /^(no-cache|max-age=60)$/ },
  { at: /^\/assets\//, value: /^public, max-age=31536000, immutable$/ },
  { at: /^\/trust(\.json$|\/|$)/, value: /^public, max-age=60, stale-while-revalidate=600, stale-if-error=86400$/ },
  { at: /^\/\.well-known\/security\.txt$/, value: /^max-age=3600$/ },
  { at: /^\/$/, value: /^no-cache$/ },
  { at: /^\/(errors|docs)(\/|$)/, value: /^public, max-age=300, stale-while-revalidate=86400$/ },
]

export function headerOffences(at: string, headers: { get(name: string): string | null }): Offence[] {
  const isKept = (name: string, value: string): boolean =>
    name === 'cache-control' && mayBeKept.some((one) => one.at.test(at) && one.value.test(value))
  const wrong = Object.entries(needed).filter(([name, form]) => {
    const value = headers.get(name) ?? ''
    return !form.test(value) && !isKept(name, value)
  })
  const told = ['server', 'x-powered-by'].filter((name) => headers.get(name) !== null)
  return [
    ...wrong.map(([name]) => ({ check: 'headers', at, what: `${name}: ${headers.get(name)}` })),
    ...told.map((name) => ({ check: 'headers', at, what: `tells ${name}` })),
  ]
}

const problemFields = 'code,detail,errors,request_id,status,title,type'

/** That `reply` is a problem document with this status, and this code if one is named. */
export function problemOffences(check: string, at: string, reply: Reply, status: number, code?: string): Offence[] {
  const found = headerOffences(`${at} (${check})`, reply.headers)
  const say = (what: string): void => void found.push({ check, at, what })
  const { body } = reply
  const word = String(body?.code)
  if (reply.status !== status) say(`answers ${reply.status} instead of ${status}: ${reply.text.slice(0, 200)}`)
  else if (typeof body !== 'object' || body === null || Object.keys(body).sort().join() !== problemFields)
    say(`is no problem document: ${reply.text.slice(0, 200)}`)
  else {
    if (!reply.headers.get('content-type')?.startsWith('application/problem+json')) say('has another media type')
    if (
      !isFaultCode(word) ||
      faults[word].status !== status ||
      body.type !== `/errors/${body.code}` ||
      body.status !== status
    )
      say(`contradicts itself: ${reply.text}`)
    if (code !== undefined && body.code !== code) say(`says ${body.code} instead of ${code}`)
    if (body.request_id !== reply.headers.get('x-request-id')) say('has another request id than its header')
    if (!Array.isArray(body.errors) || typeof body.detail !== 'string' || body.detail.length < 10)
      say('does not say what is wrong')
  }
  return found
}

const sameButForId = (a: Reply, b: Reply): boolean =>
  JSON.stringify({ ...a.body, request_id: '' }) === JSON.stringify({ ...b.body, request_id: '' })

export type Strangers = {
  url: string
  client(key: string): Client
  malformed: readonly string[]
  unknown: readonly string[]
  wrongSecret: string
  noScope: Client
  reader: Client
  relax(): void
}

/** Without a key, with a bad one, and with one that lacks the scope. */
export async function strangerOffences(route: Route, input: Input, who: Strangers): Promise<Offence[]> {
  const at = nameOf(route)
  const found: Offence[] = []
  const ask = (client: Client): Promise<Reply> => {
    who.relax()
    return client.send(
      route.method,
      input.path,
      input.body ? { body: JSON.stringify(input.body), headers: { 'content-type': 'application/json' } } : {},
    )
  }
  const unauthenticated = async (check: string, key: string): Promise<Reply> => {
    const reply = await ask(who.client(key))
    found.push(...problemOffences(check, at, reply, 401, 'unauthenticated'))
    if (!reply.headers.get('www-authenticate')?.startsWith('Bearer'))
      found.push({ check, at, what: 'does not say www-authenticate' })
    return reply
  }
  await unauthenticated('no key', '')
  for (const key of who.malformed) await unauthenticated('malformed key', key)
  const wrong = await unauthenticated('wrong secret', who.wrongSecret)
  for (const key of who.unknown) {
    if (!sameButForId(await unauthenticated('unknown key', key), wrong))
      found.push({ check: 'unknown key', at, what: 'is told from a wrong secret' })
  }
  found.push(...problemOffences('no scope', at, await ask(who.noScope), 403, 'forbidden'))
  if (route.permission.endsWith(':write'))
    found.push(...problemOffences('read-only key', at, await ask(who.reader), 403, 'forbidden'))
  return found
}

const otherTypes: readonly unknown[] = [{ unexpected: [] }, [[]], 'not of this type ✗', true, null, -1.5e-7]

/** Bodies, queries and paths that are not as documented. */
export async function junkOffences(route: Route, input: Input, client: Client): Promise<Offence[]> {
  const at = nameOf(route)
  const found: Offence[] = []
  const json = { 'content-type': 'application/json' }
  const send = (init: { body?: string | Uint8Array; headers?: Record<string, string> }, path = input.path) =>
    client.send(route.method, path, init)
  const expect = async (check: string, reply: Promise<Reply>, status: number, code: string): Promise<void> =>
    void found.push(...problemOffences(check, at, await reply, status, code))
  const { body } = input
  if (body) {
    const text = JSON.stringify(body)
    await expect(
      'unknown field',
      send({ body: JSON.stringify({ ...body, unexpected: 1 }), headers: json }),
      400,
      'invalid_request',
    )
    await expect(
      '__proto__',
      send({ body: `{"__proto__": {}, ${text.slice(1)}`.replace(', }', '}'), headers: json }),
      400,
      'invalid_request',
    )
    for (const other of ['[]', '"x"', '1', 'null', 'true'])
      await expect('not an object', send({ body: other, headers: json }), 400, 'invalid_request')
    for (const [name, value] of Object.entries(body)) {
      for (const other of otherTypes.filter(
        (other) => typeof other !== typeof value && !(name === 'amount' && typeof other === 'number'),
      )) {
        await expect(
          `wrong type of ${name}`,
          send({ body: JSON.stringify({ ...body, [name]: other }), headers: json }),
          400,
          'invalid_request',
        )
      }
      await expect(
        'duplicate key',
        send({ body: `{"${name}": ${JSON.stringify(value)}, ${text.slice(1)}`, headers: json }),
        400,
        'malformed_body',
      )
    }
    await expect('no body', send({ headers: json }), 400, 'malformed_body')
    await expect('empty body', send({ body: '', headers: json }), 400, 'malformed_body')
    for (const broken of ['{', `${text} x`, `${text},`, text.slice(0, -1), "{'a': 1}", '\u0000', `\ufeff${text}`]) {
      await expect('not JSON', send({ body: broken, headers: json }), 400, 'malformed_body')
    }
    await expect(
      'not UTF-8',
      send({ body: Buffer.concat([Buffer.from(text.slice(0, -1)), Buffer.from([0xff, 0xfe])]), headers: json }),
      400,
      'malformed_body',
    )
    await expect('too deep', send({ body: '['.repeat(5_000), headers: json }), 400, 'malformed_body')
    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
      'application/xml',
      'application/jsonx',
    ]) {
      await expect('media type', send({ body: text, headers: { 'content-type': type } }), 415, 'unsupported_media_type')
    }
    for (const charset of ['iso-8859-1', '"utf-16"', 'utf-7']) {
      await expect(
        'charset',
        send({ body: text, headers: { 'content-type': `application/json; charset=${charset}` } }),
        415,
        'unsupported_media_type',
      )
    }
    await expect(
      'too large',
      send({ body: `{"x": "${'x'.repeat((route.bodyLimitBytes ?? 65_536) + 1)}"}`, headers: json }),
      413,
      'body_too_large',
    )
  }
  if (route.query)
    await expect(
      'unknown query',
      send(body ? { body: JSON.stringify(body), headers: json } : {}, `${input.path}?unexpected=1`),
      400,
      'invalid_request',
    )
  if (route.params) {
    const parts = route.path.split('/')
    const last = parts.findLastIndex((part) => part.startsWith('{') || part === '*')
    for (const junk of ['%00', "x'--", '%F0%9F%92%A9', '..%2f..', 'x'.repeat(90)]) {
      const path = input.path
        .split('/')
        .slice(0, parts.length)
        .map((part, at) => (at === last ? junk : part))
        .join('/')
      const reply = await send(body ? { body: JSON.stringify(body), headers: json } : {}, path)
      if (reply.status !== 404)
        found.push({ check: 'junk in the path', at, what: `answers ${reply.status} to ${junk}` })
      else found.push(...problemOffences('junk in the path', at, reply, 404, 'not_found'))
    }
  }
  return found
}

/** That a second request within the allowance of one is told to wait. */
export async function floodOffences(
  route: { method: string; path: string },
  path: string,
  client: Client,
): Promise<Offence[]> {
  const at = nameOf(route)
  const first = await client.send(route.method, path)
  if (first.status === 429) return [{ check: 'flood', at, what: 'refuses the first request' }]
  const reply = await client.send(route.method, path)
  const found = problemOffences('flood', at, reply, 429, 'rate_limited')
  for (const header of ['retry-after', 'ratelimit-limit', 'ratelimit-remaining', 'ratelimit-reset']) {
    if (!/^\d+$/.test(reply.headers.get(header) ?? '')) found.push({ check: 'flood', at, what: `has no ${header}` })
  }
  if (!(Number(reply.headers.get('retry-after')) >= 1))
    found.push({ check: 'flood', at, what: 'tells to wait for no time' })
  return found
}
