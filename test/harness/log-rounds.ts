/**
 * A log's life in rounds, for tests that let a write fail or the process die: the first entries, a batch that fills a
 * tile, a rotation. Rows are planted by superuser, many at once. `findLogDamage` is what must then be empty.
 */
import { randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type pg from 'pg'
import type { Vouch } from '#app'
import { systemClock } from '#kernel/clock'
import { Fault } from '#kernel/fault'
import { createIds, toWireId } from '#kernel/id'
import { type Scope, systemScope } from '#platform/database'
import {
  openCheckpoint,
  parseCheckpoint,
  parseEntry,
  parseNote,
  parseVkeys,
  splitBundle,
  tilePath,
  tileWidth,
  verifyConsistency,
  verifyExport,
  widthAt,
} from '#platform/tlog'

const newId = createIds(systemClock)
const operator = { kind: 'operator', id: 'test' } as const

export const scopeOf = (vouch: Vouch, tenantId: string): Scope =>
  systemScope(vouch.database, 'test').asTenant(tenantId, operator)

/** Two tenants without a log, a row of the trail in each. */
export async function makeTenants(vouch: Vouch): Promise<string[]> {
  const { id, twinId } = await vouch.tenancy.create('Planted', operator, async () => {})
  return [id, twinId]
}

/** Rows of the trail in one statement. Answers their ids. */
export async function plantEvents(client: pg.ClientBase, tenantId: string, count: number): Promise<string[]> {
  const ids = Array.from({ length: count }, newId)
  await client.query(
    `insert into audit_event (tenant_id, id, at, actor_kind, actor_id, action, outcome)
     select $1, id, now(), 'operator', 'test', 'key.created', 'success' from unnest($2::uuid[]) as id`,
    [tenantId, ids],
  )
  return ids
}

export async function plantDecisions(client: pg.ClientBase, tenantId: string, count: number): Promise<string[]> {
  const ids = Array.from({ length: count }, newId)
  await client.query(
    `insert into decision (tenant_id, id, at, occurred_at, actor_kind, actor_id, request_id, decision, risk_score,
       policy_version, amount_minor, currency, category, merchant_key, document)
     select $1, id, now(), now(), 'key', 'test', id, 'APPROVED', 1200, 1, 2000, 'EUR', 'groceries', $3, $4
     from unnest($2::uuid[]) as id`,
    [tenantId, ids, randomBytes(32), Buffer.from('{"planted":true}')],
  )
  return ids
}

export type Shown = { size: bigint; note: string }

/** After the rows of `makeTenants` and 4 more: enough that the second round fills a tile of 256. */
export const rounds: readonly ((of: {
  vouch: Vouch
  admin: pg.ClientBase
  tenantId: string
}) => Promise<Shown | undefined>)[] = [
  async ({ admin, tenantId }) => void (await plantDecisions(admin, tenantId, 4)),
  ({ vouch, tenantId }) => vouch.logs.drain(scopeOf(vouch, tenantId)),
  async ({ admin, tenantId }) => void (await plantEvents(admin, tenantId, 257)),
  ({ vouch, tenantId }) => vouch.logs.drain(scopeOf(vouch, tenantId)),
  async ({ vouch, tenantId }) => {
    await scopeOf(vouch, tenantId)
      .transaction(vouch.logs.rotate)
      .catch((error: unknown) => {
        // Tried again after it had become durable.
        if (!(error instanceof Fault && error.code === 'conflict')) throw error
      })
  },
  ({ vouch, tenantId }) => vouch.logs.drain(scopeOf(vouch, tenantId)),
]

/** Around a log's write: verb and table, for a commit what it commits, and how many of its kind came before. */
export type WritePoint = { kind: string; nth: number; when: 'before' | 'after' }

/** Hooks that tell a log's writes apart. A commit of nothing is no write. For one transaction at a time. */
export function watchRounds(strike: (point: WritePoint) => void) {
  let seen = new Map<string, number>()
  let inTransaction = new Set<string>()
  let current: Omit<WritePoint, 'when'> | undefined
  return {
    reset(): void {
      seen = new Map()
      inTransaction = new Set()
    },
    before(statement: string): void {
      const write = statement
        .match(/^(insert into|update|delete from) "(\w+)"/)
        ?.slice(1)
        .join(' ')
      if (write) inTransaction.add(write)
      const isEmpty = inTransaction.size === 0
      const kind = write ?? `commit of ${[...inTransaction].join(', ')}`
      if (!write) inTransaction = new Set()
      current = isEmpty ? undefined : { kind, nth: seen.get(kind) ?? 0 }
      if (!current) return
      seen.set(kind, current.nth + 1)
      strike({ ...current, when: 'before' })
    },
    after(): void {
      if (current) strike({ ...current, when: 'after' })
    },
  }
}

export const isSamePoint = (one: WritePoint, other: WritePoint): boolean =>
  one.kind === other.kind && one.nth === other.nth && one.when === other.when

/** What is wrong with a log, after all that is durable is sequenced and signed. `shown` are checkpoints somebody was given. */
export async function findLogDamage(of: {
  vouch: Vouch
  admin: pg.ClientBase
  tenantId: string
  shown?: readonly Shown[]
}): Promise<string[]> {
  const { vouch, admin, tenantId, shown = [] } = of
  const scope = scopeOf(vouch, tenantId)
  const last = await vouch.logs.drain(scope)
  const damage: string[] = []
  const dir = await mkdtemp(join(tmpdir(), 'vouch-log-'))
  try {
    const rows = await wireIdsOf(admin, tenantId)
    const exported = await vouch.logs.export(scope, dir)
    if (exported.checkpoint.size !== last.size) return ['rows were written while damage was looked for']
    const keys = await scope.transaction(vouch.logs.keys)
    const report = await verifyExport(dir, { vkey: exported.vkeys })
    if (!report.ok) damage.push(`the export does not verify: ${JSON.stringify(report.first_bad)}`)
    if (!exported.isAsSigned) damage.push('the entries are not those that were signed')

    const logged: string[] = []
    for (let index = 0, size = exported.entries; index * tileWidth < size; index++) {
      const place = { level: 'entries', index, width: widthAt('entries', index, size) } as const
      const bundle = splitBundle(await readFile(join(dir, tilePath(place))), place.width)
      logged.push(...bundle.map((entry) => parseEntry(entry).id))
    }
    const once = new Set(logged)
    if (once.size !== logged.length) damage.push(`${logged.length - once.size} entries are there twice`)
    const lost = rows.filter((id) => !once.has(id))
    if (lost.length > 0) damage.push(`${lost.length} of ${rows.length} rows are lost, such as ${lost[0]}`)
    const known = new Set(rows)
    const stray = [...once].filter((id) => !known.has(id)).length
    if (stray > 0) damage.push(`${stray} entries have no row`)

    const stored = await admin.query<{ size: string; root: Buffer; note: string }>(
      'select size, root, note from log_checkpoint where tenant_id = $1 order by size',
      [tenantId],
    )
    if (new Set(stored.rows.map(({ size }) => size)).size !== stored.rows.length) damage.push('two checkpoints of one size') // prettier-ignore
    const whole = parseCheckpoint(parseNote(last.note).text)
    for (const { size, root, note } of stored.rows) {
      const signers = keys.filter(({ firstSize }) => firstSize !== null && firstSize <= Number(size))
      const bridge = signers.at(-1)?.firstSize === Number(size) ? signers.slice(-2) : signers.slice(-1)
      const verifiers = bridge.flatMap(({ vkeys }) => parseVkeys(vkeys))
      try {
        const checkpoint = openCheckpoint(note, verifiers)
        if (checkpoint.size !== Number(size) || !checkpoint.root.equals(root)) damage.push(`the checkpoint of ${size} is stored as another`) // prettier-ignore
        if (checkpoint.size === 0) continue
        const proof = await scope.transaction((tx) => vouch.logs.proveConsistency(tx, checkpoint.size, whole.size))
        const claim = { first: checkpoint.size, second: whole.size, firstRoot: checkpoint.root, secondRoot: whole.root, proof } // prettier-ignore
        if (!verifyConsistency(claim)) damage.push(`the checkpoint of ${size} is no beginning of the log`)
      } catch (error) {
        damage.push(`the checkpoint of ${size}: ${String(error)}`)
      }
    }
    const kept = new Map(stored.rows.map(({ size, note }) => [size, note]))
    for (const { size, note } of shown)
      if (kept.get(String(size)) !== note) damage.push(`a checkpoint of ${size} was shown, and is not what is stored`)
    if (keys.some(({ firstSize }) => firstSize === null)) damage.push('a key that was announced never signed')
    return damage
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}

async function wireIdsOf(admin: pg.ClientBase, tenantId: string): Promise<string[]> {
  const { rows } = await admin.query<{ kind: 'audit' | 'decision'; id: string }>(
    `select 'audit' as kind, id from audit_event where tenant_id = $1
     union all select 'decision', id from decision where tenant_id = $1`,
    [tenantId],
  )
  return rows.map(({ kind, id }) => toWireId(kind, id))
}
