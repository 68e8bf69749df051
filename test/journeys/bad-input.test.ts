/**
 * Whatever is sent, wherever it is put: never a 500, never an answer that is not documented, never a log line that
 * repeats it. Strings from ../shared/testdata where that is there, and a few of our own always.
 */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { createWorld, payment, type World } from '#harness'
import { defaultPolicy } from '#engine/decide'
import { systemScope } from '#platform/database'
import { pointTo } from '#kernel/json-pointer'
import { createSigner, newSeed } from '#platform/tlog'

const corpus = new URL('../../../shared/testdata/abuse-inputs/', import.meta.url).pathname
const hasCorpus = existsSync(corpus)

const ownPayloads: readonly string[] = [
  '', ' ', '\0', 'a\0b_nul_inside', '\u{FEFF}byte order mark', '\u{202E}right to left', '\u{FFFF}noncharacter', 'line\nfeed\r\ncrlf', '😀'.repeat(40), 'é'.normalize('NFD').repeat(30),
  '__proto__', 'constructor', 'toString', 'hasOwnProperty', '[object Object]', 'NaN', 'Infinity', '-0', '1e400', '0x7f', '1_000', '１２', '٣', '9007199254740993',
  "' or 1=1 --", "'; drop table decision; --", '\\x41\\u0000', '$1', '%s%n%x', '{{7*7}}', '${7*7}', '<script>alert(1)</script>', '../../../../etc/passwd', '%2e%2e%2f', '%00', '%',
  'a'.repeat(129), 'b'.repeat(5_000), '(a+)+$', 'true', 'null', '{"a":1}', '[]', '2026-02-30T00:00:00Z', '9999-12-31T23:59:59-23:59', '0000-01-01T00:00:00+23:59', '1/8', '::1%eth0',
] // prettier-ignore

async function readCorpus(): Promise<string[]> {
  if (!hasCorpus) return []
  const folder = join(corpus, 'payload-strings')
  const files = (await readdir(folder)).filter((name) => name.endsWith('.txt')).sort()
  const lines = await Promise.all(
    files.map(async (name) => (await readFile(join(folder, name), 'utf8')).split('\n').filter(Boolean)),
  )
  const naughty: unknown = JSON.parse(await readFile(join(corpus, 'blns.json'), 'utf8'))
  assert.ok(
    Array.isArray(naughty) && naughty.length > 300 && lines.flat().length > 2_500,
    'the corpus is smaller than its README says',
  )
  return [...naughty.map(String), ...lines.flat()]
}

const examplePolicy = () => ({
  ...defaultPolicy,
  rules: [{ id: 'gifts', when: "category == 'gift_cards' && lists.known", then: 'step_up', reason: 'Of {amount}.' }],
  lists: ['known'],
})

