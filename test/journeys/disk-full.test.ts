/** The disk is full: answers say "later", nothing acknowledged is lost, and room alone is enough to go on. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { closeSync, openSync, writeSync } from 'node:fs'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { waitUntil } from '#harness'
import { findDamage, startLoad, sumsOf } from '../harness/load.ts'
import { createInstallation } from '../harness/own-installation.ts'

/** Writes until there is no room, not even for one byte. */
function fill(file: string): void {
  const handle = openSync(file, 'a')
  try {
    for (let size = 1 << 20; size >= 1; size >>= 1) {
      for (;;) {
        try {
          if (writeSync(handle, Buffer.alloc(size, 7)) < size) break
        } catch {
          break
        }
      }
    }
  } finally {
    closeSync(handle)
  }
}

test('a full disk refuses with 503 and loses nothing; room alone brings it back', { timeout: 300_000 }, async (t) => {
  const disk = await mkdtemp(join(tmpdir(), 'vouch-disk-'))
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=300m', 'vouch-test', disk]).status !== 0) {
    await rm(disk, { recursive: true })
    t.skip('needs a file system of its own, and this account may not mount one (run as root)')
    return
  }
  const filler = join(disk, 'filler')
  try {
    const home = join(disk, 'home')
    // Where PostgreSQL runs as a user that was switched to, that user must be able to pass, or its data goes elsewhere.
    await mkdir(home, { mode: 0o711 })
    await using installation = await createInstallation({ home })
    const server = await installation.serve({ VOUCH_LOG_LEVEL: 'error' })
    const key = await installation.createTenant('Acme')
    await using load = startLoad({ key, clients: 8, targets: () => [server.url] })
    await waitUntil('the load runs', () => load.acknowledged.size > 300)

    fill(filler)
    await waitUntil('requests are refused', () => {
      fill(filler)
      return load.refusals.length > 20
    })
    for (let second = 0; second < 6; second++) {
      await sleep(1_000)
      fill(filler)
    }
    const last = load.refusals.at(-1)
    t.diagnostic(
      `${load.acknowledged.size} acknowledged, ${load.refusals.length} refused while there was no room, the last: ${JSON.stringify(last)}`,
    )
    const odd = load.refusals.filter(
      ({ status, code, isProblem, retryAfter }) =>
        !isProblem || !(Number(retryAfter) > 0) || (status !== 503 && code !== 'idempotency_in_flight'),
    )
    assert.deepEqual(odd.slice(0, 5), [], `${odd.length} answers were something other than "later"`)

    await rm(filler)
    const acknowledged = load.acknowledged.size
    const tookMs = await waitUntil('decisions are made again', () => load.acknowledged.size > acknowledged + 50)
    t.diagnostic(`decisions again ${Math.round(tookMs)} ms after there was room`)
    await load.finish()
    await installation.withAdminUrl(async (adminUrl) => {
      const sums = await sumsOf(adminUrl, load.acknowledged)
      assert.deepEqual(findDamage(sums, load), [])
      assert.equal(sums.decisions, load.begun())
    })
    server.kill('SIGTERM')
    assert.equal(await server.exited, 0, server.output())
  } finally {
    spawnSync('umount', ['-l', disk])
    await rm(disk, { recursive: true, force: true })
  }
})
