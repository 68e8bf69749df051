import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { createServer as createNetServer, type AddressInfo, type Server as NetServer, type Socket } from 'node:net'
import { after, test } from 'node:test'
import { createCertificate } from '#harness/certificate'
import { createAddressJudge } from './address.ts'
import { createOutbound, type Outbound, type OutboundNeeds, type OutboundRequest } from './index.ts'

const closing: (() => unknown)[] = []
after(async () => {
  for (const close of closing) await close()
})

async function listen(server: Server | NetServer, host = '127.0.0.1'): Promise<number> {
  server.listen(0, host)
  await once(server, 'listening')
  closing.push(() => server.close())
  return (server.address() as AddressInfo).port
}

/** A server that counts the connections it got, and those requests that it got whole. */
async function serve(answer: RequestListener, host?: string) {
  const seen = { connections: 0, requests: [] as string[], port: 0 }
  const server = createServer((request, response) => {
    seen.requests.push(`${request.method} ${request.url}`)
    answer(request, response)
  })
  server.on('connection', () => seen.connections++)
  closing.push(() => server.closeAllConnections())
  seen.port = await listen(server, host)
  return seen
}

function open(needs: Partial<OutboundNeeds> = {}): Outbound {
  const outbound = createOutbound({ allowedNetworks: [], ...needs })
  closing.push(() => outbound.close())
  return outbound
}

const inside = ['127.0.0.0/8', '::1/128']
const get = (url: string, more: Partial<OutboundRequest> = {}): OutboundRequest => ({
  method: 'GET',
  url,
  timeoutMs: 5_000,
  maxAnswerBytes: 10_000,
  ...more,
})
const resolveTo =
  (...addresses: string[]) =>
  () =>
    Promise.resolve(addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })))

test('an allowed address gets the request whole, and its answer comes back whole', async () => {
  const chunks: Buffer[] = []
  const seen = await serve((request, response) => {
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      assert.equal(request.headers['x-one'], '1')
      assert.equal(request.headers['accept-encoding'], 'identity')
      assert.equal(request.headers.host, `127.0.0.1:${seen.port}`)
      response.writeHead(201, { 'content-type': 'text/x.tlog.size', 'X-Two': '2' }).end('42\n')
    })
  })
  const body = Buffer.from('räksmörgås')
  const url = `http://127.0.0.1:${seen.port}/a?b=c#d`
  const answer = await open({ allowedNetworks: inside }).request(
    get(url, { method: 'POST', headers: { 'x-one': '1' }, body }),
  )
  assert.ok(answer.ok)
  assert.deepEqual([answer.status, answer.headers['x-two'], answer.body.toString()], [201, '2', '42\n'])
  assert.deepEqual(seen.requests, ['POST /a?b=c'])
  assert.deepEqual(Buffer.concat(chunks), body)
})

/** Every spelling that WHATWG URLs know of an address inside, and how the answers differ. */
const insideHosts = [
  '127.0.0.1', '127.1', '127.0.1', '2130706433', '0x7f000001', '0x7f.1', '0177.0.0.1', '017700000001', '127.0.0.1.', '１２７.０.０.１', '0', '0.0.0.0', '0.1.2.3',
  '10.0.0.1', '10.255.255.255', '172.16.0.1', '172.31.255.255', '192.168.1.1', '0xc0a80101', '3232235777', '169.254.169.254', '0xa9fea9fe', '2852039166', '100.64.0.1',
  '100.127.255.255', '192.0.0.1', '192.0.2.1', '198.18.0.1', '198.19.255.255', '198.51.100.1', '203.0.113.1', '224.0.0.1', '239.255.255.255', '240.0.0.1', '255.255.255.255', '192.88.99.1',
  '[::]', '[::1]', '[0:0:0:0:0:0:0:1]', '[::127.0.0.1]', '[::7f00:1]', '[::ffff:127.0.0.1]', '[::ffff:7f00:1]', '[0:0:0:0:0:ffff:0a00:0001]', '[::ffff:169.254.169.254]', '[::ffff:0:127.0.0.1]',
  '[64:ff9b::127.0.0.1]', '[64:ff9b::a9fe:a9fe]', '[64:ff9b:1::1]', '[2002:7f00:1::]', '[2002:a00:1::1]', '[2001::1]', '[2001:db8::1]', '[fc00::1]', '[fd12:3456::1]', '[fe80::1]', '[fec0::1]', '[ff02::1]', '[100::1]', '[4000::1]', '[5f00::1]',
] // prettier-ignore

