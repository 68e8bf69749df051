import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Client, createFakeClock, createWorld, payment, type Reply, waitUntil } from '#harness'
import { defaultPolicy, type PolicyDocument } from '#engine/decide'

const gifts = { id: 'gifts', when: "category == 'gift_cards'", then: 'decline', reason: 'No {category} here.' } as const
const strict: PolicyDocument = { ...defaultPolicy, rules: [gifts] }
const json = { 'content-type': 'application/json' }
const saveDraft = (client: Client, document: unknown, ifMatch?: string) =>
  client.send('PUT', '/v1/policy/draft', {
    body: JSON.stringify(document),
    headers: { ...json, ...(ifMatch === undefined ? {} : { 'if-match': ifMatch }) },
  })
const publish = async (client: Client, document: unknown) => {
  const saved = await saveDraft(client, document)
  assert.equal(saved.status, 200, saved.text)
  const { version } = (await client.get('/v1/policy')).body
  const done = await client.post('/v1/policy/publish', { version: version + 1 })
  assert.equal(done.status, 200, done.text)
  return done.body
}
type Answer = { policy_version: number; decision: string }
const giftCard = payment({ category: 'gift_cards' })

test('a draft is saved, published, compared and rolled back; each decision names the version that judged it', async () => {
  await using world = await createWorld({ logLevel: 'silent' })
  const ada = world.as('ada')
  const first = (await ada.get('/v1/policy')).body
  assert.deepEqual([first.version, first.published_at, first.document], [1, null, JSON.parse(JSON.stringify(defaultPolicy))]) // prettier-ignore
  assert.equal((await ada.get('/v1/policy/draft')).body.revision, 0)
  assert.equal((await ada.post('/v1/policy/publish', { version: 2 })).status, 409, 'there is no draft')
  assert.notEqual((await ada.post('/v1/evaluate', giftCard)).body.decision, 'DECLINED')

  await publish(ada, strict)
  const declined = (await ada.post('/v1/evaluate', giftCard)).body
  assert.deepEqual([declined.decision, declined.policy_version], ['DECLINED', 2])
  assert.equal(declined.reason_text, 'Declined by the rule gifts: No gift_cards here.')
  assert.equal((await ada.get(`/v1/decisions/${declined.trace_id}`)).body.policy_version, 2)

  const { body: diff } = await ada.get('/v1/policy/diff?from=1&to=2')
  assert.deepEqual(diff, { added: [{ pointer: '/rules/0', to: gifts }], removed: [], changed: [] })
  assert.equal((await saveDraft(ada, { ...strict, thresholds: { step_up: 20, decline: null } })).status, 200)
  const { body: pending } = await ada.get('/v1/policy/diff?from=2')
  assert.deepEqual(pending.changed, [
    { pointer: '/thresholds/decline', from: 70, to: null },
    { pointer: '/thresholds/step_up', from: 30, to: 20 },
  ])

  const back = await ada.post('/v1/policy/rollback', { version: 1 })
  assert.deepEqual([back.status, back.body.version, back.body.restores], [200, 3, 1])
  assert.notEqual((await ada.post('/v1/evaluate', giftCard)).body.decision, 'DECLINED')
  assert.equal((await ada.post('/v1/policy/rollback', { version: 3 })).status, 409)
  assert.equal((await ada.post('/v1/policy/rollback', { version: 9 })).status, 404)
  assert.equal((await ada.get('/v1/policy/versions/9')).status, 404)
  assert.equal((await ada.get('/v1/policy/diff?from=1&to=9')).status, 404)

  const seen: number[] = []
  let path = '/v1/policy/versions?limit=1'
  for (;;) {
    const { body } = await ada.get(path)
    seen.push(...body.data.map(({ version }: { version: number }) => version))
    if (!body.next_cursor) break
    path = `/v1/policy/versions?limit=1&cursor=${body.next_cursor}`
  }
  assert.deepEqual(seen, [3, 2, 1])
  assert.equal((await ada.get('/v1/policy/versions?cursor=junk')).status, 400)

  const { rows } = await world.admin.query<{ action: string }>(
    "select action from audit_event where action like 'policy%' and action not similar to '%(read|listed|compared)' order by id",
  )
  assert.deepEqual(
    rows.map(({ action }) => action),
    ['policy_draft.saved', 'policy.published', 'policy_draft.saved', 'policy.rolled_back'],
  )
  for (const other of ['cleo', 'tess'] as const) {
    assert.equal((await world.as(other).get('/v1/policy')).body.version, 1)
    assert.equal((await world.as(other).get('/v1/policy/versions/2')).status, 404)
    assert.equal((await world.as(other).get('/v1/policy/draft')).body.revision, 0)
  }
})

