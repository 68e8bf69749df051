/** The database hangs, and then is gone for half a minute, under load: callers are told to wait, and nothing is lost. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { migrate, poolSize } from '#platform/database'
import { openOwnPostgres } from '#platform/postgres'
import { clientOf, createWorld, payment, postgresMajor, startServer, waitUntil } from '#harness'
import { findDamage, type Refusal, startLoad, sumsOf } from '../harness/load.ts'
import { killIfThere, runVouch, socketFolderOf } from '../harness/own-installation.ts'

/** A process and its children: PostgreSQL puts each of its own into a group of its own. */
function familyOf(pid: number): number[] {
  const isChild = (name: string): boolean => {
    try {
      return /\) \S (\d+) /.exec(readFileSync(`/proc/${name}/stat`, 'utf8'))?.[1] === String(pid)
    } catch {
      return false
    }
  }
  return [
    pid,
    ...readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name) && isChild(name))
      .map(Number),
  ]
}

const memoryMb = (pid: number): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024

/** No other answer than "later", in time. A 409 says that PostgreSQL has not yet ended what the first try began. */
function requireHonest(refusals: readonly Refusal[]): void {
  const odd = refusals.filter(({ status, code, isProblem, retryAfter }) => {
    const isLater = status === 503 || code === 'idempotency_in_flight'
    return !isLater || !isProblem || !(Number(retryAfter) > 0)
  })
  assert.deepEqual(odd.slice(0, 5), [], `${odd.length} of ${refusals.length} answers were something other than "later"`)
  assert.deepEqual(
    refusals.filter(({ tookMs }) => tookMs > 25_000).slice(0, 5),
    [],
    'callers waited for the database instead of being told',
  )
}

async function connectionsOf(adminUrl: string): Promise<number> {
  const client = new pg.Client(adminUrl)
  await client.connect()
  try {
    const { rows } = await client.query<{ n: number }>(
      `select count(*)::int as n from pg_stat_activity where usename = 'vouch_app'`,
    )
    return rows[0]?.n ?? 0
  } finally {
    await client.end()
  }
}

