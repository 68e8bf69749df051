import assert from 'node:assert/strict'
import { createHash, randomUUID } from 'node:crypto'
import { after, before, test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import fc from 'fast-check'
import { Fault } from '#kernel/fault'
import { isPermission, permissions } from '#kernel/route'
import { authorize } from '#platform/access'
import { type Client, clientOf, createFakeClock, createWorld, type FakeClock, type World } from '#harness'
import { makeToken, parseToken, rememberedMs } from './index.ts'

const uuid = fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) =>
  Buffer.from(bytes)
    .toString('hex')
    .replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, '$1-$2-$3-$4-$5'),
)
const mode = fc.constantFrom('live' as const, 'test' as const)

test('a key says what it is, parses to what it was made of, and is kept as its SHA-256', () => {
  fc.assert(
    fc.property(mode, uuid, uuid, (mode, tenantId, keyId) => {
      const { token, hash } = makeToken(mode, tenantId, keyId)
      assert.match(token, /^vch_(live|test)_[0-9A-Za-z]{43}_[0-9A-Za-z]{43}_[0-9A-Za-z]{6}$/)
      assert.deepEqual(parseToken(token), { mode, tenantId, keyId, hash })
      assert.deepEqual(hash, createHash('sha256').update(token).digest())
      assert.notEqual(makeToken(mode, tenantId, keyId).token, token, 'two keys share a secret')
    }),
  )
})

test('a key with one character changed, two neighbours swapped, or an end lost is not well-formed', () => {
  const any = fc.oneof(
    fc.constantFrom(...'0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_'),
    fc.string({ minLength: 1, maxLength: 1 }),
  )
  fc.assert(
    fc.property(mode, uuid, uuid, fc.nat(), any, (mode, tenantId, keyId, place, character) => {
      const { token } = makeToken(mode, tenantId, keyId)
      const at = place % token.length
      fc.pre(token[at] !== character)
      assert.equal(parseToken(token.slice(0, at) + character + token.slice(at + 1)), undefined)
    }),
    { numRuns: 3_000 },
  )
  fc.assert(
    fc.property(mode, uuid, uuid, fc.nat(), (mode, tenantId, keyId, place) => {
      const { token } = makeToken(mode, tenantId, keyId)
      const at = place % (token.length - 1)
      const swapped = token.slice(0, at) + token[at + 1] + token[at] + token.slice(at + 2)
      if (swapped !== token) assert.equal(parseToken(swapped), undefined)
      for (const cut of [
        token.slice(at + 1),
        token.slice(0, at),
        `${token}0`,
        ` ${token}`,
        `${token}\n`,
        token.toUpperCase(),
      ])
        assert.equal(parseToken(cut), undefined)
    }),
  )
})

let world: World
let clock: FakeClock
before(async () => {
  clock = createFakeClock()
  world = await createWorld({ clock, logLevel: 'silent' })
})
after(() => world[Symbol.asyncDispose]())

const refusal = async (work: Promise<unknown>): Promise<Fault> => {
  const error: unknown = await work.then(
    () => assert.fail('it was let through'),
    (error: unknown) => error,
  )
  assert.ok(error instanceof Fault, String(error))
  return error
}
const authenticate = (token: string, ip = '127.0.0.1') => world.vouch.keys.authenticate(token, ip)

test('what a key’s scopes do not name is denied: with no scope everything, with one all others', async () => {
  const all = Object.keys(permissions).filter(isPermission)
  const none = await authenticate(world.as('eve').key)
  for (const asked of all)
    assert.throws(() => authorize(world.vouch.database, none, asked, randomUUID()), { code: 'forbidden' })
  for (const held of all) {
    const principal = await authenticate(await world.issue(world.acme.id, [held]))
    assert.equal(authorize(world.vouch.database, principal, held, randomUUID()).tenantId, world.acme.id)
    for (const asked of all.filter((other) => other !== held))
      assert.throws(
        () => authorize(world.vouch.database, principal, asked, randomUUID()),
        { code: 'forbidden' },
        `${held} opens ${asked}`,
      )
  }
  // A scope that this version does not know is no permission.
  const odd = await world.issue(world.acme.id, [])
  await world.admin.query(`update api_key set scopes = '{everything,*,toString,__proto__}' where id = $1`, [
    parseToken(odd)?.keyId,
  ])
  assert.equal((await authenticate(odd)).permissions.size, 0)
})

