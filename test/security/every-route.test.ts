/** Every route. Generated from the route tables; a new route needs one line in `inputs`, and fails here until it has one. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import { connect } from 'node:net'
import { after, before, test } from 'node:test'
import Type from 'typebox'
import { defaultPolicy } from '#engine/decide'
import { fromWireId, toWireId } from '#kernel/id'
import type { OpenRoute } from '#kernel/route'
import { makeToken, parseToken } from '#platform/keys'
import type { Route } from '#platform/access'
import type { RateTable } from '#platform/limits'
import { createSigner, newSeed } from '#platform/tlog'
import { type Client, clientOf, createFakeClock, createWorld, payment, type World } from '#harness'
import { readCatalogue, tenantTables } from './catalogue.ts'
import {
  floodOffences,
  headerOffences,
  type Input,
  junkOffences,
  nameOf,
  type Offence,
  problemOffences,
  strangerOffences,
  type Strangers,
  structureOffences,
} from './sweep-routes.ts'

/** A request that succeeds, for each route: made anew each time, as whoever asks. */
let serial = 0
const madeList = async (client: Client): Promise<string> => {
  const id = `swept-${++serial}`
  assert.equal((await client.put(`/v1/lists/${id}`, { kind: 'custom' })).status, 200)
  return `/v1/lists/${id}`
}
const entry = () => ({ field: 'user_id', value: `u_${++serial}` })
const inputs: Readonly<Record<string, (client: Client) => Promise<Input>>> = {
  'POST /v1/evaluate': async () => ({ path: '/v1/evaluate', body: payment() }),
  'POST /v1/evaluate/batch': async () => ({ path: '/v1/evaluate/batch', body: { events: [payment()] } }),
  'GET /v1/decisions': async () => ({ path: '/v1/decisions' }),
  'GET /v1/decisions/{trace_id}/replay': async (client) => ({
    path: `/v1/decisions/${(await client.post('/v1/evaluate', payment())).body.trace_id}/replay`,
  }),
  'GET /v1/decisions/{trace_id}': async (client) => ({
    path: `/v1/decisions/${(await client.post('/v1/evaluate', payment())).body.trace_id}`,
  }),
  'POST /v1/decisions/{trace_id}/outcome': async (client) => ({
    path: `/v1/decisions/${(await client.post('/v1/evaluate', payment())).body.trace_id}/outcome`,
    body: { outcome: 'fraud', occurred_at: new Date(clock.now()).toISOString(), amount_minor: 1_000 },
  }),
  'GET /v1/decisions/{trace_id}/outcomes': async (client) => ({
    path: `/v1/decisions/${(await client.post('/v1/evaluate', payment())).body.trace_id}/outcomes`,
  }),
  'GET /v1/usage': async () => ({ path: '/v1/usage' }),
  'GET /v1/analytics': async () => ({ path: '/v1/analytics' }),
  'GET /v1/lists': async () => ({ path: '/v1/lists' }),
  'PUT /v1/lists/{list_id}': async (client) => ({ path: await madeList(client), body: { kind: 'custom' } }),
  'DELETE /v1/lists/{list_id}': async (client) => ({ path: await madeList(client) }),
  'GET /v1/lists/{list_id}/entries': async (client) => ({ path: `${await madeList(client)}/entries` }),
  'POST /v1/lists/{list_id}/entries': async (client) => ({ path: `${await madeList(client)}/entries`, body: entry() }),
  'POST /v1/lists/{list_id}/import': async (client) => ({
    path: `${await madeList(client)}/import`,
    body: { entries: [entry(), entry()] },
  }),
  'DELETE /v1/lists/{list_id}/entries/{entry_id}': async (client) => {
    const list = await madeList(client)
    return { path: `${list}/entries/${(await client.post(`${list}/entries`, entry())).body.id}` }
  },
  'GET /v1/policy': async () => ({ path: '/v1/policy' }),
  'GET /v1/policy/draft': async () => ({ path: '/v1/policy/draft' }),
  'PUT /v1/policy/draft': async () => ({ path: '/v1/policy/draft', body: { ...defaultPolicy } }),
  'POST /v1/policy/validate': async () => ({ path: '/v1/policy/validate', body: { ...defaultPolicy } }),
  'POST /v1/policy/publish': async (client) => {
    assert.equal((await client.put('/v1/policy/draft', defaultPolicy)).status, 200)
    return { path: '/v1/policy/publish', body: { version: (await client.get('/v1/policy')).body.version + 1 } }
  },
  'POST /v1/policy/rollback': async (client) => {
    assert.equal((await client.put('/v1/policy/draft', defaultPolicy)).status, 200)
    const { version } = (await client.get('/v1/policy')).body
    assert.equal((await client.post('/v1/policy/publish', { version: version + 1 })).status, 200)
    return { path: '/v1/policy/rollback', body: { version: 1 } }
  },
  'GET /v1/policy/versions': async () => ({ path: '/v1/policy/versions' }),
  'GET /v1/policy/versions/{version}': async () => ({ path: '/v1/policy/versions/1' }),
  'GET /v1/policy/diff': async () => ({ path: '/v1/policy/diff?from=1&to=1' }),
  'GET /v1/audit': async () => ({ path: '/v1/audit' }),
  'GET /v1/audit/level': async () => ({ path: '/v1/audit/level' }),
  'PUT /v1/audit/level': async () => ({ path: '/v1/audit/level', body: { level: 'reads' } }),
  'GET /v1/keys': async () => ({ path: '/v1/keys' }),
  'POST /v1/keys': async () => ({ path: '/v1/keys', body: { name: 'swept', scopes: ['decisions:read'] } }),
  'POST /v1/keys/{key_id}/rotate': async (client) => ({
    path: `/v1/keys/${await madeKey(client)}/rotate`,
    body: { overlap_seconds: 60 },
  }),
  'POST /v1/auth/rotate': async (client) => ({ path: '/v1/auth/rotate', key: await madeOwnKey(client) }),
  'GET /v1/log': async () => ({ path: '/v1/log' }),
  'PUT /v1/log/visibility': async () => ({ path: '/v1/log/visibility', body: { public: false } }),
  'GET /v1/log/keys': async () => ({ path: '/v1/log/keys' }),
  'POST /v1/log/keys/rotate': async () => {
    await signEveryLog()
    return { path: '/v1/log/keys/rotate' }
  },
  'GET /v1/log/entries': async () => ({ path: '/v1/log/entries' }),
  'GET /v1/log/proofs/{id}': async (client) => {
    const { trace_id } = (await client.post('/v1/evaluate', payment())).body
    await signEveryLog()
    return { path: `/v1/log/proofs/${trace_id}` }
  },
  'GET /v1/log/consistency': async () => {
    await signEveryLog()
    return { path: '/v1/log/consistency?from=1&to=1' }
  },
  'GET /v1/log/checkpoint': async () => {
    await signEveryLog()
    return { path: '/v1/log/checkpoint' }
  },
  'GET /v1/log/tile/*': async () => {
    await signEveryLog()
    return { path: '/v1/log/tile/0/000.p/1' }
  },
  'GET /v1/log/followers': async () => ({ path: '/v1/log/followers' }),
  'PUT /v1/log/followers/{name}': async () => ({ path: `/v1/log/followers/swept-${++serial}`, body: { position: 0 } }),
  'GET /v1/log/followers/{name}/entries': async (client) => ({ path: `${await madeFollower(client)}/entries` }),
  'POST /v1/log/followers/{name}/acknowledge': async (client) => ({
    path: `${await madeFollower(client)}/acknowledge`,
    body: { from: 0, to: 0 },
  }),
  'DELETE /v1/log/followers/{name}': async (client) => ({ path: await madeFollower(client) }),
  'GET /v1/log/witnesses': async () => ({ path: '/v1/log/witnesses' }),
  'POST /v1/log/witnesses': async (client) => {
    await removeWitnesses(client)
    return { path: '/v1/log/witnesses', body: newWitness(`swept-${++serial}`) }
  },
  'DELETE /v1/log/witnesses/{name}': async (client) => {
    await removeWitnesses(client)
    const name = `swept-${++serial}`
    assert.equal((await client.post('/v1/log/witnesses', newWitness(name))).status, 201)
    return { path: `/v1/log/witnesses/${name}` }
  },
  'PUT /v1/log/witness-quorum': async () => ({ path: '/v1/log/witness-quorum', body: { quorum: 0 } }),
  'GET /v1/log/witness-policy': async () => ({ path: '/v1/log/witness-policy' }),
  'DELETE /v1/keys/{key_id}': async (client) => ({ path: `/v1/keys/${await madeKey(client)}` }),
}
const madeKey = async (client: Client): Promise<string> =>
  (await client.post('/v1/keys', { name: 'swept', scopes: [] })).body.id
