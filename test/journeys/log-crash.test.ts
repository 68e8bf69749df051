/** The log, whatever fails or dies while it is sequenced and signed; and what it refuses to sign. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { createWorld, type World } from '#harness'
import {
  findLogDamage,
  isSamePoint,
  makeTenants,
  rounds,
  type Shown,
  watchRounds,
  type WritePoint,
} from '../harness/log-rounds.ts'

const planted = 'a planted fault'
const root = new URL('../../', import.meta.url).pathname

/** Goes through the rounds; what fails by the planted fault is tried once more. Answers the checkpoints it was given. */
async function crossRounds(world: World, tenantId: string): Promise<Shown[]> {
  const shown: Shown[] = []
  const of = { vouch: world.vouch, admin: world.admin, tenantId }
  for (const round of rounds) {
    const checkpoint = await round(of).catch((error: unknown) => {
      if (!String(error).includes(planted)) throw error
      return round(of)
    })
    if (checkpoint) shown.push(checkpoint)
  }
  return shown
}

/** The same in a process that dies at a point. `undefined` if it came through. */
async function dieAt(world: World, tenantId: string, point: WritePoint): Promise<Shown[] | undefined> {
  const words = JSON.stringify({ tenantId, adminUrl: world.database.urls.admin, point })
  const inherited = Object.entries(process.env).filter(([name]) => !/^(VOUCH_|NODE_TEST)/.test(name))
  const child = spawn(process.execPath, [`${root}test/harness/rounds-with-fault.ts`, words], {
    env: { ...Object.fromEntries(inherited), ...world.settings },
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: 120_000,
    killSignal: 'SIGTERM',
  })
  let out = ''
  child.stdout.on('data', (data) => (out += data))
  const [code, signal] = await once(child, 'close')
  if (code === 0) return undefined
  assert.deepEqual([code, signal], [null, 'SIGKILL'], 'the process ended otherwise than planned')
  return out.split('\n').filter(Boolean).map((line) => {
    const { size, note } = JSON.parse(line)
    return { size: BigInt(size), note }
  }) // prettier-ignore
}

/**
 * Rows wait while any transaction on this PostgreSQL is under way, also one of another test; then the writes of a round
 * fall apart differently, and a point may not come up.
 */
const tries = 5

test(
  'whichever write of sequencing, signing and rotating fails or is the last before the process is killed, before or after it persisted: the log verifies, nothing is lost, nothing is there twice, and no checkpoint is contradicted',
  { timeout: 300_000 },
  async (t) => {
    let target: WritePoint | undefined
    let record: WritePoint[] | undefined
    let hasStruck = false
    const hooks = watchRounds((here) => {
      record?.push(here)
      if (hasStruck || !target || !isSamePoint(here, target)) return
      hasStruck = true
      throw new Error(planted)
    })
    await using world = await createWorld({ hooks, logLevel: 'silent' })
    const tenants: string[] = []
    const nextTenant = async (): Promise<string> => {
      if (tenants.length === 0) {
        target = undefined
        tenants.push(...(await makeTenants(world.vouch)))
      }
      return tenants.pop() ?? ''
    }
    const look = async (tenantId: string, shown: Shown[], what: string): Promise<void> => {
      target = undefined
      assert.deepEqual(await findLogDamage({ vouch: world.vouch, admin: world.admin, tenantId, shown }), [], what)
    }

    // The fewest writes of a few recordings are those of rounds that nothing held up.
    const recordings: WritePoint[][] = []
    while (recordings.length < 3) {
      const tenantId = await nextTenant()
      hooks.reset()
      record = []
      await crossRounds(world, tenantId)
      recordings.push(record)
      record = undefined
    }
    const points = recordings.sort((one, other) => one.length - other.length)[0] ?? []
    t.diagnostic(`${points.length / 2} writes: ${points.filter(({ when }) => when === 'after').map(({ kind }) => kind).join('; ')}`) // prettier-ignore
    for (const table of ['insert into log_head', 'insert into log_key', 'insert into log_entry', 'insert into log_tile', 'update log_head', 'insert into log_checkpoint', 'insert into audit_event', 'update log_key'])
      assert.ok(points.some(({ kind }) => kind === table), `${table} is not among the writes`) // prettier-ignore

    for (const point of points) {
      hasStruck = false
      for (let round = 0; round < tries && !hasStruck; round++) {
        const tenantId = await nextTenant()
        hooks.reset()
        target = point
        const shown = await crossRounds(world, tenantId)
        await look(tenantId, shown, `a fault ${JSON.stringify(point)}`)
      }
      assert.ok(hasStruck, `the fault did not strike: ${JSON.stringify(point)}`)
    }

    // The same by death, at the first write of each kind. Before a write nothing is there but what was after the one
    // before it, and a commit makes a difference on both of its sides.
    const deadly = points.filter(({ kind, nth, when }) => nth === 0 && (when === 'after' || kind.startsWith('commit')))
    const doomed: string[] = []
    while (doomed.length < deadly.length * 2) doomed.push(...(await makeTenants(world.vouch)))
    const die = async (): Promise<void> => {
      for (let point = deadly.pop(); point; point = deadly.pop()) {
        let shown: Shown[] | undefined
        for (let round = 0; round < tries && !shown; round++) {
          const tenantId = doomed.pop() ?? ''
          shown = await dieAt(world, tenantId, point)
          await look(tenantId, shown ?? [], `killed ${JSON.stringify(point)}`)
        }
        assert.ok(shown, `the process did not die: ${JSON.stringify(point)}`)
      }
    }
    await Promise.all([die(), die()])
  },
)

