import assert from 'node:assert/strict'
import { setTimeout as wait } from 'node:timers/promises'
import { after, before, test } from 'node:test'
import fc from 'fast-check'
import { fromWireId, toWireId } from '#kernel/id'
import { levelRememberedMs } from '#platform/audit'
import { systemScope } from '#platform/database'
import { type Client, clientOf, createFakeClock, createWorld, payment, type World } from '#harness'

type Item = {
  id: string
  at: string
  actor: { kind: string; id: string }
  on_behalf_of: string | null
  action: string
  target: string | null
  outcome: string
  request_id: string | null
  details: unknown
  log: { index: number } | null
}
type Query = Record<string, string>

const clock = createFakeClock()
let world: World
before(async () => {
  world = await createWorld({ clock, logLevel: 'silent' })
})
after(() => world[Symbol.asyncDispose]())

const search = (query: Query): string =>
  Object.keys(query).length > 0 ? `?${new URLSearchParams(query).toString()}` : ''

/** All pages of a query, each item once. */
async function readAll(client: Client, query: Query = {}): Promise<Item[]> {
  const items: Item[] = []
  for (let cursor: string | null = ''; cursor !== null;) {
    const reply = await client.get(`/v1/audit${search(cursor ? { ...query, cursor } : query)}`)
    assert.equal(reply.status, 200, reply.text)
    items.push(...reply.body.data)
    cursor = reply.body.next_cursor
  }
  return items
}

const scopeOf = (tenantId: string) => systemScope(world.vouch.database, 'test').asTenant(tenantId)
const relax = (): void => clock.advance(2 * levelRememberedMs)
const setLevel = async (client: Client, level: string): Promise<void> => {
  assert.equal((await client.put('/v1/audit/level', { level })).status, 200)
  relax()
}

/** Without the rows that reading leaves: what there was is what there is. */
async function withoutReads<T>(work: () => Promise<T>): Promise<T> {
  await setLevel(world.as('ada'), 'changes')
  try {
    return await work()
  } finally {
    await setLevel(world.as('ada'), 'reads')
  }
}

test('the trail tells who did what, to what, when, in which request, and where it is in the log', async () => {
  const ada = world.as('ada')
  const put = await ada.put('/v1/lists/told', { kind: 'deny' })
  const { body } = await ada.get('/v1/audit?target=told')
  assert.equal(body.data.length, 1)
  const [item]: Item[] = body.data
  assert.deepEqual(
    { ...item, id: '', actor: { ...item?.actor, id: '' }, log: null },
    {
      id: '',
      at: new Date(clock.now()).toISOString(),
      actor: { kind: 'key', id: '' },
      on_behalf_of: null,
      action: 'list.put',
      target: 'told',
      outcome: 'success',
      request_id: put.headers.get('x-request-id'),
      details: { kind: 'deny', is_new: true },
      log: null,
    },
  )
  assert.match(item?.id ?? '', /^aud_[0-9a-f]{32}$/)
  assert.match(item?.actor.id ?? '', /^key_[0-9a-f]{32}$/)

  await world.vouch.logs.drain(scopeOf(world.acme.id))
  const sequenced: Item = (await ada.get('/v1/audit?target=told')).body.data[0]
  const { rows } = await world.admin.query<{ index: string }>(
    'select index from log_entry where tenant_id = $1 and id = $2',
    [world.acme.id, fromWireId('audit', sequenced.id)],
  )
  assert.deepEqual(sequenced.log, { index: Number(rows[0]?.index) })
})