/** A body that each route with one takes. A new route fails here until it has its own. */
const bodies: Readonly<Record<string, () => Record<string, unknown>>> = {
  'POST /v1/evaluate': () => ({
    ...payment({
      card_fingerprint: 'fp_1',
      occurred_at: new Date().toISOString(),
      time_zone: 'Europe/Stockholm',
      ip: '203.0.113.7',
      device_id: 'd_1',
    }),
    user_balance: '100.00',
    user_limits: { daily: '50.00' },
    geo: { country: 'SE', lat: 59.3, lon: 18.1 },
    agent: { id: 'agt_1', proof: { type: 'jws', value: 'e30' } },
    mandate: { id: 'man_1' },
    sca: {
      last_sca_at: '2026-01-01T00:00:00Z',
      mit: { mandate_ref: 'mit_1' },
      acquirer_country: 'SE',
      issuer_country: 'SE',
    },
    metadata: { order: 'o_1' },
    idempotency_key: `valid_${++made}`,
  }),
  'POST /v1/evaluate/batch': () => ({ events: [payment({ idempotency_key: `valid_${++made}` })] }),
  'POST /v1/decisions/{trace_id}/outcome': () => ({
    outcome: 'fraud',
    occurred_at: new Date().toISOString(),
    amount_minor: 1_000,
  }),
  'POST /v1/keys': () => ({
    name: 'a key',
    scopes: ['decisions:read'],
    allowed_ips: ['203.0.113.0/24'],
    expires_at: '2099-01-01T00:00:00Z',
  }),
  'POST /signup': () => ({ name: 'Acme', email: 'ada@example.com' }),
  'POST /v1/keys/{key_id}/rotate': () => ({ overlap_seconds: 60 }),
  'PUT /v1/lists/{list_id}': () => ({ kind: 'deny' }),
  'PUT /v1/policy/draft': examplePolicy,
  'POST /v1/policy/validate': examplePolicy,
  'POST /v1/policy/publish': () => ({ version: 2 }),
  'POST /v1/policy/rollback': () => ({ version: 1 }),
  'POST /v1/log/witnesses': () => ({
    vkeys: createSigner(`w${++made}`, 'ed25519-cosignature', newSeed()).vkey,
    url: 'https://witness.example/w',
  }),
  'PUT /v1/log/witness-quorum': () => ({ quorum: 0 }),
  'PUT /v1/log/visibility': () => ({ public: false }),
  'PUT /v1/log/followers/{name}': () => ({ position: 0 }),
  'POST /v1/log/followers/{name}/acknowledge': () => ({ from: 0, to: 0 }),
  'PUT /v1/audit/level': () => ({ level: 'reads' }),
  'POST /v1/lists/{list_id}/import': () => ({
    entries: [{ field: 'user_id', value: `u_${++made}`, note: 'why', expires_at: '2030-01-01T00:00:00Z' }],
  }),
  'POST /v1/lists/{list_id}/entries': () => ({
    field: 'user_id',
    value: `u_${++made}`,
    note: 'seen before',
    expires_at: '2099-01-01T00:00:00Z',
  }),
}
let made = 0

/** Every route behind a key, and those without one that take a body. */
const takers = ({ vouch }: World) => [...vouch.guarded, ...vouch.open.filter(({ body }) => body)]

type Answer = { statusCode: number; headers: Record<string, unknown>; body: string }
type Ask = {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  url: string
  payload?: string | Buffer
  headers?: Record<string, string>
}

async function createSender(world: World) {
  const authorization = `Bearer ${world.as('ada').key}`
  const ask = async ({ method, url, payload, headers = {} }: Ask): Promise<Answer> => {
    const type = payload === undefined ? {} : { 'content-type': 'application/json' }
    return world.vouch.server.inject({
      method,
      url,
      headers: { authorization, ...type, ...headers },
      ...(payload === undefined ? {} : { payload }),
    })
  }
  /** Of routes that do not answer in JSON. */
  const plainTypes = new Set(world.vouch.guarded.flatMap(({ contentType = [] }) => contentType))
  /** Answers that break the guarantee, in words; `said` is what must not come back in a refusal. */
  const judge = (what: string, answer: Answer, said?: string): string[] => {
    const { statusCode, body } = answer
    const type = answer.headers['content-type']?.toString() ?? ''
    if (statusCode === 204 && body === '') return []
    if (statusCode >= 500) return [`${what}: ${statusCode} ${body}`]
    if (statusCode < 400) {
      const isDocumented = type.startsWith('application/json') ? isJson(body) : plainTypes.has(type)
      return isDocumented ? [] : [`${what}: ${statusCode} but ${type}`]
    }
    if (!type.startsWith('application/problem+json') || !isJson(body))
      return [`${what}: ${statusCode} is not a problem but ${type}: ${body}`]
    if (answer.headers['x-content-type-options'] !== 'nosniff')
      return [`${what}: ${statusCode} lacks the headers that every answer has`]
    const problem: { code: string; errors: { pointer: string; message: string }[] } = JSON.parse(body)
    // A name may be repeated where it is one that cannot be a secret; kernel/json-pointer.ts says which.
    const isRepeated =
      said !== undefined &&
      said.length >= 6 &&
      // A dotted name, as expressions have, may be repeated where each part of it may.
      said.split('.').some((part) => pointTo([part]) === '') &&
      JSON.stringify(problem.errors).includes(JSON.stringify(said).slice(1, -1))
    return isRepeated ? [`${what}: the refusal repeats what it refuses: ${body}`] : []
  }
  return { ask, judge, authorization }
}

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

