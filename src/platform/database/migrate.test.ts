import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { test } from 'node:test'
import pg from 'pg'
import { createDatabaseForTest, type TestDatabase } from '#harness'
import { systemClock } from '#kernel/clock'
import { Fault } from '#kernel/fault'
import { maxWaiting, migrate, MigrationError, openDatabase, poolSize } from './index.ts'

const files = readdirSync(new URL('../../../migrations/', import.meta.url)).sort()

async function withDatabase(
  from: 'template' | 'empty',
  work: (database: TestDatabase) => Promise<void>,
): Promise<void> {
  const database = await createDatabaseForTest(from)
  try {
    await work(database)
  } finally {
    await database.drop()
  }
}

async function asOwner(database: TestDatabase, statement: string): Promise<void> {
  const client = new pg.Client(database.urls.owner)
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}

test('two processes that migrate at once apply each migration once, and a third finds nothing to do', () =>
  withDatabase('empty', async ({ urls }) => {
    const applied = await Promise.all([migrate(urls.owner), migrate(urls.owner)])
    assert.deepEqual(applied.flat().sort(), files)
    assert.deepEqual(await migrate(urls.owner), [])
  }))

test('a migration that was changed after it was applied is refused, and so is a database newer than this code', () =>
  withDatabase('template', async (database) => {
    await asOwner(database, `insert into schema_migration (name, sha256) values ('9999_future.sql', 'x')`)
    await assert.rejects(
      migrate(database.urls.owner),
      (error) => error instanceof MigrationError && /newer than this Vouch/.test(error.message),
    )
    await assert.rejects(openDatabase({ url: database.urls.app, clock: systemClock }), /newer than this Vouch/)
    await asOwner(
      database,
      `delete from schema_migration where name = '9999_future.sql'; update schema_migration set sha256 = 'other' where name = '${files[0]}'`,
    )
    await assert.rejects(
      migrate(database.urls.owner),
      (error) => error instanceof MigrationError && /changed after/.test(error.message),
    )
  }))

test('it does not open a database that lacks migrations, and says how to mend that', () =>
  withDatabase('empty', async ({ urls }) => {
    await assert.rejects(
      openDatabase({ url: urls.app, clock: systemClock }),
      (error) => error instanceof MigrationError && /vouch migrate/.test(error.message),
    )
  }))

test('the owner and the superuser are refused as the role to run under', () =>
  withDatabase('template', async ({ urls }) => {
    await assert.rejects(openDatabase({ url: urls.owner, clock: systemClock }), /owns tables/)
    await assert.rejects(openDatabase({ url: urls.admin, clock: systemClock }), /is superuser/)
  }))

test('waiting for a connection is bounded: beyond it requests are refused at once, and served again afterwards', () =>
  withDatabase('template', async ({ urls }) => {
    const database = await openDatabase({ url: urls.app, clock: systemClock })
    try {
      const asked = Array.from({ length: poolSize + maxWaiting + 50 }, () =>
        database.connections.inspect('select pg_sleep(0.02)'),
      )
      const outcomes = await Promise.allSettled(asked)
      const refused = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as unknown] : []))
      // Those for whom a first connection is being opened count as waiting too.
      assert.ok(refused.length >= 50 && refused.length <= 50 + poolSize, `${refused.length} refused`)
      assert.ok(refused.every((error) => error instanceof Fault && error.code === 'overloaded'))
      await database.ping()
    } finally {
      await database.close()
    }
  }))

test('each month has its partition from the month before on, behind the same wall, and making them again changes nothing', () =>
  withDatabase('template', async ({ urls }) => {
    const clock = { now: () => Date.parse('2031-12-31T23:59:59Z'), elapsed: () => 0 }
    const database = await openDatabase({ url: urls.app, clock })
    try {
      await database.ensurePartitions()
      const rows = await database.connections.inspect<{ name: string; walled: boolean }>(
        `select relname as name, relrowsecurity and relforcerowsecurity as walled from pg_class where relname ~ '^decision_203'`,
      )
      const names = ['2031_11', '2031_12', '2032_01', '2032_02', '2032_03'].map((month) => `decision_${month}`)
      assert.deepEqual(
        rows
          .filter(({ name }) => /^decision_\d{4}_\d\d$/.test(name))
          .map(({ name }) => name)
          .sort(),
        names,
      )
      assert.ok(rows.filter(({ name }) => names.includes(name)).every(({ walled }) => walled))
    } finally {
      await database.close()
    }
  }))