test('If-Match lets only those save or publish who have seen the draft as it is', async () => {
  await using world = await createWorld({ logLevel: 'silent' })
  const ada = world.as('ada')
  assert.equal((await saveDraft(ada, strict, '*')).status, 412, 'there is no draft yet')
  const made = await saveDraft(ada, strict, '"0"')
  assert.deepEqual([made.status, made.headers.get('etag'), made.body.revision], [200, '"1"', 1])
  const read = await ada.get('/v1/policy/draft')
  assert.equal(read.headers.get('etag'), '"1"')
  assert.deepEqual(read.body.document, JSON.parse(JSON.stringify(strict)))
  for (const tag of ['"0"', '"2"', 'W/"1"', '1', 'x', '""']) {
    const refused = await saveDraft(ada, defaultPolicy, tag)
    assert.deepEqual([refused.status, refused.body.code], [412, 'precondition_failed'], tag)
  }
  assert.equal((await saveDraft(ada, defaultPolicy, '"7", "1"')).body.revision, 2)
  assert.equal((await saveDraft(ada, strict, '*')).body.revision, 3)
  assert.equal((await saveDraft(ada, strict)).body.revision, 4, 'without If-Match, whatever is there')
  const send = (tag: string) =>
    ada.send('POST', '/v1/policy/publish', { body: '{"version":2}', headers: { ...json, 'if-match': tag } })
  assert.equal((await send('"3"')).status, 412)
  assert.equal((await send('"4"')).status, 200)
})

test('a policy with errors is stored nowhere, and the answer has pointer and position', async () => {
  await using world = await createWorld({ logLevel: 'silent' })
  const ada = world.as('ada')
  const wrong = { ...strict, rules: [{ ...gifts, when: 'true &&\n amuont > 1.0' }], lists: ['unmade'] }
  const verdict = await ada.post('/v1/policy/validate', wrong)
  const errors = [
    { pointer: '/rules/0/when', message: 'There is no signal amuont. Did you mean amount?', position: { line: 2, column: 2, offset: 9 } },
  ] // prettier-ignore
  assert.deepEqual([verdict.status, verdict.body], [200, { ok: false, errors }])
  const refused = await saveDraft(ada, wrong)
  assert.deepEqual([refused.status, refused.body.code, refused.body.errors], [400, 'invalid_request', errors])
  const unmade = await saveDraft(ada, { ...strict, lists: ['unmade'] })
  assert.deepEqual(unmade.body.errors, [{ pointer: '/lists/0', message: 'There is no such list. Make it first.' }])
  assert.equal((await ada.get('/v1/policy/draft')).body.revision, 0)
  assert.deepEqual((await ada.post('/v1/policy/validate', strict)).body, { ok: true, errors: [] })
  const card = await saveDraft(ada, { ...strict, rules: [{ ...gifts, reason: 'Of 4111 1111 1111 1111.' }] })
  assert.equal(card.body.code, 'card_number_present')
})