async function inParallel<T>(
  items: readonly T[],
  width: number,
  work: (item: T, index: number) => Promise<void>,
): Promise<void> {
  let next = 0
  const worker = async () => {
    for (let at = next++; at < items.length; at = next++) await work(items[at] as T, at)
  }
  await Promise.all(Array.from({ length: width }, worker))
}

/** What of log lines can hold what a caller sent: ids we made and measured numbers taken out, equal lines once. */
function essenceOf(lines: readonly string[]): string {
  const plain = lines.map((line) =>
    line
      .replaceAll(/"(request_id|tenant_id|key_id)":"[a-z]{3}_[0-9a-f]{32}"/g, '')
      .replace(/"at":"[\d:.TZ-]+"/, '')
      .replace(/"duration_ms":[\d.]+/, ''),
  )
  return [...new Set(plain)].join('\n')
}

/** Payloads that a log line holds, unless our own words do. */
function findLeaks(lines: readonly string[], payloads: readonly string[], ownWords: string): string[] {
  const essence = essenceOf(lines)
  return [...new Set(payloads)].filter((payload) => {
    if (payload.length < 6 || ownWords.includes(payload)) return false
    return essence.includes(payload) || essence.includes(JSON.stringify(payload).slice(1, -1))
  })
}

/** Every string of a body, as the body with that string replaced; also names of members that callers choose. */
function placesIn(sample: Record<string, unknown>): { path: string; put(payload: string): unknown }[] {
  const places: { path: string; put(payload: string): unknown }[] = []
  const walk = (value: unknown, path: string, rebuild: (inner: unknown) => unknown): void => {
    if (typeof value === 'string') places.push({ path, put: rebuild })
    else if (Array.isArray(value))
      value.forEach((item, at) => walk(item, `${path}/${at}`, (inner) => rebuild(value.with(at, inner))))
    else if (typeof value === 'object' && value !== null) {
      for (const [name, item] of Object.entries(value))
        walk(item, `${path}/${name}`, (inner) => rebuild({ ...value, [name]: inner }))
      // `fromEntries`, so that `__proto__` becomes a name.
      places.push({
        path: `${path}/*`,
        put: (payload) => rebuild(Object.fromEntries([...Object.entries(value), [payload, 'x']])),
      })
    }
  }
  walk(sample, '', (inner) => inner)
  return places
}

test('the search for leaks finds a payload in a log line, escaped or not, and not our own words', () => {
  const lines = ['{"event":"refused","reason":"its <b>\\"secret\\"</b> value"}']
  assert.deepEqual(findLeaks(lines, ['its <b>"secret"</b>', 'refused', 'absent'], 'refused'), ['its <b>"secret"</b>'])
})