test('any filter, alone or with others, gives what a search through all rows gives, in the same order', async () => {
  const ada = world.as('ada')
  for (let at = 0; at < 12; at++) {
    clock.advance(1_000)
    await ada.put(`/v1/lists/filtered-${at % 4}`, { kind: 'custom' })
    await ada.get('/v1/lists')
    await world.as('eve').get('/v1/lists')
    await world.as('bo').put('/v1/lists/never', { kind: 'custom' })
    await scopeOf(world.acme.id).transaction((tx) =>
      world.vouch.keys.issue(tx, 'live', { name: 'x', scopes: [] }, new Set()),
    )
  }
  await withoutReads(async () => {
    const all = await readAll(ada, { limit: '200' })
    assert.ok(all.length > 40)
    const sorted = all.toSorted((a, b) => (a.id < b.id ? 1 : -1))
    assert.deepEqual(all, sorted)
    const some = <T>(values: readonly T[]) => fc.option(fc.constantFrom(...new Set(values)), { nil: undefined })
    const texts = (values: readonly (string | null)[]) => values.filter((value) => value !== null)
    const query = fc.record({
      actor: some([...all.map(({ actor }) => actor.id), 'operator', 'system', 'key_unknown']),
      action: some([...all.map(({ action }) => action), 'list_entry.added']),
      target: some([...texts(all.map(({ target }) => target)), 'unheard of']),
      outcome: some(['success', 'refused']),
      from: some(all.map(({ at }) => at)),
      to: some(all.map(({ at }) => at)),
      limit: fc.constantFrom('1', '7', '50', '200'),
    })
    const meets = (item: Item, { actor, action, target, outcome, from, to }: Partial<Query>): boolean =>
      (actor === undefined || item.actor.id === actor || (actor !== 'key' && item.actor.kind === actor)) &&
      (action === undefined || item.action === action) &&
      (target === undefined || item.target === target) &&
      (outcome === undefined || item.outcome === outcome) &&
      (from === undefined || item.at >= from) &&
      (to === undefined || item.at < to)
    await fc.assert(
      fc.asyncProperty(query, async (asked) => {
        const given: Query = Object.fromEntries(
          Object.entries(asked).filter((entry): entry is [string, string] => entry[1] !== undefined),
        )
        assert.deepEqual(
          await readAll(ada, given),
          all.filter((item) => meets(item, given)),
        )
      }),
      { numRuns: 150 },
    )
  })
})

test('paging gives every row once, also while rows are written', async () => {
  const ada = world.as('ada')
  const before = await readAll(ada, { limit: '200' })
  const seen: Item[] = []
  for (let cursor: string | null = ''; cursor !== null;) {
    // Reading a page is itself a row, and so is this.
    await ada.put('/v1/lists/while-paging', { kind: 'custom' })
    clock.advance(5)
    const { body } = await ada.get(`/v1/audit${search({ limit: '7', ...(cursor ? { cursor } : {}) })}`)
    seen.push(...body.data)
    cursor = body.next_cursor
  }
  const ids = seen.map(({ id }) => id)
  assert.equal(new Set(ids).size, ids.length)
  assert.deepEqual(
    before.filter(({ id }) => !ids.includes(id)),
    [],
  )
  assert.deepEqual(ids, ids.toSorted().toReversed())
})

test('another tenant sees nothing of it, by any filter', async () => {
  const own = await readAll(world.as('ada'))
  const [item] = own
  assert.ok(item)
  const { body } = await world.as('ada').get('/v1/audit?limit=1')
  for (const other of [world.as('cleo'), world.as('tess')]) {
    const seen = new Set((await readAll(other)).map(({ id }) => id))
    assert.ok(seen.size > 0 && own.every(({ id }) => !seen.has(id)))
    for (const query of [{ actor: item.actor.id }, { target: 'told' }, { cursor: body.next_cursor, target: 'told' }])
      assert.deepEqual((await other.get(`/v1/audit${search(query)}`)).body.data, [])
  }
})

test('erased details are null, and the row stays', async () => {
  const ada = world.as('ada')
  await ada.put('/v1/lists/erased', { kind: 'deny' })
  const [whole]: Item[] = (await ada.get('/v1/audit?target=erased')).body.data
  await world.admin.query('update audit_event set details = null where target = $1', ['erased'])
  const [rest]: Item[] = (await ada.get('/v1/audit?target=erased')).body.data
  assert.deepEqual(rest, { ...whole, details: null })
  const [exported] = (await ada.get('/v1/audit?target=erased&format=ocsf')).body.data
  assert.equal(exported.data.unmapped, undefined)
})

