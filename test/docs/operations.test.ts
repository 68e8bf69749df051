/** The reference is true: the command on the page of each operation is run as it stands, and answers what the page says. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { toWireId } from '#kernel/id'
import { createWorld, payment, type World } from '#harness'

let world: World
before(async () => {
  world = await createWorld({ logLevel: 'silent', settings: { VOUCH_CONTACT_SECURITY: 'security@example.com' } })
})
after(() => world[Symbol.asyncDispose]())

const run = promisify(execFile)
const ada = () => world.as('ada')
const plain = (text: string): string =>
  text.replaceAll(/<[^>]+>/g, '').replaceAll('&quot;', '"').replaceAll('&#39;', "'").replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&') // prettier-ignore

/** Has everything signed that there is. */
const sign = async (): Promise<void> => {
  for await (const id of world.vouch.logs.everyTenant()) await world.vouch.logs.drain(world.vouch.logs.asSystem(id))
}
const decide = async (): Promise<string> => (await ada().post('/v1/evaluate', payment())).body.trace_id
const makeKey = async (): Promise<string> => (await ada().post('/v1/keys', { name: 'shown', scopes: [] })).body.id
const makeList = () => ada().put('/v1/lists/stolen-cards', { kind: 'deny' })

/** What is there before a command runs, and the variables that it wants. */
const prepare: Readonly<Record<string, () => Promise<Record<string, string>>>> = {
  'get-v1-decisions-trace-id': async () => ({ TRACE_ID: await decide() }),
  'get-v1-decisions-trace-id-replay': async () => ({ TRACE_ID: await decide() }),
  'post-v1-decisions-trace-id-outcome': async () => ({ TRACE_ID: await decide() }),
  'get-v1-decisions-trace-id-outcomes': async () => ({ TRACE_ID: await decide() }),
  'delete-v1-lists-list-id-entries-entry-id': async () => {
    await makeList()
    const entry = await ada().post('/v1/lists/stolen-cards/entries', { field: 'user_id', value: 'u_shown' })
    return { ENTRY_ID: entry.body.id }
  },
  'post-v1-keys-key-id-rotate': async () => ({ KEY_ID: await makeKey() }),
  'delete-v1-keys-key-id': async () => ({ KEY_ID: await makeKey() }),
  'get-v1-log-proofs-id': async () => {
    const id = await decide()
    await sign()
    return { ID: id }
  },
  'post-v1-log-followers-name-acknowledge': async () => {
    await ada().delete('/v1/log/followers/archive')
    assert.equal((await ada().put('/v1/log/followers/archive', { position: 0 })).status, 200)
    return {}
  },
  'post-v1-policy-publish': async () => {
    const { document } = (await ada().get('/v1/policy')).body
    assert.equal((await ada().put('/v1/policy/draft', document)).status, 200)
    return {}
  },
  'delete-v1-log-witnesses-name': async () => ({ NAME: 'witness.example%2Fw1' }),
}

test('the command on the page of every operation runs as it stands, and answers with the status that the page names', async () => {
  const api = (await world.as('nobody').get('/docs/api')).text
  const ids = [...api.matchAll(/href="\/docs\/api\/([\w-]+)"/g)].map(([, id = '']) => id)
  // Reading first, then making, then deleting: what one command makes, a later one finds.
  const rank = (id: string): number => ['put', 'post', 'get', 'delete'].indexOf(id.split('-')[0] ?? '')
  const order = [...new Set(ids)].toSorted((a, b) => rank(a) - rank(b))
  assert.equal(order.length, world.vouch.guarded.length + world.vouch.open.filter(({ tag }) => tag !== 'Pages' && tag !== 'Docs').length) // prettier-ignore
  await makeList()
  await world.vouch.assurance.prepare()
  assert.equal((await ada().put('/v1/log/visibility', { public: true })).status, 200)
  await decide()
  await sign()
  const failed: string[] = []
  for (const id of order) {
    const { text } = await world.as('nobody').get(`/docs/api/${id}`)
    const command = plain(/<pre><code>([^]*?)<\/code><\/pre>/.exec(text)?.[1] ?? assert.fail(`${id} has no example`))
    const status = plain(/<dd>(\d{3})<\/dd>/.exec(text)?.[1] ?? assert.fail(`${id} names no status`))
    const variables = { TENANT_ID: toWireId('tenant', world.acme.id), CLAIM: 'acc.keys', ...(await prepare[id]?.()) }
    const here = command.replaceAll(/"http:\/\/127\.0\.0\.1:\d+/g, `"${world.url}`)
    assert.ok(here.includes(world.url), command)
    const { stdout } = await run('sh', ['-euc', `${here} -o /dev/null -w '%{http_code}'`], {
      env: { PATH: process.env['PATH'], KEY: ada().key, ...variables },
    })
    if (stdout !== status) failed.push(`${id} answers ${stdout} instead of ${status}\n${command}`)
  }
  assert.deepEqual(failed, [])
})

test('the page of an operation shows its scope, its fields with types and bounds, and links to its refusals', async () => {
  const { text } = await world.as('nobody').get('/docs/api/post-v1-evaluate')
  const words = plain(text).replaceAll(/\s+/g, ' ')
  for (const part of ['POST /v1/evaluate', 'decisions:write: ask for decisions', 'merchant_id text required', '1 to 128 characters', 'amount text or number', 'geo object', 'country text required', 'dry_run true or false', 'idempotency-key', 'risk_score number required', '0 to 100', 'One of APPROVED, STEP_UP_REQUIRED, DECLINED']) assert.ok(words.includes(part), `${part}\n${words}`) // prettier-ignore
  for (const code of ['forbidden', 'card_number_present', 'rate_limited']) assert.ok(text.includes(`href="/errors/${code}"`), code) // prettier-ignore
  assert.ok(text.includes('href="/docs/agents"'))
})
