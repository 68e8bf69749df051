/** Signup: a tenant for whoever asks, where the operator lets them ask. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { fromWireId } from '#kernel/id'
import { systemScope } from '#platform/database'
import {
  clientOf,
  createFakeClock,
  createWorld,
  defaultRates,
  noLimits,
  payment,
  type Reply,
  type World,
} from '#harness'
import { runVouch } from '../harness/own-installation.ts'

/** For tests that need nothing of their own. */
let shared: World
before(async () => {
  shared = await createWorld()
})
after(() => shared[Symbol.asyncDispose]())

const ada = { name: 'Ada Lovelace', email: 'ada@example.com' }
const signUp = (world: World, body: unknown = ada, headers: Record<string, string> = {}): Promise<Reply> =>
  world.as('nobody').post('/signup', body, headers)
const count = async (world: World, table: string): Promise<number> =>
  (await world.admin.query(`select count(*)::int as n from ${table}`)).rows[0].n
const idOf = (wire: string): string => fromWireId('tenant', wire) ?? assert.fail('no id')

test('signing up makes a tenant, its twin and a key for each; the keys judge, read, rotate, and nothing else', async () => {
  const world = shared
  const { status, body, text } = await signUp(world)
  assert.equal(status, 201, text)
  assert.deepEqual(Object.keys(body), ['tenant_id', 'api_key', 'plan', 'test_tenant_id', 'test_api_key'])
  assert.equal(body.plan, 'self_hosted')
  assert.match(body.api_key, /^vch_live_/)
  assert.match(body.test_api_key, /^vch_test_/)
  for (const key of [body.api_key, body.test_api_key]) {
    const client = clientOf(world.url, key)
    const made = await client.post('/v1/evaluate', payment())
    assert.equal(made.status, 200, made.text)
    assert.equal((await client.get(`/v1/decisions/${made.body.trace_id}`)).status, 200)
    for (const path of ['/v1/keys', '/v1/lists', '/v1/policy', '/v1/audit', '/v1/log'])
      assert.equal((await client.get(path)).status, 403, path)
    assert.equal((await client.post('/v1/keys', { name: 'wider', scopes: [] })).status, 403)
    assert.equal((await client.send('POST', '/v1/auth/rotate')).status, 201)
  }
})

test('the same name and address again is another tenant, and the answers tell nothing of each other', async () => {
  const world = shared
  const [first, second, other] = [await signUp(world), await signUp(world), await signUp(world, { ...ada, email: 'new@example.com' })] // prettier-ignore
  assert.equal(new Set([first, second, other].map(({ body }) => body.tenant_id)).size, 3)
  const shape = ({ status, body }: Reply) => ({ status, names: Object.keys(body), lengths: Object.values(body).map((value) => String(value).length) }) // prettier-ignore
  assert.deepEqual(shape(second), shape(first))
  assert.deepEqual(shape(other), shape(first))
})

test('a signup is in the trail of its tenant with its request, and who signed up is sealed and readable to the operator', async () => {
  const world = shared
  const { body, headers } = await signUp(world)
  const request = fromWireId('request', headers.get('x-request-id') ?? '')
  const trail = await world.admin.query('select action, tenant_id, actor_id from audit_event where request_id = $1', [request]) // prettier-ignore
  const live = idOf(body.tenant_id)
  const actionsOf = (id: string): string[] =>
    trail.rows.flatMap(({ tenant_id, action }: { tenant_id: string; action: string }) =>
      tenant_id === id ? [action] : [],
    )
  assert.deepEqual(actionsOf(live).toSorted(), ['key.issued', 'tenant.created', 'tenant.signed_up'])
  assert.deepEqual(actionsOf(idOf(body.test_tenant_id)).toSorted(), ['key.issued', 'tenant.created'])
  assert.ok(trail.rows.every(({ actor_id }) => actor_id === 'signup'))

  const { rows } = await world.admin.query('select name, email from tenant_contact where tenant_id = $1', [live])
  assert.equal(rows.length, 1)
  const stored = JSON.stringify([rows, (await world.admin.query('select * from tenant_profile')).rows])
  for (const value of Object.values(ada)) {
    assert.ok(!stored.includes(value) && !stored.includes(JSON.stringify([...Buffer.from(value)]).slice(1, -1)))
    assert.ok(!world.logLines.some((line) => line.includes(value)), 'a personal value stands in the log')
  }
  const scope = (id: string) => systemScope(world.vouch.database, 'test').asTenant(id)
  const contact = await scope(live).transaction(world.vouch.signup.contact)
  assert.deepEqual([contact.name, contact.email], [ada.name, ada.email])
  const read = await world.admin.query(
    `select target from audit_event where action = 'contact.read' and tenant_id = $1`,
    [live],
  )
  assert.equal(read.rows.length, 1)
  await assert.rejects(scope(world.acme.id).transaction(world.vouch.signup.contact), /No contact is stored/)
})