test('the look for damage sees each kind of damage that it is there for', { timeout: 300_000 }, async () => {
  await using world = await createWorld({ logLevel: 'silent' })
  const { vouch, admin } = world
  const kinds: readonly [plant: string, seen: RegExp][] = [
    [`insert into audit_event (tenant_id, id, at, actor_kind, actor_id, action, outcome, xact) select tenant_id, (left(id::text, 35) || translate(right(id::text, 1), '0123456789abcdef', '123456789abcdef0'))::uuid, at, 'system', 'test', 'key.created', 'success', '1' from audit_event where tenant_id = $1 limit 1`, /^1 of 265 rows are lost/],
    [`delete from decision where tenant_id = $1 and id = (select min(id::text)::uuid from decision where tenant_id = $1)`, /^1 entries have no row/],
    [`update log_tile set hashes = overlay(hashes placing decode(repeat('ab', 32), 'hex') from 1) where tenant_id = $1 and level = 0 and index = 0`, /does not verify.*tile/],
    [`update log_entry set at = at + interval '1 second' where tenant_id = $1 and index = 3`, /does not verify.*"index":3/],
    [`update log_checkpoint set root = decode(repeat('ab', 32), 'hex') where tenant_id = $1 and size = 5`, /^the checkpoint of 5 is stored as another/],
    [`update log_checkpoint set note = replace(note, E'\\n5\\n', E'\\n4\\n') where tenant_id = $1 and size = 5`, /^the checkpoint of 5: /],
    [`update log_checkpoint set note = note || E'\\u2014 stranger AAAAAAA=\\n' where tenant_id = $1 and size = 5`, /^a checkpoint of 5 was shown, and is not what is stored/],
  ] // prettier-ignore
  for (const [plant, seen] of kinds) {
    const [tenantId = ''] = await makeTenants(vouch)
    const shown = await crossRounds(world, tenantId)
    assert.deepEqual(await findLogDamage({ vouch, admin, tenantId, shown }), [])
    assert.equal((await admin.query(plant, [tenantId])).rowCount, 1, plant)
    const damage = await findLogDamage({ vouch, admin, tenantId, shown })
    assert.ok(damage.some((one) => seen.test(one)), `${plant}: ${damage.join('; ')}`) // prettier-ignore
  }
})