/** One that replaces itself, so that whoever asks for the next route is still there. */
const madeOwnKey = async (client: Client): Promise<string> =>
  (await client.post('/v1/keys', { name: 'swept', scopes: ['auth:write'] })).body.key
const newWitness = (name: string) => ({
  vkeys: createSigner(name, 'ed25519-cosignature', newSeed()).vkey,
  url: 'https://witness.example',
})
/** A log has few of them at once. */
const removeWitnesses = async (client: Client): Promise<void> => {
  for (const { name } of (await client.get('/v1/log/witnesses')).body.data)
    assert.equal((await client.delete(`/v1/log/witnesses/${name}`)).status, 204)
}
const madeFollower = async (client: Client): Promise<string> => {
  const path = `/v1/log/followers/swept-${++serial}`
  assert.equal((await client.put(path, { position: 0 })).status, 200)
  return path
}
/** What a serving process does within seconds. */
const signEveryLog = async (): Promise<void> => {
  for await (const tenantId of world.vouch.logs.everyTenant())
    await world.vouch.logs.drain(world.vouch.logs.asSystem(tenantId))
}
/** Ids in these paths are words that each tenant chooses for itself, or numbers that each counts: the asker's own thing. */
const ownWords = new Set(['PUT /v1/lists/{list_id}', 'PUT /v1/log/followers/{name}', 'GET /v1/log/tile/*', 'GET /v1/policy/versions/{version}']) // prettier-ignore