test('a literal address inside is refused in every spelling, over http and https', async () => {
  const outbound = open({ lookup: () => assert.fail('a literal is not looked up') })
  for (const host of insideHosts) {
    for (const scheme of ['http', 'https']) {
      const result = await outbound.request(get(`${scheme}://${host}/`))
      assert.deepEqual(result, { ok: false, why: 'refused_address', code: undefined }, `${scheme}://${host}`)
    }
  }
})

test('a name that leads to any of these addresses is refused, even beside a public one', async () => {
  const seen = await serve((_, response) => response.end())
  for (const host of insideHosts) {
    const address = new URL(`http://${host}`).hostname.replace(/^\[|\]$/g, '')
    for (const lookup of [resolveTo(address), resolveTo('9.9.9.9', address), resolveTo(address, '9.9.9.9')]) {
      const result = await open({ lookup }).request(get(`https://name.example:${seen.port}/`))
      assert.deepEqual(result, { ok: false, why: 'refused_address', code: undefined }, address)
    }
  }
  for (const odd of ['', 'name.example', '127.1', '1.2.3', '127.0.0.1%1', 'fe80::1%eth0', '/tmp/socket'])
    assert.equal((await open({ lookup: resolveTo(odd) }).request(get('https://name.example/'))).ok, false, odd)
  assert.equal(seen.connections, 0)
})

test('the name of this machine is looked up and refused', async () => {
  const seen = await serve((_, response) => response.end())
  const result = await open().request(get(`https://localhost:${seen.port}/`))
  assert.deepEqual(result, { ok: false, why: 'refused_address', code: undefined })
  assert.equal(seen.connections, 0)
})

test('public addresses are public, also through a translator, and those of this machine are not', () => {
  const judge = createAddressJudge(['10.1.0.0/16', 'fd00:1::/32', '2606:4700::/32'], () => ['8.8.4.4', '2a00::7'])
  const verdicts = {
    public: ['8.8.8.8', '1.1.1.1', '::ffff:8.8.8.8', '64:ff9b::8.8.8.8', '2a00::8', '2001:4860:4860::8888', '172.32.0.1', '100.128.0.1', '11.0.0.1'],
    allowed: ['10.1.2.3', '::ffff:10.1.2.3', '::ffff:a01:203', 'fd00:1::1', '2606:4700::1'],
    refused: ['10.2.0.1', '8.8.4.4', '::ffff:8.8.4.4', '2a00::7', '2a00:0:0::7', 'fd00:2::1', '64:ff9b::10.1.2.3', '::10.1.2.3', '2002:a01:203::', '', ' 8.8.8.8', '8.8.8.8\n', 'x'],
  } // prettier-ignore
  for (const [verdict, addresses] of Object.entries(verdicts))
    for (const address of addresses) assert.equal(judge(address), verdict, address)
  for (const network of ['127.0.0.1', '127.0.0.0/33', 'localhost/8', '::/129', 'all'])
    assert.throws(() => createOutbound({ allowedNetworks: [network] }), RangeError, network)
})

test('plain HTTP goes only into networks that the operator allowed', async () => {
  assert.deepEqual(await open().request(get('http://9.9.9.9/')), { ok: false, why: 'insecure', code: undefined })
  const lookup = resolveTo('9.9.9.9')
  const needs = { allowedNetworks: inside, lookup }
  assert.deepEqual(await open(needs).request(get('http://x.example/')), { ok: false, why: 'insecure', code: undefined })
  const mixed = { allowedNetworks: inside, lookup: resolveTo('127.0.0.1', '9.9.9.9') }
  assert.deepEqual(await open(mixed).request(get('http://x.example/')), { ok: false, why: 'insecure', code: undefined })
})