test(
  'no string, wherever in a request it stands, makes a server error, an undocumented answer or a log line',
  { timeout: 300_000 },
  async (t) => {
    if (!hasCorpus) t.diagnostic(`${corpus} is not here: only our own ${ownPayloads.length} strings are tried`)
    await using world = await createWorld({ settings: { VOUCH_SIGNUP: 'on' } })
    const { ask, judge, authorization } = await createSender(world)
    const payloads = [...ownPayloads, ...(await readCorpus())]
    const wrong: string[] = []
    const seen = new Map<string, number>()
    const count = (route: string): void => void seen.set(route, (seen.get(route) ?? 0) + 1)

    // Ids that exist, so that requests come as far as they can.
    const list = await ask({ method: 'PUT', url: '/v1/lists/known', payload: '{"kind":"deny"}' })
    assert.equal(list.statusCode, 200, list.body)
    const key = JSON.parse(
      (await ask({ method: 'POST', url: '/v1/keys', payload: '{"name":"k","scopes":[]}' })).body,
    ).id
    const decided = await ask({ method: 'POST', url: '/v1/evaluate', payload: JSON.stringify(payment()) })
    const ids: Record<string, string> = {
      list_id: 'known',
      key_id: key,
      trace_id: JSON.parse(decided.body).trace_id,
      entry_id: `ent_${'0'.repeat(32)}`,
      id: JSON.parse(decided.body).trace_id,
      name: 'known',
      version: '1',
    }
    const follower = await ask({ method: 'PUT', url: '/v1/log/followers/known', payload: '{"position":0}' })
    assert.equal(follower.statusCode, 200, follower.body)
    await world.vouch.logs.drain(systemScope(world.vouch.database, 'test').asTenant(world.acme.id))
    const fill = (path: string, more: Record<string, string> = {}): string =>
      path
        .replaceAll(/\{(\w+)\}/g, (_, name: string) => more[name] ?? ids[name] ?? `unknown_${name}`)
        .replace('*', '0/000.p/1')
    /** What an ordinary request must ask. */
    const queries: Readonly<Record<string, string>> = {
      'GET /v1/log/consistency': '?from=1&to=1',
      'GET /v1/policy/diff': '?from=1',
    }

    // Our own words: what logs say of ordinary requests and of ordinary refusals, at every route.
    for (const { method, path, body } of takers(world)) {
      const sample = bodies[`${method} ${path}`]?.()
      assert.equal(sample !== undefined, body !== undefined, `${method} ${path} needs a valid body in this test`)
      if (method === 'DELETE') continue
      const url = fill(path) + (queries[`${method} ${path}`] ?? '')
      const answer = await ask({ method, url, ...(sample ? { payload: JSON.stringify(sample) } : {}) })
      assert.ok(
        answer.statusCode < 300,
        `the body that this test holds for ${method} ${path} is refused: ${answer.body}`,
      )
      for (const payload of ['{', '{}', '[1]'])
        await ask({ method, url: `${fill(path)}?zzz=1`, ...(body ? { payload } : {}) })
    }
    for (const headers of [{ authorization: 'x' }, { 'content-type': 'text/plain' }])
      await ask({ method: 'POST', url: '/v1/evaluate', payload: '{}', headers })
    await ask({ method: 'GET', url: '/zzz' })
    const ownWords = essenceOf(world.logLines)

    for (const { method, path, query, params, body } of takers(world)) {
      const route = `${method} ${path}`
      const isEvaluate = path === '/v1/evaluate'
      const sample = bodies[route]
      const places = sample ? placesIn(sample()) : []
      const queryNames = query && 'properties' in query ? Object.keys(query.properties as object) : []
      const paramNames = params && 'properties' in params ? Object.keys(params.properties as object) : []
      // Evaluate sees all of them; every other route each own one and every 24th of the corpus, from a start of its own.
      const offset = route.length % 24
      const mine = isEvaluate ? payloads : payloads.filter((_, at) => at < ownPayloads.length || at % 24 === offset)
      await inParallel(mine, 12, async (payload, at) => {
        const asks: [string, Ask][] = []
        const place = places[at % Math.max(1, places.length)]
        if (place) asks.push([place.path, { method, url: fill(path), payload: JSON.stringify(place.put(payload)) }])
        if (body && (at < ownPayloads.length || at % 6 === 0))
          asks.push(['whole body', { method, url: fill(path), payload }])
        const name = at % 5 === 0 ? payload : queryNames[at % Math.max(1, queryNames.length)]
        if (!isEvaluate || at % 8 === 0) {
          const text = new URLSearchParams([[name ?? payload, payload]]).toString()
          asks.push([
            `query ${name}`,
            {
              method: method === 'DELETE' ? 'DELETE' : method,
              url: `${fill(path)}?${text}`,
              ...(sample ? { payload: JSON.stringify(sample()) } : {}),
            },
          ])
        }
        const param = paramNames[at % Math.max(1, paramNames.length)]
        if (param)
          asks.push([
            `path ${param}`,
            {
              method,
              url: fill(path, { [param]: encodeURIComponent(payload.toWellFormed()) }),
              ...(sample ? { payload: JSON.stringify(sample()) } : {}),
            },
          ])
        // Header values travel as one line of Latin-1 at most.
        const line = payload.replaceAll(/[^\t\x20-\x7e\x80-\xff]/g, '')
        if (isEvaluate && at % 4 === 0)
          asks.push([
            'idempotency-key',
            { method, url: path, payload: JSON.stringify(payment()), headers: { 'idempotency-key': line } },
          ])
        if (at % 16 === 0)
          asks.push([
            'authorization',
            {
              method,
              url: fill(path),
              headers: { authorization: at % 32 === 0 ? line : `Bearer ${line}` },
              ...(sample ? { payload: '{}' } : {}),
            },
          ])
        if (sample && at % 16 === 8)
          asks.push([
            'content-type',
            { method, url: fill(path), headers: { 'content-type': line }, payload: JSON.stringify(sample()) },
          ])
        if (at % 16 === 4)
          asks.push([
            'user-agent',
            {
              method,
              url: fill(path),
              headers: { 'user-agent': line, 'x-forwarded-for': line, 'x-request-id': line, accept: line },
            },
          ])
        for (const [where, one] of asks) {
          count(route)
          wrong.push(...judge(`${route}, ${JSON.stringify(payload).slice(0, 80)} as ${where}`, await ask(one), payload))
        }
      })
    }
    assert.deepEqual(wrong.slice(0, 20), [])
    assert.deepEqual(findLeaks(world.logLines, payloads, ownWords), [], 'log lines repeat what was sent')
    assert.ok(!world.logLines.some((text) => text.includes(authorization.slice(7))), 'a key stands in the log')
    const few = [...seen].filter(([, n]) => n < (hasCorpus ? 150 : 40))
    assert.deepEqual(few, [], 'routes that saw too little')
    assert.equal(seen.size, takers(world).length)
    assert.equal((await ask({ method: 'GET', url: '/healthz' })).statusCode, 200)
    t.diagnostic(`${[...seen.values()].reduce((sum, n) => sum + n, 0)} requests with ${payloads.length} strings`)
  },
)