const inputOf = (route: Route, client: Client): Promise<Input> => {
  const make = inputs[nameOf(route)]
  if (!make)
    throw new Error(`${nameOf(route)} has no line in \`inputs\` of every-route.test.ts: add a request that succeeds`)
  return make(client)
}
const json = { 'content-type': 'application/json' }
const sendInput = (client: Client, route: Route, { path, body, key }: Input) =>
  (key !== undefined && client.key === world.as('ada').key ? clientOf(world.url, key) : client).send(
    route.method,
    path,
    body ? { body: JSON.stringify(body), headers: json } : {},
  )

const clock = createFakeClock()
let world: World
let strikeAt: string | undefined
let guarded: readonly Route[]
let open: readonly OpenRoute[]
/** Time for every limit to run out. */
const relax = (): void => clock.advance(120_000)

before(async () => {
  const strike = (statement: string): void => {
    if (strikeAt !== undefined && statement.includes(strikeAt)) throw new Error('a planted fault')
  }
  world = await createWorld({
    clock,
    hooks: { before: strike },
    settings: { VOUCH_CONTACT_SECURITY: 'security@example.com' },
  })
  ;({ guarded, open } = world.vouch)
})
after(() => world[Symbol.asyncDispose]())

async function snapshot(of: World, tenantId?: string, except?: string): Promise<string> {
  const tables = tenantTables(await readCatalogue(of.admin)).filter(
    ({ name, parent }) => parent === null && name !== except,
  )
  const where = tenantId ? `where tenant_id = '${tenantId}'` : ''
  const parts = tables.map(
    ({ name }) =>
      `select '${name}' as at, md5(coalesce(string_agg(t::text, ',' order by t::text), '')) as state from "${name}" t ${where}`,
  )
  return JSON.stringify((await of.admin.query(`${parts.join(' union all ')} order by at`)).rows)
}