test('what is no plain http or https address, or carries credentials or headers of the frame, is not sent', async () => {
  const seen = await serve((_, response) => response.end())
  const outbound = open({ allowedNetworks: inside })
  const at = `127.0.0.1:${seen.port}`
  const urls = [`http://user@${at}/`, `http://user:word@${at}/`, `http://:word@${at}/`, `ftp://${at}/`, `//${at}/`, at, '/path', '', 'file:///etc/passwd', 'unix:/tmp/x', 'data:,x', 'http://', 'http://256.0.0.1/'] // prettier-ignore
  for (const url of urls) {
    assert.deepEqual(await outbound.request(get(url)), { ok: false, why: 'refused_request', code: undefined }, url)
  }
  const headers: Record<string, string>[] = [{ Host: 'inside.example' }, { 'Content-Length': '3' }, { 'transfer-encoding': 'chunked' }, { connection: 'upgrade' }, { 'x-one': 'a\r\nx-two: b' }, { 'x one': 'a' }, { 'Proxy-Authorization': 'x' }, { 'accept-encoding': 'gzip' }] // prettier-ignore
  for (const one of headers) {
    const result = await outbound.request(get(`http://${at}/`, { headers: one }))
    assert.equal(result.ok || result.why, 'refused_request', JSON.stringify(one))
  }
  assert.deepEqual(seen.requests, [])
})

test('a name that answers differently the second time is asked once, and the address that was judged gets the request', async () => {
  const judged = await serve((_, response) => response.end('judged'), '127.0.0.2')
  let asked = 0
  const lookup = () => resolveTo(asked++ === 0 ? '127.0.0.2' : '127.0.0.1')()
  const outbound = open({ allowedNetworks: ['127.0.0.2/32'], lookup })
  const first = await outbound.request(get(`http://rebind.example:${judged.port}/`))
  assert.ok(first.ok)
  assert.equal(first.body.toString(), 'judged')
  assert.equal(asked, 1)
  // A connection that is kept was judged when it was made; a new one is judged again.
  const fresh = open({ allowedNetworks: ['127.0.0.2/32'], lookup })
  const again = await fresh.request(get(`http://rebind.example:${judged.port}/`))
  assert.equal(again.ok || again.why, 'refused_address')
  assert.equal(asked, 2)
  assert.equal(judged.connections, 1)
})

test('a redirect is an answer: nobody goes where it points', async () => {
  const target = await serve((_, response) => response.end('secret'))
  for (const status of [301, 302, 303, 307, 308]) {
    const seen = await serve((_, response) => {
      response.writeHead(status, { location: `http://127.0.0.1:${target.port}/` }).end()
    })
    const result = await open({ allowedNetworks: inside }).request(get(`http://127.0.0.1:${seen.port}/`))
    assert.equal(result.ok && result.status, status)
  }
  assert.equal(target.connections, 0)
})

test('proxies of the environment are not used', async () => {
  const proxy = await serve((_, response) => response.end('proxy'))
  const seen = await serve((_, response) => response.end('direct'))
  const names = ['HTTP_PROXY', 'http_proxy', 'HTTPS_PROXY', 'ALL_PROXY', 'NODE_USE_ENV_PROXY']
  for (const name of names) process.env[name] = name === 'NODE_USE_ENV_PROXY' ? '1' : `http://127.0.0.1:${proxy.port}`
  try {
    const result = await open({ allowedNetworks: inside }).request(get(`http://127.0.0.1:${seen.port}/`))
    assert.equal(result.ok && result.body.toString(), 'direct')
    assert.equal(proxy.connections, 0)
  } finally {
    for (const name of names) delete process.env[name]
  }
})

test('the time covers the look-up, the connection, the headers and the body, and nothing is sent after it', async () => {
  const timeout = { ok: false, why: 'timeout', code: undefined }
  const silent = await serve(() => {})
  const dripping = await serve((_, response) => {
    response.writeHead(200)
    const drip = setInterval(() => response.write('.'), 20)
    response.on('close', () => clearInterval(drip))
  })
  const trickling = createNetServer((socket) => {
    socket.write('HTTP/1.1 200 OK\r\nx: ')
    const drip = setInterval(() => socket.write('.'), 20)
    socket.on('close', () => clearInterval(drip)).on('error', () => {})
  })
  const deaf = createNetServer((socket) => socket.on('error', () => {}).resume())
  const ports = [silent.port, dripping.port, await listen(trickling)]
  const outbound = open({ allowedNetworks: inside })
  for (const port of ports) {
    // An answer that goes on for ever is waited for no longer than that.
    assert.deepEqual(await outbound.request(get(`http://127.0.0.1:${port}/`, { timeoutMs: 150 })), timeout)
  }
  // A handshake that is never answered.
  const handshake = await listen(deaf)
  assert.deepEqual(await outbound.request(get(`https://127.0.0.1:${handshake}/`, { timeoutMs: 150 })), timeout)

  const late = await serve((_, response) => response.end())
  const lookup = async () => {
    await new Promise((resolve) => setTimeout(resolve, 300))
    return [{ address: '127.0.0.1', family: 4 }]
  }
  const slow = open({ allowedNetworks: inside, lookup })
  assert.deepEqual(await slow.request(get(`http://x.example:${late.port}/`, { timeoutMs: 100 })), timeout)
  await new Promise((resolve) => setTimeout(resolve, 400))
  assert.deepEqual(late.requests, [])
})

