/**
 * The quickstart: the requests that a newcomer's client sends, byte by byte, and the scripts of docs/quickstart.md as they
 * stand there. Clients that were written for another service of this shape change the address and the key, and nothing else.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { commands } from '#cli'
import { createWorld, type Reply, type World } from '#harness'

let world: World
before(async () => {
  world = await createWorld({ logLevel: 'silent' })
})
after(() => world[Symbol.asyncDispose]())

/** Sends these bytes and reads one answer. */
async function exchange(lines: readonly string[], body?: string): Promise<Pick<Reply, 'status' | 'body'>> {
  const socket = connect(Number(new URL(world.url).port), '127.0.0.1')
  const length = body === undefined ? [] : [`content-length: ${Buffer.byteLength(body)}`]
  socket.write(`${[...lines, ...length, 'connection: close'].join('\r\n')}\r\n\r\n${body ?? ''}`)
  let text = ''
  socket.on('data', (data) => (text += data))
  await once(socket, 'close')
  const [head = '', ...rest] = text.split('\r\n\r\n')
  return { status: Number(head.split(' ')[1]), body: JSON.parse(rest.join('')) }
}

/** Header fields as the clients of two languages send them. */
const clients: Readonly<Record<string, { send: readonly string[]; none: readonly string[]; write(value: object): string }>> = {
  Python: {
    send: ['User-Agent: python-requests/2.32.5', 'Accept-Encoding: gzip, deflate', 'Accept: */*', 'Content-Type: application/json'],
    none: ['User-Agent: python-requests/2.32.5', 'Accept-Encoding: gzip, deflate', 'Accept: */*', 'Content-Length: 0'],
    // json.dumps puts a blank after each colon and comma.
    write: (value) => JSON.stringify(value, null, 1).replaceAll(/\n\s*/g, ' ').replace('{ ', '{').replace(' }', '}'),
  },
  TypeScript: {
    send: ['content-type: application/json', 'accept: */*', 'accept-language: *', 'sec-fetch-mode: cors', 'user-agent: node', 'accept-encoding: br, gzip, deflate'],
    // A client that sets the media type on every request, also where there is nothing to send.
    none: ['content-type: application/json', 'accept: */*', 'accept-language: *', 'sec-fetch-mode: cors', 'user-agent: node', 'content-length: 0'],
    write: (value) => JSON.stringify(value),
  },
} // prettier-ignore

for (const [language, { send, none, write }] of Object.entries(clients)) {
  test(`the published requests work as a ${language} client sends them: sign up, evaluate, rotate`, async () => {
    const post = (path: string, more: readonly string[]) => [`POST ${path} HTTP/1.1`, 'Host: vouch.example', ...more]
    const signedUp = await exchange(post('/signup', send), write({ name: 'Acme', email: 'ada@example.com' }))
    assert.equal(signedUp.status, 201)
    const { tenant_id, api_key, plan } = signedUp.body
    assert.match(tenant_id, /^ten_/)
    assert.equal(plan, 'self_hosted')

    const payment = { amount: 349.99, currency: 'EUR', category: 'electronics', merchant_id: 'm_1', user_id: 'u_456', merchant_trust_score: 0.92 } // prettier-ignore
    for (const amount of [349.99, 20, 0.1, 1e3]) {
      const judged = await exchange(
        post('/v1/evaluate', [...send, `Authorization: Bearer ${api_key}`]),
        write({ ...payment, amount }),
      )
      assert.equal(judged.status, 200, JSON.stringify(judged.body))
      assert.ok(['APPROVED', 'STEP_UP_REQUIRED', 'DECLINED'].includes(judged.body.decision))
      assert.equal(typeof judged.body.risk_score, 'number')
      assert.ok('sca_required' in judged.body)
    }
    const rotated = await exchange(post('/v1/auth/rotate', [...none, `Authorization: Bearer ${api_key}`]))
    assert.equal(rotated.status, 201, JSON.stringify(rotated.body))
    assert.notEqual(rotated.body.api_key, api_key)
    const again = post('/v1/evaluate', [...send, `Authorization: Bearer ${rotated.body.api_key}`])
    assert.equal((await exchange(again, write(payment))).status, 200)
  })
}

