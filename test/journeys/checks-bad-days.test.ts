/** Runs of checks on a real database: what is stored, who may change it, and what becomes of claims on bad days. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import pg from 'pg'
import { createFakeClock, createWorld, type FakeClock, type World } from '#harness'
import type { Json } from '#kernel/canonical-json'
import { type Control, type Finding, watch } from '#kernel/control'
import { createIds, toWireId } from '#kernel/id'
import { systemScope } from '#platform/database'
import { installationTenant } from '#platform/tenancy'
import { type Claim, register } from '#assurance/claims'
import { type ClaimStanding, type Controls, createControls } from '#assurance/controls'

const minuteMs = 60_000
const hourMs = 60 * minuteMs
const text = (en: string) => ({ en, sv: `${en} (sv)` })
const shut: Finding = { result: 'pass', saw: text('The door is shut.') }
const open: Finding = { result: 'fail', saw: text('The door is open.') }

type Look = (before: Json) => Finding | Promise<Finding>
const doorOf = (look: Look, plant: Look = () => open, more: { timeoutMs?: number; id?: string } = {}): Control => ({
  claim: 'acc.keys',
  tests: ['the door is shut'],
  check: watch<Look>({
    id: `acc.keys.${more.id ?? 'door'}`,
    version: 1,
    what: text('Looks at the door.'),
    sources: [import.meta.url],
    every: 'hour',
    timeoutMs: more.timeoutMs ?? 1_000,
    real: () => look,
    look: (look, before) => look(before),
    plant: { what: text('a door that is open'), over: (look) => look(plant) },
  }),
})

let world: World
let clock: FakeClock
before(async () => {
  clock = createFakeClock()
  world = await createWorld({ clock, logLevel: 'silent' })
  await world.vouch.tenancy.ensureInstallation()
})
after(() => world[Symbol.asyncDispose]())

const reset = async (): Promise<void> => {
  clock.set(Date.parse('2026-11-21T10:00:00Z'))
  await world.admin.query('truncate check_run, check_lease, claim_change')
}
const few = register.filter(({ id }) => ['acc.keys', 'acc.mfa', 'org.team'].includes(id))
const make = (controls: readonly Control[], claims: readonly Claim[] = few): Controls => {
  const { database, audit, log } = world.vouch
  const newId = createIds(clock)
  return createControls({ database, audit, newId, clock, log, controls: () => controls, installation: 'vouch.example', claims }) // prettier-ignore
}
async function keysOf(controls: Controls): Promise<ClaimStanding> {
  clock.advance(3_000)
  const { claims } = await controls.standing()
  return claims.find(({ id }) => id === 'acc.keys') ?? assert.fail()
}
const countRuns = async (): Promise<number> => (await world.admin.query('select from check_run')).rowCount ?? 0

describe('a run', () => {
  test('is stored with what it saw, and the claim stands by it, in both languages', async () => {
    await reset()
    const controls = make([doorOf(() => ({ ...shut, seen: { doors: 1 } }))], register)
    const begun = new Date(clock.now()).toISOString()
    assert.equal((await keysOf(controls)).state, 'unproven', 'nobody has looked')
    clock.set(Date.parse(begun))
    await controls.runDue()
    const { state, since, last_run, why, checks, history } = await keysOf(controls)
    assert.deepEqual([state, since, last_run, why], ['verified', begun, begun, null])
    const [check] = checks
    assert.deepEqual(check?.last?.saw, shut.saw)
    assert.equal(check?.last?.expires_at, new Date(Date.parse(begun) + 2 * hourMs).toISOString())
    assert.deepEqual(check?.planted, { at: begun, caught: true, what: text('a door that is open') })
    assert.match(check?.last?.evidence_digest ?? '', /^sha256:[0-9a-f]{64}$/)
    assert.match(check?.source_digest ?? '', /^sha256:[0-9a-f]{64}$/)
    assert.deepEqual(check?.sources, ['test/journeys/checks-bad-days.test.ts'])
    assert.deepEqual(history.map(({ from, to }) => [from, to]), [[null, 'verified']]) // prettier-ignore
    assert.deepEqual(
      (await controls.standing()).claims.map(({ id }) => id),
      register.map(({ id }) => id),
    )
  })

  test('can be added by the app, and neither changed nor deleted; how claims stood neither', async () => {
    await reset()
    await make([doorOf(() => open)]).runDue()
    const client = new pg.Client(world.database.urls.app)
    await client.connect()
    try {
      await client.query(`select set_config('app.tenant', $1, false)`, [installationTenant])
      for (const table of ['check_run', 'claim_change']) {
        assert.ok(((await client.query(`select from ${table}`)).rowCount ?? 0) > 0, table)
        await assert.rejects(client.query(`update ${table} set tenant_id = tenant_id`), /permission denied/)
        await assert.rejects(client.query(`delete from ${table}`), /permission denied/)
        await assert.rejects(client.query(`truncate ${table}`), /permission denied/)
      }
      await assert.rejects(client.query(`update check_run set result = 'pass'`), /permission denied/)
      await assert.rejects(client.query(`select drop_partitions(current_date)`), /at least thirteen months/)
    } finally {
      await client.end()
    }
    assert.equal((await keysOf(make([doorOf(() => shut)]))).state, 'failing')
  })

  test('that hangs, throws, answers late or says nothing is no pass, and the next check is looked at all the same', async () => {
    const bad: Record<string, Look> = {
      hangs: () => new Promise(() => {}),
      throws: () => Promise.reject(new TypeError('password=hunter2')),
      'throws at once': () => {
        throw new RangeError('no')
      },
      'answers late': () => wait(60, shut),
      'says nothing': () => ({ result: 'pass', saw: { en: 'Well.', sv: ' ' } }),
      'has nothing to look at': () => ({ result: 'no_data', saw: text('There is no door.') }),
    }
    for (const [name, look] of Object.entries(bad)) {
      await reset()
      const controls = make([
        doorOf(look, undefined, { timeoutMs: 20 }),
        doorOf(() => shut, undefined, { id: 'window' }),
      ])
      await controls.runDue()
      const { state, why, checks } = await keysOf(controls)
      assert.equal(state, 'unproven', name)
      assert.ok((why?.en.length ?? 0) > 5 && (why?.sv.length ?? 0) > 5, name)
      assert.equal(checks[1]?.last?.result, 'pass', name)
      assert.doesNotMatch(JSON.stringify(await controls.standing()), /hunter2/)
    }
    await wait(80)
  })

  test('with a no that cannot be written down as it is, is a no all the same, and leaves no pass standing', async () => {
    for (const no of [
      { ...open, saw: { en: '', sv: ' ' } },
      { ...open, saw: text('x'.repeat(200_000)) },
      { ...open, saw: text('half \ud83d and \u0000 nothing') },
      { ...open, seen: { doors: 'x'.repeat(200_000) } },
      { ...open, seen: { doors: Number.NaN } },
    ]) {
      await reset()
      let found = shut
      const controls = make([doorOf(() => found)])
      await controls.runDue()
      found = no
      clock.advance(hourMs)
      await controls.runDue()
      const { state, history, why } = await keysOf(controls)
      assert.equal(state, 'failing')
      assert.equal(history[0]?.to, 'failing')
      assert.ok((why?.en.length ?? 0) > 5 && (why?.sv.length ?? 0) > 5)
      found = { ...no, result: 'pass' }
      clock.advance(hourMs)
      await controls.runDue()
      assert.notEqual((await keysOf(controls)).state, 'failing', 'the no stays though another run came after it')
    }
  })

  test('of a check that blocked the process for longer than it may take is no pass', async () => {
    await reset()
    const controls = make([doorOf(() => (clock.advance(1_001), shut))])
    await controls.runDue()
    assert.equal((await keysOf(controls)).checks[0]?.last?.result, 'error')
  })

  test('whose check does not see its planted offence makes the claim unproven, whatever it says of the world', async () => {
    for (const blind of [() => shut, () => Promise.reject(new Error('no')), () => new Promise<Finding>(() => {})]) {
      await reset()
      const controls = make([doorOf(() => shut, blind, { timeoutMs: 20 })])
      await controls.runDue()
      const { state, why, checks } = await keysOf(controls)
      assert.equal(state, 'unproven')
      assert.match(why?.en ?? '', /did not see the offence/)
      assert.equal(checks[0]?.planted?.caught, false)
    }
  })

  test('is handed what the one before has seen, also after one that could not look', async () => {
    await reset()
    const handed: Json[] = []
    let away = false
    const controls = make([
      doorOf((before) => {
        handed.push(before)
        if (away) throw new Error('away')
        return { ...shut, seen: { at: handed.length } }
      }),
    ])
    for (const isAway of [false, true, false]) {
      away = isAway
      await controls.runDue()
      clock.advance(hourMs)
    }
    assert.deepEqual(handed, [null, { at: 1 }, { at: 1 }])
  })
})

describe('the turn', () => {
  test('of two processes one runs a check that is due, and neither runs one that is not', async () => {
    await reset()
    let runs = 0
    const door = doorOf(async () => {
      runs++
      await wait(20)
      return shut
    })
    const processes = [make([door]), make([door]), make([door])]
    await Promise.all(processes.map(({ runDue }) => runDue()))
    assert.deepEqual([runs, await countRuns()], [1, 1])
    await Promise.all(processes.map(({ runDue }) => runDue()))
    assert.equal(runs, 1)
    clock.advance(hourMs)
    await Promise.all(processes.map(({ runDue }) => runDue()))
    assert.deepEqual([runs, await countRuns()], [2, 2])
    const { rows } = await world.admin.query('select number from claim_change where claim = $1', ['acc.keys'])
    assert.deepEqual(rows, [{ number: 1 }], 'one change, written once')
  })

  test('of a process that died is over after the longest time a run may take, and at once if a clock was wrong', async () => {
    await reset()
    const controls = make([doorOf(() => shut)])
    const lease = (atMs: number) =>
      world.admin.query(
        `insert into check_lease values ($1, 'acc.keys.door', $2) on conflict (tenant_id, check_id) do update set until = excluded.until`,
        [installationTenant, new Date(atMs)],
      )
    await lease(clock.now() + 1_000)
    await controls.runDue()
    assert.equal(await countRuns(), 0)
    clock.advance(1_000)
    await controls.runDue()
    assert.equal(await countRuns(), 1)
    clock.advance(hourMs)
    await lease(clock.now() + 365 * 24 * hourMs)
    await controls.runDue()
    assert.equal(await countRuns(), 2)
  })

  test('that has passed to another process brings back no run: the later look counts, and its turn is left to it', async () => {
    await reset()
    const later = make([doorOf(() => open)])
    const late = make([
      doorOf(async () => {
        // The process slept for a minute, and another one has looked since.
        clock.set(clock.now() + minuteMs)
        await later.runDue()
        return shut
      }),
    ])
    await late.runDue()
    assert.equal((await keysOf(later)).state, 'failing')
    assert.equal(await countRuns(), 1)
  })

  test('of what did not pass comes again after a minute, of what passed after its cadence', async () => {
    await reset()
    let found = open
    const controls = make([doorOf(() => found)])
    await controls.runDue()
    found = shut
    clock.advance(minuteMs - 1)
    await controls.runDue()
    assert.equal(await countRuns(), 1)
    clock.advance(1)
    await controls.runDue()
    assert.equal((await keysOf(controls)).state, 'verified')
    clock.advance(hourMs - minuteMs)
    await controls.runDue()
    assert.equal(await countRuns(), 2)
  })
})

describe('clocks', () => {
  test('midnight and the end of a year change nothing', async () => {
    await reset()
    clock.set(Date.parse('2026-12-31T23:59:30Z'))
    const controls = make([doorOf(() => shut)])
    await controls.runDue()
    clock.set(Date.parse('2027-01-01T00:00:30Z'))
    assert.equal((await keysOf(controls)).state, 'verified')
    clock.advance(hourMs)
    await controls.runDue()
    const { state, history } = await keysOf(controls)
    assert.deepEqual([state, history.length], ['verified', 1])
  })

  test('one that steps back is harmless: the newest run counts, whatever it is dated, and it is done again', async () => {
    for (const stepMs of [10 * minuteMs, 3 * hourMs, 400 * 24 * hourMs]) {
      await reset()
      let found = shut
      const controls = make([doorOf(() => found)])
      await controls.runDue()
      clock.set(clock.now() - stepMs)
      found = open
      await controls.runDue()
      assert.equal((await keysOf(controls)).state, 'failing', 'the later look counts, though it is dated earlier')
      found = shut
      clock.advance(minuteMs)
      await controls.runDue()
      assert.equal((await keysOf(controls)).state, 'verified')
    }
  })

  test('silence turns stale by itself, which is written down before it is mended', async () => {
    await reset()
    const controls = make([doorOf(() => shut)])
    await controls.runDue()
    const begunMs = Date.parse((await keysOf(controls)).last_run ?? '')
    clock.advance(5 * hourMs)
    const silent = await keysOf(controls)
    assert.deepEqual([silent.state, silent.since], ['stale', new Date(begunMs + 2 * hourMs).toISOString()])
    await controls.runDue()
    const { state, history } = await keysOf(controls)
    assert.equal(state, 'verified')
    assert.deepEqual(history.map(({ from, to }) => [from, to]), [['stale', 'verified'], ['verified', 'stale'], [null, 'verified']]) // prettier-ignore
  })
})

describe('what changed', () => {
  test('is in the installation’s trail, with the failure, its reason and its end, and in the list that feeds read', async () => {
    await reset()
    await world.admin.query(`delete from audit_event where action = 'claim.state_changed'`)
    let found = shut
    const controls = make([doorOf(() => found)])
    for (found of [shut, open, shut]) {
      await controls.runDue()
      clock.advance(hourMs)
    }
    const changes = (await controls.changes({ limit: 200 })).filter(({ claim }) => claim === 'acc.keys')
    assert.deepEqual(changes.map(({ id, from, to }) => [id, from, to]), [
      ['acc.keys:3', 'failing', 'verified'],
      ['acc.keys:2', 'verified', 'failing'],
      ['acc.keys:1', null, 'verified'],
    ]) // prettier-ignore
    assert.deepEqual(changes[1]?.why, open.saw)
    const scope = systemScope(world.vouch.database, 'test').asTenant(installationTenant)
    const { rows } = await world.admin.query<{ id: string; target: string }>(
      `select id, target from audit_event where action = 'claim.state_changed' and tenant_id = $1 order by id`,
      [installationTenant],
    )
    assert.equal(rows.length, (await world.admin.query('select from claim_change')).rowCount)
    const ids = rows.filter(({ target }) => target === 'acc.keys').map(({ id }) => id)
    const contents = await scope.transaction((tx) => world.vouch.audit.source.readContents(tx, ids))
    const details = ids.map((id) => JSON.parse(contents.get(id) ?? '').details)
    assert.deepEqual(
      details.map(({ claim, from, to }) => [claim, from, to]),
      [['acc.keys', null, 'verified'], ['acc.keys', 'verified', 'failing'], ['acc.keys', 'failing', 'verified']], // prettier-ignore
    )
    await world.vouch.logs.drain(scope)
    const proof = await scope.transaction((tx) => world.vouch.logs.proveInclusion(tx, ids[1] ?? ''))
    assert.match(proof, new RegExp(toWireId('tenant', installationTenant)))
  })

  test('keeps a claim in the list when its control is gone, and says that it was there', async () => {
    await reset()
    await make([doorOf(() => open)]).runDue()
    const without = make([])
    await without.runDue()
    const { state, history } = await keysOf(without)
    assert.equal(state, 'planned')
    assert.deepEqual(history.map(({ to }) => to), ['planned', 'failing']) // prettier-ignore
  })
})

test('with the database away the last that was read is told, marked, and turns stale with time; before it, that nothing is known', async () => {
  await reset()
  const controls = make([doorOf(() => shut)])
  await controls.runDue()
  const before = await controls.standing()
  assert.equal(before.fresh, true)
  const { name, urls } = world.database
  const other = new pg.Client(urls.admin.replace(`/${name}?`, '/postgres?'))
  await other.connect()
  const leave = `select pg_terminate_backend(pid) from pg_stat_activity where datname = '${name}' and usename = 'vouch_app'`
  await other.query(`alter database ${name} with allow_connections false`)
  await other.query(leave)
  try {
    clock.advance(minuteMs)
    const away = await controls.standing()
    assert.deepEqual([away.fresh, away.asOf, away.claims.length], [false, before.asOf, few.length])
    assert.equal(away.claims.find(({ id }) => id === 'acc.keys')?.state, 'verified')
    assert.equal((await controls.changes()).length > 0, true)
    clock.advance(3 * hourMs)
    assert.equal((await controls.standing()).claims.find(({ id }) => id === 'acc.keys')?.state, 'stale')
    await assert.rejects(make([]).standing(), { code: 'unavailable' })
    await assert.rejects(controls.runDue(), { code: 'unavailable' })
  } finally {
    await other.query(`alter database ${name} with allow_connections true`)
    await other.end()
  }
  clock.advance(minuteMs)
  await controls.runDue()
  clock.advance(3_000)
  const back = await controls.standing()
  assert.deepEqual([back.fresh, back.claims.find(({ id }) => id === 'acc.keys')?.state], [true, 'verified'])
})

test('a process that stops waits for no look, begins none, and stores none that it cut off', async () => {
  const hang = () => new Promise<Finding>(() => {})
  let begun = 0
  for (const [look, plant] of [[hang, () => open], [() => (begun++, hang()), hang]] as const) {
    await reset()
    const controls = make([doorOf(look, plant, { timeoutMs: 600_000 })])
    const running = controls.runDue()
    await wait(50)
    controls.stop()
    await running
    assert.equal(await countRuns(), 0)
  }
  assert.equal(begun, 0)
}) // prettier-ignore
