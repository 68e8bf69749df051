/** Every check of the installation: what it sees of the world, of an offence, and what it leaves behind. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { register } from '#assurance/claims'
import { createWorld, payment, type World } from '#harness'
import type { Check, Control, Text } from '#kernel/control'
import { systemScope } from '#platform/database'
import { installationTenant } from '#platform/tenancy'

let world: World
let checks: readonly Check[]
before(async () => {
  world = await createWorld({ logLevel: 'silent' })
  const { vouch, acme } = world
  for (let n = 0; n < 3; n++) await world.as('ada').post('/v1/evaluate', payment({ user_id: `u_${n}` }))
  await world.as('ada').post('/v1/lists/deny/entries', { field: 'user_id', value: 'u_9' })
  await vouch.tenancy.ensureInstallation()
  await vouch.assurance.ensureKey()
  const system = systemScope(vouch.database, 'test')
  for (const tenantId of [installationTenant, acme.id]) await vouch.logs.drain(system.asTenant(tenantId))
  checks = vouch.controls.flatMap(({ check }) => check ?? [])
})
after(() => world[Symbol.asyncDispose]())

/** Every row of every table, as one line for each table. */
async function readAll(): Promise<Map<string, string>> {
  const { rows } = await world.admin.query<{ name: string }>(
    `select c.relname as name from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition order by 1`,
  )
  const found = new Map<string, string>()
  for (const { name } of rows) {
    const { rows } = await world.admin.query<{ digest: string | null }>(
      `select md5(string_agg(t::text, '|' order by t::text)) as digest from "${name}" t`,
    )
    found.set(name, rows[0]?.digest ?? '')
  }
  return found
}

test('every check passes here, sees its planted offence with the same code, and neither leaves anything behind', async (t) => {
  assert.ok(checks.length >= 18)
  const before = await readAll()
  for (const check of checks) {
    const real = await check.run(null)
    assert.equal(real.result, 'pass', `${check.id}: ${real.saw.en}`)
    const planted = await check.planted.run()
    assert.equal(planted.result, 'fail', `${check.id} does not see ${check.planted.what.en}: ${planted.saw.en}`)
    requireBoth(`${check.id} saw`, real.saw)
    requireBoth(`${check.id} planted saw`, planted.saw)
    const again = await check.run(real.seen ?? null)
    assert.equal(again.result, 'pass', `${check.id} a second time: ${again.saw.en}`)
  }
  assert.deepEqual(await readAll(), before)
  t.diagnostic(`${checks.length} checks of ${new Set(world.vouch.controls.map(({ claim }) => claim)).size} claims`)
})

test('every text of a check and a control is there in English and in Swedish', () => {
  for (const { check, lacks } of world.vouch.controls) {
    if (check) {
      requireBoth(check.id, check.what)
      requireBoth(`${check.id} plant`, check.planted.what)
    }
    if (lacks) requireBoth('lacks', lacks)
  }
  for (const missing of [
    { en: 'A door.', sv: '' },
    { en: 'A door.', sv: 'A door.' },
    { en: ' ', sv: 'En dörr.' },
  ])
    assert.throws(() => requireBoth('planted', missing), /planted/)
})

/** Texts that are the same in both languages are not translated. */
function requireBoth(at: string, { en, sv }: Text): void {
  assert.ok(en.trim().length > 5, `${at}: no English text`)
  assert.ok(sv.trim().length > 5, `${at}: no Swedish text`)
  assert.notEqual(en, sv, `${at}: the Swedish text is the English one`)
}

test('each check names files that exist, its own controls first, and looks at most once in a quarter of an hour', async () => {
  const { vouch } = world
  for (const { id, sources, cadenceMs, timeoutMs } of checks) {
    assert.match(sources[0]?.pathname ?? '', /\/src\/.*controls\.ts$/, id)
    assert.ok(cadenceMs >= 900_000 && cadenceMs <= 7 * 86_400_000, id)
    assert.ok(timeoutMs <= 60_000, id)
  }
  const { claims } = await vouch.assurance.standing()
  const shown = claims.flatMap((claim) => claim.checks)
  assert.equal(shown.length, checks.length)
  assert.equal(new Set(shown.map(({ source_digest }) => source_digest)).size > 5, true)
})

test('an installation that serves has verified what it can, fails at nothing, and says of the rest what it lacks', async (t) => {
  const { assurance } = world.vouch
  await assurance.runDue()
  const { claims, fresh } = await assurance.standing()
  assert.equal(fresh, true)
  assert.equal(claims.length, register.length)
  const byState = Map.groupBy(claims, ({ state }) => state)
  assert.deepEqual(byState.get('failing') ?? [], [])
  const verified = (byState.get('verified') ?? []).map(({ id }) => id)
  for (const id of [
    'enc.rest',
    'enc.keys',
    'acc.keys',
    'acc.isolation',
    'aud.trail',
    'aud.levels',
    'aud.decisions',
    'app.limits',
    'app.headers',
    'dat.minimum',
    'dat.cards',
  ])
    // prettier-ignore
    assert.ok(verified.includes(id), `${id} is ${claims.find((claim) => claim.id === id)?.why?.en}`)
  const partly: readonly Control[] = world.vouch.controls.filter(({ lacks }) => lacks)
  for (const { claim } of partly) assert.equal(claims.find(({ id }) => id === claim)?.state, 'unproven', claim)
  for (const { id, state, why } of claims)
    assert.equal(why === null, ['verified', 'planned'].includes(state), `${id} says why it is ${state}`)
  t.diagnostic([...byState].map(([state, { length }]) => `${length} ${state}`).join(', '))
})

test('the tenant of the installation is not among its customers', async () => {
  const { tenancy, logs } = world.vouch
  const listed = await tenancy.list({ limit: 100 })
  assert.deepEqual(listed.map(({ name }) => name).sort(), ['Acme', 'Globex'])
  const [first] = await logs.tenants({ limit: 1 })
  assert.equal(first?.id, installationTenant)
  await Promise.all([tenancy.ensureInstallation(), tenancy.ensureInstallation()])
})
