/** The log on the command line, as its owner has it, and as a stranger verifies what the owner hands over. */
import assert from 'node:assert/strict'
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import pg from 'pg'
import { createLogSigners, formatVkeys, newSeed } from '#platform/tlog'
import { clientOf, payment } from '#harness'
import { plantEvents } from '../harness/log-rounds.ts'
import { createInstallation, type Ran, runVouch, spawnVouch } from '../harness/own-installation.ts'

/** One JSON document, and the exit code that goes with it. */
const read = ({ code, out, err }: Ran, expected = 0) => {
  assert.equal(code, expected, `${out}${err}`)
  return JSON.parse(out)
}

const nowhere = { VOUCH_HOME: '/nowhere', VOUCH_DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' }
/** In a process without a home and without a database. */
const elsewhere = (...words: string[]): Promise<Ran> => spawnVouch(words, nowhere)

test(
  'an owner exports, proves and rotates beside a running server, and a stranger verifies all of it with the key alone',
  { timeout: 300_000 },
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'vouch-log-cli-'))
    const at = (name: string): string => join(folder, name)
    try {
      await using installation = await createInstallation()
      const run = (...words: string[]): Promise<Ran> => installation.run(words)
      const log = (...words: string[]): Promise<Ran> => run('log', ...words)
      assert.equal((await log('status')).code, 2, 'without a tenant there is no log')
      const server = await installation.serve({ VOUCH_LOG_LEVEL: 'warn' })
      const ada = clientOf(server.url, await installation.createTenant('Acme'))
      const decided: string[] = []
      for (let n = 0; n < 12; n++)
        decided.push((await ada.post('/v1/evaluate', payment({ user_id: `u_${n}` }))).body.trace_id)
      const [traceId = ''] = decided

      // Whose keys these are is known before anything is exported.
      const { origin, keys } = read(await log('keys', '--json'))
      assert.match(origin, /^localhost\/log\/ten_[0-9a-f]{32}$/)
      assert.deepEqual(
        keys.map(({ version, state, first_size }: Record<string, unknown>) => [version, state, first_size]),
        [[1, 'current', 0]],
      )
      const vkeys: string = keys[0].vkeys
      await writeFile(at('key'), vkeys)

      const exported = read(await installation.spawn(['log', 'export', at('one'), '--json']))
      assert.equal(exported.origin, origin)
      assert.equal(exported.is_as_signed, true)
      assert.equal(exported.first_bad, null)
      assert.equal(exported.vkeys, vkeys)
      assert.ok(exported.size >= 12 + 2, 'the decisions, and what made the tenant and its key')
      assert.deepEqual([exported.entries, exported.contents, exported.erased], [exported.size, exported.size, 0])
      assert.deepEqual((await readdir(at('one'))).sort(), ['checkpoint', 'contents.jsonl', 'tile', 'vkey'])

      const [ed25519 = '', mlDsa44 = ''] = vkeys.split('\n')
      for (const given of [['--key', vkeys], ['--key', ed25519], ['--key', ed25519, '--key', mlDsa44], ['--key', `@${at('key')}`]]) {
        const report = read(await run('log', 'verify', at('one'), '--json', ...given))
        assert.deepEqual(
          [report.ok, report.key, report.size, report.root, report.contents],
          [true, 'given', exported.size, exported.root, exported.size],
        )
      } // prettier-ignore
      assert.equal((await elsewhere('log', 'verify', at('one'), '--key', vkeys)).code, 0)
      const lines = (await readFile(at('one/contents.jsonl'), 'utf8')).split('\n')
      const contents = lines.filter(Boolean).map((line) => JSON.parse(JSON.parse(line).content).id)
      for (const id of decided) assert.equal(contents.filter((one) => one === id).length, 1, 'a decision is there once')

      const watched = await runVouch(['log', 'verify', at('one'), '--json'], nowhere, '', { isTerminal: true })
      assert.match(watched.err, new RegExp(`\\r${exported.size} of ${exported.size} entries verified *\\r *\\r$`))
      assert.equal(read(watched).ok, true)

      // A key of the same name that is not the log's, and a word that is no key.
      const foreign = formatVkeys(createLogSigners(origin, { ed25519: newSeed(), mlDsa44: newSeed() }))
      const refused = read(await run('log', 'verify', at('one'), '--json', '--key', foreign), 1)
      assert.equal(refused.ok, false)
      assert.match(refused.first_bad.why, /no known key has signed/)
      const both = ['--key', ed25519, '--key', foreign.split('\n')[0] ?? '']
      assert.equal((await run('log', 'verify', at('one'), ...both)).code, 1, 'each key that is given must have signed') // prettier-ignore
      assert.equal((await run('log', 'verify', at('one'), '--key', 'none')).code, 2)
      assert.equal((await run('log', 'verify', at('one'), '--key', `@${at('nothing')}`)).code, 2)

      // Nothing is written over.
      await mkdir(at('full'))
      await writeFile(at('full/letter'), 'mine')
      const full = await log('export', at('full'))
      assert.deepEqual([full.code, full.out], [2, ''])
      assert.match(full.err, /is not empty/)
      assert.deepEqual(await readdir(at('full')), ['letter'])
      assert.equal((await log('export', at('full/letter'))).code, 2)
      assert.equal((await log('export', at('one'))).code, 2)

      // One decision, on its own.
      const proof = read(await log('proof', traceId, '--out', at('mine'), '--json'))
      assert.deepEqual(proof.files, {
        proof: at('mine.tlog-proof'),
        entry: at('mine.entry'),
        content: at('mine.content'),
      })
      const verifyProof = (file: string, ...more: string[]): Promise<Ran> =>
        run('log', 'verify-proof', file, '--json', ...more)
      const proven = read(await verifyProof(at('mine.tlog-proof'), '--key', vkeys))
      assert.deepEqual(
        [proven.ok, proven.entry.id, proven.entry.type, proven.index, proven.origin, proven.content, proven.why],
        [true, traceId, 'decision.created', proof.index, origin, 'matches', null],
      )
      assert.equal((await elsewhere('log', 'verify-proof', at('mine.tlog-proof'), '--key', vkeys)).code, 0)
      const bytes = `${await readFile(at('mine.tlog-proof'), 'utf8')}${await readFile(at('mine.entry'), 'utf8')}`
      assert.ok(!bytes.includes('groceries'), 'proof and entry tell what was decided about')
      assert.match(await readFile(at('mine.content'), 'utf8'), /groceries/)
      await mkdir(at('alone'))
      for (const name of ['mine.tlog-proof', 'mine.entry']) await copyFile(at(name), at(`alone/${name}`))
      assert.equal(read(await verifyProof(at('alone/mine.tlog-proof'), '--key', ed25519)).content, 'not given')
      assert.equal(read(await verifyProof(at('mine.tlog-proof'), '--key', foreign), 1).ok, false)
      assert.equal((await verifyProof(at('mine.tlog-proof'))).code, 2, 'a proof proves nothing without a key')
      assert.equal((await log('proof', traceId, '--out', at('mine'))).code, 2, 'a proof was written over')

      const other = read(await log('proof', decided[1] ?? '', '--out', at('other.tlog-proof'), '--json'))
      assert.equal(other.files.entry, at('other.entry'))
      const swapped = ['--key', vkeys, '--entry', at('other.entry'), '--content', at('other.content')]
      assert.match(read(await verifyProof(at('mine.tlog-proof'), ...swapped), 1).why, /not at that place/)
      const wrongContent = ['--key', vkeys, '--content', at('other.content')]
      assert.equal(read(await verifyProof(at('mine.tlog-proof'), ...wrongContent), 1).content, 'does not match')
      assert.equal((await log('proof', `tr_${'0'.repeat(32)}`, '--out', at('none'))).code, 1)
      assert.equal((await log('proof', 'none')).code, 2)

      // The next key: announced under the old one, and the checkpoint between them bears both.
      const rotated = read(await log('rotate', '--json'))
      assert.equal(rotated.version, 2)
      assert.notEqual(rotated.vkeys, vkeys)
      const after = read(await log('keys', '--json')).keys
      assert.deepEqual(
        after.map(({ version, state, first_size }: Record<string, unknown>) => [version, state, first_size]),
        [
          [1, 'retired', 0],
          [2, 'current', rotated.first_size],
        ],
      )
      await ada.post('/v1/evaluate', payment())
      const second = read(await log('export', at('two'), '--json'))
      assert.equal(second.vkeys, rotated.vkeys)
      assert.equal(read(await run('log', 'verify', at('two'), '--json', '--key', rotated.vkeys)).size, second.size)
      assert.equal((await run('log', 'verify', at('two'), '--key', vkeys)).code, 1, 'the retired key still signs')
      const bridge = read(await run('log', 'verify', at('one'), '--json', '--key', vkeys))
      assert.equal(bridge.ok, true, 'what the old key signed stays true')
      const announcement = (await readFile(at('two/contents.jsonl'), 'utf8'))
        .split('\n')
        .filter((line) => line.includes('log_key.announced'))
      assert.equal(announcement.length, 1)
      assert.equal(JSON.parse(JSON.parse(announcement[0] ?? '').content).target, after[1].sha256)
      assert.ok(JSON.parse(announcement[0] ?? '').index < rotated.first_size, 'the old key signed the announcement')

      const consistent = read(await log('consistency', String(exported.size), String(second.size), '--json'))
      assert.deepEqual(
        [consistent.verified, consistent.from_root, consistent.to_root],
        [true, exported.root, second.root],
      )
      assert.ok(consistent.proof.length > 0)
      assert.equal(read(await log('consistency', '1', String(second.size), '--json')).verified, null)
      for (const words of [['0', '1'], ['3', '2'], ['1', '1000000'], ['1'], ['one', '2']])
        assert.equal((await log('consistency', ...words)).code, 2, words.join(' ')) // prettier-ignore

      assert.equal(read(await log('status', '--json')).public, false)
      assert.equal(read(await log('visibility', 'public', '--json')).public, true)
      assert.equal((await log('visibility', 'secret')).code, 2)
      const status = read(await log('status', '--json'))
      assert.equal(status.public, true)
      assert.equal(status.origin, origin)
      assert.ok(status.checkpoint.size >= second.size && status.checkpoint.age_seconds >= 0)
      for (const form of ['status', 'keys']) assert.match((await log(form)).out, new RegExp(`^${origin}\n`))
      assert.match((await run('log', '--help')).out, /verify-proof FILE +verify such a proof/)
      server.kill('SIGTERM')
      await server.exited
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  },
)