test('a string that was accepted comes back as it was sent, whatever is in it', async () => {
  await using world = await createWorld({ logLevel: 'silent' })
  const ada = world.as('ada')
  for (const text of [
    '\0',
    'a\0b',
    '\u{202E}x',
    '😀',
    'e\u0301',
    '  two  spaces ',
    '\u{FFFF}',
    '"quoted"\\',
    '<b>',
    '__proto__',
    'constructor',
  ]) {
    const sent = payment({ user_id: text, device_id: text, metadata: Object.fromEntries([[text, text], ['toString', 1], ['hasOwnProperty', null]]) }) // prettier-ignore
    const { body, status, text: answer } = await ada.post('/v1/evaluate', sent)
    assert.equal(status, 200, `${JSON.stringify(text)}: ${answer}`)
    const found = await ada.get(`/v1/decisions/${body.trace_id}`)
    assert.equal(JSON.stringify(sortNames(found.body.event)), JSON.stringify(sortNames(sent)), JSON.stringify(text))
    const listed = await ada.get(`/v1/decisions?user_id=${encodeURIComponent(text)}`)
    assert.equal(listed.body.data[0]?.trace_id, body.trace_id, `${JSON.stringify(text)} is not found by its user_id`)
  }
})

const sortNames = (value: unknown): unknown =>
  typeof value === 'object' && value !== null
    ? Object.fromEntries(
        Object.entries(value)
          .sort(([a], [b]) => (a < b ? -1 : 1))
          .map(([name, item]) => [name, sortNames(item)]),
      )
    : value

