/** Witnesses of a log, over real HTTP, against a small one of ours that does as the specification says, or does not. */
import assert from 'node:assert/strict'
import { copyFile, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, beforeEach, test } from 'node:test'
import { toWireId } from '#kernel/id'
import {
  createSigner,
  isWitnessed,
  newSeed,
  openCheckpoint,
  parsePolicy,
  parseProof,
  parseVkeys,
  readCosignatures,
  verifyExport,
} from '#platform/tlog'
import { createFakeClock, createWorld, payment, waitUntil, type World } from '#harness'
import { makeTenants, plantEvents, scopeOf } from '#harness/log-rounds'
import { openBeside } from '#harness/open-beside'
import { type Behaviour, startWitness, type Witness, type WitnessOptions } from '#harness/witness'
import { longestRestMs, restMs } from './dispatch.ts'
import type { Witness as Known } from './store.ts'

let world: World
const clock = createFakeClock(Date.now())
before(async () => {
  world = await createWorld({ clock, settings: { VOUCH_OUTBOUND_NETWORKS: '127.0.0.0/8' } })
})
after(() => world[Symbol.asyncDispose]())
// Witnesses that are gone would take places from those of the next test.
beforeEach(() => world.admin.query('delete from log_witness; update log_head set witness_quorum = 0'))

/** A log of its own with a first checkpoint, and the witnesses that are added to it. */
async function makeLog() {
  const [tenantId = ''] = await makeTenants(world.vouch)
  const { logs } = world.vouch
  const scope = scopeOf(world.vouch, tenantId)
  const { size } = await logs.drain(scope)
  const vkeys = (await scope.transaction(logs.keys)).at(-1)?.vkeys ?? assert.fail('no key')
  const one = async (vouch: World['vouch'], name: string): Promise<Known> =>
    (await scopeOf(vouch, tenantId).transaction(vouch.logs.witnesses.state)).witnesses.find(
      (witness) => witness.name === name,
    ) ?? assert.fail('no such witness')
  const ask = async (vouch: World['vouch'] = world.vouch): Promise<void> => {
    vouch.logs.witnesses.note(tenantId)
    await vouch.logs.witnesses.step()
    await vouch.logs.witnesses.settled()
  }
  return {
    tenantId,
    scope,
    size: Number(size),
    vkeys,
    origin: vkeys.split('+')[0] ?? '',
    ask,
    /** Asked again after whatever rest. */
    async askAgain(vouch?: World['vouch']): Promise<void> {
      clock.advance(longestRestMs)
      await ask(vouch)
    },
    start: (options: Partial<WitnessOptions> = {}): Promise<Witness> =>
      startWitness({ logs: vkeys.trimEnd().split('\n'), now: clock.now, ...options }),
    add: (witness: Witness): Promise<Known> =>
      scope.transaction((tx) => logs.witnesses.add(tx, { vkeys: witness.vkeys.join('\n'), url: witness.url })),
    /** The size of what is signed then. */
    async grow(count = 3, vouch: World['vouch'] = world.vouch): Promise<number> {
      await plantEvents(world.admin, tenantId, count)
      return Number((await vouch.logs.drain(scopeOf(vouch, tenantId))).size)
    },
    stateOf: async (name: string, vouch: World['vouch'] = world.vouch): Promise<string> =>
      (await one(vouch, name)).state,
    one: (name: string) => one(world.vouch, name),
    note: () => scope.transaction(logs.checkpoint),
  }
}

const linesSince = (from: number, event: string, tenantId: string): { level: string; reason: string }[] =>
  world.logLines
    .slice(from)
    .map((line) => JSON.parse(line))
    .filter((line) => line.event === event && line.tenant_id === toWireId('tenant', tenantId))