test('every route says what protects it, in words that fit what it does', () => {
  assert.deepEqual(structureOffences(guarded, open), [])
  assert.ok(guarded.length >= 13 && open.length >= 4, 'the route tables are empty')
  const missing = guarded.map(nameOf).filter((name) => !inputs[name])
  assert.deepEqual(missing, [], 'add a request that succeeds to `inputs`')
  assert.deepEqual(
    Object.keys(inputs).filter((name) => !guarded.some((route) => nameOf(route) === name)),
    [],
    'these routes are gone',
  )
  const who = (word: string, of: readonly { method: string; path: string }[]): string =>
    `${word}: ${of.map(nameOf).join(', ') || 'nobody'}`
  console.log(
    who(
      'public',
      open.filter(({ permission }) => permission === 'public'),
    ),
  )
  console.log(
    who(
      'loopback',
      open.filter(({ permission }) => permission === 'loopback'),
    ),
  )
  console.log(
    who(
      'audit none',
      guarded.filter(({ audit }) => audit === 'none'),
    ),
  )
  for (const { unrecorded, ...route } of guarded) if (unrecorded) console.log(`  ${nameOf(route)}: ${unrecorded}`)
  console.log(
    who(
      'rate none',
      [...guarded, ...open].filter(({ rate }) => rate === 'none'),
    ),
  )
})

const strangers = (): Strangers => {
  const keyId = randomUUID()
  return {
    url: world.url,
    client: (key) => clientOf(world.url, key),
    malformed: [
      'x',
      'vch_live_x',
      world.as('ada').key.slice(0, -1),
      `${world.as('ada').key}0`,
      world.as('ada').key.replace('live', 'test'),
    ],
    unknown: [
      makeToken('live', world.acme.id, randomUUID()).token,
      makeToken('live', randomUUID(), keyId).token,
      makeToken('test', world.acme.twinId, keyId).token,
    ],
    wrongSecret: makeToken('live', world.acme.id, adaKeyId).token,
    noScope: world.as('eve'),
    reader: world.as('bo'),
    relax,
  }
}
let adaKeyId = ''

test('every guarded route refuses no key, a bad key, a wrong secret (as an unknown key) and a key without the scope', async () => {
  adaKeyId = parseToken(world.as('ada').key)?.keyId ?? assert.fail('ada has no key')
  const found: Offence[] = []
  for (const route of guarded)
    found.push(...(await strangerOffences(route, await inputOf(route, world.as('ada')), strangers())))
  assert.deepEqual(found, [])
  // A key of the address, or in the query, is no key.
  for (const path of [`/v1/lists?key=${world.as('ada').key}`, `/v1/lists?access_token=${world.as('ada').key}`]) {
    relax()
    assert.equal((await world.as('nobody').get(path)).status, 401)
  }
})

test('every route with an id answers another tenant as if the thing did not exist, and leaves it as it was', async () => {
  let asked = 0
  for (const route of guarded.filter(({ params }) => params)) {
    const name = nameOf(route)
    const input = await inputOf(route, world.as('ada'))
    const before = await snapshot(world, world.acme.id)
    for (const other of ['cleo', 'tess'] as const) {
      relax()
      const reply = await sendInput(world.as(other), route, input)
      const missing = await sendInput(world.as(other), route, {
        ...input,
        path: input.path
          .replace(/[0-9a-f]{32}/, () => randomUUID().replaceAll('-', ''))
          .replace(/swept-\d+/, () => `never-${++serial}`),
      })
      if (ownWords.has(name)) assert.equal(reply.status, 200, name)
      else {
        assert.deepEqual(problemOffences('other tenant', name, reply, 404, 'not_found'), [])
        assert.deepEqual(
          { ...reply.body, request_id: '' },
          { ...missing.body, request_id: '' },
          `${name} tells another tenant that the thing exists`,
        )
      }
      asked++
    }
    assert.equal(await snapshot(world, world.acme.id), before, name)
    if (!ownWords.has(name))
      assert.ok(
        (await sendInput(world.as('ada'), route, input)).status < 300,
        `${name}: its own tenant does not find it`,
      )
  }
  assert.ok(asked >= 14)
})

