/** The demo as a newcomer runs it: an empty folder, one command, and everything it says is so. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { test } from 'node:test'
import { createInstallation } from '#harness/own-installation'

test(
  'the demo judges its payments, verifies their log, and breaks and mends a promise on stage',
  { timeout: 300_000 },
  async () => {
    await using installation = await createInstallation()
    const { code, out, err } = await installation.spawn(['demo', '--json', '--exit', '--count', '400'])
    assert.equal(code, 0, err)
    const said = JSON.parse(out)
    for (const name of ['tenant_id', 'key', 'url', 'count', 'approved', 'step_up', 'declined', 'fraud', 'troubled', 'per_second', 'latency_ms', 'log', 'examples', 'promises'])
    assert.ok(name in said, `${name} is missing`) // prettier-ignore
    const { count, approved, step_up, declined, fraud, log, promises, examples } = said
    assert.equal(count, 400)
    assert.equal(approved + step_up + declined, 400)
    assert.equal(fraud.caught + fraud.missed, fraud.total)
    assert.equal(examples.length, 3)
    // The tenant itself and its keys are in the log too.
    assert.ok(log.verified && log.size > 400, JSON.stringify(log))
    assert.deepEqual(promises.broken, { claim: 'acc.isolation', states: ['verified', 'failing', 'verified'] })
    assert.ok(promises.states.verified > 5 && promises.states.planned > 5 && promises.states.failing === undefined, out)

    const again = await installation.run(['log', 'verify', join(installation.home, 'log'), '--json'])
    assert.deepEqual([again.code, JSON.parse(again.out).root], [0, log.root])
    const claims = await installation.run(['claims', '--json', '--id', 'acc.isolation'])
    assert.deepEqual([claims.code, JSON.parse(claims.out).claims[0].state], [0, 'verified'])
  },
)

test('a demo that is told to stop stops, by that signal, and leaves no process', { timeout: 60_000 }, async () => {
  await using installation = await createInstallation()
  const main = new URL('../../src/main.ts', import.meta.url).pathname
  const demo = spawn(process.execPath, [main, 'demo', '--exit', '--count', '4000'], {
    env: { PATH: process.env['PATH'], ...installation.settings, VOUCH_LOG_LEVEL: 'error' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const exited = once(demo, 'exit')
  try {
    let said = ''
    demo.stdout.on('data', (data) => (said += data))
    const [progress] = await once(demo.stderr, 'data')
    assert.match(String(progress), /^400 of 4000 payments/)
    demo.kill('SIGINT')
    assert.deepEqual(await exited, [null, 'SIGINT'])
    assert.equal(said, '', 'a demo that was stopped reports')
    assert.deepEqual(installation.postgresPids(), [], 'processes of PostgreSQL are left')
  } finally {
    demo.kill('SIGKILL')
    await exited
  }
})