test('a body that is not exactly JSON is refused at every route, and one that is JSON but no request too', async (t) => {
  await using world = await createWorld({ settings: { VOUCH_SIGNUP: 'on' } })
  const { ask, judge } = await createSender(world)
  const own: [string, Buffer][] = [
    ['n_empty', Buffer.alloc(0)], ['n_half', Buffer.from('{"amount":"1')], ['n_twice', Buffer.from('{"currency":"EUR","currency":"EUR"}')],
    ['n_bom', Buffer.from('\u{FEFF}{}')], ['n_utf16', Buffer.from('{}', 'utf16le')], ['n_bytes', Buffer.from([0x7b, 0xff, 0x7d])], ['n_overlong', Buffer.from([0x22, 0xc0, 0xaf, 0x22])],
    ['n_deep', Buffer.from('['.repeat(60_000))], ['n_deep_objects', Buffer.from('{"a":'.repeat(10_000) + '1' + '}'.repeat(10_000))], ['n_deep_closed', Buffer.from('['.repeat(33) + ']'.repeat(33))],
    ['n_nan', Buffer.from('{"amount":NaN}')], ['n_comment', Buffer.from('{}//')], ['n_gzip', Buffer.from([0x1f, 0x8b, 8, 0])],
    ['y_null', Buffer.from('null')], ['y_string', Buffer.from('"x"')], ['y_number', Buffer.from('1e-400')], ['y_array', Buffer.from('[[[[]]]]')], ['y_object', Buffer.from('{"__proto__":{"currency":"EUR"}}')],
  ] // prettier-ignore
  const suite = join(corpus, 'JSONTestSuite')
  const names = hasCorpus ? (await readdir(suite)).filter((name) => name.endsWith('.json')) : []
  if (!hasCorpus) t.diagnostic(`${suite} is not here: only our own ${own.length} bodies are tried`)
  else assert.ok(names.length >= 160)
  const files = await Promise.all(
    names.map(async (name): Promise<[string, Buffer]> => [name, await readFile(join(suite, name))]),
  )
  const wrong: string[] = []
  for (const { method, path, body, bodyLimitBytes = 0 } of takers(world)) {
    if (!body) continue
    const nobody = '0'.repeat(32)
    const url = path
      .replace('{key_id}', `key_${nobody}`)
      .replace('{trace_id}', `tr_${nobody}`)
      .replaceAll(/\{\w+\}/g, 'known')
    const wide = Buffer.from(`[${'1,'.repeat(Math.max(20_000, bodyLimitBytes / 16))}1]`)
    await inParallel([...own, ['n_wide', wide] as const, ...files], 8, async ([name, payload]) => {
      const answer = await ask({ method, url, payload })
      wrong.push(...judge(`${method} ${path} ${name}`, answer))
      const isEmptyObject = payload.toString().trim() === '{}' && path.endsWith('/rotate')
      if (answer.statusCode !== 400 && !isEmptyObject)
        wrong.push(`${method} ${path} ${name}: ${answer.statusCode} ${answer.body}`)
      const code = isJson(answer.body) ? JSON.parse(answer.body).code : undefined
      if (name.startsWith('n_') && payload.length > 0 && code !== 'malformed_body')
        wrong.push(`${method} ${path} ${name}: refused as ${code}, though it is no JSON`)
    })
  }
  assert.deepEqual(wrong.slice(0, 20), [])
})

