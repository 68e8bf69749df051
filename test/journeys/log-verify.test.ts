import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { main, type Terminal } from '#cli'
import {
  appendLeaves,
  createLogSigners,
  formatVkeys,
  hashLeaf,
  makeEntry,
  newSalt,
  newSeed,
  signCheckpoint,
  writeExport,
} from '#platform/tlog'

const origin = 'vouch.example/log/ten_0123456789abcdef0123456789abcdef'

/** An export of `size` entries, and the keys that signed it. */
async function makeExport(dir: string, size: number): Promise<string> {
  const signers = createLogSigners(origin, { ed25519: newSeed(), mlDsa44: newSeed() })
  const entries = Array.from({ length: size }, (_, n) => {
    const [salt, content] = [newSalt(), `{"n":${n}}`]
    const id = `tr_${String(n).padStart(32, '0')}`
    return { entry: makeEntry({ id, timeMs: 1.79e12, type: 'decision.created', salt, content }), salt, content }
  })
  const { root } = appendLeaves(
    0,
    [],
    entries.map(({ entry }) => hashLeaf(entry)),
  )
  const vkey = formatVkeys(signers)
  const checkpoint = signCheckpoint({ origin, size, root }, signers, 1.79e12)
  await writeExport(dir, { checkpoint, vkey, size, entries })
  return vkey
}

async function run(...words: string[]): Promise<{ code: number; out: string; err: string }> {
  const said = { out: '', err: '' }
  const terminal: Terminal = {
    out: (text) => void (said.out += text),
    err: (text) => void (said.err += text),
    read: () => Promise.reject(new Error('nothing to read')),
    isTerminal: false,
    columns: 100,
    stopped: () => new Promise(() => {}),
  }
  return { code: await main(words, terminal), ...said }
}

test('vouch log verify believes a good export, says whose key it took, and names the entry of one changed byte', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'vouch-log-'))
  try {
    const vkey = await makeExport(dir, 300)
    const good = await run('log', 'verify', dir, '--json', '--key', vkey)
    const { root, ...report } = JSON.parse(good.out)
    assert.match(root, /^[\w+/]{43}=$/)
    assert.deepEqual(report, {
      ok: true,
      origin,
      size: 300,
      entries: 300,
      contents: 300,
      erased: 0,
      first_bad: null,
      key: 'given',
    })
    assert.equal(good.code, 0)
    assert.match((await run('log', 'verify', dir)).out, /from export: proves nothing about who signed/)

    const bundle = join(dir, 'tile/entries/001.p/44')
    const bytes = await readFile(bundle)
    const at = bytes.indexOf(`tr_${'257'.padStart(32, '0')}`)
    bytes[at + 10] = '9'.charCodeAt(0)
    await writeFile(bundle, bytes)
    const bad = await run('log', 'verify', dir, '--json', '--key', vkey)
    assert.equal(bad.code, 1)
    assert.equal(JSON.parse(bad.out).first_bad.index, 257)
    assert.equal((await run('log', 'verify', join(dir, 'nowhere'))).code, 2)
    assert.equal((await run('log', 'export', dir)).code, 2)
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
})