test('an action that is none is refused, and the refusal lists those there are', async () => {
  for (const query of [
    'action=list.eaten',
    'action=',
    'outcome=maybe',
    'format=xml',
    'from=yesterday',
    'actor=',
    'actor=%00',
    'target=%00',
    'cursor=x',
  ]) {
    const reply = await world.as('ada').get(`/v1/audit?${query}`)
    assert.equal(reply.body.code, 'invalid_request', query)
  }
  const { body } = await world.as('ada').get('/v1/audit?action=list.eaten')
  for (const { name } of world.vouch.audit.actions) assert.ok(body.errors[0].message.includes(name), name)
})

test('reading data leaves a row that says who read what, also reading the trail', async () => {
  const ada = world.as('ada')
  const { trace_id } = (await ada.post('/v1/evaluate', payment())).body
  await ada.put('/v1/lists/read', { kind: 'deny' })
  const reads: [string, string, string | null][] = [
    ['/v1/decisions', 'decision.listed', null],
    [`/v1/decisions/${trace_id}`, 'decision.read', trace_id],
    ['/v1/lists', 'list.listed', null],
    ['/v1/lists/read/entries', 'list.read', 'read'],
    ['/v1/keys', 'key.listed', null],
    ['/v1/audit/level', 'audit_level.read', null],
    ['/v1/audit?limit=1', 'audit.read', null],
  ]
  for (const [path, action, target] of reads) {
    const reply = await ada.get(path)
    assert.equal(reply.status, 200)
    const [item]: Item[] = (await ada.get(`/v1/audit?action=${action}&limit=1`)).body.data
    assert.deepEqual([item?.target, item?.outcome], [target, 'success'], path)
    assert.equal(item?.request_id, reply.headers.get('x-request-id'), path)
  }
  // What was not there, or not as documented, was not read.
  const count = async () => (await readAll(ada, { action: 'decision.read' })).length
  const before = await count()
  assert.equal((await ada.get(`/v1/decisions/tr_${'0'.repeat(32)}`)).status, 404)
  assert.equal(await count(), before)
})

test('a read that cannot be recorded is not answered', async () => {
  await world.admin.query('alter table audit_event rename to audit_event_away')
  try {
    const reply = await world.as('ada').get('/v1/lists')
    assert.equal(reply.status, 500)
    assert.equal(reply.body.data, undefined)
  } finally {
    await world.admin.query('alter table audit_event_away rename to audit_event')
  }
  assert.equal((await world.as('ada').get('/v1/lists')).status, 200)
})

test('a valid key that lacks a scope leaves a refusal in its tenant; a stranger leaves nothing', async () => {
  const ada = world.as('ada')
  const asked = await world.as('eve').get(`/v1/decisions/tr_${'0'.repeat(32)}`)
  assert.equal(asked.status, 403)
  const [item]: Item[] = (await ada.get('/v1/audit?outcome=refused&limit=1')).body.data
  assert.deepEqual(
    [item?.action, item?.target, item?.outcome, item?.request_id],
    ['access.refused', 'GET /v1/decisions/{trace_id}', 'refused', asked.headers.get('x-request-id')],
  )
  // A key that may issue keys, and passes on what it does not hold.
  const issuer = clientOf(world.url, await world.issue(world.acme.id, ['keys:write']))
  const passed = await issuer.post('/v1/keys', { name: 'more', scopes: ['lists:read'] })
  assert.equal(passed.status, 403)
  const [second]: Item[] = (await ada.get('/v1/audit?outcome=refused&limit=1')).body.data
  assert.deepEqual([second?.target, second?.request_id], ['POST /v1/keys', passed.headers.get('x-request-id')])

  const count = async () => (await world.admin.query('select count(*) as n from audit_event')).rows[0].n
  const before = await count()
  assert.equal((await world.as('nobody').get('/v1/lists')).status, 401)
  assert.equal((await clientOf(world.url, `${world.as('ada').key}x`).get('/v1/lists')).status, 401)
  assert.equal(await count(), before)
})