test('a key works until the moment it expires, and not at that moment', async () => {
  const token = await world.issue(world.acme.id, ['lists:read'], { expiresAt: new Date(clock.now() + 10_000) })
  await authenticate(token)
  clock.advance(9_999)
  await authenticate(token)
  clock.advance(1)
  assert.equal((await refusal(authenticate(token))).code, 'unauthenticated')
  // Also a clock that was set back does not matter to what is remembered: elapsed time counts.
  const reply = await world
    .as('ada')
    .post('/v1/keys', { name: 'late', scopes: [], expires_at: new Date(clock.now()).toISOString() })
  assert.equal(reply.status, 400)
  assert.equal(reply.body.errors[0].pointer, '/expires_at')
})

test('a key with networks is accepted from them alone, in every form an address has', async () => {
  const token = await world.issue(world.acme.id, [], {
    allowedIps: ['203.0.113.0/24', '198.51.100.7', '2001:db8:1::/48'],
  })
  for (const ip of [
    '203.0.113.0',
    '203.0.113.255',
    '198.51.100.7',
    '::ffff:203.0.113.9',
    '::ffff:cb00:7109',
    '2001:db8:1::1',
    '2001:DB8:1:ffff::1',
  ])
    await authenticate(token, ip)
  const outside = [
    '203.0.112.255',
    '203.0.114.0',
    '198.51.100.8',
    '::ffff:203.0.114.1',
    '2001:db8:2::1',
    '::1',
    '127.0.0.1',
    '',
    'x',
    '203.0.113.1, 127.0.0.1',
    '203.0.113.1/24',
    '::203.0.113.9',
  ]
  for (const ip of outside) assert.equal((await refusal(authenticate(token, ip))).code, 'forbidden', ip)
  for (const bad of [
    '203.0.113.0/33',
    '203.0.113',
    'x',
    '2001:db8::/129',
    '203.0.113.0/-1',
    '203.0.113.0/',
    '/8',
    '',
  ]) {
    const reply = await world.as('ada').post('/v1/keys', { name: 'bad network', scopes: [], allowed_ips: [bad] })
    assert.equal(reply.status, 400, bad)
  }
  const anywhere = await world.issue(world.acme.id, [])
  for (const ip of ['192.0.2.1', '::1', 'x']) await authenticate(anywhere, ip)
})

test('rotation overlaps: both keys work, then the new one alone; it works once, and never prolongs the old key', async () => {
  const ada = world.as('ada')
  const made = (await ada.post('/v1/keys', { name: 'rotated', scopes: ['lists:read'], allowed_ips: ['127.0.0.0/8'] }))
    .body
  const rotated = await ada.post(`/v1/keys/${made.id}/rotate`, { overlap_seconds: 60 })
  assert.equal(rotated.status, 201)
  assert.deepEqual(
    [rotated.body.name, rotated.body.scopes, rotated.body.allowed_ips],
    [made.name, made.scopes, made.allowed_ips],
  )
  const [before, now] = [clientOf(world.url, made.key), clientOf(world.url, rotated.body.key)]
  clock.advance(59_000)
  assert.deepEqual([(await before.get('/v1/lists')).status, (await now.get('/v1/lists')).status], [200, 200])
  clock.advance(1_001)
  assert.deepEqual([(await before.get('/v1/lists')).status, (await now.get('/v1/lists')).status], [401, 200])
  for (const again of [made.id, made.id]) assert.equal((await ada.post(`/v1/keys/${again}/rotate`, {})).status, 409)

  const short = (
    await ada.post('/v1/keys', { name: 'short', scopes: [], expires_at: new Date(clock.now() + 5_000).toISOString() })
  ).body
  const successor = (await ada.post(`/v1/keys/${short.id}/rotate`, { overlap_seconds: 2_592_000 })).body
  assert.equal(successor.expires_at, short.expires_at)
  const listed = (await ada.get('/v1/keys')).body.data.find(({ id }: { id: string }) => id === short.id)
  assert.deepEqual([listed.expires_at, listed.replaced_by], [short.expires_at, successor.id])
  assert.equal((await ada.post(`/v1/keys/${short.id}/rotate`, { overlap_seconds: 2_592_001 })).status, 400)
})