test('a signup that fails on the way leaves nothing at all', async () => {
  let strikeAt: string | undefined
  const before = (statement: string): void => {
    if (strikeAt !== undefined && statement.includes(strikeAt)) throw new Error('a planted fault')
  }
  await using world = await createWorld({ logLevel: 'silent', hooks: { before } })
  const tables = ['tenant', 'tenant_profile', 'tenant_key', 'tenant_contact', 'api_key', 'audit_event']
  const counts = async () => {
    const all: number[] = []
    for (const table of tables) all.push(await count(world, table))
    return all
  }
  const earlier = await counts()
  for (strikeAt of ['insert into "tenant_contact"', 'insert into "api_key"', 'insert into "audit_event"', 'commit'])
    assert.equal((await signUp(world)).status, 500, strikeAt)
  strikeAt = undefined
  assert.deepEqual(await counts(), earlier)
  assert.equal((await signUp(world)).status, 201)
})

test('signup is open to this machine alone unless told otherwise, and says how to open it', async () => {
  const proxied = [{ 'x-forwarded-for': '203.0.113.7' }, { forwarded: 'for=203.0.113.7' }, { via: '1.1 proxy' }]
  for (const [mode, here, elsewhere] of [[undefined, 201, 404], ['on', 201, 201], ['off', 404, 404]] as const) {
    await using world = await createWorld({ logLevel: 'silent', ...(mode ? { settings: { VOUCH_SIGNUP: mode } } : {}) })
    const earlier = await count(world, 'tenant')
    assert.equal((await signUp(world)).status, here, mode)
    for (const headers of proxied) {
      const reply = await signUp(world, ada, headers)
      assert.equal(reply.status, elsewhere, `${mode} ${JSON.stringify(headers)}`)
      if (elsewhere === 404) assert.match(reply.body.detail, /vouch tenant create NAME.*VOUCH_SIGNUP=on/)
    }
    const made = (here === 201 ? 1 : 0) + (elsewhere === 201 ? proxied.length : 0)
    assert.equal(await count(world, 'tenant'), earlier + 2 * made)
  }
}) // prettier-ignore

test('an address makes five tenants and then waits ten minutes for one more, and all addresses together thirty', async () => {
  const clock = createFakeClock()
  await using world = await createWorld({
    clock,
    logLevel: 'silent',
    rates: { ...noLimits, signup: defaultRates.signup },
    settings: { VOUCH_SIGNUP: 'on', VOUCH_TRUSTED_PROXIES: '127.0.0.0/8' },
  })
  const from = (address: string) => signUp(world, ada, { 'x-forwarded-for': address })
  const statuses = async (address: string, times: number) => {
    const all: number[] = []
    for (let n = 0; n < times; n++) all.push((await from(address)).status)
    return all
  }
  assert.deepEqual(await statuses('203.0.113.1', 6), [201, 201, 201, 201, 201, 429])
  const refused = await from('203.0.113.1')
  assert.equal(refused.body.code, 'rate_limited')
  const wait = Number(refused.headers.get('retry-after'))
  assert.ok(wait > 540 && wait <= 600, `${wait} s`)
  // What was refused above took nothing from the others: 25 are left for them.
  const others = (await Promise.all([2, 3, 4, 5, 6, 7].map((n) => statuses(`203.0.113.${n}`, 5)))).flat()
  assert.equal(others.filter((status) => status === 201).length, 25)
  assert.equal(others.filter((status) => status === 429).length, 5)
  clock.advance(600_000)
  assert.equal((await from('203.0.113.1')).status, 201)
})