test('of two who publish or roll back at once, one wins and the other is told; no version is lost or made twice', async () => {
  await using world = await createWorld({ processes: 2, logLevel: 'silent' })
  const clients = world.processes.map(({ url }) => world.as('ada', url))
  const [one, other] = clients
  assert.ok(one && other)
  await publish(one, strict)
  /** A lock that was not had within a second is no word about versions: whoever is told so asks again. */
  const say = async (client: Client, verb: string, version: number): Promise<Reply> => {
    const reply = await client.post(`/v1/policy/${verb}`, { version })
    return reply.status === 409 && reply.headers.has('retry-after') ? say(client, verb, version) : reply
  }
  for (let version = 3; version < 9; version++) {
    const replies = await Promise.all(clients.map((client) => say(client, 'publish', version)))
    assert.deepEqual(
      replies.map(({ status }) => status).toSorted((a, b) => a - b),
      [200, 409],
    )
  }
  const rolled = await Promise.all(clients.map((client) => say(client, 'rollback', 1)))
  const made = rolled.filter(({ status }) => status === 200).map(({ body }) => body.version)
  assert.ok(made.length > 0 && rolled.every(({ status }) => status === 200 || status === 409))
  const { data } = (await other.get('/v1/policy/versions')).body
  const versions = data.map(({ version }: { version: number }) => version)
  assert.deepEqual(
    versions,
    Array.from({ length: 8 + made.length }, (_, n) => 8 + made.length - n),
  )
})

test('what is published judges the next decision on every process', async () => {
  await using world = await createWorld({ processes: 2, logLevel: 'silent' })
  const [one, other] = world.processes.map(({ url }) => world.as('ada', url))
  assert.ok(one && other)
  for (const [document, decision] of [[strict, 'DECLINED'], [defaultPolicy, 'APPROVED']] as const) {
    for (const client of [one, other]) await client.post('/v1/evaluate', giftCard)
    const { version } = await publish(one, document)
    const here: Answer = (await one.post('/v1/evaluate', giftCard)).body
    assert.deepEqual([here.policy_version, here.decision === 'DECLINED'], [version, decision === 'DECLINED'])
    const there: Answer = (await other.post('/v1/evaluate', giftCard)).body
    assert.deepEqual([there.policy_version, there.decision === 'DECLINED'], [version, decision === 'DECLINED'])
  }
}) // prettier-ignore

test('a list that the published policy names is not deleted; one that is gone all the same matches nobody', async () => {
  const clock = createFakeClock()
  await using world = await createWorld({ clock, logLevel: 'silent' })
  const ada = world.as('ada')
  await ada.put('/v1/lists/vip-guests', { kind: 'custom' })
  await ada.post('/v1/lists/vip-guests/entries', { field: 'user_id', value: 'u_1' })
  const rules = [
    { id: 'vip', when: 'lists.vip_guests', then: 'approve', reason: 'A guest.' },
    { id: 'stranger', when: '!lists.vip_guests', then: { add: 7 }, reason: 'No guest.' },
  ]
  const { version } = await publish(ada, { ...defaultPolicy, rules, lists: ['vip-guests'] })
  const guest = (await ada.post('/v1/evaluate', payment({ amount: '90000.00' }))).body
  assert.deepEqual([guest.decision, guest.reason_text], ['APPROVED', 'Approved by the rule vip: A guest.'])
  const stranger = (await ada.post('/v1/evaluate', payment({ user_id: 'u_2' }))).body
  assert.equal(stranger.factors.find(({ id }: { id: string }) => id === 'rule:stranger').contribution, 7)

  const refused = await ada.delete('/v1/lists/vip-guests')
  assert.deepEqual([refused.status, refused.body.code], [409, 'conflict'])
  assert.equal((await ada.get('/v1/lists/vip-guests/entries')).body.data.length, 1, 'half of it was deleted')
  await world.admin.query('delete from list')
  await world.admin.query('update decision_basis set version = version + 1')
  const left = (await ada.post('/v1/evaluate', payment())).body
  assert.equal(left.policy_version, version)
  const said = left.factors.filter(({ id }: { id: string }) => id.startsWith('rule:'))
  assert.deepEqual(
    said.map(({ id, status, contribution }: Record<string, unknown>) => [id, status, contribution]),
    [['rule:vip', 'missing', 0], ['rule:stranger', 'missing', 0]],
  )
  assert.match(said[0].explanation, /lists\.vip_guests was not measured/)

  assert.equal((await ada.post('/v1/policy/rollback', { version: 1 })).status, 200)
  assert.equal((await ada.post('/v1/policy/rollback', { version })).status, 400, 'it names a list that is gone')
}) // prettier-ignore