test('amounts are taken exactly or not at all', async () => {
  await using world = await createWorld({ logLevel: 'silent' })
  const { ask } = await createSender(world)
  const rest = '"category":"groceries","merchant_id":"m_1"'
  const send = async (members: string, currency = 'EUR') => {
    const answer = await ask({
      method: 'POST',
      url: '/v1/evaluate',
      payload: `{${members ? `${members},` : ''}"currency":"${currency}",${rest}}`,
    })
    return { status: answer.statusCode, body: JSON.parse(answer.body) }
  }
  const taken: [string, string?][] = [
    ['"amount":0.30'], ['"amount":"0.30"'], ['"amount":0.1'], ['"amount":1e2'], ['"amount":-0'], ['"amount":0'], ['"amount":"0"'], ['"amount":"1.230"'], ['"amount":1.234', 'BHD'], ['"amount":"1.234"', 'BHD'],
    ['"amount":5', 'JPY'], ['"amount":"5.0"', 'JPY'], ['"amount_minor":0'], ['"amount_minor":1000000000000'], ['"amount":"10000000000.00"'], ['"amount":"0000000000001.10"'], ['"amount_minor":1e3'],
  ] // prettier-ignore
  for (const [members, currency] of taken) {
    const { status, body } = await send(members, currency)
    assert.equal(status, 200, `${members} ${currency ?? 'EUR'}: ${JSON.stringify(body)}`)
  }
  const refused: [string, string?][] = [
    ['"amount":NaN'], ['"amount":Infinity'], ['"amount":-Infinity'], ['"amount":-1'], ['"amount":-0.01'], ['"amount":"-1"'], ['"amount":1e400'], ['"amount":1e21'], ['"amount":"1e3"'], ['"amount":"１２"'],
    ['"amount":0.30000000000000004'], ['"amount":1.5', 'JPY'], ['"amount":"1.5"', 'JPY'], ['"amount":1.2345', 'BHD'], ['"amount":1.234'], ['"amount":"1.234"'], ['"amount":9007199254740993'], ['"amount_minor":9007199254740993'],
    ['"amount_minor":1000000000001'], ['"amount":"10000000000.01"'], ['"amount_minor":1.5'], ['"amount_minor":-1'], ['"amount_minor":"100"'], ['"amount":""'], ['"amount":" 1"'], ['"amount":"1 "'], ['"amount":"1\\n"'],
    ['"amount":"+1"'], ['"amount":"1,00"'], ['"amount":"0x10"'], ['"amount":"1."'], ['"amount":".5"'], ['"amount":null'], ['"amount":true'], ['"amount":[1]'], ['"amount":{}'], ['"amount":1e-7'], ['"amount":"99999999999999"'],
    [''], ['"amount":1,"amount_minor":100'], ['"amount":"1","currency":"EUR"'], ['"amount":1', 'eur'], ['"amount":1', 'XXX'], ['"amount":1', 'XAU'], ['"amount":1', 'EURO'], ['"amount":1,"merchant_trust_score":1.1'],
    ['"amount":1,"user_limits":{"DAILY":{}}'], ['"amount":1,"user_limits":{"daily":-1}'], ['"amount":1,"user_balance":"1.001"'],
  ] // prettier-ignore
  for (const [members, currency] of refused) {
    const { status, body } = await send(members, currency)
    assert.equal(status, 400, `${members} ${currency ?? 'EUR'}: ${JSON.stringify(body)}`)
    assert.match(body.code, /^(malformed_body|invalid_request)$/)
  }
  const exact = await send('"amount":"0.30"')
  const asNumber = await send('"amount":0.3')
  assert.match(exact.body.reason_text, /0\.30 EUR/)
  assert.equal(asNumber.body.reason_text, exact.body.reason_text)
})

test('a live event is counted in the five minutes before it is received, a key may date the past from 1970 on; a time that is none is refused', async () => {
  await using world = await createWorld({ logLevel: 'silent' })
  const live = await world.issue(world.acme.id, ['decisions:write'])
  const ask = async (key: string, occurred_at: unknown) => {
    const answer = await world.vouch.server.inject({
      method: 'POST', url: '/v1/evaluate', headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      payload: JSON.stringify(payment({ occurred_at })),
    }) // prettier-ignore
    return { status: answer.statusCode, body: JSON.parse(answer.body) }
  }
  const ago = (ms: number): string => new Date(Date.now() - ms).toISOString()
  const minute = 60_000
  for (const time of [
    ago(0),
    ago(4 * minute),
    ago(minute).replace('Z', '+00:00'),
    ago(minute).toLowerCase(),
    ago(minute).replace('Z', '123456Z'),
  ]) {
    const { status, body } = await ask(live, time)
    assert.deepEqual([status, body.occurred_at], [200, new Date(time).toISOString()], time)
  }
  for (const time of [ago(10 * minute), '1970-01-01T00:00:00Z']) {
    const { status, body } = await ask(live, time)
    assert.equal(status, 200, time)
    assert.equal(Date.parse(body.received_at) - Date.parse(body.occurred_at), 5 * minute)
  }
  for (const time of [ago(-minute), ago(-10 * minute), '9999-12-31T23:59:59Z']) {
    const { status, body } = await ask(live, time)
    assert.deepEqual([status, body.occurred_at], [200, body.received_at], time)
  }
  for (const time of ['0000-01-01T00:00:00Z', '1969-12-31T23:59:59Z']) {
    const { status, body } = await ask(live, time)
    assert.equal(status, 400, time)
    assert.equal(body.errors[0].pointer, '/occurred_at')
  }
  const ada = world.as('ada').key
  for (const time of [ago(10 * minute), '2016-02-29T00:00:00Z', '1970-01-01T00:00:00Z']) {
    const { status, body } = await ask(ada, time)
    assert.equal(status, 200, `${time}: ${JSON.stringify(body)}`)
    assert.equal(body.occurred_at, new Date(time).toISOString())
  }
  const none = [
    '0000-01-01T00:00:00Z', '1969-12-31T23:59:59Z', '2016-12-31T23:59:60Z', '2026-02-30T00:00:00Z', '2026-02-29T00:00:00Z', '2026-13-01T00:00:00Z', '2026-01-01T24:00:00Z', '2026-01-01T00:00:00', '2026-01-01', '2026-01-01 00:00:00Z', '1767225600',
    '2026-01-01T00:00:00+25:00', '0000-01-01T00:00:00+23:59', '9999-12-31T23:59:59-23:59', '+010000-01-01T00:00:00Z', '', 'now', 1_767_225_600_000, null, true,
  ] // prettier-ignore
  for (const time of none) assert.equal((await ask(ada, time)).status, 400, String(time))
})