test('a level below the floor is refused, by the interface and by the database', async () => {
  const ada = world.as('ada')
  for (const level of ['nothing', 'none', 'off', '', 'CHANGES', 'refusals', null, 0, []]) {
    const reply = await ada.put('/v1/audit/level', { level })
    assert.deepEqual([reply.status, reply.body.code], [400, 'invalid_request'], String(level))
  }
  await assert.rejects(
    scopeOf(world.acme.id).transaction((tx) => world.vouch.audit.setLevel(tx, 'nothing')),
    /A level is one of/,
  )
  for (const level of ['nothing', '']) {
    const insert = `insert into audit_level values ($1, $2, now()) on conflict (tenant_id) do update set level = excluded.level`
    await assert.rejects(world.admin.query(insert, [world.acme.id, level]), /audit_level_level_check/)
  }
  assert.deepEqual((await ada.get('/v1/audit/level')).body, { level: 'reads' })
})

test('at the level of changes reads leave no row, and changes and refusals always do', async () => {
  const ada = world.as('ada')
  const counts = async (): Promise<Record<string, number>> => {
    const { rows } = await world.admin.query<{ action: string; n: string }>(
      'select action, count(*) as n from audit_event where tenant_id = $1 group by action',
      [world.acme.id],
    )
    return Object.fromEntries(rows.map(({ action, n }) => [action, Number(n)]))
  }
  await withoutReads(async () => {
    const before = await counts()
    for (const path of ['/v1/lists', '/v1/keys', '/v1/decisions', '/v1/audit', '/v1/audit/level'])
      assert.equal((await ada.get(path)).status, 200)
    await ada.put('/v1/lists/at-the-floor', { kind: 'deny' })
    await world.as('eve').get('/v1/lists')
    const after = await counts()
    assert.deepEqual(after, {
      ...before,
      'list.put': (before['list.put'] ?? 0) + 1,
      'access.refused': (before['access.refused'] ?? 0) + 1,
    })
    // Another tenant's level is its own.
    await world.as('cleo').get('/v1/lists')
    assert.equal((await readAll(world.as('cleo'), { action: 'list.listed' })).length >= 1, true)
  })
})

test('a change of level is in the trail: who, from which, to which', async () => {
  const ada = world.as('ada')
  const changed = await ada.put('/v1/audit/level', { level: 'changes' })
  await setLevel(ada, 'reads')
  const [back, first]: Item[] = (await ada.get('/v1/audit?action=audit_level.changed&limit=2')).body.data
  assert.deepEqual(first?.details, { from: 'reads', to: 'changes' })
  assert.deepEqual(back?.details, { from: 'changes', to: 'reads' })
  assert.equal(first?.request_id, changed.headers.get('x-request-id'))
  assert.equal(first?.actor.kind, 'key')
})

test('every process follows a change of level within a second', async () => {
  await using real = await createWorld({ processes: 1, logLevel: 'silent' })
  const [other] = real.processes
  assert.ok(other && levelRememberedMs <= 1_000)
  const there = real.as('ada', other.url)
  assert.equal((await there.get('/v1/lists')).status, 200)
  assert.equal((await real.as('ada').put('/v1/audit/level', { level: 'changes' })).status, 200)
  await wait(levelRememberedMs)
  const late = await there.get('/v1/lists')
  const { rowCount } = await real.admin.query('select from audit_event where request_id = $1', [
    fromWireId('request', late.headers.get('x-request-id') ?? ''),
  ])
  assert.deepEqual([late.status, rowCount], [200, 0])
})

test('the check of levels passes here, and fails where a level below the floor could be set', async () => {
  const control = world.vouch.controls.find(({ claim }) => claim === 'aud.levels')
  assert.equal((await control?.check?.run(null))?.result, 'pass')
  await world.admin.query('alter table audit_level drop constraint audit_level_level_check')
  try {
    const seen = await control?.check?.run(null)
    assert.deepEqual([seen?.result, seen?.saw.en], ['fail', 'The database takes a level below the floor.'])
  } finally {
    await world.admin.query(
      `alter table audit_level add constraint audit_level_level_check check (level in ('changes', 'reads'))`,
    )
  }
})

test('the tenant of the trail is named in an export', async () => {
  const { body } = await world.as('ada').get('/v1/audit?format=ocsf&limit=1')
  const [event] = body.data
  assert.equal(event.source, `/log/${toWireId('tenant', world.acme.id)}`)
  assert.equal(event.data.metadata.tenant_uid, toWireId('tenant', world.acme.id))
})