test(
  'while the database hangs, and while it is gone for 30 s, callers are told to come back; then it recovers by itself',
  { timeout: 300_000 },
  async (t) => {
    const home = await mkdtemp(join(tmpdir(), 'vouch-away-'))
    const open = () => openOwnPostgres({ home, major: postgresMajor, log: () => {} })
    let postgres = await open()
    try {
      await migrate(postgres.urls.owner)
      const settings = {
      VOUCH_HOME: join(home, 'vouch'), VOUCH_DATABASE_URL: postgres.urls.app, VOUCH_MASTER_KEY: randomBytes(32).toString('base64'), VOUCH_LOG_LEVEL: 'error', VOUCH_PORT: '0',
    } // prettier-ignore
      const server = await startServer(settings)
      try {
        const made = await runVouch(['tenant', 'create', 'Acme', '--json'], settings)
        assert.equal(made.code, 0, made.err)
        await using load = startLoad({
          key: JSON.parse(made.out).key,
          clients: 6,
          pauseMs: 40,
          targets: () => [server.url],
        })
        const nobody = clientOf(server.url, '', 'as it is')
        await waitUntil('the load runs', () => load.acknowledged.size > 100)
        const memoryBefore = memoryMb(server.pid)

        // A hang: everything is there, nothing answers.
        const pid = postgres.processId()
        assert.ok(pid)
        const family = familyOf(pid)
        assert.ok(family.length > 4, 'too few processes to be PostgreSQL')
        const healthWhileHung: number[] = []
        for (const one of family) killIfThere(one, 'SIGSTOP')
        try {
          // Each client is refused twice, not only those whose statement hung.
          await waitUntil('callers are told to come back', async () => {
            healthWhileHung.push((await nobody.get('/healthz')).status)
            await sleep(500)
            return load.refusals.length > 12
          })
          const ready = await nobody.get('/readyz')
          assert.equal(ready.status, 503, ready.text)
        } finally {
          for (const one of family) killIfThere(one, 'SIGCONT')
        }
        assert.deepEqual(new Set(healthWhileHung), new Set([200]))
        const afterHang = load.acknowledged.size
        t.diagnostic(
          `after a hang: decisions again in ${Math.round(await waitUntil('decisions are made again', () => load.acknowledged.size > afterHang + 30))} ms`,
        )
        requireHonest(load.refusals)

        // Gone.
        const refusedBefore = load.refusals.length
        await postgres.close()
        assert.equal(postgres.processId(), undefined)
        const goneAt = performance.now()
        while (performance.now() - goneAt < 30_000) {
          await sleep(3_000)
          assert.equal((await nobody.get('/healthz')).status, 200)
          const ready = await nobody.get('/readyz')
          assert.deepEqual([ready.status, ready.headers.get('retry-after')], [503, '2'], ready.text)
        }
        const refused = load.refusals.length - refusedBefore
        assert.ok(refused > 200, `only ${refused} refusals in 30 s: refusing must be quick`)
        requireHonest(load.refusals)
        const memoryGrown = memoryMb(server.pid) - memoryBefore
        assert.ok(memoryGrown < 250, `the server grew by ${memoryGrown} MB`)
        postgres = await open()
        const backAt = load.acknowledged.size
        const tookMs = await waitUntil('decisions are made again', () => load.acknowledged.size > backAt + 30)
        assert.equal((await nobody.get('/readyz')).status, 200)
        t.diagnostic(
          `${refused} refusals in 30 s; decisions again in ${Math.round(tookMs)} ms; memory +${Math.round(memoryGrown)} MB`,
        )

        await load.finish()
        const sums = await sumsOf(postgres.urls.admin, load.acknowledged)
        assert.deepEqual(findDamage(sums, load), [])
        assert.equal(sums.decisions, load.begun())
        const connections = await connectionsOf(postgres.urls.admin)
        assert.ok(connections > 0 && connections <= poolSize, `${connections} connections, the pool has ${poolSize}`)
        const metrics = await nobody.get('/metrics')
        assert.match(metrics.text, /vouch_requests_in_flight 1\n/, 'requests are still counted as in flight')
        server.kill('SIGTERM')
        assert.equal(await server.exited, 0, server.output())
        await waitUntil('its connections are gone', async () => (await connectionsOf(postgres.urls.admin)) === 0)
        assert.ok(!server.output().includes('"level":"error"'), server.output())
      } finally {
        server.kill('SIGKILL')
        await server.exited
      }
    } finally {
      await postgres.close()
      await rm(home, { recursive: true, force: true })
      await rm(socketFolderOf(home), { recursive: true, force: true })
    }
  },
)

test('a database that takes no connections (maintenance, a changed password) is "later" as well, and comes back by itself', async () => {
  await using world = await createWorld({ logLevel: 'silent' })
  const ada = clientOf(world.url, world.as('ada').key, 'as it is')
  assert.equal((await world.as('ada').post('/v1/evaluate', payment())).status, 200)
  await world.vouch.assurance.runDue()
  // The page is made anew every few seconds.
  const readCount = async () => /\d+ of our \d+ promises/.exec((await ada.get('/trust')).text)?.[0]
  await waitUntil('the page says what the checks saw', async () => (await readCount()) !== undefined)
  const promises = await readCount()
  const maintenance = new pg.Client(world.database.urls.admin.replace(`/${world.database.name}?`, '/postgres?'))
  await maintenance.connect()
  try {
    await maintenance.query(`alter database ${world.database.name} allow_connections false`)
    await world.admin.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where usename = 'vouch_app' and datname = current_database()`,
    )
    for (let n = 0; n < 20; n++) {
      const reply = await ada.post('/v1/evaluate', payment())
      assert.deepEqual([reply.status, reply.headers.get('retry-after')], [503, '2'], reply.text)
      const trust = await ada.get('/trust')
      assert.equal(trust.status, 200)
      assert.ok(
        promises && trust.text.includes(promises),
        `instead of "${promises}": ${/<h1[^]*?<\/h1>/.exec(trust.text)?.[0]}`,
      )
    }
    await maintenance.query(`alter database ${world.database.name} allow_connections true`)
  } finally {
    await maintenance.end()
  }
  assert.equal((await world.as('ada').post('/v1/evaluate', payment())).status, 200)
})