test('a number in a query is a plain decimal within its bounds', async () => {
  await using world = await createWorld({ logLevel: 'silent' })
  const ada = world.as('ada')
  for (const query of ['limit=1', 'limit=200', 'min_score=0', 'min_score=41.5', 'min_score=100'])
    assert.equal((await ada.get(`/v1/decisions?${query}`)).status, 200, query)
  const refused = [
    '0',
    '201',
    '1.5',
    '-1',
    '1e2',
    '0x10',
    'Infinity',
    '-Infinity',
    '1e400',
    'NaN',
    '',
    '%20',
    '+5',
    'true',
    'null',
    '1&limit=2',
    '%D9%A3',
  ].map((text) => `limit=${text}`)
  for (const query of [...refused, 'min_score=Infinity', 'min_score=1e400', 'min_score=100.01', 'min_score=-0.01']) {
    const { status, text } = await ada.get(`/v1/decisions?${query}`)
    assert.equal(status, 400, `${query}: ${text}`)
  }
})

test('metadata is flat and bounded, and a name in it is just a name', async () => {
  await using world = await createWorld({ logLevel: 'silent' })
  const ada = world.as('ada')
  const send = async (metadata: string) => ada.send('POST', '/v1/evaluate', {
    body: JSON.stringify(payment({ metadata: 0 })).replace('"metadata":0', `"metadata":${metadata}`), headers: { 'content-type': 'application/json' },
  }) // prettier-ignore
  const members = (n: number): string => `{${Array.from({ length: n }, (_, at) => `"k${at}":${at}`).join()}}`
  const taken = [
    '{}',
    members(32),
    '{"__proto__":"x","constructor":true,"prototype":null}',
    `{"${'a'.repeat(64)}":"${'v'.repeat(512)}"}`,
    '{"a\\nb":1}',
    '{"\\u0000":"\\u0000"}',
  ]
  for (const metadata of taken) {
    const { status, body, text } = await send(metadata)
    assert.equal(status, 200, `${metadata}: ${text}`)
    const found = await ada.get(`/v1/decisions/${body.trace_id}`)
    assert.deepEqual(sortNames(found.body.event.metadata), sortNames(JSON.parse(metadata)), metadata)
  }
  const refused = [
    members(33), '{"a":{}}', '{"a":[]}', '{"a\\nb":{}}', '{"":1}', '{"__proto__":{}}', `{"${'a'.repeat(65)}":1}`, `{"a":"${'v'.repeat(513)}"}`, '[]', '"x"', '1', 'null', '{"a":1,"a":2}', '{"a":1e999}',
  ] // prettier-ignore
  for (const metadata of refused) {
    const { status, text } = await send(metadata)
    assert.equal(status, 400, `${metadata.slice(0, 80)}: ${text}`)
  }
  assert.equal(Object.hasOwn(Object.prototype, 'x'), false)
})
