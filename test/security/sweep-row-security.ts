/** Row security alone: every table × every kind of statement × every tenant setting, as raw SQL under the app's role. */
import type pg from 'pg'
import type { Table } from './catalogue.ts'
import { insertSql, type Row } from './rows.ts'

export type Situation = { name: 'other' | 'none' | 'empty' | 'forged'; set: string | undefined }
export type Sweep = {
  combinations: number
  offences: string[]
  refusedByRight: number
  refusedByWall: number
  leaking: Set<string>
}

type Ask = { table: Table; foreign: Row; fresh: Row; column: string }
type Kind = {
  sql(ask: Ask): string
  values?(ask: Ask): string[]
  /** Touches the tenant's own rows too: undone afterwards. */ undo?: true
}

const name = ({ table }: Ask): string => `"${table.name}"`
const keyOf = ({ table }: Ask): string[] => table.indexes.find(({ primary }) => primary)?.columns ?? ['tenant_id']
const theirs = (ask: Ask): string => `tenant_id = '${ask.foreign['tenant_id']}'`
const upsert = (ask: Ask): string =>
  `${insertSql(ask.table.name, ask.foreign)} on conflict (${keyOf(ask).join(', ')}) do update set "${ask.column}" = excluded."${ask.column}"`

export const kinds: Readonly<Record<string, Kind>> = {
  select: { sql: (ask) => `select * from ${name(ask)}` },
  'select by tenant': { sql: (ask) => `select * from ${name(ask)} where ${theirs(ask)}` },
  'select by key': { sql: (ask) => `select * from ${name(ask)} where ${keyOf(ask).map((key, at) => `"${key}"::text = $${at + 1}`).join(' and ')}`, values: (ask) => keyOf(ask).map((key) => ask.foreign[key] ?? '') },
  'select for update': { sql: (ask) => `select * from ${name(ask)} where ${theirs(ask)} for update` },
  'select for share': { sql: (ask) => `select * from ${name(ask)} for share` },
  exists: { sql: (ask) => `select '${ask.foreign['tenant_id']}' as seen where exists (select from ${name(ask)} where ${theirs(ask)})` },
  aggregate: { sql: (ask) => `select json_agg(t) from ${name(ask)} t` },
  insert: { sql: (ask) => insertSql(ask.table.name, ask.fresh), values: (ask) => Object.values(ask.fresh) },
  'insert returning': { sql: (ask) => `${insertSql(ask.table.name, ask.fresh)} returning *`, values: (ask) => Object.values(ask.fresh) },
  update: { sql: (ask) => `update ${name(ask)} set "${ask.column}" = "${ask.column}" where ${theirs(ask)}` },
  'update all': { sql: (ask) => `update ${name(ask)} set "${ask.column}" = "${ask.column}" returning tenant_id`, undo: true },
  'update from': { sql: (ask) => `update ${name(ask)} t set "${ask.column}" = t."${ask.column}" from tenant g where g.id = t.tenant_id and t.${theirs(ask)}` },
  'give away': { sql: (ask) => `update ${name(ask)} set tenant_id = '${ask.foreign['tenant_id']}' returning tenant_id`, undo: true },
  delete: { sql: (ask) => `delete from ${name(ask)} where ${theirs(ask)} returning *` },
  'delete all': { sql: (ask) => `delete from ${name(ask)} returning tenant_id`, undo: true },
  'delete using': { sql: (ask) => `delete from ${name(ask)} t using tenant g where g.id = t.tenant_id and t.${theirs(ask)}` },
  upsert: { sql: upsert, values: (ask) => Object.values(ask.foreign) },
  'insert on conflict do nothing': { sql: (ask) => `${insertSql(ask.table.name, ask.fresh)} on conflict do nothing returning tenant_id`, values: (ask) => Object.values(ask.fresh) },
  merge: { sql: (ask) => `merge into ${name(ask)} t using (select 1) one on t.${theirs(ask)} when matched then delete` },
  join: { sql: (ask) => `select t.* from tenant g join ${name(ask)} t on t.tenant_id = g.id` },
  'self join': { sql: (ask) => `select b.* from ${name(ask)} a full join ${name(ask)} b on true` },
  'lateral join': { sql: (ask) => `select t.* from tenant g, lateral (select * from ${name(ask)} t where t.tenant_id = g.id) t` },
  union: { sql: (ask) => `select tenant_id from ${name(ask)} union all select tenant_id from ${name(ask)} where ${theirs(ask)}` },
  cte: { sql: (ask) => `with c as materialized (select * from ${name(ask)}) select * from c` },
  'recursive cte': { sql: (ask) => `with recursive c as (select tenant_id from ${name(ask)} union select t.tenant_id from ${name(ask)} t, c) select * from c` },
  'deleting cte': { sql: (ask) => `with c as (delete from ${name(ask)} where ${theirs(ask)} returning *) select * from c` },
  'updating cte': { sql: (ask) => `with c as (update ${name(ask)} set "${ask.column}" = "${ask.column}" where ${theirs(ask)} returning *) select * from c` },
  'inserting cte': { sql: (ask) => `with c as (${insertSql(ask.table.name, ask.fresh)} returning *) select * from c`, values: (ask) => Object.values(ask.fresh) },
  cursor: { sql: (ask) => `declare c cursor for select * from ${name(ask)}; fetch all from c; close c` },
  'prepared statement': { sql: (ask) => `deallocate all; prepare p as select * from ${name(ask)}; execute p` },
  'copy to': { sql: (ask) => `copy ${name(ask)} to stdout` },
  'copy query': { sql: (ask) => `copy (select * from ${name(ask)} where ${theirs(ask)}) to stdout` },
  'copy from': { sql: (ask) => `copy ${name(ask)} from stdin` },
  'table command': { sql: (ask) => `table ${name(ask)}` },
  truncate: { sql: (ask) => `truncate ${name(ask)} cascade`, undo: true },
  'switch off': { sql: (ask) => `set local row_security = off; select * from ${name(ask)}` },
} // prettier-ignore

