/** Below JSON: what stalls, lies about its length, speaks two lengths at once or no HTTP at all. Over real sockets. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { edgeLimits } from '../../src/http/server.ts'
import { createWorld, payment, waitUntil, type World } from '#harness'

type Conversation = { text: string; tookMs: number; closed: boolean }
type Step = string | Buffer | { waitMs: number }

/** Says `steps` and listens until the server closes, or `untilMs` passed, or `isEnough`. */
async function converse(
  world: World,
  steps: readonly Step[],
  options: { untilMs?: number; isEnough?(text: string): boolean } = {},
): Promise<Conversation> {
  const { untilMs = 60_000, isEnough = () => false } = options
  const { hostname, port } = new URL(world.url)
  const socket = connect({ port: Number(port), host: hostname })
  const start = performance.now()
  const { promise: over, resolve } = Promise.withResolvers<boolean>()
  let text = ''
  socket.setEncoding('latin1')
  socket.on('data', (data) => {
    text += data
    if (isEnough(text)) resolve(false)
  })
  socket.on('error', () => resolve(true))
  socket.on('close', () => resolve(true))
  for (const step of steps) {
    if (socket.destroyed) break
    if (typeof step === 'object' && 'waitMs' in step) await sleep(step.waitMs)
    else socket.write(step)
  }
  const timer = setTimeout(() => resolve(false), untilMs)
  const closed = await over
  clearTimeout(timer)
  socket.destroy()
  return { text, closed, tookMs: performance.now() - start }
}

const statusesIn = (text: string): number[] =>
  [...text.matchAll(/(?:^|\r\n|\})HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status))

function requireProblem({ text }: Conversation, status: number, code: string): void {
  assert.deepEqual(statusesIn(text), [status], text)
  assert.match(text, /content-type: application\/problem\+json/i)
  assert.match(text, /x-content-type-options: nosniff/i)
  assert.match(text, /x-request-id: req_[0-9a-f]{32}/i)
  assert.equal(JSON.parse(text.slice(text.indexOf('\r\n\r\n') + 4)).code, code)
}

const body = JSON.stringify(payment())
const head = (world: World, fields: readonly string[] = [], line = 'POST /v1/evaluate HTTP/1.1'): string =>
  [
    line,
    'Host: vouch',
    `Authorization: Bearer ${world.as('ada').key}`,
    'Content-Type: application/json',
    ...fields,
    '',
    '',
  ].join('\r\n')

test('a request that stalls is cut off in time, and the server goes on', { timeout: 300_000 }, async (t) => {
  await using world = await createWorld()
  const length = `Content-Length: ${Buffer.byteLength(body)}`
  const slack = 60_000
  const untilMs = edgeLimits.requestMs + slack
  const halfBody = async () => {
    const { text, closed, tookMs } = await converse(world, [head(world, [length]) + body.slice(0, 40)], { untilMs })
    assert.ok(closed, `still open after ${tookMs} ms: ${text}`)
    assert.ok(!text.includes('HTTP/1.1 2'), text)
    return statusesIn(text)
  }
  const drip = async () => {
    // For many times as long as a request may take.
    const letters = Array.from({ length: 240 }, (): Step[] => [' ', { waitMs: 250 }]).flat()
    const { closed, text } = await converse(world, [head(world, ['Content-Length: 1000']), ...letters], {
      untilMs: 1_000,
    })
    assert.ok(closed, `a body that drips is still being read: ${text}`)
    return statusesIn(text)
  }
  const halfHead = async () => {
    const conversation = await converse(world, ['POST /v1/evaluate HTTP/1.1\r\nHost: vouch\r\nX-A'], {
      untilMs: edgeLimits.headersMs + slack,
    })
    assert.ok(conversation.closed, 'a head that never ends is still waited for')
    requireProblem(conversation, 408, 'request_timeout')
    return statusesIn(conversation.text)
  }
  const silent = async () => {
    const { closed } = await converse(world, [], { untilMs: edgeLimits.idleSocketMs + slack })
    assert.ok(closed, 'a connection that says nothing is kept')
    return []
  }
  const others = async () => {
    for (let n = 0; n < 20; n++) {
      assert.equal((await world.as('ada').post('/v1/evaluate', payment())).status, 200)
      await sleep(400)
    }
    return []
  }
  const [half, dripped] = await Promise.all([halfBody(), drip(), halfHead(), silent(), others()])
  t.diagnostic(`half a body: ${half.join()}, a dripping body: ${dripped.join()}`)
  assert.deepEqual([half, dripped], [[408], [408]], 'who is too slow is told so')
  assert.ok(!world.logLines.some((line) => line.includes('"level":"error"')), world.logLines.join(''))
  const metrics = await world.as('nobody').get('/metrics')
  assert.match(
    metrics.text,
    /vouch_requests_in_flight 1\n/,
    'requests that were cut off are still counted as in flight',
  )
})