test(
  'an export says, with exit code 1, that the stored log is not what was signed: a changed tile is exported as evidence, and a changed checkpoint is not signed over',
  { timeout: 300_000 },
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'vouch-log-cli-'))
    const at = (name: string): string => join(folder, name)
    try {
      await using installation = await createInstallation()
      const run = (...words: string[]): Promise<Ran> => installation.run(words)
      await installation.createTenant('Acme')
      await installation.withAdminUrl(async (url) => {
        const admin = new pg.Client(url)
        await admin.connect()
        try {
          const { rows } = await admin.query('select id from tenant where twin_of is null')
          await plantEvents(admin, rows[0].id, 300)
          assert.equal(read(await run('log', 'export', at('good'), '--json')).entries, 302)

          await admin.query(
            `update log_tile set hashes = overlay(hashes placing decode(repeat('ab', 32), 'hex') from 97)
             where level = 0 and index = 0`,
          )
          const evidence = read(await run('log', 'export', at('evidence'), '--json'), 1)
          assert.equal(evidence.is_as_signed, false)
          assert.match(evidence.first_bad.why, /tile\/0\/000/)
          assert.deepEqual(read(await run('log', 'verify', at('evidence'), '--json'), 1).first_bad, evidence.first_bad)

          await admin.query(`update log_checkpoint set root = decode(repeat('ab', 32), 'hex')`)
          const refused = read(await run('log', 'export', at('refused'), '--json'), 1)
          assert.equal(refused.is_as_signed, false)
          assert.match(refused.first_bad.why, /not what was signed/)
          assert.equal((await run('log', 'rotate')).code, 1)
          assert.deepEqual((await readdir(folder)).sort(), ['evidence', 'good'])
        } finally {
          await admin.end()
        }
      })
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  },
)