test('an answer is read as far as it may be long, and no further', async () => {
  let sent = 0
  const endless = await serve((_, response) => {
    response.on('error', () => {})
    const chunk = Buffer.alloc(65_536)
    const push = (): void => {
      while (!response.destroyed && sent < 1e9 && response.write(chunk)) sent += chunk.length
    }
    response.on('drain', push)
    push()
  })
  const outbound = open({ allowedNetworks: inside })
  const result = await outbound.request(get(`http://127.0.0.1:${endless.port}/`, { maxAnswerBytes: 100_000 }))
  assert.deepEqual(result, { ok: false, why: 'too_large', code: undefined })
  assert.ok(sent < 50e6)

  const exact = await serve((_, response) => response.end('x'.repeat(100)))
  const url = `http://127.0.0.1:${exact.port}/`
  assert.equal((await outbound.request(get(url, { maxAnswerBytes: 100 }))).ok, true)
  assert.equal((await outbound.request(get(url, { maxAnswerBytes: 99 }))).ok, false)

  const wide = await serve((_, response) => response.writeHead(200, { x: 'x'.repeat(20_000) }).end())
  const tooWide = await outbound.request(get(`http://127.0.0.1:${wide.port}/`))
  assert.equal(tooWide.ok || tooWide.why, 'too_large')

  const packed = await serve((_, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end('not gzip'))
  const asSent = await outbound.request(get(`http://127.0.0.1:${packed.port}/`))
  assert.equal(asSent.ok && asSent.body.toString(), 'not gzip')
})

test('a place that does not answer in HTTP is unreachable, and one request does not harm the next', async () => {
  const closed = await serve((_, response) => response.end())
  const rude = createNetServer((socket) => socket.on('error', () => {}).end('SSH-2.0-x\r\n'))
  const cut = await serve((_, response) => {
    response.writeHead(200, { 'content-length': '10' }).write('half', () => response.destroy())
  })
  const outbound = open({
    allowedNetworks: inside,
    lookup: (name) => (name === 'ok.example' ? resolveTo('127.0.0.1')() : Promise.reject(new Error('none'))),
  })
  const ports = [1, await listen(rude), cut.port]
  for (const url of [...ports.map((port) => `http://127.0.0.1:${port}/`), 'https://none.example/']) {
    const result = await outbound.request(get(url))
    assert.equal(result.ok || result.why, 'unreachable', url)
  }
  assert.equal((await open({ lookup: resolveTo() }).request(get('https://x.example/'))).ok, false)
  const many = await Promise.all(
    Array.from({ length: 100 }, () => outbound.request(get(`http://ok.example:${closed.port}/`))),
  )
  assert.ok(many.every(({ ok }) => ok))
  assert.ok(closed.connections <= 32)
})

test('a request is sent once, also over a connection that was kept and ends under it', async () => {
  const seen = await serve((request, response) => (request.url === '/end' ? request.destroy() : response.end()))
  const outbound = open({ allowedNetworks: inside })
  for (const method of ['GET', 'PUT', 'POST'] as const) {
    seen.requests.length = 0
    assert.equal((await outbound.request(get(`http://127.0.0.1:${seen.port}/keep`, { method }))).ok, true)
    const result = await outbound.request(get(`http://127.0.0.1:${seen.port}/end`, { method }))
    assert.equal(result.ok || result.why, 'unreachable')
    assert.deepEqual(seen.requests, [`${method} /keep`, `${method} /end`])
  }
  assert.ok(seen.connections < 6, 'no connection was kept')
})

test('a certificate must be valid, of that very name, and of a known root, whatever the environment says', async () => {
  const good = createCertificate(['witness.example'])
  const stale = createCertificate(['witness.example'], -1)
  const hosts: string[] = []
  const serveTls = (certificate: typeof good): Promise<number> => {
    const server = createTlsServer(certificate, (request, response) => {
      hosts.push(request.headers.host ?? '')
      response.end('over TLS')
    })
    server.on('tlsClientError', () => {})
    closing.push(() => server.closeAllConnections())
    return listen(server)
  }
  const goodPort = await serveTls(good)
  const stalePort = await serveTls(stale)
  const lookup = resolveTo('127.0.0.1')
  const trusting = open({ allowedNetworks: inside, lookup, ca: good.cert + stale.cert })
  const result = await trusting.request(get(`https://witness.example:${goodPort}/`))
  assert.equal(result.ok && result.body.toString(), 'over TLS')
  assert.deepEqual(hosts, [`witness.example:${goodPort}`])

  const before = process.env['NODE_TLS_REJECT_UNAUTHORIZED']
  for (const environment of ['1', '0']) {
    process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = environment
    const wrong: [Outbound, string, string][] = [
      [trusting, `https://other.example:${goodPort}/`, 'ERR_TLS_CERT_ALTNAME_INVALID'],
      [trusting, `https://127.0.0.1:${goodPort}/`, 'ERR_TLS_CERT_ALTNAME_INVALID'],
      [trusting, `https://witness.example:${stalePort}/`, 'CERT_HAS_EXPIRED'],
      [
        open({ allowedNetworks: inside, lookup }),
        `https://witness.example:${goodPort}/`,
        'DEPTH_ZERO_SELF_SIGNED_CERT',
      ],
    ]
    for (const [outbound, url, code] of wrong)
      assert.deepEqual(await outbound.request(get(url)), { ok: false, why: 'untrusted', code }, url)
  }
  if (before === undefined) delete process.env['NODE_TLS_REJECT_UNAUTHORIZED']
  else process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = before
  assert.equal(hosts.length, 1)

  const plain = await serve((_, response) => response.end())
  const notTls = await trusting.request(get(`https://witness.example:${plain.port}/`))
  assert.equal(notTls.ok || notTls.why, 'untrusted')
})

test('closing ends what is under way', async () => {
  const silent = await serve(() => {})
  const sockets: Socket[] = []
  const deaf = createNetServer((socket) => sockets.push(socket.on('error', () => {}).resume()))
  const deafPort = await listen(deaf)
  const outbound = createOutbound({ allowedNetworks: inside })
  const pending = [`http://127.0.0.1:${silent.port}/`, `https://127.0.0.1:${deafPort}/`].map((url) =>
    outbound.request(get(url)),
  )
  await once(deaf, 'connection')
  const ended = once(sockets[0]!, 'close', { signal: AbortSignal.timeout(2_000) })
  await outbound.close()
  for (const { ok } of await Promise.all(pending)) assert.equal(ok, false)
  await ended
  const after = await outbound.request(get(`http://127.0.0.1:${silent.port}/`))
  assert.equal(after.ok || after.why, 'unreachable')
})

test('what stands against a URL is said before it is called, as far as nothing need be looked up', () => {
  const lookup = () => assert.fail('nothing is looked up')
  const [reached, closed] = [open({ allowedNetworks: inside, lookup }), open({ lookup })]
  for (const host of insideHosts) assert.equal(closed.objectionTo(`https://${host}/`), 'refused_address', host)
  for (const url of ['example.com', 'ftp://example.com', 'https://a:b@example.com', 'https://'])
    assert.equal(reached.objectionTo(url), 'refused_request', url)
  assert.equal(reached.objectionTo('http://127.0.0.1:1/'), undefined)
  assert.equal(reached.objectionTo('http://1.1.1.1/'), 'insecure')
  assert.equal(reached.objectionTo('http://10.0.0.1/'), 'refused_address')
  // Whether a name may be called over plain HTTP is known once it is looked up, if any network is allowed.
  assert.equal(reached.objectionTo('http://witness.example/'), undefined)
  assert.equal(closed.objectionTo('http://witness.example/'), 'insecure')
  for (const url of ['https://witness.example/a?b', 'https://1.1.1.1/'])
    assert.equal(closed.objectionTo(url), undefined)
})