/** What came back as `copy … to stdout`. */
export function listenForCopies(client: pg.Client): { taken(): string } {
  let text = ''
  const { connection } = client as unknown as { connection: NodeJS.EventEmitter }
  connection.on('copyData', ({ chunk }: { chunk: Buffer }) => (text += chunk.toString()))
  return {
    taken() {
      const taken = text
      text = ''
      return taken
    },
  }
}

const sqlState = (error: unknown): string =>
  typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : 'none'

/** `foreignIds`: tenants whose rows must not be seen. `fresh` rows belong to a foreign tenant and do not exist yet. */
export async function sweep(of: {
  client: pg.Client
  tables: readonly Table[]
  situation: Situation
  foreignIds: readonly string[]
  foreign(table: Table): Row
  fresh(table: Table): Promise<Row>
  column(table: Table): string
  keep: boolean
}): Promise<Sweep> {
  const { client, situation, foreignIds } = of
  const result: Sweep = { combinations: 0, offences: [], refusedByRight: 0, refusedByWall: 0, leaking: new Set() }
  const copies = listenForCopies(client)
  for (const table of of.tables) {
    const ask: Ask = { table, foreign: of.foreign(table), fresh: await of.fresh(table), column: of.column(table) }
    for (const [kind, { sql, values, undo }] of Object.entries(kinds)) {
      const say = (what: string): void => {
        result.offences.push(`${table.name} × ${kind} × ${situation.name}: ${what}`)
      }
      const leak = (what: string): void => {
        result.leaking.add(kind)
        say(what)
      }
      result.combinations++
      await client.query('begin')
      if (situation.set !== undefined) await client.query(`select set_config('app.tenant', $1, true)`, [situation.set])
      try {
        const answer: pg.QueryResult | pg.QueryResult[] = await client.query({
          text: sql(ask),
          ...(values ? { values: values(ask) } : {}),
        })
        const all = Array.isArray(answer) ? answer : [answer]
        const seen = JSON.stringify(all.map(({ rows }) => rows)) + copies.taken()
        for (const id of foreignIds) if (seen.includes(id)) leak(`sees rows of ${id}`)
        const changed = all.some(
          ({ command, rowCount }) => /^(INSERT|UPDATE|DELETE|MERGE)$/.test(command) && (rowCount ?? 0) > 0,
        )
        if (changed && !undo) leak('changed a row')
        if (all.some(({ command }) => command === 'TRUNCATE')) leak('truncated')
        await client.query(of.keep && !undo ? 'commit' : 'rollback')
      } catch (error) {
        copies.taken()
        await client.query('rollback')
        const state = sqlState(error)
        const message = error instanceof Error ? error.message : ''
        if (foreignIds.some((id) => JSON.stringify(error).includes(id)) && !/insert|upsert/.test(kind))
          say(`the error tells of it: ${message}`)
        if (state === '42501' && /permission denied/.test(message)) result.refusedByRight++
        else if (state === '42501' || (state === '0A000' && /row-level security/.test(message))) result.refusedByWall++
        // Our side of the copy gives up, having nothing to send: the server had said yes.
        else if (state === '57014') leak('may copy in')
        // A statement that is refused for what it says, not for who asks, would prove nothing.
        else say(`failed for another reason: ${state} ${message}`)
      }
    }
  }
  return result
}
