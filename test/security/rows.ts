/** Makes a valid row for any table, from what the catalogue says of its columns, checks, keys and partition bounds. */
import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import type { Client } from 'pg'
import { readCatalogue, type Table, tenantTables } from './catalogue.ts'

type Facts = { checks: { expression: string; columns: string[] }[]; bound: string | null }

const uuid = (prefix = ''): string => {
  const hex = prefix.replaceAll('-', '').slice(0, 12).padEnd(12, '0') + randomBytes(10).toString('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-7${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20)}`
}
const now = (): string => Math.floor(Date.now()).toString(16).padStart(12, '0')

/** Texts to try for a column, the likeliest first. PostgreSQL says which of them its checks take. */
function candidates(type: string, checks: readonly string[], bound: string | null): string[] {
  const quoted = checks.flatMap((check) =>
    [...check.matchAll(/'((?:[^']|'')*)'::/g)].map((match) => match[1]?.replaceAll("''", "'") ?? ''),
  )
  const matching = checks
    .flatMap((check) => [...check.matchAll(/~ '((?:[^']|'')*)'/g)].map((match) => match[1] ?? ''))
    .flatMap((pattern) => fc.sample(fc.stringMatching(new RegExp(pattern)), { numRuns: 3, seed: 7 }))
  const [lowest = now()] = /FROM \('([0-9a-f-]{36})'/.exec(bound ?? '')?.slice(1) ?? []
  const bytes = (count: number): string => `\\x${randomBytes(count).toString('hex')}`
  if (type === 'uuid') return [uuid(lowest)]
  if (type === 'bytea') return [bytes(48), bytes(32), bytes(16), bytes(64)]
  if (type.endsWith('[]')) return ['{}', '{1}']
  if (/^(integer|bigint|smallint|numeric|double|real)/.test(type)) return ['1', '0', '100', '-1']
  if (type === 'xid8') return ['3']
  if (type === 'boolean') return ['true', 'false']
  if (/^(timestamp|date)/.test(type)) return [new Date().toISOString()]
  if (type === 'interval') return ['1 hour']
  if (/^jsonb?$/.test(type)) return ['{}', '[]', '1', '"x"']
  if (/^(inet|cidr)$/.test(type)) return ['203.0.113.7']
  if (/^(text|character|varchar)/.test(type))
    return [...quoted, ...matching, `filler ${randomBytes(4).toString('hex')}`, 'x']
  return quoted
}

async function readFacts(admin: Client, table: Table): Promise<Facts> {
  const { rows } = await admin.query<Facts>(
    `select pg_get_expr(c.relpartbound, c.oid) as bound, (select coalesce(json_agg(json_build_object(
        'expression', pg_get_expr(k.conbin, k.conrelid),
        'columns', (select coalesce(json_agg(a.attname), '[]') from pg_attribute a where a.attrelid = c.oid and a.attnum = any(k.conkey)))), '[]')
      from pg_constraint k where k.conrelid = c.oid and k.contype = 'c') as checks
     from pg_class c where c.oid = $1::regclass`,
    [table.name],
  )
  if (!rows[0]) throw new Error(`no such table ${table.name}`)
  return rows[0]
}

export type Row = Record<string, string>

/** A row of `table` for `tenantId`; `parents` has the rows that its foreign keys may name. */
export async function rowFor(
  admin: Client,
  table: Table,
  tenantId: string,
  parents: ReadonlyMap<string, Row>,
): Promise<Row> {
  const facts = await readFacts(admin, table)
  const row: Row = { tenant_id: tenantId }
  for (const { columns, target, targetColumns } of table.foreignKeys) {
    const parent = parents.get(target)
    if (!parent || target === table.name) continue
    for (const [at, column] of columns.entries()) row[column] = parent[targetColumns[at] ?? ''] ?? ''
  }
  for (const { name, type, notNull } of table.columns) {
    if (row[name] !== undefined || !notNull) continue
    const checks = facts.checks.filter(({ columns }) => columns.join() === name).map(({ expression }) => expression)
    for (const candidate of candidates(type, checks, facts.bound)) {
      const holds = checks.map((check) => `(${check})`).join(' and ') || 'true'
      const { rows } = await admin.query<{ ok: boolean }>(
        `select ${holds} as ok from (select $1::${type} as "${name}") one`,
        [candidate],
      )
      if (rows[0]?.ok === false) continue
      row[name] = candidate
      break
    }
    if (row[name] === undefined)
      throw new Error(`teach rowFor() about table ${table.name}: no value for ${name} ${type} ${checks.join(' ')}`)
  }
  return row
}

export const insertSql = (table: string, row: Row): string =>
  `insert into "${table}" (${Object.keys(row)
    .map((name) => `"${name}"`)
    .join(', ')}) values (${Object.keys(row)
    .map((_, at) => `$${at + 1}`)
    .join(', ')})`

/** Parents before children. Tables that name each other in a circle come last, as they are. */
export function inOrder(tables: readonly Table[]): Table[] {
  const placed: Table[] = []
  let rest = [...tables]
  while (rest.length > 0) {
    const waits = (table: Table): boolean =>
      table.foreignKeys.some(({ target }) => target !== table.name && rest.some(({ name }) => name === target))
    const ready = rest.filter((table) => !waits(table))
    if (ready.length === 0) return [...placed, ...rest]
    placed.push(...ready)
    rest = rest.filter(waits)
  }
  return placed
}

/** One row more for each tenant in each table and partition. The rows by table and tenant, as made. */
export async function fillTables(
  admin: Client,
  tables: readonly Table[],
  tenants: readonly string[],
): Promise<Map<string, Row>> {
  const made = new Map<string, Row>()
  for (const tenantId of tenants) {
    const parents = new Map<string, Row>()
    // A partitioned table is filled by its partitions.
    for (const table of inOrder(tables)) {
      const row = await rowFor(admin, table, tenantId, parents)
      // What already fills the key (a tenant has one profile) is as good.
      await admin
        .query(`${insertSql(table.name, row)} on conflict do nothing`, Object.values(row))
        .catch((error: Error) => {
          throw new Error(`teach rowFor() about table ${table.name}: ${error.message}`)
        })
      const kept = await admin.query<Row>(
        `select ${textColumns(table)} from "${table.name}" t where tenant_id = $1 order by ctid desc limit 1`,
        [tenantId],
      )
      const [first] = kept.rows
      if (!first) throw new Error(`teach rowFor() about table ${table.name}: the row did not stay`)
      const present = Object.fromEntries(Object.entries(first).filter(([, value]) => value !== null))
      parents.set(table.name, present)
      made.set(`${table.name} ${tenantId}`, present)
    }
  }
  return made
}

const textColumns = (table: Table): string =>
  table.columns.map(({ name }) => `t."${name}"::text as "${name}"`).join(', ')

/** Leaves the other wall to stand alone: no policy, and every right. */
export async function takeDownRowSecurity(admin: Client): Promise<void> {
  for (const { name } of tenantTables(await readCatalogue(admin))) {
    await admin.query(
      `drop policy tenant_wall on "${name}"; alter table "${name}" disable row level security; alter table "${name}" no force row level security`,
    )
  }
  await admin.query('grant all on all tables in schema public to vouch_app')
}