test('nobody issues or rotates a key beyond their own scopes, and a refused one leaves nothing', async () => {
  const issuer = clientOf(world.url, await world.issue(world.acme.id, ['keys:write', 'decisions:read']))
  const count = async () =>
    JSON.stringify(
      (
        await world.admin.query(
          `select count(*) as keys, (select count(*) from audit_event where outcome <> 'refused') as events from api_key`,
        )
      ).rows,
    )
  const strong = (await world.as('ada').post('/v1/keys', { name: 'strong', scopes: ['decisions:read', 'lists:write'] }))
    .body
  const before = await count()
  for (const scopes of [['lists:write'], ['decisions:read', 'keys:read'], Object.keys(permissions)]) {
    assert.equal((await issuer.post('/v1/keys', { name: 'more', scopes })).body.code, 'forbidden')
  }
  for (const scopes of [['everything'], ['*'], ['toString'], ['decisions:read', 'decisions:read']])
    assert.equal((await issuer.post('/v1/keys', { name: 'odd', scopes })).status, 400)
  assert.equal((await issuer.post(`/v1/keys/${strong.id}/rotate`, {})).body.code, 'forbidden')
  assert.equal(await count(), before)
  assert.equal(
    (await clientOf(world.url, strong.key).post('/v1/lists/x/entries', {})).status,
    400,
    'the strong key suffered',
  )
  const passed = await issuer.post('/v1/keys', { name: 'as much', scopes: ['decisions:read', 'keys:write'] })
  assert.deepEqual(passed.body.scopes, ['decisions:read', 'keys:write'])
})

test('an unknown key and a wrong secret get the same answer, also in the log’s words, and a key of one mode is none of the other', async () => {
  const keyId = parseToken(world.as('ada').key)?.keyId ?? ''
  const wrong = await refusal(authenticate(makeToken('live', world.acme.id, keyId).token))
  const strangers = [
    makeToken('live', world.acme.id, randomUUID()),
    makeToken('live', randomUUID(), keyId),
    makeToken('live', world.globex.id, keyId),
    makeToken('test', world.acme.id, keyId),
  ]
  for (const { token } of strangers) {
    const unknown = await refusal(authenticate(token))
    assert.deepEqual(
      [unknown.code, unknown.message, unknown.internal, unknown.errors],
      [wrong.code, wrong.message, wrong.internal, wrong.errors],
    )
  }
  // Guesses do not push a good key out, and are not remembered as one.
  await Promise.all(
    Array.from({ length: 50 }, () => refusal(authenticate(makeToken('live', world.acme.id, keyId).token))),
  )
  assert.equal((await authenticate(world.as('ada').key)).tenantId, world.acme.id)
})

test('the secret is shown once: no later answer, and no row, holds it', async () => {
  const ada = world.as('ada')
  const made = await ada.post('/v1/keys', { name: 'once', scopes: [] })
  const [, , , secret] = made.body.key.split('_')
  const rotated = await ada.post(`/v1/keys/${made.body.id}/rotate`, {})
  const revoked = await ada.delete(`/v1/keys/${made.body.id}`)
  for (const reply of [await ada.get('/v1/keys'), rotated, revoked])
    assert.ok(!reply.text.includes(secret) && reply.status < 300)
  const { rows } = await world.admin.query<{ row: string; hash: Buffer }>(
    'select k::text as row, secret_hash as hash from api_key k where id = $1',
    [parseToken(made.body.key)?.keyId],
  )
  assert.ok(rows[0] && !rows[0].row.includes(secret) && !rows[0].row.includes(Buffer.from(secret).toString('hex')))
  assert.deepEqual(rows[0].hash, createHash('sha256').update(made.body.key).digest())
})

