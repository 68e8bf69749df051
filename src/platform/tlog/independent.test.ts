import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import {
  appendLeaves,
  cosignCheckpoint,
  createLogSigners,
  createSigner,
  formatCheckpoint,
  formatVkeys,
  hashLeaf,
  makeEntry,
  newSalt,
  newSeed,
  signCheckpoint,
  writeExport,
} from './index.ts'

const source = join(import.meta.dirname, '../../../test/go/verify-export')
const home = mkdtempSync(join(tmpdir(), 'vouch-go-'))
after(() => rmSync(home, { recursive: true, force: true }))
const binary = join(home, 'verify-export')

/** Go, and golang.org/x/mod where Debian puts it: nothing is fetched. */
function build(): string | false {
  if (spawnSync('go', ['version']).status !== 0) return 'Go is not installed'
  if (!existsSync('/usr/share/gocode/src/golang.org/x/mod/sumdb')) return 'golang-golang-x-mod-dev is not installed'
  const env = { ...process.env, GOPROXY: 'off', GOFLAGS: '-mod=mod', GOCACHE: join(home, 'cache') }
  const built = spawnSync('go', ['build', '-o', binary, '.'], { cwd: source, env, encoding: 'utf8' })
  assert.equal(built.status, 0, built.stderr)
  return false
}
const skip = build()

const origin = 'vouch.example/log/ten_0123456789abcdef0123456789abcdef'
const signers = createLogSigners(origin, { ed25519: newSeed(), mlDsa44: newSeed() })
const witness = createSigner('witness.example/w1', 'ed25519-cosignature', newSeed())
const entries = Array.from({ length: 66_000 }, (_, n) => {
  const salt = newSalt()
  const content = `content ${n}`
  return {
    salt,
    content,
    entry: makeEntry({ id: `ent_${String(n).padStart(32, '0')}`, timeMs: n, type: 'key.issued', salt, content }),
  }
})
const leaves = entries.map(({ entry }) => hashLeaf(entry))

async function exportOf(size: number): Promise<string> {
  const dir = join(home, String(size))
  const { root } = appendLeaves(0, [], leaves.slice(0, size))
  const checkpoint =
    signCheckpoint({ origin, size, root }, signers, 0) +
    cosignCheckpoint(formatCheckpoint({ origin, size, root }), [witness], 0)
  await writeExport(dir, { checkpoint, vkey: formatVkeys(signers), size, entries: entries.slice(0, size) })
  return dir
}
function verify(...words: string[]): string {
  const { status, stdout, stderr } = spawnSync(binary, words, { encoding: 'utf8', timeout: 120_000 })
  assert.equal(status === 0, stdout.startsWith('ok: '), stderr)
  assert.equal(status === 0, stderr === '', stderr)
  return stdout + stderr
}

test(
  'Go’s own checksum database code verifies our exports: signature, every entry, every tile, inclusion, growth',
  { skip },
  async () => {
    for (const size of [1, 256, 700])
      assert.match(verify(await exportOf(size)), new RegExp(`^ok: ${origin}, ${size} entries`))
    const dir = await exportOf(entries.length)
    const vkey = signers[0]!.vkey
    for (const earlier of [1, 256, 700]) {
      assert.match(
        verify(dir, vkey, join(home, String(earlier), 'checkpoint')),
        new RegExp(`66000 entries, 261 tiles, grown from ${earlier}\n$`),
      )
    }
  },
)

test('and it refuses one changed byte, another key, and a past that is not ours', { skip }, async () => {
  const dir = await exportOf(600)
  const [vkey, other] = [signers[0]!.vkey, createLogSigners(origin, { ed25519: newSeed(), mlDsa44: newSeed() })]
  const spoil = (file: string, at: number): string => {
    const before = readFileSync(join(dir, file))
    const changed = Buffer.from(before)
    changed[at % before.length]! ^= 1
    writeFileSync(join(dir, file), changed)
    const said = verify(dir, vkey)
    writeFileSync(join(dir, file), before)
    return said
  }
  assert.match(verify(dir, vkey), /^ok/)
  for (const at of [1, 5, 20_000, -1 >>> 1]) assert.match(spoil('tile/entries/001', at), /^not ok: /)
  assert.match(spoil('tile/0/002.p/88', 40), /^not ok: tile\/0\/002.p\/88 is not the tile/)
  assert.match(spoil('tile/1/000.p/2', 40), /^not ok: /)
  assert.match(spoil('checkpoint', 60), /^not ok: /)
  assert.match(verify(dir, other[0]!.vkey), /^not ok: signature: note has no verifiable signatures/)
  const forked = appendLeaves(0, [], leaves.slice(0, 300).with(9, hashLeaf(Buffer.from('fork'))))
  writeFileSync(join(home, 'forked'), signCheckpoint({ origin, size: 300, root: forked.root }, signers, 0))
  assert.match(verify(dir, vkey, join(home, 'forked')), /^not ok: consistency/)
})
