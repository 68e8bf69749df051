import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { createFakeClock, createWorld, payment, waitUntil, type World } from '#harness'

const clock = createFakeClock()
let world: World
before(async () => {
  world = await createWorld({ clock, processes: 1 })
})
after(() => world[Symbol.asyncDispose]())

let serial = 0
async function makeList(kind: 'deny' | 'allow' | 'custom' = 'deny'): Promise<string> {
  const path = `/v1/lists/l${++serial}`
  assert.equal((await world.as('ada').put(path, { kind })).status, 200)
  return path
}
const decisionFrom = async (ip: string, url?: string): Promise<string> =>
  (await world.as('ada', url).post('/v1/evaluate', payment({ ip }))).body.decision

test('an address is stopped by a range that holds it, on every process at once, and by no other range', async () => {
  const ada = world.as('ada')
  const list = await makeList()
  const other = world.processes[0]?.url ?? assert.fail()
  assert.equal(await decisionFrom('203.0.113.7', other), 'APPROVED')
  for (const value of ['203.0.113.0/25', '2001:db8:7::/48', '198.51.100.9'])
    assert.equal((await ada.post(`${list}/entries`, { field: 'ip', value })).status, 201)
  for (const ip of ['203.0.113.7', '2001:db8:7::1', '2001:DB8:7:0:0::2', '198.51.100.9'])
    assert.equal(await decisionFrom(ip), 'DECLINED', ip)
  for (const ip of ['203.0.113.200', '2001:db8:8::1', '198.51.100.8', '192.0.2.1'])
    assert.equal(await decisionFrom(ip), 'APPROVED', ip)
  assert.equal(await decisionFrom('203.0.113.7', other), 'DECLINED')

  assert.equal((await ada.post(`${list}/entries`, { field: 'ip', value: '203.0.113.0/25' })).status, 409)
  const refused = await ada.post(`${list}/entries`, { field: 'ip', value: '203.0.113.7/24' })
  assert.deepEqual([refused.status, refused.body.errors[0].pointer], [400, '/value'])
  assert.equal((await ada.delete(list)).status, 204)
})

test('of a batch each entry is judged alone, in its place, and the trail has one row for all', async () => {
  const ada = world.as('ada')
  const list = await makeList('custom')
  const entries = [
    { field: 'user_id', value: 'u_a', note: 'first' },
    { field: 'user_id', value: 'u_a' },
    { field: 'card_fingerprint', value: '4111 1111 1111 1111' },
    { field: 'ip', value: 'nowhere' },
    { field: 'country', value: 'Sweden' },
    { field: 'country', value: 'SE', expires_at: new Date(clock.now() + 60_000).toISOString() },
  ]
  const { status, body } = await ada.post(`${list}/import`, { entries })
  assert.equal(status, 200)
  assert.deepEqual(
    body.results.map(({ result, error }: { result: string; error: { pointer: string } | null }) => [
      result,
      error && error.pointer,
    ]),
    [
      ['added', null],
      ['duplicate', null],
      ['refused', '/entries/2/value'],
      ['refused', '/entries/3/value'],
      ['refused', '/entries/4/value'],
      ['added', null],
    ],
  )
  assert.equal(body.added, 2)
  for (const value of ['se', 'SWE', 'SE ']) {
    const refused = await ada.post(`${list}/entries`, { field: 'country', value })
    assert.deepEqual([refused.status, refused.body.errors[0].pointer], [400, '/value'], value)
  }
  assert.ok(!JSON.stringify(body).includes('4111'))
  assert.equal((await ada.get(`${list}/entries`)).body.data.length, 2)
  const trail = await ada.get('/v1/audit?action=list_entry.imported')
  assert.deepEqual(trail.body.data[0].details, { added: 2, of: 6 })
  clock.advance(61_000)
  // What has expired makes room for itself.
  const again = await ada.post(`${list}/import`, {
    entries: entries.slice(5).map(({ field, value }) => ({ field, value })),
  })
  assert.equal(again.body.added, 1)
})

test('two batches at once that share their values both end, and each value is there once', async () => {
  const ada = world.as('ada')
  const list = await makeList('custom')
  const entries = Array.from({ length: 300 }, (_, n) => ({ field: 'user_id', value: `u_${n}` }))
  const replies = await Promise.all([
    ada.post(`${list}/import`, { entries }),
    ada.post(`${list}/import`, { entries: entries.toReversed() }),
  ])
  assert.deepEqual(
    replies.map(({ status }) => status),
    [200, 200],
  )
  assert.equal(
    replies.reduce((sum, { body }) => sum + body.added, 0),
    300,
  )
})

test('an entry whose list is deleted meanwhile is a conflict, and is not stored', async () => {
  const list = await makeList()
  const id = list.slice(list.lastIndexOf('/') + 1)
  await world.admin.query('begin')
  await world.admin.query('delete from list where id = $1', [id])
  const adding = world.as('ada').post(`${list}/entries`, { field: 'user_id', value: 'u_1' })
  const waiting = 'select from pg_locks where not granted and pg_backend_pid() = any (pg_blocking_pids(pid))'
  await waitUntil('it waits for the list', async () => (await world.admin.query(waiting)).rowCount !== 0)
  await world.admin.query('commit')
  const { status, body } = await adding
  assert.deepEqual([status, body.code], [409, 'conflict'])
  assert.equal((await world.admin.query('select from list_entry where list_id = $1', [id])).rowCount, 0)
})