test('every route refuses junk with a problem that says what is wrong, and stores nothing of it', async () => {
  for (const route of guarded) {
    const input = await inputOf(route, world.as('ada'))
    const before = await snapshot(world)
    relax()
    assert.deepEqual(
      await junkOffences(route, input, {
        ...world.as('ada'),
        send: (...args) => (relax(), world.as('ada').send(...args)),
      }),
      [],
    )
    assert.equal(await snapshot(world), before, nameOf(route))
  }
})

const requestUuid = (headers: Headers): string =>
  fromWireId('request', headers.get('x-request-id') ?? '') ?? assert.fail('no request id')

/** The trail of one request: action names. A decision's row is its own entry. */
async function trailOf(requestId: string): Promise<string[]> {
  const { rows } = await world.admin.query<{ action: string }>(
    `select action from audit_event where request_id = $1 union all select 'decision.created' from decision where request_id = $1`,
    [requestId],
  )
  return rows.map(({ action }) => action)
}

test('every route that changes or reads something leaves its trail, or fails; one that lacks the scope leaves that alone', async () => {
  let audited = 0
  for (const route of guarded) {
    const name = nameOf(route)
    const done = await sendInput(world.as('ada'), route, await inputOf(route, world.as('ada')))
    assert.equal(done.status, route.status ?? 200, `${name}: ${done.text}`)
    assert.deepEqual(headerOffences(name, done.headers), [])
    const trail = await trailOf(requestUuid(done.headers))
    // A verb may do more than one thing (a rotation also issues); what the route names is done once.
    if (route.audit === 'none') assert.deepEqual(trail, [], name)
    else
      assert.deepEqual(
        trail.filter((action) => route.audit !== 'none' && action === route.audit.name).length,
        1,
        `${name}: ${trail.join()}`,
      )

    const input = await inputOf(route, world.as('ada'))
    const lacking = await sendInput(world.as('eve'), route, input)
    assert.deepEqual(await trailOf(requestUuid(lacking.headers)), ['access.refused'], name)
    const refusals = [
      await sendInput(world.as('nobody'), route, input),
      ...(route.body ? [await sendInput(world.as('ada'), route, { ...input, body: { unexpected: 1 } })] : []),
    ]
    for (const refusal of refusals) {
      assert.ok(refusal.status >= 400)
      assert.deepEqual(await trailOf(requestUuid(refusal.headers)), [], `${name} ${refusal.status}`)
    }
    relax()
    if (route.audit === 'none') continue
    audited++
    for (const point of [
      route.audit.name === 'decision.created' ? 'insert into "decision"' : 'insert into "audit_event"',
      'commit',
    ]) {
      const input = await inputOf(route, world.as('ada'))
      const before = await snapshot(world)
      strikeAt = point
      const failed = await sendInput(world.as('ada'), route, input)
      strikeAt = undefined
      assert.deepEqual(problemOffences('failing', name, failed, 500, 'internal'), [])
      assert.equal(await snapshot(world), before, `${name}: half a change stayed when "${point}" failed`)
    }
  }
  assert.ok(audited >= 16)
})