test('when a key was last used is written beside the requests, not by them, and never turned back', async () => {
  const token = await world.issue(world.acme.id, ['lists:read'])
  const keyId = parseToken(token)?.keyId
  const read = async () =>
    (
      await world.admin.query<{ at: Date | null }>('select last_used_at as at from api_key where id = $1', [keyId])
    ).rows[0]?.at?.getTime()
  const writes = async () =>
    (
      await world.admin.query<{ n: string }>(
        `select pg_current_xact_id_if_assigned() is null as none, n_tup_upd as n from pg_stat_xact_user_tables where relname = 'api_key'`,
      )
    ).rows.length
  await writes()
  const version = async () =>
    (await world.admin.query<{ v: string }>('select xmin::text as v from api_key where id = $1', [keyId])).rows[0]?.v
  const untouched = await version()
  for (let at = 0; at < 5; at++) assert.equal((await clientOf(world.url, token).get('/v1/lists')).status, 200)
  assert.deepEqual([await read(), await version()], [undefined, untouched], 'a request wrote')
  const used = clock.now()
  await world.vouch.keys.flushLastUsed()
  assert.equal(await read(), used)

  const later = new Date(used + 60_000)
  await world.admin.query('update api_key set last_used_at = $1 where id = $2', [later, keyId])
  await authenticate(token)
  await world.vouch.keys.flushLastUsed()
  assert.equal(await read(), later.getTime(), 'a slower process turned the time back')

  // A refused use is no use.
  const unused = await world.issue(world.acme.id, [], { allowedIps: ['192.0.2.1'] })
  await refusal(authenticate(unused))
  await world.vouch.keys.flushLastUsed()
  const { rows } = await world.admin.query<{ at: Date | null }>(
    'select last_used_at as at from api_key where id = $1',
    [parseToken(unused)?.keyId],
  )
  assert.equal(rows[0]?.at, null)
})

test('a revoked key is dead on every process within a second', async () => {
  await using real = await createWorld({ processes: 2, logLevel: 'silent' })
  const [first, second]: readonly { url: string }[] = real.processes
  assert.ok(first && second && rememberedMs <= 900)
  const took: number[] = []
  for (let round = 0; round < 4; round++) {
    const made: { id: string; key: string } = (
      await real.as('ada', first.url).post('/v1/keys', { name: `round ${round}`, scopes: ['lists:read'] })
    ).body
    const clients: readonly Client[] = [first, second].map(({ url }) => clientOf(url, made.key, 'as it is'))
    for (const { url } of real.processes) assert.equal((await clientOf(url, made.key).get('/v1/lists')).status, 200)
    // Different ages of what the processes remember when the key ends.
    await wait(round * 250)
    let ended = Infinity
    const watch = async (client: Client): Promise<number> => {
      let lastGood = 0
      for (let refused = 0; refused < 3; await wait(8)) {
        const asked = performance.now()
        const { status } = await client.get('/v1/lists')
        // A machine that is too busy says nothing of the key.
        assert.ok([200, 401, 503].includes(status), `answered ${status}`)
        if (status === 200) [lastGood, refused] = [asked, 0]
        else if (status === 401) refused++
        assert.ok(asked < ended + 30_000, 'the key does not die')
      }
      return lastGood
    }
    const watching = clients.map(watch)
    await wait(20)
    assert.equal((await real.as('ada', first.url).delete(`/v1/keys/${made.id}`)).status, 200)
    ended = performance.now()
    for (const lastGood of await Promise.all(watching)) took.push(Math.max(0, lastGood - ended))
  }
  const worst = Math.round(Math.max(...took))
  console.log(
    `revoked keys were last accepted ${took.map((ms) => Math.round(ms)).join(', ')} ms after; worst ${worst} ms`,
  )
  assert.ok(worst <= 1_000)
})
