/** The log over HTTP, and what the owner of the database does behind its back. The processes that die are in test/journeys. */
import assert from 'node:assert/strict'
import { createHash, createPublicKey } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { createFakeClock, createWorld, payment, type World } from '#harness'
import { fromWireId, toWireId } from '#kernel/id'
import { systemScope } from '#platform/database'
import {
  appendLeaves,
  hashLeaf,
  openCheckpoint,
  parseVkeys,
  splitBundle,
  tilePath,
  tileWidth,
  verifyConsistency,
  verifyExport,
  verifyProof,
  widthAt,
} from '#platform/tlog'

let world: World
const clock = createFakeClock()
before(async () => {
  world = await createWorld({ clock })
})
after(() => world[Symbol.asyncDispose]())

const scopeOf = (tenantId: string) => systemScope(world.vouch.database, 'test').asTenant(tenantId)
const acme = () => scopeOf(world.acme.id)
const drain = () => world.vouch.logs.drain(acme())
const evaluate = async (count: number): Promise<string[]> => {
  const replies = await Promise.all(
    Array.from({ length: count }, () => world.as('ada').post('/v1/evaluate', payment())),
  )
  return replies.map(({ body }) => body.trace_id)
}
async function withFolder<T>(work: (dir: string) => Promise<T>): Promise<T> {
  const dir = await mkdtemp(join(tmpdir(), 'vouch-log-'))
  try {
    return await work(dir)
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}
const bytesAt = async (url: string, key?: string): Promise<{ status: number; bytes: Buffer; cache: string | null }> => {
  const reply = await fetch(url, key ? { headers: { authorization: `Bearer ${key}` } } : {})
  return {
    status: reply.status,
    bytes: Buffer.from(await reply.arrayBuffer()),
    cache: reply.headers.get('cache-control'),
  }
}

test('an export of a served log verifies, with every row of the trail and every decision in it once', async () => {
  await evaluate(300)
  await withFolder(async (dir) => {
    const { vkeys, checkpoint } = await world.vouch.logs.export(acme(), dir)
    const report = await verifyExport(dir, { vkey: vkeys })
    assert.deepEqual([report.ok, report.first_bad, report.size], [true, null, Number(checkpoint.size)])
    const lines = (await readFile(join(dir, 'contents.jsonl'), 'utf8')).trimEnd().split('\n')
    const logged = lines.map((line) => JSON.parse(JSON.parse(line).content).id as string)
    const { rows } = await world.admin.query<{ kind: 'audit' | 'decision'; id: string }>(
      `select 'audit' as kind, id from audit_event where tenant_id = $1 union all select 'decision', id from decision where tenant_id = $1`,
      [world.acme.id],
    )
    const written = rows.map(({ kind, id }) => toWireId(kind, id))
    // The trail says that the log was exported, and that stands after what was exported.
    assert.equal(written.length, logged.length + 1)
    assert.equal(new Set(logged).size, logged.length)
    assert.deepEqual(
      logged.filter((id) => !written.includes(id)),
      [],
    )
  })
})

/** As a reader without our code would: the checkpoint, the bundles it counts, and the tiles above them. */
async function readTiles(base: string, key?: string): Promise<{ size: number; note: string }> {
  const note = (await bytesAt(`${base}/checkpoint`, key)).bytes.toString()
  const size = Number(note.split('\n')[1])
  const leaves: Buffer[] = []
  for (let index = 0; index * tileWidth < size; index++) {
    const width = widthAt('entries', index, size)
    const path = tilePath({ level: 'entries', index, width })
    const { bytes, cache } = await bytesAt(`${base}/${path}`, key)
    assert.match(cache ?? '', /immutable/)
    leaves.push(...splitBundle(bytes, width).map(hashLeaf))
  }
  const tree = appendLeaves(0, [], leaves)
  assert.equal(tree.root.toString('base64'), note.split('\n')[2])
  for (const tile of tree.tiles) {
    const { bytes } = await bytesAt(`${base}/${tilePath(tile)}`, key)
    assert.ok(bytes.equals(tile.hashes), tilePath(tile))
  }
  return { size, note }
}

test('a public log is read without a key by its tiles, and a private one is not there', async () => {
  await evaluate(20)
  await drain()
  const ada = world.as('ada')
  const wireId = toWireId('tenant', world.acme.id)
  const base = `${world.url}/log/${wireId}`
  const own = await readTiles(`${world.url}/v1/log`, ada.key)
  assert.ok(own.size > 300)
  for (const path of ['checkpoint', 'keys', 'tile/0/000', 'tile/entries/000'])
    assert.equal((await bytesAt(`${base}/${path}`)).status, 404)

  assert.equal((await ada.put('/v1/log/visibility', { public: true })).body.public, true)
  assert.deepEqual(await readTiles(base), own)
  const { body: keySet } = await world.as('nobody').get('/.well-known/jwks.json')
  assert.ok(keySet.keys.every(({ kid }: { kid: string }) => kid.includes(wireId)))
  const [ed25519] = keySet.keys
  assert.equal(createPublicKey({ key: ed25519, format: 'jwk' }).asymmetricKeyType, 'ed25519')

  assert.equal((await ada.put('/v1/log/visibility', { public: false })).status, 200)
  assert.equal((await bytesAt(`${base}/checkpoint`)).status, 404)
  assert.equal((await bytesAt(`${world.url}/v1/log/checkpoint`)).status, 401)
})

test('no tile beyond what is signed, and no path of another form, is served', async () => {
  const { size } = await drain()
  const width = Number(size) % tileWidth
  const at = `tile/entries/${String(Math.floor(Number(size) / tileWidth)).padStart(3, '0')}.p`
  const status = async (path: string) => (await bytesAt(`${world.url}/v1/log/${path}`, world.as('ada').key)).status
  assert.deepEqual([await status(`${at}/${width}`), await status(`${at}/${width + 1}`)], [200, 404])
  for (const path of [
    'tile/0/1',
    'tile/0/000.p/0',
    'tile/0/000.p/256',
    'tile/9/000',
    'tile/entries/..%2f000',
    'tile/x',
  ])
    assert.equal(await status(path), 404, path)
})

test('a proof of one event verifies offline with its entry and the published keys, and not with another entry', async () => {
  const [first = '', second = ''] = await evaluate(2)
  const ada = world.as('ada')
  assert.equal((await ada.get(`/v1/log/proofs/${first}`)).status, 404)
  await drain()
  const keys = parseVkeys((await ada.get('/v1/log/keys')).body.keys.at(-1).vkeys)
  const proof = (await ada.get(`/v1/log/proofs/${first}`)).text
  const { body } = await ada.get('/v1/log/entries?after=0&limit=200')
  let entries: { id: string; at: string; type: string; commit: string; salt: string; content: string }[] = body.data
  for (let next = body.next_after; entries.every(({ id }) => id !== second);) {
    const page = (await ada.get(`/v1/log/entries?after=${next}&limit=200`)).body
    entries = entries.concat(page.data)
    next = page.next_after
  }
  const bytesOf = (id: string): Buffer => {
    const { at, commit, type } = entries.find((entry) => entry.id === id) ?? assert.fail('the entry is not there')
    return Buffer.from(`{"at":"${at}","commit":"${commit}","id":"${id}","type":"${type}","v":1}`)
  }
  assert.equal(verifyProof(proof, bytesOf(first), keys).ok, true)
  assert.equal(verifyProof(proof, bytesOf(second), keys).ok, false)
  const { salt, content, commit } = entries.find(({ id }) => id === first) ?? assert.fail()
  const opened = createHash('sha256').update(Buffer.from(salt, 'hex')).update(content).digest('hex')
  assert.equal(opened, commit)
  assert.equal(JSON.parse(content).document.trace_id, first)
})

test('consistency is proven from every checkpoint to every later one', async () => {
  const notes: string[] = []
  for (let round = 0; round < 3; round++) {
    await evaluate(3)
    notes.push((await drain()).note)
  }
  const ada = world.as('ada')
  const keys = parseVkeys((await ada.get('/v1/log/keys')).body.keys.at(-1).vkeys)
  const [one, two, three] = notes.map((note) => openCheckpoint(note, keys))
  assert.ok(one && two && three)
  for (const [from, to] of [
    [one, two],
    [one, three],
    [two, three],
  ] as const) {
    // prettier-ignore
    const { body } = await ada.get(`/v1/log/consistency?from=${from.size}&to=${to.size}`)
    const proof = body.proof.map((hash: string) => Buffer.from(hash, 'base64'))
    const claim = { first: from.size, second: to.size, firstRoot: from.root, secondRoot: to.root, proof }
    assert.equal(verifyConsistency(claim), true)
    assert.equal(verifyConsistency({ ...claim, firstRoot: to.root }), false)
  }
  assert.equal((await ada.get(`/v1/log/consistency?from=5&to=${three.size + 1}`)).status, 400)
  assert.equal((await ada.get('/v1/log/consistency?from=0&to=1')).status, 400)
})

test('the keys of a log are published with their history, and each announced by the one before', async () => {
  const ada = world.as('ada')
  const before = (await ada.get('/v1/log/keys')).body.keys
  const rotated = await ada.post('/v1/log/keys/rotate', {})
  assert.equal(rotated.status, 200)
  assert.equal((await ada.post('/v1/log/keys/rotate', {})).status, 409)
  const { note, size } = await drain()
  const { keys } = (await ada.get('/v1/log/keys')).body
  assert.deepEqual(
    keys.map(({ state }: { state: string }) => state),
    [...before.map(() => 'retired'), 'current'],
  )
  const [old, fresh] = keys.slice(-2)
  assert.equal(fresh.first_size, Number(size))
  // Both have signed the checkpoint that covers the announcement, and the announcement names the new keys.
  assert.equal(openCheckpoint(note, parseVkeys(old.vkeys)).size, Number(size))
  assert.equal(openCheckpoint(note, parseVkeys(fresh.vkeys)).size, Number(size))
  const proof = (await ada.get(`/v1/log/proofs/${fresh.announced_in}`)).text
  assert.match(proof, /^c2sp\.org\/tlog-proof@v1\n/)
  const page = (await ada.get(`/v1/log/entries?after=${Number(size) - 50}&limit=50`)).body.data
  const content = JSON.parse(page.find(({ id }: { id: string }) => id === fresh.announced_in).content)
  assert.equal(content.target, `sha256:${createHash('sha256').update(fresh.vkeys).digest('hex')}`)
  assert.match(fresh.pem[0], /BEGIN PUBLIC KEY/)

  await evaluate(1)
  const later = await drain()
  assert.throws(() => openCheckpoint(later.note, parseVkeys(old.vkeys)))
  assert.equal(openCheckpoint(later.note, parseVkeys(fresh.vkeys)).size, Number(later.size))
})

test('a follower is handed each position once, in order, and one who read from the same place twice moves it once', async () => {
  const ada = world.as('ada')
  await drain()
  const started = await ada.put('/v1/log/followers/audits', {})
  assert.equal(started.status, 200)
  const from = started.body.position
  assert.deepEqual((await ada.put('/v1/log/followers/audits', { position: 0 })).body, started.body)
  await evaluate(5)
  await drain()
  const read = () => ada.get('/v1/log/followers/audits/entries?limit=3')
  const [one, two] = [await read(), await read()]
  assert.deepEqual(one.body, two.body)
  assert.deepEqual(
    one.body.data.map(({ index }: { index: number }) => index),
    [from, from + 1, from + 2],
  )
  const acknowledge = () => ada.post('/v1/log/followers/audits/acknowledge', { from, to: from + 3 })
  const replies = await Promise.all([acknowledge(), acknowledge()])
  assert.deepEqual(
    replies.map(({ status }) => status).toSorted((one, other) => one - other),
    [200, 409],
  )
  assert.equal((await read()).body.data[0].index, from + 3)
  const beyond = { from: from + 3, to: 1_000_000 }
  assert.equal((await ada.post('/v1/log/followers/audits/acknowledge', beyond)).status, 400)

  const seen: bigint[] = []
  const { following } = world.vouch.logs
  const take = (): Promise<number | undefined> =>
    following.handOver(
      acme(),
      'audits',
      2,
      async (_tx, entries) => void seen.push(...entries.map(({ index }) => index)),
    )
  await assert.rejects(
    following.handOver(acme(), 'audits', 2, () => Promise.reject(new Error('the work failed'))),
    /the work failed/,
  )
  // Two workers at once: one has it, the other is told so.
  while ((await Promise.all([take(), take()])).some((count) => count !== 0));
  const wanted = seen.map((_, n) => BigInt(from + 3 + n))
  assert.deepEqual(seen, wanted)
  assert.ok(seen.length >= 3)
  assert.equal((await ada.delete('/v1/log/followers/audits')).status, 204)
  assert.equal((await read()).status, 404)
})

test('whoever waits for an entry has it as soon as it is sequenced', async () => {
  const ada = world.as('ada')
  const { size } = await drain()
  // What the fake clock does not move, the wait does not end.
  const waiting = ada.get(`/v1/log/entries?after=${size}&wait_seconds=10`)
  const [id] = await evaluate(1)
  // Another world's transaction on the same server may hold up the first look.
  let isWaiting = true
  void waiting.then(() => (isWaiting = false))
  while (isWaiting) {
    await world.vouch.logs.turn()
    await setTimeout(20)
  }
  const { body } = await waiting
  assert.deepEqual(
    body.data.map((entry: { id: string }) => entry.id),
    [id],
  )
})

test('erasing a content leaves every proof valid, and the export counts it', async () => {
  const { body } = await world.as('ada').post('/v1/keys', { name: 'to be forgotten', scopes: [] })
  await drain()
  const { rows } = await world.admin.query<{ id: string }>(
    'select id from audit_event where tenant_id = $1 and target = $2',
    [world.acme.id, body.id],
  )
  const id = rows[0]?.id ?? assert.fail()
  await acme().transaction((tx) => world.vouch.logs.eraseContent(tx, id))
  await withFolder(async (dir) => {
    const { vkeys } = await world.vouch.logs.export(acme(), dir)
    const report = await verifyExport(dir, { vkey: vkeys })
    assert.deepEqual([report.ok, report.erased], [true, 1])
    assert.ok(!(await readFile(join(dir, 'contents.jsonl'), 'utf8')).includes('to be forgotten'))
  })
  assert.equal((await world.vouch.logs.verifyNewest(world.acme.id)).flaw, undefined)
})

test('a change that the owner of the database makes behind our back is found, and named', async () => {
  const ids = await evaluate(30)
  const { size } = await drain()
  const logs = world.vouch.logs
  assert.equal((await logs.verifyWhole(world.acme.id)).found, null)
  const trace = fromWireId('decision', ids[7] ?? '') ?? assert.fail()
  const entryOf = `(select index from log_entry where tenant_id = '${world.acme.id}' and id = '${trace}')`
  const at = Number((await world.admin.query<{ index: string }>(`select ${entryOf} as index`)).rows[0]?.index)
  const ofTenant = `tenant_id = '${world.acme.id}'`
  const change = (table: string, set: string, back: string, where: string): [string, string] => [
    `update ${table} set ${set} where ${ofTenant} and ${where}`,
    `update ${table} set ${back} where ${ofTenant} and ${where}`,
  ]
  const flip = (table: string, column: string, where: string): [string, string] => {
    const set = `${column} = set_byte(${column}, 3, get_byte(${column}, 3) # 1)`
    return change(table, set, set, where)
  }
  const remove = (table: string, where: string): [string, string] => [
    `create table kept as select * from ${table} where ${ofTenant} and ${where}; delete from ${table} where ${ofTenant} and ${where}`,
    `insert into ${table} select * from kept; drop table kept`,
  ]
  const newest = world.vouch.decisions.newId()
  const columns = 'at, occurred_at, actor_kind, actor_id, request_id, decision, risk_score, policy_version, amount_minor, currency, category, merchant_key, document' // prettier-ignore
  const isTrace = `id = '${trace}'`
  /** What is done, how it is mended, and the entry that must be named. */
  const offences: [[string, string], number | null][] = [
    [change('decision', 'amount_minor = amount_minor + 1', 'amount_minor = amount_minor - 1', isTrace), at],
    [flip('decision', 'document', isTrace), at],
    [remove('decision', isTrace), at],
    [change('log_entry', `type = 'decision.erased'`, `type = 'decision.created'`, `index = ${at}`), at],
    [flip('log_entry', 'commitment', `index = ${at}`), at],
    [remove('log_entry', `index = ${at}`), at],
    [flip('log_tile', 'hashes', 'level = 0 and index = 0'), 0],
    [remove('log_tile', 'level = 0 and index = 1'), null],
    [flip('log_checkpoint', 'root', `size = ${size}`), null],
    [change('log_checkpoint', `note = note || ' '`, `note = rtrim(note, ' ')`, `size = ${size}`), null],
    [[
      `insert into decision (tenant_id, id, ${columns}, xact)
       select tenant_id, '${newest}', ${columns}, '3' from decision where ${ofTenant} and ${isTrace}`,
      `delete from decision where ${ofTenant} and id = '${newest}'`,
    ], null],
  ] // prettier-ignore
  for (const [[offence, amends], index] of offences) {
    await world.admin.query(offence)
    const { found, found_index } = await logs.verifyWhole(world.acme.id)
    assert.ok(found, `not found: ${offence}`)
    assert.equal(found_index === null ? null : Number(found_index), index, `${offence}\n${found}`)
    await world.admin.query(amends)
    assert.equal((await logs.verifyWhole(world.acme.id)).found, null, amends)
  }
  assert.ok(world.logLines.some((line) => line.includes('log_does_not_verify')))
})