test('no GET changes anything; what it leaves is that something was read', async () => {
  const ada = world.as('ada')
  const tenant = toWireId('tenant', world.acme.id)
  assert.equal((await ada.put('/v1/log/visibility', { public: true })).status, 200)
  await world.vouch.assurance.prepare()
  await signEveryLog()
  const asked: string[] = []
  for (const route of guarded.filter(({ method }) => method === 'GET')) asked.push((await inputOf(route, ada)).path)
  const events = async () =>
    (await world.admin.query<{ id: string; action: string }>('select id, action from audit_event')).rows
  const before = await snapshot(world, undefined, 'audit_event')
  const written = new Set((await events()).map(({ id }) => id))
  const sheet = /\/assets\/(\w+\.css)/.exec((await ada.get('/')).text)?.[1] ?? assert.fail('no stylesheet')
  const words = { tenant_id: tenant, code: 'conflict', file: sheet, claim: 'acc.keys', operation: 'post-v1-evaluate', folder: 'log', guide: 'verify' } // prettier-ignore
  const filled = open
    .filter(({ method }) => method === 'GET')
    .map(({ path }) =>
      path === '/docs/{guide}'
        ? '/docs/policy'
        : path.replaceAll(/\{(\w+)\}/g, (_, name) => String(Object(words)[name])).replace('*', '0/000.p/1'),
    )
  for (const path of [...asked, ...filled]) {
    const reply = await ada.get(path)
    assert.equal(reply.status, 200, `${path} ${reply.text.slice(0, 200)}`)
    assert.deepEqual(headerOffences(path, reply.headers), [])
  }
  assert.equal(await snapshot(world, undefined, 'audit_event'), before)
  const left = (await events()).filter(({ id }) => !written.has(id)).map(({ action }) => action)
  const reads = world.vouch.audit.actions.filter(({ level }) => level === 'reads').map(({ name }) => name)
  assert.deepEqual(left.toSorted(), reads.toSorted())
})

test('every address answers a method it does not know with 405 and Allow, and an unknown address with 404', async () => {
  for (const { path } of [...guarded, ...open]) {
    const known = [...guarded, ...open].filter((route) => route.path === path).map(({ method }) => method)
    const filled = path.replace('{list_id}', 'swept').replace(/\{\w+\}/g, `x_${'0'.repeat(32)}`)
    for (const method of ['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'].filter(
      (method) => !known.some((word) => word === method),
    )) {
      relax()
      const reply = await world.as('ada').send(method, filled)
      assert.deepEqual(problemOffences('method', `${method} ${path}`, reply, 405, 'method_not_allowed'), [])
      assert.deepEqual((reply.headers.get('allow') ?? '').split(', ').sort(), [...new Set(known)].sort())
    }
  }
  for (const path of [
    '/v1',
    '/v1/',
    '/v1/nothing',
    '/v1/lists/',
    '/V1/lists',
    '/.env',
    '/v1/lists//entries',
    '/errors/nothing',
    '/docs/../metrics2',
  ]) {
    relax()
    assert.deepEqual(problemOffences('unknown', path, await world.as('ada').get(path), 404, 'not_found'), [])
  }
  for (const path of ['/openapiXjson', '/v1/nothing']) {
    for (const [type, body] of [
      ['application/json', '{'],
      ['text/plain', 'x'],
      ['application/json', '{}'],
    ] as const) {
      relax()
      const reply = await exchange(
        `POST ${path} HTTP/1.1\r\nhost: x\r\ncontent-type: ${type}\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n${body}`,
      )
      assert.equal(reply.status, 404, `${path} ${type} ${body}: an unknown address is refused for its body`)
    }
  }
})

/** One answer to bytes that no client library would send. */
const exchange = (bytes: string): Promise<{ status: number; headers: Headers; text: string }> =>
  new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(world.url).port), '127.0.0.1', () => socket.write(bytes))
    let text = ''
    socket.on('data', (data) => {
      text += data.toString('latin1')
      if (/\r\n\r\n[^]*\}$/.test(text)) socket.end()
    })
    socket.on('error', reject)
    socket.on('close', () => {
      const [head = '', body = ''] = text.split('\r\n\r\n')
      const [first = '', ...fields] = head.split('\r\n')
      resolve({
        status: Number(first.split(' ')[1]),
        headers: new Headers(
          fields.map((field): [string, string] => [field.split(': ')[0] ?? '', field.split(': ').slice(1).join(': ')]),
        ),
        text: body,
      })
    })
  })

