/** The command line about claims and attestations, as an operator and as a stranger use it. */
import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { createWorld } from '#harness'
import { runVouch } from '#harness/own-installation'

test('the command line exports every claim, verifies without a server, and says what a signature does not prove', async () => {
  await using world = await createWorld({ logLevel: 'silent' })
  const folder = await mkdtemp(join(tmpdir(), 'vouch-trust-'))
  let settings: Record<string, string> = { ...world.settings, VOUCH_LOG_LEVEL: 'silent' }
  const run = (...words: string[]) => runVouch(words, settings)
  try {
    const dir = join(folder, 'claims')
    const exported = await run('trust', 'export', dir, '--json')
    assert.equal(exported.code, 0, exported.err)
    const { vkey, claims } = JSON.parse(exported.out)
    assert.equal((await readdir(dir)).length, claims)
    assert.equal((await run('trust', 'export', dir)).code, 2, 'not into a folder that holds something')
    const shown = await run('claims', '--id', 'dat.cards', '--json')
    assert.deepEqual(JSON.parse(shown.out).claims.map(({ state }: { state: string }) => state), ['verified']) // prettier-ignore
    assert.equal((await run('claims', '--id', 'dat.card')).code, 2)
    const trail = await run(
      'audit',
      'list',
      '--tenant',
      'installation',
      '--action',
      'claim.state_changed',
      '--limit',
      '200',
      '--json',
    )
    const changed = JSON.parse(trail.out).data
    assert.ok(
      changed.some(({ target }: { target: string }) => target === 'dat.cards'),
      trail.err,
    )
    const { tenants } = JSON.parse((await run('tenant', 'list', '--json')).out)
    assert.equal(tenants.length, 2, 'the installation is none of them')

    settings = { ...settings, VOUCH_HOME: '/nowhere', VOUCH_DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' }
    const file = join(dir, 'dat.cards.json')
    const good = await run('trust', 'verify', file, '--key', vkey)
    assert.deepEqual([good.code, /● the attestation verifies/.test(good.out)], [0, true], good.err)
    assert.match(good.out, /does not prove that the checks look/)
    assert.match((await run('trust', 'verify', file)).out, /proves nothing about who signed/)
    const text = await readFile(file, 'utf8')
    await writeFile(file, text.replace('payloadType', 'payloadtype'))
    const bad = await run('trust', 'verify', file, '--key', vkey, '--json')
    assert.deepEqual([bad.code, JSON.parse(bad.out).ok], [1, false])
    assert.equal((await run('trust', 'verify', join(dir, 'nothing.json'))).code, 2)
    assert.equal((await run('trust', 'verify')).code, 2)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})
