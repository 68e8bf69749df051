/** A Vouch in this process with a PostgreSQL of its own, that syncs, and with limits out of the way. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import pg from 'pg'
import { openVouch, type Vouch } from '#app'
import { readConfig } from '#config'
import { noLimits } from '#harness'
import { systemClock } from '#kernel/clock'
import { isPermission, permissions } from '#kernel/route'
import { createLog } from '#platform/telemetry'

export type Tenant = { id: string; key: string }
export type Installation = {
  vouch: Vouch
  /** Superuser: for looking and filling, never on a path that is measured. */
  admin: pg.Pool
  /** For the peers' own table. */
  ownerUrl: string
  serve(): Promise<string>
  addTenants(count: number): Promise<Tenant[]>
  /**
   * Resolves when the log and the counters have caught up, so that what one side left to do is not done in the turn of
   * another, and the statistics are those that an hour of use would have made.
   */
  settle(): Promise<void>
  close(): Promise<void>
}

const all = new Set(Object.keys(permissions).filter(isPermission))
const tenantsAtOnce = 8
const settleMs = 60_000

export async function openInstallation(home: string): Promise<Installation> {
  const vouch = await openVouch({
    config: readConfig({ VOUCH_HOME: home, VOUCH_PORT: '0' }),
    clock: systemClock,
    log: createLog({ clock: systemClock, level: 'silent' }),
    as: 'server',
    rates: noLimits,
    // Room for the connections of the peers.
    postgresSettings: { max_connections: '200' },
  })
  if (!vouch.own) throw new Error('a bench has a PostgreSQL of its own')
  const { urls } = vouch.own
  const admin = new pg.Pool({ connectionString: urls.admin, max: 4 })

  async function addTenant(): Promise<Tenant> {
    let key = ''
    const { id } = await vouch.tenancy.create('Bench', { kind: 'operator', id: 'bench' }, async (tx, mode) => {
      if (mode === 'live') key = (await vouch.keys.issue(tx, mode, { name: 'bench', scopes: [...all] }, all)).token
    })
    return { id, key }
  }

  return {
    vouch,
    admin,
    ownerUrl: urls.owner,
    async serve() {
      vouch.startLoops()
      return vouch.server.listen({ host: '127.0.0.1', port: 0 })
    },
    async addTenants(count) {
      const made: Tenant[] = []
      let left = count
      const worker = async (): Promise<void> => {
        while (left-- > 0) made.push(await addTenant())
      }
      await Promise.all(Array.from({ length: tenantsAtOnce }, worker))
      return made
    },
    async settle() {
      for (const until = performance.now() + settleMs; performance.now() < until; await setTimeout(100)) {
        if (vouch.hints.lagMs() > 0) continue
        const { rowCount } = await admin.query(
          'select from tenant_head join counter_mark using (tenant_id) where counter_mark.version < tenant_head.version limit 1',
        )
        if (rowCount === 0) return void (await admin.query('analyze'))
      }
      throw new Error(`the log or the counters had not caught up after ${settleMs / 1_000} s`)
    },
    async close() {
      await admin.end()
      await vouch.close()
    },
  }
}

/** Of its own for as long as `use` runs. */
export async function* withInstallation<T>(use: (installation: Installation) => AsyncGenerator<T>): AsyncGenerator<T> {
  const home = await mkdtemp(join(tmpdir(), 'vouch-bench-'))
  const installation = await openInstallation(home)
  try {
    yield* use(installation)
  } finally {
    await installation.close()
    await rm(home, { recursive: true, force: true })
  }
}

export async function countRows(
  admin: pg.Pool,
  table: 'decision' | 'idempotency' | 'subject_counter' | 'bare',
): Promise<number> {
  const { rows } = await admin.query<{ count: string }>(`select count(*) from ${table}`)
  return Number(rows[0]?.count)
}