test('what is not HTTP, too large or too long is a problem document with every security header too', async () => {
  const host = 'host: x\r\n'
  const cases: readonly (readonly [string, number, string])[] = [
    ['nonsense\r\n\r\n', 400, 'invalid_request'],
    [`GET /v1/lists HTTP/1.1\r\n${host}bad header\r\n\r\n`, 400, 'invalid_request'],
    [`GET /v1/lists HTTP/9.9\r\n${host}\r\n`, 400, 'invalid_request'],
    [
      `POST /v1/evaluate HTTP/1.1\r\n${host}content-length: 4\r\ntransfer-encoding: chunked\r\n\r\n`,
      400,
      'invalid_request',
    ],
    [`POST /v1/evaluate HTTP/1.1\r\n${host}content-length: 1\r\ncontent-length: 2\r\n\r\n`, 400, 'invalid_request'],
    [`GET /healthz HTTP/1.1\r\n${host}x: ${'x'.repeat(20_000)}\r\n\r\n`, 431, 'headers_too_large'],
    [`GET /v1/decisions/${'x'.repeat(2_000)} HTTP/1.1\r\n${host}\r\n`, 414, 'uri_too_long'],
    [`GET /v1/lists/%zz/entries HTTP/1.1\r\n${host}\r\n`, 400, 'invalid_request'],
  ]
  for (const [bytes, status, code] of cases) {
    relax()
    const answer = await exchange(bytes)
    const reply = { ...answer, body: JSON.parse(answer.text || 'null') }
    assert.deepEqual(problemOffences('bytes', bytes.slice(0, 60), reply, status, code), [])
  }
})

