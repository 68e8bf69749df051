/** An installation with its own PostgreSQL, used through the command line as its owner would. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { readFile, rename, stat, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { clientOf, payment } from '#harness'
import { createInstallation, type Ran } from '../harness/own-installation.ts'

/** The one JSON document that `--json` promises. */
function documentOf({ code, out, err }: Ran, what: string): Record<string, unknown> {
  assert.equal(code, 0, `${what}: ${err}`)
  assert.equal(out.trimEnd().split('\n').length, 1, `${what}: more than one line on standard output: ${out}`)
  return JSON.parse(out)
}

test(
  'a first start makes everything, commands work beside the server, and the end of the server leaves no process',
  { timeout: 300_000 },
  async () => {
    await using installation = await createInstallation()
    const server = await installation.serve()
    const masterKey = join(installation.home, 'master.key')
    assert.equal((await stat(masterKey)).mode & 0o777, 0o600, 'others may read the master key')
    assert.equal((await stat(installation.home)).mode & 0o077, 0, 'others may enter the home')

    const made = documentOf(await installation.spawn(['tenant', 'create', 'Acme', '--json']), 'tenant create')
    assert.deepEqual(Object.keys(made).sort(), ['key', 'tenant_id', 'test_key', 'test_tenant_id'])
    const ada = clientOf(server.url, String(made['key']))
    assert.equal((await ada.post('/v1/evaluate', payment())).status, 200)

    const second = await installation.spawn(['serve'])
    assert.equal(second.code, 3, second.err)
    assert.match(second.err, /another Vouch already serves from this home \(/)
    assert.ok(second.err.includes(installation.home), 'the message does not say which home')
    assert.equal(second.out, '')
    assert.equal(
      (await ada.post('/v1/evaluate', payment())).status,
      200,
      'the server that was there does not serve any more',
    )

    const issued = documentOf(
      await installation.spawn(['key', 'create', '--name', 'reader', '--scopes', 'decisions:read', '--json']),
      'key create',
    )
    assert.equal((await clientOf(server.url, String(issued['key'])).get('/v1/decisions')).body.data.length, 2)
    const rotated = documentOf(
      await installation.run(['key', 'rotate', String(issued['id']), '--overlap', '0', '--json']),
      'key rotate',
    )
    assert.equal((await clientOf(server.url, String(rotated['key'])).get('/v1/decisions')).status, 200)
    const ended = await installation.run(['key', 'list'])
    assert.match(ended.out, new RegExp(`^${String(issued['id'])}  expired`, 'm'), 'rotated without an overlap')
    const idle = await installation.run(['key', 'create', '--name', 'idle'])
    assert.deepEqual([idle.code, idle.out], [2, ''], 'a key that can do nothing was issued')
    documentOf(await installation.run(['key', 'revoke', String(rotated['id']), '--json']), 'key revoke')
    const listed = documentOf(await installation.run(['key', 'list', '--json']), 'key list')
    assert.equal((listed['keys'] as unknown[]).length, 3)
    assert.equal(
      (documentOf(await installation.run(['tenant', 'list', '--json']), 'tenant list')['tenants'] as unknown[]).length,
      1,
    )
    assert.deepEqual(documentOf(await installation.run(['migrate', '--json']), 'migrate'), { applied: [] })
    const decided = documentOf(
      await installation.spawn(['decide', '-', '--json'], {}, JSON.stringify(payment())),
      'decide',
    )
    assert.equal(decided['decision'], 'APPROVED')
    for (const command of ['doctor', 'claims']) {
      const ran = await installation.run([command, '--json'])
      assert.ok(ran.code === 0 || ran.code === 1, `${command}: ${ran.err}`)
      assert.ok(JSON.parse(ran.out), command)
    }

    assert.ok(installation.postgresPids().length > 3)
    server.kill('SIGTERM')
    assert.equal(await server.exited, 0, server.output())
    assert.deepEqual(installation.postgresPids(), [], 'processes of PostgreSQL are left')
    assert.equal(installation.postmasterPid(), undefined)

    const again = await installation.serve()
    assert.equal(
      (await clientOf(again.url, String(made['key'])).get('/v1/decisions')).body.data.length,
      2,
      'what was stored before the stop',
    )
    assert.ok(!`${server.output()}${again.output()}`.includes(String(made['key'])), 'a key stands in the log')
  },
)

test(
  'a wrong, broken or missing master key stops the start, says so, and changes nothing',
  { timeout: 300_000 },
  async () => {
    await using installation = await createInstallation()
    const { home } = installation
    const key = await installation.createTenant('Acme')
    const file = join(home, 'master.key')
    const right = await readFile(file)
    const other = join(home, 'other.key')
    const wrong: [string, string, RegExp][] = [
      ['another key', `${randomBytes(32).toString('base64')}\n`, /is not the one of this installation/],
      ['half a key', right.toString().slice(0, 20), /must be 32 bytes in base64/],
      ['an empty file', '', /must be 32 bytes in base64/],
    ]
    for (const [what, text, message] of wrong) {
      await writeFile(other, text)
      const attempts =
        what === 'another key' ? [['serve'], ['tenant', 'list', '--json'], ['tenant', 'create', 'Other']] : [['serve']]
      for (const words of attempts) {
        const ran = await installation[what === 'another key' ? 'spawn' : 'run'](words, {
          VOUCH_MASTER_KEY_FILE: other,
        })
        assert.equal(ran.code, 3, `${what}, ${words.join(' ')}: ${ran.err}`)
        assert.match(ran.err, message)
        assert.ok(ran.err.includes(other), 'the message does not say which file')
        assert.equal(ran.out, '')
        assert.ok(text === '' || !ran.err.includes(text.trim()), 'the message shows the key')
      }
      assert.equal(await readFile(other, 'utf8'), text, `${what}: the file was overwritten`)
    }
    await rename(file, `${file}.away`)
    const missing = await installation.run(['serve'])
    assert.equal(missing.code, 3, missing.err)
    assert.match(missing.err, /The master key is missing/)
    assert.ok(!existsSync(file), 'a new master key was made over an installation that has one')
    await rename(`${file}.away`, file)
    assert.deepEqual(await readFile(file), right)
    const server = await installation.serve()
    assert.equal((await clientOf(server.url, key).post('/v1/evaluate', payment())).status, 200)
  },
)

test('settings and words that nobody knows are refused with exit code 2, by name', { timeout: 300_000 }, async () => {
  await using installation = await createInstallation()
  const cases: [readonly string[], Readonly<Record<string, string>>, RegExp][] = [
    [['serve'], { VOUCH_UNKNOWN: '1' }, /VOUCH_UNKNOWN/],
    [['tenant', 'list'], { VOUCH_PROT: '80' }, /VOUCH_PROT/],
    [['serve'], { VOUCH_PORT: '99999' }, /VOUCH_PORT/],
    [['serve'], { VOUCH_PORT: 'abc', VOUCH_LOG_LEVEL: 'loud' }, /(?=[^]*VOUCH_PORT)(?=[^]*VOUCH_LOG_LEVEL)/],
    [['serve'], { VOUCH_HOST: '0.0.0.0' }, /VOUCH_HOST/],
    [['serve'], { VOUCH_DATABASE_URL: 'mysql://x' }, /VOUCH_DATABASE_URL/],
    [['migrate'], { VOUCH_DATABASE_URL: 'postgres://vouch_app@127.0.0.1:1/vouch' }, /VOUCH_DATABASE_OWNER_URL/],
    [['server'], {}, /no command "server"/],
    [['__proto__'], {}, /no command/],
    [['serve', '--prot', '80'], {}, /--prot/],
    [['serve', 'now'], {}, /Usage/],
    [['tenant'], {}, /Usage/],
    [['tenant', 'delete', 'Acme'], {}, /Usage/],
    [['tenant', 'list', '--limit', 'many'], {}, /--limit/],
    [['decide'], {}, /Usage/],
    [['decide', '/nowhere/x.json'], {}, /cannot be read/],
    [[], {}, /^$/],
  ]
  for (const [at, [words, settings, message]] of cases.entries()) {
    // A process ends with the code that the command line answers: once is enough to see that.
    const { code, out, err } = await installation[at === 0 ? 'spawn' : 'run'](words, settings)
    assert.equal(code, 2, `vouch ${words.join(' ')}: ${code} ${err}`)
    assert.match(err, message, `vouch ${words.join(' ')}`)
    if (words.length > 0) assert.equal(out, '', `vouch ${words.join(' ')}`)
  }
  assert.equal(existsSync(join(installation.home, 'master.key')), false, 'a refused command made something')
  assert.deepEqual(installation.postgresPids(), [])
})

test('a database that is not there ends a command with exit code 3 and a sentence', { timeout: 300_000 }, async () => {
  await using installation = await createInstallation()
  for (const words of [['serve'], ['tenant', 'list', '--json'], ['doctor']]) {
    const { code, out, err } = await installation[words[0] === 'serve' ? 'spawn' : 'run'](words, {
      VOUCH_DATABASE_URL: 'postgres://vouch_app:secret_word@127.0.0.1:1/vouch',
    })
    assert.equal(code, 3, `${words.join(' ')}: ${err}`)
    assert.match(err, /database is away.*ECONNREFUSED/)
    assert.ok(!err.includes('secret_word') && !/\n\s+at /.test(err), err)
    assert.equal(out, '')
  }
})

test('a port or a home that cannot be had is told with what to do', { timeout: 300_000 }, async () => {
  await using installation = await createInstallation()
  const other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  const { port } = other.address() as AddressInfo
  const file = join(installation.home, 'file')
  await writeFile(file, '')
  try {
    const taken = await installation.run(['serve'], { VOUCH_PORT: String(port) })
    assert.equal(taken.code, 3, taken.err)
    assert.match(taken.err, /address already in use[^\n]*\n[^\n]*VOUCH_PORT/)
    for (const home of [file, join(file, 'below')]) {
      const { code, err } = await installation.run(['tenant', 'list'], { VOUCH_HOME: home })
      assert.equal(code, 3, err)
      assert.ok(err.includes(home) && /VOUCH_HOME/.test(err), err)
    }
  } finally {
    other.close()
  }
})

test(
  'help, and the verification of an export, load neither the server nor a database driver',
  { timeout: 300_000 },
  async () => {
    await using installation = await createInstallation()
    const hook = `import { registerHooks } from 'node:module'
    registerHooks({ resolve(name, context, next) { const found = next(name, context); process.stderr.write('loads ' + found.url + '\\n'); return found } })`
    const NODE_OPTIONS = `--import=data:text/javascript,${encodeURIComponent(hook)}`
    const loads = async (...words: string[]): Promise<string> => (await installation.spawn(words, { NODE_OPTIONS })).err
    const heavy = /loads \S+node_modules\/(fastify|pg)\//
    assert.match(await loads('serve', '--help'), heavy)
    for (const words of [['--help'], ['log', '--help'], ['log', 'verify', 'nowhere']]) {
      const found = await loads(...words)
      assert.match(found, /loads \S+src\/cli\/index\.ts/)
      assert.doesNotMatch(found, heavy, words.join(' '))
    }
  },
)

test('every command explains itself', { timeout: 300_000 }, async () => {
  await using installation = await createInstallation()
  const overview = await installation.spawn(['--help'])
  assert.equal(overview.code, 0)
  const names = [...overview.out.matchAll(/^ {2}([a-z]+) {2,}\S/gm)].map(([, name]) => String(name))
  for (const name of ['serve', 'migrate', 'demo', 'claims', 'doctor', 'tenant', 'key', 'decide'])
    assert.ok(names.includes(name), `${name} is not listed`)
  assert.deepEqual((await installation.run(['help'])).out, overview.out)
  assert.deepEqual((await installation.run(['-h'])).out, overview.out)
  const [asked, short] = [await installation.run(['help', 'key']), await installation.run(['key', '-h'])]
  assert.deepEqual([asked.code, short.code, short.out], [0, 0, asked.out])
  assert.match(asked.out, /^vouch key create/)
  assert.match((await installation.run(['--version'])).out, /^\d+\.\d+\.\d+\n$/)
  for (const name of names) {
    const { code, out, err } = await installation.run([name, '--help'], {
      VOUCH_DATABASE_URL: 'postgres://nobody@127.0.0.1:1/x',
    })
    assert.equal(code, 0, err)
    assert.match(out, new RegExp(`^vouch ${name}\\b[^]*--json[^]*--help`))
    assert.equal(err, '')
  }
})