test('what a witness cosigned is served below the checkpoint, in the export and in proofs, and all of it verifies', async () => {
  const ada = world.as('ada')
  const scope = scopeOf(world.vouch, world.acme.id)
  const { trace_id } = (await ada.post('/v1/evaluate', payment())).body
  await world.vouch.logs.drain(scope)
  const keys = (await ada.get('/v1/log/keys')).body.keys.at(-1).vkeys as string
  const types = ['ed25519-cosignature', 'ml-dsa-44-cosignature'] as const
  await using witness = await startWitness({ logs: keys.trimEnd().split('\n'), types, now: clock.now })
  const added = await ada.post('/v1/log/witnesses', { vkeys: witness.vkeys.join('\n'), url: `${witness.url}/` })
  assert.deepEqual([added.status, added.body.state, added.body.url], [201, 'new', witness.url])
  await world.vouch.logs.witnesses.step()
  await world.vouch.logs.witnesses.settled()

  const known = parseVkeys(witness.vkeys.map((vkey) => `${vkey}\n`).join(''))
  const signers = parseVkeys(keys)
  const isWhole = (note: string): boolean =>
    openCheckpoint(note, signers).size > 0 && readCosignatures(note, known).length === 2
  const { text: note } = await ada.get('/v1/log/checkpoint')
  assert.ok(isWhole(note), note)
  assert.equal((await ada.put('/v1/log/visibility', { public: true })).status, 200)
  const open = await world.as('nobody').get(`/log/${toWireId('tenant', world.acme.id)}/checkpoint`)
  assert.equal(open.text, note)
  assert.ok(isWhole(parseProof((await ada.get(`/v1/log/proofs/${trace_id}`)).text).checkpoint))
  const { body } = await ada.get('/v1/log/witnesses')
  const [{ state, cosigned_size }] = body.data
  assert.deepEqual([state, cosigned_size], ['cosigned', openCheckpoint(note, signers).size])

  const dir = await mkdtemp(join(tmpdir(), 'vouch-witness-'))
  try {
    // What is signed for the export is shown to the witnesses before it is written.
    const { checkpoint } = await world.vouch.logs.export(scope, dir)
    assert.ok(isWhole(checkpoint.note))
    const report = await verifyExport(dir, { vkey: keys })
    assert.deepEqual([report.ok, report.size], [true, Number(checkpoint.size)])
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
  // What is stored is what was signed.
  const { rows } = await world.admin.query<{ note: string }>('select note from log_checkpoint where tenant_id = $1', [world.acme.id]) // prettier-ignore
  assert.ok(rows.every(({ note }) => readCosignatures(note, known).length === 0))
  assert.equal((await ada.delete(`/v1/log/witnesses/${encodeURIComponent(witness.name)}`)).status, 204)
  assert.equal(readCosignatures((await ada.get('/v1/log/checkpoint')).text, known).length, 0)
})

test('only what fits is added: keys of one witness, an address that may be called, no name or key twice', async () => {
  const log = await makeLog()
  const { witnesses } = world.vouch.logs
  const make = (name: string, seed = newSeed()) => createSigner(name, 'ed25519-cosignature', seed).vkey
  const url = 'https://witness.example/w'
  const add = (vkeys: string, at = url) => log.scope.transaction((tx) => witnesses.add(tx, { vkeys, url: at }))
  const refused: [string, string][] = [
    ['x', url],
    [createSigner('w', 'ed25519', newSeed()).vkey, url],
    [`${make('w')}\n${make('v')}`, url],
    [`${make('w')}\n${make('w')}`, url],
    [make(log.origin), url],
    [make('..'), url],
    [make('w'.repeat(101)), url],
    [make('none'), url],
    ...['witness.example', 'ftp://witness.example', 'https://a:b@witness.example', `${url}?q=1`, `${url}#f`].map(
      (at): [string, string] => [make('w'), at],
    ),
    [make('w'), 'http://192.0.2.1/'],
    [make('w'), 'https://169.254.169.254/'],
    [make('w'), `https://witness.example/${'w'.repeat(500)}`],
  ]
  for (const [vkeys, at] of refused)
    await assert.rejects(add(vkeys, at), { code: 'invalid_request' }, `${vkeys.slice(0, 80)} ${at}`)
  const seed = newSeed()
  await add(make('w', seed))
  await assert.rejects(add(make('w')), { code: 'conflict' })
  await assert.rejects(add(make('another', seed)), { code: 'invalid_request' })
  for (let n = 1; n < 16; n++) await add(make(`w${n}`))
  await assert.rejects(add(make('one-too-many')), { code: 'conflict' })
  const setQuorum = (count: number) => log.scope.transaction((tx) => witnesses.setQuorum(tx, count))
  await assert.rejects(setQuorum(17), { code: 'conflict' })
  await setQuorum(16)
  await assert.rejects(
    log.scope.transaction((tx) => witnesses.remove(tx, 'w')),
    { code: 'conflict' },
  )
  await assert.rejects(
    log.scope.transaction((tx) => witnesses.remove(tx, 'unknown')),
    { code: 'not_found' },
  )
  const policy = parsePolicy(await log.scope.transaction(witnesses.policy))
  assert.deepEqual([policy.logs.length, policy.witnesses.length, policy.quorum], [2, 16, '16+of+16'])
})

test('a witness that starts again with an older state is caught up with, by one more request', async () => {
  const log = await makeLog()
  const dir = await mkdtemp(join(tmpdir(), 'vouch-witness-'))
  try {
    const [stateFile, older] = [join(dir, 'state'), join(dir, 'older')]
    const seed = newSeed()
    await using first = await log.start({ stateFile, seed })
    await log.add(first)
    await log.ask()
    await copyFile(stateFile, older)
    await log.grow()
    await log.ask()
    await first.close()
    await copyFile(older, stateFile)
    await using second = await log.start({ stateFile, seed })
    await world.admin.query('update log_witness set url = $2 where tenant_id = $1', [log.tenantId, second.url])
    const size = await log.grow()
    await log.ask()
    assert.deepEqual(second.answers, [409, 200])
    const { state, seenSize, detail } = await log.one(second.name)
    assert.deepEqual([state, Number(seenSize)], ['cosigned', size])
    assert.match(detail ?? '', /had cosigned \d+ entries, and said \d+/)
    assert.equal(second.latest(log.origin)?.size, size)
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
})

test('a witness that has forgotten everything cosigns again, and it is said that it forgot', async () => {
  const log = await makeLog()
  await using witness = await log.start()
  await log.add(witness)
  await log.ask()
  assert.equal((await log.one(witness.name)).detail, null)
  witness.behave('forgetful')
  const size = await log.grow()
  await log.ask()
  assert.deepEqual(witness.answers, [200, 409, 200])
  const { state, seenSize, detail } = await log.one(witness.name)
  assert.deepEqual([state, Number(seenSize)], ['cosigned', size])
  assert.match(detail ?? '', /and said 0/)
})

test('a witness that was asked by somebody else before is asked again from where it stands', async () => {
  const log = await makeLog()
  await using witness = await log.start()
  await log.add(witness)
  await log.ask()
  await log.scope.transaction((tx) => world.vouch.logs.witnesses.remove(tx, witness.name))
  await log.add(witness)
  await log.ask()
  assert.deepEqual(witness.answers, [200, 409, 200])
  assert.equal(await log.stateOf(witness.name), 'cosigned')
  // It has all that is signed: it is left alone.
  await log.askAgain()
  assert.equal(witness.answers.length, 3)
})

test('a witness that does not know the log, or not its key, is said with what to do, and heals once it is told', async () => {
  const log = await makeLog()
  await using witness = await log.start({ logs: [] })
  await log.add(witness)
  await log.ask()
  assert.deepEqual([await log.stateOf(witness.name), ...witness.answers], ['unknown_origin', 404])
  witness.trust(createSigner(log.origin, 'ed25519', newSeed()).vkey)
  await log.askAgain()
  assert.deepEqual([await log.stateOf(witness.name), witness.answers.at(-1)], ['unsigned', 403])
  witness.trust(log.vkeys.split('\n')[0] ?? '')
  await log.askAgain()
  assert.deepEqual([await log.stateOf(witness.name), witness.answers.at(-1)], ['cosigned', 200])
})

test('a log that was rolled back is found out by its witness at every size, which is reported and stops nothing', async () => {
  const log = await makeLog()
  const { tenantId } = log
  await using witness = await log.start()
  await log.add(witness)
  await log.ask()
  const kept = log.size
  const lost = await log.grow(5)
  await log.ask()
  assert.equal(witness.latest(log.origin)?.size, lost)

  // As after restoring a backup: what came later is gone, of the witness too.
  for (const statement of [
    `delete from log_cosignature where tenant_id = $1 and size > ${kept}`,
    `delete from log_checkpoint where tenant_id = $1 and size > ${kept}`,
    `delete from audit_event e using log_entry l where e.tenant_id = $1 and l.tenant_id = $1 and l.id = e.id and l.index >= ${kept}`,
    `delete from log_entry where tenant_id = $1 and index >= ${kept}`,
    `update log_tile set hashes = substring(hashes from 1 for 32 * ${kept}) where tenant_id = $1 and level = 0`,
    `update log_head set size = ${kept} where tenant_id = $1`,
    `update log_witness set seen_size = ${kept} where tenant_id = $1`,
  ])
    await world.admin.query(statement, [tenantId])
  // One that remembers what it signed refuses by itself; this one knows no more than the database.
  await using fresh = await openBeside(world, clock)
  const said: string[] = []
  let size = kept
  for (const [to, state] of [
    [lost - 2, 'rolled_back'],
    [lost, 'forked'],
    [lost + 4, 'inconsistent'],
  ] as const) {
    size = await log.grow(to - size, fresh.vouch)
    assert.equal(size, to)
    const [lines, failures] = [world.logLines.length, witness.answers.length]
    await log.askAgain()
    assert.ok(witness.answers.length > failures)
    assert.equal(await log.stateOf(witness.name), state, `${size} entries; it has cosigned ${lost}`)
    said.push(...linesSince(lines, 'witness_disagrees', tenantId).map(({ level, reason }) => `${level} ${reason}`))
  }
  assert.deepEqual(said, ['error rolled_back', 'error forked', 'error inconsistent'])
  assert.match(
    (await world.as('nobody').get('/metrics')).text,
    /^vouch_log_witness_answers_total\{state="forked"\} \d/m,
  )
  assert.equal(witness.latest(log.origin)?.size, lost)
})

test('a log that has lost what a witness has cosigned says so, even before the witness does', async () => {
  const log = await makeLog()
  await using witness = await log.start()
  await log.add(witness)
  await log.ask()
  await world.admin.query('update log_witness set seen_size = 1000 where tenant_id = $1', [log.tenantId])
  await log.askAgain()
  assert.deepEqual([await log.stateOf(witness.name), witness.answers.length], ['rolled_back', 1])
})

test('a witness that says it has cosigned, and has not, is found lying, and nothing of it is stored or served', async () => {
  const behaviours: readonly Behaviour[] = ['other_key', 'other_checkpoint', 'garbage', 'empty']
  for (const behaviour of behaviours) {
    const log = await makeLog()
    const lines = world.logLines.length
    await using witness = await log.start()
    witness.behave(behaviour)
    await log.add(witness)
    await log.ask()
    assert.deepEqual([behaviour, await log.stateOf(witness.name)], [behaviour, 'lying'])
    assert.equal(linesSince(lines, 'witness_disagrees', log.tenantId)[0]?.reason, 'lying')
    assert.ok(!(await log.note()).includes(witness.name))
    witness.behave('honest')
    await log.askAgain()
    assert.equal(await log.stateOf(witness.name), 'cosigned')
  }
  for (const now of [() => 0, () => clock.now() + 6 * 60_000]) {
    const log = await makeLog()
    await using witness = await log.start({ now })
    await log.add(witness)
    await log.ask()
    assert.equal(await log.stateOf(witness.name), 'lying')
    assert.ok(!(await log.note()).includes(witness.name))
  }
})

test('a witness that fails or answers without end is unusable, one that is not there is absent, and both rest longer each time', async () => {
  const log = await makeLog()
  const failing = await log.start({ name: 'failing' })
  const endless = await log.start({ name: 'endless' })
  const gone = await log.start({ name: 'gone' })
  try {
    failing.behave('failing')
    endless.behave('endless')
    await gone.close()
    for (const witness of [failing, endless, gone]) await log.add(witness)
    await log.ask()
    const all = await Promise.all(['failing', 'endless', 'gone'].map(log.one))
    assert.deepEqual(
      all.map(({ state, detail }) => `${state}: ${detail}`),
      ['unusable: status 500', 'unusable: too_large', 'absent: unreachable'],
    )
    await log.grow()
    for (let failures = 1; failures < 4; failures++) {
      clock.advance(restMs(failures) - 1)
      await log.ask()
      assert.equal(failing.answers.length, failures)
      clock.advance(1)
      await log.ask()
      assert.equal(failing.answers.length, failures + 1)
    }
    assert.equal(restMs(100), longestRestMs)
    // A clock that was set back by a day does not put it off by one.
    clock.set(clock.now() - 86_400_000)
    failing.behave('honest')
    await log.ask()
    clock.set(clock.now() + 86_400_000)
    assert.equal(await log.stateOf('failing'), 'cosigned')
  } finally {
    for (const witness of [failing, endless]) await witness.close()
  }
})

test('a witness that hangs delays neither sequencing, nor signing, nor another witness, nor closing', async () => {
  const { logs } = world.vouch
  const behaviours: readonly Behaviour[] = ['silent', 'dripping', 'slow']
  const hanging: Witness[] = []
  /** Whether all that must not wait was done while those that hang were still waited for, which is 5 s. */
  async function outrun() {
    const log = await makeLog()
    await using honest = await log.start({ name: 'honest' })
    const other = await makeLog()
    await using another = await other.start()
    await other.add(another)
    for (const name of behaviours) {
      const witness = await log.start({ name, delayMs: 600_000 })
      hanging.unshift(witness)
      witness.behave(name)
      await log.add(witness)
    }
    await log.add(honest)
    await logs.witnesses.step()
    await waitUntil('the honest one is heard', async () => (await log.stateOf('honest')) === 'cosigned')
    const signed = async () => Number((await other.scope.transaction(logs.status)).last?.size)
    await plantEvents(world.admin, other.tenantId, 3)
    const size = (await signed()) + 3
    await waitUntil('the other log is signed', async () => {
      world.vouch.hints.note(other.tenantId)
      await logs.turn()
      clock.advance(10_000)
      return (await signed()) >= size
    })
    await logs.witnesses.step()
    await waitUntil('its witness has it', () => (another.latest(other.origin)?.size ?? 0) >= size)
    assert.ok(another.answers.length > 0 && another.answers.every((status) => status === 200))
    const states = await Promise.all(behaviours.map((name) => log.stateOf(name)))
    return { log, isOutrun: states.every((state) => state === 'new') }
  }
  try {
    // On a busy machine, or where another test's transaction holds rows back, all of it may take longer than 5 s.
    let { log, isOutrun } = await outrun()
    for (let tries = 0; !isOutrun && tries < 10; tries++) {
      await logs.witnesses.settled()
      await world.admin.query('delete from log_witness')
      ;({ log, isOutrun } = await outrun())
    }
    assert.ok(isOutrun, 'it waited for those that hang')
    await logs.witnesses.settled()
    const states = await Promise.all(behaviours.map(log.one))
    assert.deepEqual(
      states.map(({ state, detail }) => `${state}: ${detail}`),
      behaviours.map(() => 'absent: timeout'),
    )

    // A process that ends hangs up, and does not say of a witness that it was absent.
    const [, , silent] = hanging
    const fresh = await openBeside(world, clock)
    clock.advance(longestRestMs)
    const asked = silent?.answers.length ?? 0
    fresh.vouch.logs.witnesses.note(log.tenantId)
    await log.grow()
    await fresh.vouch.logs.witnesses.step()
    await waitUntil('it is asked', () => (silent?.answers.length ?? 0) > asked)
    await fresh.vouch.close()
    assert.equal((await log.one('silent')).failures, 1)
  } finally {
    for (const witness of hanging) await witness.close()
  }
})

test('two processes ask a witness once between them', async () => {
  const log = await makeLog()
  await using witness = await log.start({ delayMs: 300 })
  witness.behave('slow')
  await using fresh = await openBeside(world, clock)
  await log.add(witness)
  await Promise.all([log.ask(), log.ask(fresh.vouch), fresh.vouch.logs.witnesses.askNow(log.tenantId)])
  assert.deepEqual(witness.answers, [200])
  assert.equal(await log.stateOf(witness.name), 'cosigned')
})

test('with a quorum of two of three, the newest checkpoint that two have cosigned is served, by a policy that verifiers read', async () => {
  const log = await makeLog()
  const { witnesses } = world.vouch.logs
  const both = ['ed25519-cosignature', 'ml-dsa-44-cosignature'] as const
  await using one = await log.start({ name: 'one.example', types: both })
  await using two = await log.start({ name: 'two.example/w' })
  const three = await log.start({ name: 'three.example' })
  for (const witness of [one, two, three]) await log.add(witness)
  const witnessed = async () => log.scope.transaction(witnesses.witnessed)
  const signed = await log.note()
  assert.equal((await witnessed())?.note, signed, 'without a quorum it is the newest')
  await log.scope.transaction((tx) => witnesses.setQuorum(tx, 2))
  assert.equal(await witnessed(), undefined)
  await log.ask()
  await three.close()
  const size = await log.grow()
  await log.ask()
  assert.equal(Number((await witnessed())?.size), size)
  const policy = parsePolicy(await log.scope.transaction(witnesses.policy))
  assert.ok(isWitnessed((await witnessed())?.note ?? '', policy))

  // With two away the newest goes on, and what is witnessed stays behind.
  two.behave('failing')
  for (let round = 0; round < 3; round++) {
    await log.grow()
    await log.ask()
  }
  const newest = await log.note()
  assert.ok(!isWitnessed(newest, policy))
  assert.ok(newest.includes('one.example'))
  assert.equal(Number((await witnessed())?.size), size)
  assert.ok(Number(newest.split('\n')[1]) > size)
  const { quorum, witnessed: told } = await log.scope.transaction(witnesses.state)
  assert.deepEqual([quorum, Number(told?.size)], [2, size])
})

test('a quorum that is not met for an hour fails the claim about the trail, and signing and serving go on', async () => {
  const log = await makeLog()
  const { witnesses } = world.vouch.logs
  const check = () =>
    world.vouch.controls.find(({ check }) => check?.id === 'aud.trail.witnesses')?.check?.run(null) ?? assert.fail('no check') // prettier-ignore
  await using witness = await log.start()
  await log.add(witness)
  clock.advance(2 * 3_600_000)
  assert.equal((await check()).result, 'pass')
  await log.scope.transaction((tx) => witnesses.setQuorum(tx, 1))
  assert.equal((await check()).result, 'pass', 'a quorum that was just set has its hour')
  witness.behave('failing')
  await log.ask()
  clock.advance(59 * 60_000)
  assert.equal((await check()).result, 'pass')
  clock.advance(2 * 60_000)
  const { result, saw } = await check()
  assert.equal(result, 'fail')
  assert.match(saw.en, /witness/)
  const size = await log.grow()
  assert.equal(Number((await log.note()).split('\n')[1]), size)
  witness.behave('honest')
  await log.askAgain()
  assert.equal((await check()).result, 'pass')
  const last = await log.grow()
  assert.equal((await check()).result, 'pass', 'what was signed just now has its hour')
  assert.ok(last > size)
})