test('a refused connection is ended by us, whether or not the other side ever closes its half', async () => {
  await using world = await createWorld({ logLevel: 'silent' })
  const held = () =>
    new Promise<number>((resolve, reject) =>
      world.vouch.server.server.getConnections((error, n) => (error ? reject(error) : resolve(n))),
    )
  const { hostname, port } = new URL(world.url)
  const sockets = Array.from({ length: 20 }, () => connect({ port: Number(port), host: hostname, allowHalfOpen: true }))
  await Promise.all(
    sockets.map(async (socket) => {
      socket.write('garbage\r\n\r\n')
      socket.resume()
      await once(socket, 'end')
    }),
  ).catch(() => assert.fail('a connection was reset before its answer'))
  await waitUntil('their connections are gone', async () => (await held()) === 0)
  for (const socket of sockets) socket.destroy()
})

test('what is not HTTP, or HTTP of two meanings, is refused with a problem and the connection closed', async () => {
  await using world = await createWorld()
  const chunked = `${Buffer.byteLength(body).toString(16)}\r\n${body}\r\n0\r\n\r\n`
  const length = `Content-Length: ${Buffer.byteLength(body)}`
  const cases: [string, readonly Step[], number, string][] = [
    ['garbage', [Buffer.from([0, 1, 2, 3, 255, 254, 13, 10, 13, 10])], 400, 'invalid_request'],
    ['TLS to a plain port', [Buffer.from('16030100c8010000c40303', 'hex')], 400, 'invalid_request'],
    ['HTTP/2 preface', ['PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'], 400, 'invalid_request'],
    ['both lengths', [head(world, [length, 'Transfer-Encoding: chunked']) + chunked], 400, 'invalid_request'],
    [
      'both lengths, the other way round',
      [head(world, ['Transfer-Encoding: chunked', length]) + chunked],
      400,
      'invalid_request',
    ],
    ['two lengths', [head(world, [length, 'Content-Length: 3']) + body], 400, 'invalid_request'],
    ['a length that is none', [head(world, ['Content-Length: 0x10']) + body], 400, 'invalid_request'],
    ['a negative length', [head(world, ['Content-Length: -1']) + body], 400, 'invalid_request'],
    ['an encoding that hides', [head(world, ['Transfer-Encoding: xchunked']) + chunked], 400, 'invalid_request'],
    ['chunked not last', [head(world, ['Transfer-Encoding: chunked, identity']) + chunked], 400, 'invalid_request'],
    ['space before the colon', [head(world, ['Transfer-Encoding : chunked', length]) + body], 400, 'invalid_request'],
    ['a folded header', [head(world, ['X-A: b\r\n c', length]) + body], 400, 'invalid_request'],
    ['a bare line feed', [`POST /v1/evaluate HTTP/1.1\nHost: vouch\nContent-Length: 0\n\n`], 400, 'invalid_request'],
    ['a NUL in a header', [head(world, ['X-A: b\0c', length]) + body], 400, 'invalid_request'],
    ['a chunk size that is none', [`${head(world, ['Transfer-Encoding: chunked'])}zz\r\n`], 400, 'invalid_request'],
    ['headers over 16 KiB', [head(world, [`X-A: ${'a'.repeat(17_000)}`])], 431, 'headers_too_large'],
    ['an address over 16 KiB', [head(world, [], `GET /${'a'.repeat(17_000)} HTTP/1.1`)], 431, 'headers_too_large'],
  ]
  await Promise.all(
    cases.map(async ([name, steps, status, code]) => {
      const conversation = await converse(world, steps)
      assert.ok(conversation.closed, `${name}: the connection stays open: ${conversation.text}`)
      assert.doesNotThrow(() => requireProblem(conversation, status, code), `${name}: ${conversation.text}`)
    }),
  )
  const { rows } = await world.admin.query('select from decision')
  assert.equal(rows.length, 0, 'a request of two meanings was carried out')
  assert.equal((await world.as('ada').post('/v1/evaluate', payment())).status, 200)
})