test('metrics answer this machine alone, and nobody who came by a proxy', async () => {
  const proxied: Record<string, string>[] = [
    { 'x-forwarded-for': '127.0.0.1' },
    { forwarded: 'for=127.0.0.1' },
    { via: '1.1 proxy' },
    { 'x-forwarded-for': '', via: '1.1 x' },
  ]
  for (const header of proxied) {
    relax()
    const reply = await world.as('ada').send('GET', '/metrics', { headers: header })
    assert.deepEqual(problemOffences('metrics', JSON.stringify(header), reply, 404, 'not_found'), [])
  }
  const reply = await world.as('nobody').get('/metrics')
  assert.equal(reply.status, 200)
  assert.match(reply.text, /vouch_requests_total\{/)
})

test('a flood is told to wait on every route that has a rate, for keys, tenants and strangers', async () => {
  const scarce = { perMinute: 1, burst: 1 }
  const table = { evaluate: scarce, read: scarce, write: scarce }
  const rates: RateTable = { key: table, tenant: table, ip: table, signup: { ip: scarce, all: scarce } }
  await using small = await createWorld({ clock, rates, logLevel: 'silent' })
  const ada = small.as('ada')
  const found: Offence[] = []
  for (const route of small.vouch.guarded) {
    relax()
    found.push(
      ...(await floodOffences(
        route,
        route.path.replace('{list_id}', 'none').replace(/\{\w+\}/g, `x_${'0'.repeat(32)}`),
        ada,
      )),
    )
    // The allowance comes back, and not before.
    clock.advance(61_000)
    assert.notEqual((await ada.send(route.method, '/v1/lists')).status, 429)
  }
  for (const route of small.vouch.open.filter(({ rate }) => rate !== 'none')) {
    relax()
    found.push(...(await floodOffences(route, route.path, small.as('nobody'))))
  }
  assert.deepEqual(found, [])
  relax()
  const guesses = await Promise.all(Array.from({ length: 60 }, () => small.as('nobody').get('/v1/lists')))
  assert.ok(
    guesses.some(({ status }) => status === 429),
    'a stranger may guess without end',
  )
  assert.ok(guesses.every(({ status, headers }) => status === 401 || (status === 429 && headers.get('retry-after'))))
})

test('a key that floods spends its own allowance, and nothing of what the other keys of its tenant may ask', async () => {
  const [few, more] = [
    { perMinute: 1, burst: 2 },
    { perMinute: 1, burst: 4 },
  ]
  const own = { evaluate: few, read: few, write: few }
  const shared = { evaluate: more, read: more, write: more }
  const rates: RateTable = { key: own, tenant: shared, ip: shared, signup: { ip: few, all: few } }
  await using small = await createWorld({ clock, rates, logLevel: 'silent' })
  const statuses = async (actor: 'ada' | 'bo', times: number): Promise<number[]> => {
    const found: number[] = []
    for (let n = 0; n < times; n++) found.push((await small.as(actor).get('/v1/lists')).status)
    return found
  }
  assert.deepEqual(await statuses('ada', 6), [200, 200, 429, 429, 429, 429])
  assert.deepEqual(await statuses('bo', 3), [200, 200, 429])
})

test('the sweep is not blind: a route without protection, and a server that says yes to all, are caught', async () => {
  const sound: Route = guarded.find((route) => nameOf(route) === 'PUT /v1/lists/{list_id}') ?? assert.fail()
  const plant = (changes: Record<string, unknown>): string[] => [
    ...new Set(structureOffences([{ ...sound, ...changes }], []).map(({ check }) => check)),
  ]
  assert.deepEqual(plant({}), [])
  assert.deepEqual(plant({ permission: undefined }), ['permission'])
  assert.deepEqual(plant({ permission: 'public' }), ['permission'])
  assert.deepEqual(plant({ permission: 'lists:read' }), ['permission'])
  assert.deepEqual(plant({ audit: 'none' }), ['audit'])
  assert.deepEqual(plant({ audit: undefined }), ['audit'])
  assert.deepEqual(plant({ audit: 'none', unrecorded: 'for a reason' }), [])
  assert.deepEqual(plant({ unrecorded: 'for a reason' }), ['audit'])
  const read: Route = guarded.find((route) => nameOf(route) === 'GET /v1/lists') ?? assert.fail()
  assert.deepEqual(plant({ audit: read.audit }), ['audit'])
  assert.deepEqual(structureOffences([read], []), [])
  const asChange = structureOffences([{ ...read, audit: sound.audit }], [])
  assert.deepEqual(
    asChange.map(({ check }) => check),
    ['audit'],
  )
  assert.deepEqual(plant({ rate: undefined }), ['rate'])
  assert.deepEqual(plant({ rate: 'none' }), ['rate'])
  assert.deepEqual(plant({ rate: 'read' }), ['rate'])
  assert.deepEqual(plant({ body: Type.Object({}) }), ['closed'])
  assert.deepEqual(plant({ params: undefined }), ['params'])
  assert.deepEqual(plant({ path: '/lists/{list_id}' }), ['path'])
  assert.deepEqual(
    structureOffences([sound, sound], []).map(({ check }) => check),
    ['once'],
  )
  const opened = { ...open[0], method: 'POST', path: '/v1/open', permission: 'lists:read' } as unknown as OpenRoute
  assert.deepEqual(
    structureOffences([], [opened])
      .map(({ check }) => check)
      .sort(),
    ['audit', 'method', 'path', 'permission'],
  )

  const yes = createServer((_request, response) =>
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}'),
  ).listen(0, '127.0.0.1')
  await new Promise((resolve) => yes.once('listening', resolve))
  const address = yes.address()
  const url = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`
  try {
    const client = clientOf(url, 'x')
    const input = { path: '/v1/lists/x', body: { kind: 'custom' } }
    const who: Strangers = { ...strangers(), url, client: () => client, noScope: client, reader: client }
    const caught = async (found: Promise<Offence[]>): Promise<string[]> =>
      [...new Set((await found).map(({ check }) => check))].sort()
    assert.deepEqual(await caught(strangerOffences(sound, input, who)), [
      'headers',
      'malformed key',
      'no key',
      'no scope',
      'read-only key',
      'unknown key',
      'wrong secret',
    ])
    const junk = await caught(junkOffences({ ...sound, query: Type.Object({}) }, input, client))
    assert.deepEqual(junk, [
      '__proto__', 'charset', 'duplicate key', 'empty body', 'headers', 'junk in the path', 'media type', 'no body', 'not JSON', 'not UTF-8',
      'not an object', 'too deep', 'too large', 'unknown field', 'unknown query', 'wrong type of kind',
    ]) // prettier-ignore
    assert.deepEqual(await caught(floodOffences(sound, '/v1/lists/x', client)), ['flood', 'headers'])
  } finally {
    yes.close()
    yes.closeAllConnections()
  }
})