test('of a list that is deleted while a policy that names it is published, one goes through', async () => {
  await using world = await createWorld({ logLevel: 'silent' })
  const ada = world.as('ada')
  const waiting = async () => {
    await world.admin.query('select pg_stat_clear_snapshot()')
    return (await world.admin.query("select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()")).rowCount // prettier-ignore
  }
  /** Both are stopped where they count their change. */
  const race = async (first: 'delete' | 'publish', id: string): Promise<Reply[]> => {
    await ada.put(`/v1/lists/${id}`, { kind: 'custom' })
    assert.equal((await saveDraft(ada, { ...defaultPolicy, lists: [id] })).status, 200)
    const version = (await ada.get('/v1/policy')).body.version + 1
    const asks = {
      delete: () => ada.delete(`/v1/lists/${id}`),
      publish: () => ada.post('/v1/policy/publish', { version }),
    }
    let isAnswered = false
    const ask = (what: 'delete' | 'publish') => asks[what]().finally(() => (isAnswered = true))
    await world.admin.query('begin')
    await world.admin.query('select from decision_basis for update')
    const one = ask(first)
    await waitUntil('the first waits', async () => isAnswered || (await waiting()) === 1)
    const other = ask(first === 'delete' ? 'publish' : 'delete')
    await waitUntil('both wait', async () => isAnswered || (await waiting()) === 2)
    await world.admin.query('commit')
    return Promise.all([one, other])
  }
  for (const first of ['delete', 'publish'] as const) {
    let replies: Reply[] = []
    // Nobody waits longer than a second for a lock: a machine that is slower tries again.
    for (let tries = 0; tries === 0 || replies.some(({ headers }) => headers.has('retry-after')); tries++) {
      assert.ok(tries < 50, 'never did both wait at once')
      replies = await race(first, `l-${first}-${tries}`)
    }
    const statuses = replies.map(({ status }) => status).toSorted((a, b) => a - b)
    assert.deepEqual(statuses, first === 'delete' ? [204, 400] : [200, 409])
  }
})

test('bad policies do not break a payment: division by zero, fuel, an expression over hostile metadata', async () => {
  await using world = await createWorld({ logLevel: 'silent' })
  const ada = world.as('ada')
  const ten = '[0,1,2,3,4,5,6,7,8,9]'
  const dry = `${ten}.all(a, ${ten}.all(b, ${ten}.all(c, ${ten}.all(d, a + b + c + d < 100))))`
  const rules = [
    { id: 'zero', when: 'amount_minor / (amount_minor - amount_minor) > 1', then: 'decline', reason: 'Zero.' },
    { id: 'dry', when: dry, then: 'decline', reason: 'Dry.' },
    { id: 'hostile', when: "metadata['__proto__'] == 'x' || metadata.constructor == 'y'", then: 'decline', reason: 'Hostile.' },
  ]
  const factors = [...defaultPolicy.factors, { id: 'endless', weight: 5, cel: 'amount / (amount - amount)', points_if_missing: 1, reason: 'Endless.' }]
  await publish(ada, { ...defaultPolicy, factors, rules })
  const { status, body, text } = await ada.post('/v1/evaluate', payment({ metadata: { order: 'o_1', note: null } }))
  assert.equal(status, 200, text)
  assert.equal(body.decision, 'APPROVED')
  const missing = body.factors.filter((one: { status: string }) => one.status === 'missing').map(({ id }: { id: string }) => id)
  for (const id of ['endless', 'rule:zero', 'rule:dry', 'rule:hostile']) assert.ok(missing.includes(id), id)
  const sum = body.factors.reduce((total: number, one: { contribution: number }) => total + Math.round(one.contribution * 100), 0)
  assert.equal(sum, Math.round(body.risk_score * 100))
}) // prettier-ignore