test('a body is as long as it says, at most 64 KiB, and JSON by its type', async () => {
  await using world = await createWorld()
  const ada = world.as('ada')
  const json = { 'content-type': 'application/json' }
  const padded = (bytes: number): string => body + ' '.repeat(bytes - Buffer.byteLength(body))
  assert.equal((await ada.send('POST', '/v1/evaluate', { headers: json, body: padded(65_536) })).status, 200)
  const tooLarge = await ada.send('POST', '/v1/evaluate', { headers: json, body: padded(65_537) })
  assert.equal(tooLarge.status, 413, tooLarge.text)
  assert.equal(tooLarge.body.code, 'body_too_large')

  const chunk = `8000\r\n${' '.repeat(0x8000)}\r\n`
  const unsaid = await converse(world, [head(world, ['Transfer-Encoding: chunked']), chunk.repeat(3), '0\r\n\r\n'], {
    isEnough: (text) => text.includes('}'),
  })
  assert.deepEqual(statusesIn(unsaid.text), [413], 'a body that does not say its length is bounded too')

  // Shorter than it is: the rest is read as another request, and is none.
  const bytes = Buffer.byteLength(body)
  const short = await converse(world, [head(world, [`Content-Length: ${bytes - 5}`]) + body])
  assert.ok(
    short.closed && statusesIn(short.text).every((status) => status === 400) && short.text.length > 0,
    short.text,
  )

  const types: [string, number][] = [
    ['application/json', 200], ['APPLICATION/JSON', 200], ['application/json; charset=utf-8', 200], ['application/json;charset="UTF-8"', 200], ['application/json; charset=utf-16', 415],
    ['application/json; charset=latin1', 415], ['text/plain', 415], ['application/x-www-form-urlencoded', 415], ['multipart/form-data; boundary=x', 415], ['application/xml', 415], ['application/json5', 415], ['application/', 415], ['x', 415],
  ] // prettier-ignore
  for (const [type, status] of types) {
    const reply = await ada.send('POST', '/v1/evaluate', { headers: { 'content-type': type }, body })
    assert.equal(reply.status, status, `${type}: ${reply.text}`)
  }
  // However the type is written: what does not fit the schema is never let through.
  const invalid = JSON.stringify(payment({ surprise: true }))
  for (const type of [
    'application/json\t',
    'application/json\t; charset=utf-8',
    'application/json\tx',
    '\tapplication/json',
    'application/json ;x',
    'application/json;\t',
    'application/json,text/plain',
    'application/json; x=\ty',
  ]) {
    const { text } = await converse(world, [
      `POST /v1/evaluate HTTP/1.1\r\nHost: v\r\nAuthorization: Bearer ${ada.key}\r\nContent-Type: ${type}\r\nContent-Length: ${invalid.length}\r\nConnection: close\r\n\r\n${invalid}`,
    ])
    assert.ok(/^HTTP\/1\.1 (400|415) /.test(text), `${JSON.stringify(type)}: ${text}`)
  }
})

test('two requests on one connection are answered in their order, and one that asks first is told to go on', async () => {
  await using world = await createWorld()
  const length = `Content-Length: ${Buffer.byteLength(body)}`
  const slowThenFast =
    head(world, [length]) +
    body +
    head(world, [], 'GET /healthz HTTP/1.1') +
    head(world, ['Connection: close'], 'GET /nowhere HTTP/1.1')
  const piped = await converse(world, [slowThenFast])
  assert.deepEqual(statusesIn(piped.text), [200, 200, 404], piped.text)
  assert.ok(
    piped.text.indexOf('trace_id') < piped.text.indexOf('"ok"') &&
      piped.text.indexOf('"ok"') < piped.text.indexOf('not_found'),
  )

  const asked = await converse(world, [
    head(world, [length, 'Expect: 100-continue', 'Connection: close']),
    { waitMs: 100 },
    body,
  ])
  assert.ok(asked.text.startsWith('HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n'), asked.text)
  const odd = await converse(world, [head(world, [length, 'Expect: a miracle', 'Connection: close']) + body])
  assert.match(odd.text, /^HTTP\/1\.1 (417|200) /)
})

test('an address in any bytes gets a problem, its own bytes not repeated', async () => {
  await using world = await createWorld()
  const paths = [
    '/%', '/%zz', '/v1/decisions/%', '/v1/decisions/%E0%A4%A', '/v1/decisions/%00', '/v1/decisions/..', '/v1/decisions/../keys/secret_7', '//evil.example/secret_7', '/\\evil.example', '/v1/decisions/%2e%2e%2fsecret_7',
    `/v1/decisions/${'a'.repeat(101)}`, `/v1/decisions/${'a'.repeat(9_000)}`, '/v1/lists/known/entries/%ff', '/v1/keys/%F0%9F%98%80', '/v1/evaluate/', '/V1/evaluate', '/v1/evaluate;x=1', '/v1//evaluate', '/<script>secret_7</script>', '/"secret_7"', '/{secret_7}',
    '*', 'http://evil.example/secret_7', '/v1/decisions?secret_7=%', '/?__proto__[secret_7]=1', '/errors/secret_7', '/errors/..%2f..%2fpackage.json', '/errors/../../package.json',
  ] // prettier-ignore
  for (const path of paths) {
    const { text } = await converse(world, [head(world, ['Connection: close'], `GET ${path} HTTP/1.1`)])
    assert.match(
      text,
      /^HTTP\/1\.1 (400|404|405|414|429) [^]*content-type: application\/problem\+json/i,
      `${path}: ${text}`,
    )
    assert.match(text, /x-content-type-options: nosniff/i, path)
    assert.ok(
      !text.includes('evil.example') && !/secret_7(?!":)/.test(text.replaceAll('"pointer":"/secret_7"', '')),
      `${path} comes back: ${text}`,
    )
  }
  assert.ok(!world.logLines.some((line) => /secret_7|evil\.example/.test(line)), 'an address stands in the log')
})