const run = promisify(execFile)
const isHere = (program: string): Promise<boolean> =>
  run(program, ['--version']).then(() => true, () => false) // prettier-ignore
const page = await readFile(new URL('../../docs/quickstart.md', import.meta.url), 'utf8')
const blockOf = (language: string, holds: string): string =>
  [...page.matchAll(/```(\w+)\n([^]*?)\n```/g)].find(([, of, text]) => of === language && text?.includes(holds))?.[2] ??
  assert.fail(`docs/quickstart.md has no ${language} with ${holds}`)

test('the script of docs/quickstart.md signs up, is given a decision and a new key', async (t) => {
  if (!(await isHere('curl'))) return t.diagnostic('curl is not here: the script is not tried')
  const script = blockOf('sh', 'URL=').replace('http://127.0.0.1:8787', world.url)
  const { stdout } = await run('sh', ['-euc', script])
  const [decision, key] = stdout.replace('}{', '}\n{').split('\n').map((text) => JSON.parse(text)) // prettier-ignore
  assert.match(decision.trace_id, /^tr_/)
  assert.match(key.api_key, /^vch_live_/)
})

test('the programs of docs/quickstart.md print a decision', async (t) => {
  const environment = { PATH: process.env['PATH'], VOUCH: world.url, API_KEY: world.as('tess').key }
  const expect = /^(APPROVED|STEP_UP_REQUIRED|DECLINED) \d+(\.\d+)? (null|None)\n$/
  const asModule = ['--input-type=module', '--eval', blockOf('js', 'fetch')]
  assert.match((await run(process.execPath, asModule, { env: environment })).stdout, expect)
  if (!(await isHere('python3'))) return t.diagnostic('python3 is not here: its program is not tried')
  assert.match((await run('python3', ['-c', blockOf('python', 'urllib')], { env: environment })).stdout, expect)
})

test('what /llms.txt names is there: every link, route, tool, command and the scripts of the quickstart', async () => {
  const { status, text, headers } = await world.as('nobody').get('/llms.txt')
  assert.equal(status, 200)
  assert.equal(headers.get('content-type'), 'text/plain; charset=utf-8')
  assert.match(text, /^# Vouch\n\n> /)
  // Sections hold lists of links and nothing else (llmstxt.org).
  const [, ...sections] = text.split(/^## /m)
  assert.ok(sections.length >= 2)
  const link = /^- \[[^\]]+\]\((\/[^)]*)\): \S/
  for (const section of sections) for (const line of section.split('\n').slice(1).filter(Boolean)) assert.match(line, link) // prettier-ignore
  const links = [...text.matchAll(/\]\((\/[^)]*)\)/g)].map(([, path = '']) => path)
  assert.ok(links.length >= 10)
  for (const path of links) assert.equal((await world.as('nobody').get(path)).status, 200, path)

  const known = [...world.vouch.guarded, ...world.vouch.open].map(({ method, path }) => `${method} ${path}`)
  const named = [...text.matchAll(/`((?:GET|POST|PUT|DELETE) [^`]+)`/g)].map(([, name = '']) => name)
  assert.deepEqual(named.filter((name) => !known.includes(name)), []) // prettier-ignore
  for (const { method, path } of world.vouch.guarded) assert.ok(named.includes(`${method} ${path}`), `${method} ${path} is missing`) // prettier-ignore

  const words = [...text.matchAll(/(?:`|bin\/)vouch (\w+)/g)].map(([, word]) => word)
  assert.ok(words.includes('mcp') && words.includes('serve'))
  assert.deepEqual(words.filter((word) => !commands.some(({ name }) => name === word)), []) // prettier-ignore
  const tools = await readFile(new URL('../../src/cli/mcp/tools.ts', import.meta.url), 'utf8')
  const toolsThere = [...tools.matchAll(/registerTool\(\s*'(\w+)'/g)].map(([, name]) => name)
  assert.equal(toolsThere.length, 3)
  for (const name of toolsThere) assert.ok(text.includes(`\`${name}\``), name)
  for (const script of [blockOf('sh', 'bin/vouch serve'), blockOf('sh', 'URL=')]) assert.ok(text.includes(script))
})
