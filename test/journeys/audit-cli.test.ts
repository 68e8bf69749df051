/** The trail on the command line: read, filtered, and exported beside a running server. */
import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { clientOf } from '#harness'
import { createInstallation, type Ran } from '../harness/own-installation.ts'

test(
  'an operator lists and exports the trail: each row once, in either format, and the reading is in it',
  { timeout: 300_000 },
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'vouch-audit-cli-'))
    try {
      await using installation = await createInstallation({ on: 'shared' })
      const audit = (...words: string[]): Promise<Ran> => installation.run(['audit', ...words])
      const server = await installation.serve({ VOUCH_LOG_LEVEL: 'warn' })
      const ada = clientOf(server.url, await installation.createTenant('Acme'))
      for (let n = 0; n < 20; n++) assert.equal((await ada.put(`/v1/lists/list-${n}`, { kind: 'deny' })).status, 200)

      const listed = await audit('list', '--limit', '5', '--action', 'list.put', '--json')
      assert.deepEqual(
        JSON.parse(listed.out).data.map(({ target }: { target: string }) => target),
        ['list-19', 'list-18', 'list-17', 'list-16', 'list-15'],
      )
      const text = await audit('list', '--target', 'list-3')
      assert.match(text.out, /^\S+Z +list\.put +key_[0-9a-f]{32} +list-3\n$/)

      const exported = await audit('export')
      assert.deepEqual([exported.code, exported.err], [0, ''])
      const rows = exported.out
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line))
      const count = (action: string): number => rows.filter((row) => row.action === action).length
      assert.equal(count('list.put'), 20)
      assert.equal(new Set(rows.map(({ id }) => id)).size, rows.length)
      const ids: string[] = rows.map(({ id }) => id)
      const newestFirst = (a: string, b: string): number => (a < b ? 1 : -1)
      assert.deepEqual(ids, ids.toSorted(newestFirst))
      // Both lists above, and this export; by whoever has the shell.
      const reads = rows.filter(({ action }) => action === 'audit.read')
      assert.equal(reads.length, 3)
      assert.ok(reads.every(({ actor }) => actor.kind === 'operator' && /^uid:\d+$/.test(actor.id)))

      const file = join(folder, 'trail.jsonl')
      const answer = JSON.parse(
        (await audit('export', '--json', '--out', file, '--format', 'ocsf', '--action', 'list.put')).out,
      )
      assert.deepEqual(answer, { exported: 20, file })
      const events = (await readFile(file, 'utf8'))
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line))
      assert.ok(events.every(({ specversion, data }) => specversion === '1.0' && data.class_uid === 3004))
      assert.equal((await stat(file)).mode & 0o777, 0o600)

      for (const words of [
      [], ['list', 'more'], ['eat'], ['export', '--json'], ['export', '--out', file], ['list', '--action', 'list.eaten'],
      ['list', '--outcome', 'maybe'], ['list', '--from', 'yesterday'], ['export', '--format', 'xml'],
    ])
      assert.equal((await audit(...words)).code, 2, words.join(' ')) // prettier-ignore
      await assert.rejects(stat(join(folder, 'never')))
      assert.equal((await audit('export', '--out', join(folder, 'never'), '--action', 'list.eaten')).code, 2)
      await assert.rejects(stat(join(folder, 'never')), 'a refused export leaves no file')
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  },
)
