/** The client against a real server: what each method answers, refusals, lost answers, pages. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, request as ask } from 'node:http'
import { test } from 'node:test'
import { createClient, type Policy, VouchProblem } from '#sdk'
import { createWorld, type World } from '#harness'
import { systemScope } from '#platform/database'

const payment = { amount: '20.00', currency: 'EUR', category: 'groceries', merchantId: 'm_1', userId: 'u_1' }
const clientOf = (world: World, actor: 'ada' | 'bo' | 'tess' | 'cleo' = 'ada', baseUrl = world.url) =>
  createClient({ baseUrl, key: world.as(actor).key })

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = []
  for await (const item of items) found.push(item)
  return found
}

test('a payment is judged, found again with its metadata untouched, and judged again the same', async () => {
  await using world = await createWorld()
  const vouch = clientOf(world)
  const metadata = { order_id: 'o-1', camelCase: true, __proto__x: null }
  const answer = await vouch.evaluate({ ...payment, metadata, userLimits: { per_day: '1000.00' }, geo: { country: 'SE' } })
  assert.equal(answer.decision, 'APPROVED')
  assert.equal(answer.factors.reduce((sum, { contribution }) => sum + Math.round(contribution * 100), 0), Math.round(answer.riskScore * 100)) // prettier-ignore
  const { event, ...stored } = await vouch.decisions.get(answer.traceId)
  const { latencyMs, ...fresh } = answer
  assert.ok(latencyMs > 0)
  assert.deepEqual(stored, fresh)
  assert.deepEqual(event?.['metadata'], metadata)
  assert.deepEqual(event?.['user_limits'], { per_day: '1000.00' })
  assert.deepEqual(await vouch.decisions.replay(answer.traceId), { same: true })

  assert.equal((await vouch.dryRun(payment)).traceId, null)
  const again = { ...payment, idempotencyKey: 'order-1' }
  assert.equal((await vouch.evaluate(again)).traceId, (await vouch.evaluate(again)).traceId)
  assert.equal((await all(vouch.decisions.list())).length, 2)
}) // prettier-ignore

test('a refusal says status, code, place and request, and nobody reaches what is another tenant’s', async () => {
  await using world = await createWorld()
  const { traceId } = await clientOf(world).evaluate(payment)
  const refusals = [
    [() => clientOf(world).evaluate({ ...payment, amount: '1.005' }), 400, 'invalid_request', '/amount'],
    [
      () => clientOf(world).evaluate({ ...payment, userId: '4111 1111 1111 1111' }),
      400,
      'card_number_present',
      '/user_id',
    ],
    [() => clientOf(world, 'bo').evaluate(payment), 403, 'forbidden', undefined],
    [() => clientOf(world, 'cleo').decisions.get(traceId), 404, 'not_found', undefined],
    [() => createClient({ baseUrl: world.url, key: 'vch_live_x' }).policy.get(), 401, 'unauthenticated', undefined],
  ] as const
  for (const [call, status, code, pointer] of refusals) {
    const error = await call().catch((thrown: unknown) => thrown) // prettier-ignore
    assert.ok(error instanceof VouchProblem, code)
    assert.deepEqual([error.status, error.code, error.errors[0]?.pointer], [status, code, pointer])
    assert.match(error.requestId ?? '', /^req_[0-9a-f]{32}$/)
  }
})

test('of many payments each is decided or refused in its place, and once, also when the whole is sent again', async () => {
  await using world = await createWorld()
  let attempts = 0
  const vouch = createClient({
    baseUrl: world.url,
    key: world.as('ada').key,
    // The first answer is lost after the server gave it.
    fetch: async (...request) => {
      const answer = await fetch(...request)
      if (++attempts > 1) return answer
      await answer.text()
      throw new TypeError('lost')
    },
  })
  const users = Array.from({ length: 40 }, (_, n) => `u_${n}`)
  const answers = await vouch.evaluateBatch(
    users.map((userId, n) => ({ ...payment, userId, amount: n % 10 === 3 ? '1.005' : '20.00', metadata: { n_th: n } })),
  )
  assert.equal(attempts, 2)
  const refused = answers.flatMap((one, n) => (one instanceof VouchProblem ? [[n, one.status, one.errors[0]?.pointer]] : []))
  assert.deepEqual(refused, [3, 13, 23, 33].map((n) => [n, 400, '/amount']))
  const decided = await all(clientOf(world).decisions.list())
  assert.deepEqual(decided.map(({ traceId }) => traceId).toReversed(), answers.flatMap((one) => (one instanceof VouchProblem ? [] : [one.traceId])))
  const [first] = answers
  assert.ok(first !== undefined && !(first instanceof VouchProblem))
  assert.deepEqual((await vouch.decisions.get(first.traceId)).event?.['metadata'], { n_th: 0 })
}) // prettier-ignore

test('a payment whose answer is lost on the way is decided once', async () => {
  await using world = await createWorld()
  let passed = 0
  // Hands on what it gets, and breaks the connection instead of handing back the first two answers.
  const proxy = createServer((incoming, outgoing) => {
    const { method, headers, url } = incoming
    const onward = ask(new URL(url ?? '', world.url), { method, headers }, (answer) => {
      passed++
      if (passed > 2) answer.pipe(outgoing.writeHead(answer.statusCode ?? 0, answer.headers))
      else answer.resume().on('end', () => outgoing.destroy())
    })
    incoming.pipe(onward)
  }).listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  const address = proxy.address()
  const url = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`
  const answer = await clientOf(world, 'ada', url).evaluate(payment)
  proxy.closeAllConnections()
  proxy.close()
  assert.equal(passed, 3)
  const decided = await all(clientOf(world).decisions.list())
  assert.deepEqual(decided.map(({ traceId }) => traceId), [answer.traceId]) // prettier-ignore
})

test('an iterator gives every item once, in order, whatever the size of its pages, and asks for no page that nobody reads', async () => {
  await using world = await createWorld()
  const vouch = clientOf(world)
  const made: string[] = []
  for (let n = 0; n < 12; n++) made.unshift((await vouch.evaluate({ ...payment, userId: `u_${n % 2}` })).traceId)
  for (const limit of [1, 3, 5, 12, 50]) {
    const found = await all(vouch.decisions.list({ limit }))
    assert.deepEqual(found.map(({ traceId }) => traceId), made, `pages of ${limit}`) // prettier-ignore
  }
  assert.equal((await all(vouch.decisions.list({ userId: 'u_1', limit: 4 }))).length, 6)

  let pages = 0
  const counting = createClient({
    baseUrl: world.url,
    key: world.as('ada').key,
    fetch: (...request) => (pages++, fetch(...request)),
  })
  for await (const _ of counting.decisions.list({ limit: 3 })) break
  assert.equal(pages, 1)
})

test('lists, policy and keys are changed and read', async () => {
  await using world = await createWorld()
  const vouch = clientOf(world)
  await vouch.lists.put('stolen', { kind: 'deny' })
  const entry = await vouch.lists.addEntry('stolen', { field: 'user_id', value: 'u_bad', note: 'stolen' })
  const imported = await vouch.lists.importEntries('stolen', { entries: [{ field: 'user_id', value: 'u_bad' }, { field: 'user_id', value: 'u_2' }] }) // prettier-ignore
  assert.deepEqual(imported.results.map(({ result }) => result), ['duplicate', 'added']) // prettier-ignore
  assert.equal((await vouch.evaluate({ ...payment, userId: 'u_bad' })).decision, 'DECLINED')
  await vouch.lists.deleteEntry('stolen', entry.id)
  assert.deepEqual((await all(vouch.lists.entries('stolen'))).map(({ value }) => value), ['u_2']) // prettier-ignore
  await vouch.lists.delete('stolen')
  assert.deepEqual(await vouch.lists.all(), [])

  const { document, version } = await vouch.policy.get()
  const stricter: Policy = { ...document, thresholds: { step_up: 1, decline: null } }
  assert.deepEqual(await vouch.policy.validate(stricter), { ok: true, errors: [] })
  const { revision } = await vouch.policy.saveDraft(stricter, { revision: 0 })
  await assert.rejects(vouch.policy.saveDraft(document, { revision: 0 }), { status: 412, code: 'precondition_failed' })
  assert.deepEqual((await vouch.policy.draft()).document, stricter)
  assert.deepEqual((await vouch.policy.publish(version + 1, { revision })).document.thresholds, stricter.thresholds)
  const difference = await vouch.policy.diff({ from: version, to: version + 1 })
  assert.ok(difference.changed.some(({ pointer }) => pointer === '/thresholds/step_up'))
  await vouch.policy.rollback(version)
  assert.deepEqual((await all(vouch.policy.versions({ limit: 1 }))).map((one) => one.version), [3, 2, 1]) // prettier-ignore
  assert.equal((await vouch.policy.version(3)).restores, 1)

  const issued = await vouch.keys.create({ name: 'reader', scopes: ['decisions:read'] })
  const rotated = await vouch.keys.rotate(issued.id, { overlapSeconds: 0 })
  assert.equal((await all(createClient({ baseUrl: world.url, key: rotated.key }).decisions.list())).length, 1)
  assert.notEqual((await vouch.keys.revoke(rotated.id)).revokedAt, null)
  assert.ok((await all(vouch.keys.list({ limit: 2 }))).some(({ name }) => name === 'reader'))
})

test('the trail and the log are read, with proofs as text and tiles as bytes', async () => {
  await using world = await createWorld()
  const vouch = clientOf(world)
  const { traceId } = await vouch.evaluate(payment)
  await vouch.audit.setLevel('changes')
  assert.deepEqual(await vouch.audit.level(), { level: 'changes' })
  const events = await all(vouch.audit.list({ limit: 2 }))
  assert.ok(events.some(({ action, onBehalfOf }) => action === 'audit_level.changed' && onBehalfOf === null))

  await vouch.log.followers.put('copy', { position: 0 })
  // Sequences and signs what there is, as the background does a little later.
  await world.vouch.logs.drain(systemScope(world.vouch.database, 'test').asTenant(world.acme.id))
  const entries = await vouch.log.followers.entries('copy', { limit: 50 })
  assert.ok(entries.data.some(({ id }) => id === traceId))
  const moved = await vouch.log.followers.acknowledge('copy', { from: 0, to: entries.nextAfter })
  assert.equal(moved.position, entries.nextAfter)
  assert.ok((await vouch.log.followers.all()).some(({ name }) => name === 'copy'))
  await vouch.log.followers.delete('copy')
  assert.ok((await vouch.log.entries({ limit: 1 })).data.length === 1)

  const { size } = await vouch.log.status()
  assert.ok(size > 1)
  assert.ok((await vouch.log.consistency(1, 2)).proof.length > 0)
  assert.equal((await vouch.log.setVisibility(true)).public, true)
  const [key] = (await vouch.log.keys()).keys
  assert.equal(key?.state, 'current')
  assert.ok((await vouch.log.rotateKeys()).keys.length > 1)
  assert.deepEqual(await vouch.log.witnesses.setQuorum({ quorum: 0 }), await vouch.log.witnesses.get())
  await assert.rejects(vouch.log.witnesses.add({ url: 'https://witness.example/w1', vkeys: 'none' }), { status: 400 })
  await assert.rejects(vouch.log.witnesses.remove('none'), { status: 404 })
  assert.equal(typeof (await vouch.log.witnesses.policy()), 'string')

  const proof = await vouch.log.proof(traceId)
  assert.match(proof, /^c2sp\.org\/tlog-proof@v1\n/)
  assert.match(await vouch.log.checkpoint(), /^localhost\/log\/ten_[0-9a-f]{32}\n\d+\n/)
  const tile = await vouch.log.tile(`0/000.p/${(await vouch.log.status()).checkpoint?.size ?? 0}`)
  assert.ok(tile instanceof Uint8Array && tile.length % 32 === 0 && tile.length > 0)
}) // prettier-ignore