test('what is no name or no address is refused with its place, and no tenant is made', async () => {
  const world = shared
  const earlier = await count(world, 'tenant')
  const wrong: readonly [unknown, string][] = [
    [{ ...ada, name: '' }, '/name'],
    [{ ...ada, name: 'x'.repeat(101) }, '/name'],
    [{ ...ada, name: 'a\nb' }, '/name'],
    [{ ...ada, email: 'nobody' }, '/email'],
    [{ ...ada, email: 'a b@example.com' }, '/email'],
    [{ ...ada, email: `${'x'.repeat(250)}@x.se` }, '/email'],
    [{ name: ada.name }, '/email'],
    [{ email: ada.email }, '/name'],
    [{ ...ada, plan: 'pro' }, '/plan'],
  ]
  for (const [body, pointer] of wrong) {
    const reply = await signUp(world, body)
    assert.equal(reply.status, 400, reply.text)
    assert.equal(reply.body.code, 'invalid_request')
    assert.equal(reply.body.errors[0].pointer, pointer)
  }
  assert.equal((await signUp(world, { ...ada, name: '4111 1111 1111 1111' })).body.code, 'card_number_present')
  assert.equal((await signUp(world, { ...ada, name: 'x'.repeat(70_000) })).status, 413)
  assert.equal(await count(world, 'tenant'), earlier)
})

test('a key replaces itself once: the new one works at once, the old one for another 24 hours, then no more', async () => {
  const clock = createFakeClock()
  await using world = await createWorld({ clock, logLevel: 'silent' })
  const { body: signedUp } = await signUp(world)
  const old = clientOf(world.url, signedUp.api_key)
  const rotated = await old.send('POST', '/v1/auth/rotate')
  assert.equal(rotated.status, 201, rotated.text)
  assert.deepEqual([rotated.body.tenant_id, rotated.body.overlap_seconds], [signedUp.tenant_id, 86_400])
  const fresh = clientOf(world.url, rotated.body.api_key)
  const judges = async (client: typeof old) => (await client.post('/v1/evaluate', payment())).status
  assert.deepEqual([await judges(fresh), await judges(old)], [200, 200])
  assert.equal((await old.send('POST', '/v1/auth/rotate')).status, 409)
  clock.advance(86_399_000)
  assert.deepEqual([await judges(fresh), await judges(old)], [200, 200])
  clock.advance(2_000)
  assert.deepEqual([await judges(fresh), await judges(old)], [200, 401])
  // No body, an empty one and an empty object are the same request; anything else is refused.
  const json = { 'content-type': 'application/json' }
  const send = (body: string) => fresh.send('POST', '/v1/auth/rotate', { body, headers: json })
  for (const body of ['[]', 'null', '{"overlap_seconds":0}'])
    assert.equal((await send(body)).body.code, 'invalid_request')
  const next = await send('{}')
  assert.equal(next.status, 201)
  const last = await clientOf(world.url, next.body.api_key).send('POST', '/v1/auth/rotate', { body: '', headers: json })
  assert.equal(last.status, 201)
})

test('the operator sees who signed up at the command line, and that nobody did', async () => {
  const world = shared
  const { body } = await signUp(world)
  const contact = (id: string) => runVouch(['tenant', 'contact', id, '--json'], world.settings)
  const shown = await contact(body.tenant_id)
  const { signed_up_at, ...who } = JSON.parse(shown.out)
  assert.deepEqual([shown.code, who], [0, ada], shown.err)
  assert.ok(Date.parse(signed_up_at) > 0)
  const none = await contact(body.test_tenant_id)
  assert.equal(none.code, 1)
  assert.match(none.err, /No contact is stored/)
})
