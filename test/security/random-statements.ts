/** Random statements over tenant tables: a plan as data, so that a failing one can be printed and kept. */
import fc from 'fast-check'
import type { AnyDb } from './scope-shapes.ts'

type Source = { table: string } | { query: Read }
export type Read = {
  from: Source
  join?:
    | { how: 'inner' | 'left' | 'right' | 'full' | 'cross' | 'lateral'; with: Source; on: 'true' | 'same' | 'other' }
    | undefined
  where?: Condition | undefined
  what: 'rows' | 'count' | 'joined' | 'distinct' | 'group'
  more?: { how: 'union' | 'unionAll' | 'intersect' | 'except'; with: Source } | undefined
  named: boolean
}
type Condition = { not: Condition } | { any: Condition[] } | { exists: Read } | { in: Read } | { value: boolean }
export type Plan =
  | Read
  | { remove: string; where: Condition; using?: Source | undefined }
  | { touch: string; where: Condition; from?: Source | undefined }

export function statements(tables: readonly string[]): fc.Arbitrary<Plan> {
  const table = fc.constantFrom(...tables)
  const { read, source, condition } = fc.letrec<{ read: Read; source: Source; condition: Condition }>((tie) => ({
    source: fc.oneof({ depthSize: 'small' }, fc.record({ table }), fc.record({ query: tie('read') })),
    condition: fc.oneof(
      { depthSize: 'small' },
      fc.record({ value: fc.boolean() }),
      fc.record({ not: tie('condition') }),
      fc.record({ any: fc.array(tie('condition'), { minLength: 2, maxLength: 2 }) }),
      fc.record({ exists: tie('read') }),
      fc.record({ in: tie('read') }),
    ),
    read: fc.record({
      from: tie('source'),
      join: fc.option(
        fc.record({
          how: fc.constantFrom('inner', 'left', 'right', 'full', 'cross', 'lateral'),
          with: tie('source'),
          on: fc.constantFrom('true', 'same', 'other'),
        }),
        { nil: undefined },
      ),
      where: fc.option(tie('condition'), { nil: undefined }),
      what: fc.constantFrom('rows', 'rows', 'count', 'joined', 'distinct', 'group'),
      more: fc.option(
        fc.record({ how: fc.constantFrom('union', 'unionAll', 'intersect', 'except'), with: tie('source') }),
        { nil: undefined, freq: 3 },
      ),
      named: fc.boolean(),
    }),
  }))
  return fc.oneof(
    { arbitrary: read, weight: 6 },
    {
      arbitrary: fc.record({ remove: table, where: condition, using: fc.option(source, { nil: undefined }) }),
      weight: 1,
    },
    {
      arbitrary: fc.record({ touch: table, where: condition, from: fc.option(source, { nil: undefined }) }),
      weight: 1,
    },
  )
}

/** Kysely's types follow one table at a time; a plan's are known only when it runs. */
type Builder = Record<string, (...args: unknown[]) => Builder> & { execute(): Promise<unknown> }

let serial = 0

const fromOf = (q: AnyDb, source: Source, alias: string): unknown =>
  'table' in source
    ? `${source.table} as ${alias}`
    : (rows(q, inner(source.query)) as unknown as { as(alias: string): unknown }).as(alias)

/** Counts stay outermost: every other query has one column, `tenant_id`, that the next can be compared with. */
const inner = (read: Read): Read => (read.what === 'count' ? { ...read, what: 'rows' } : read)

function rows(q: AnyDb, read: Read): Builder {
  const [a, b] = [`a${++serial}`, `b${++serial}`]
  let query: Builder
  if (read.named) {
    const name = `_n${++serial}`
    query = (q as unknown as Builder)['with']!(name, (db: AnyDb) =>
      (db as unknown as Builder)['selectFrom']!(fromOf(db, read.from, a))['select']!(`${a}.tenant_id`),
    )['selectFrom']!(`${name} as ${a}`)
  } else query = (q as unknown as Builder)['selectFrom']!(fromOf(q, read.from, a))
  if (read.join) {
    const { how, on } = read.join
    const other = fromOf(q, read.join.with, b)
    const condition = (join: Builder): Builder =>
      on === 'true'
        ? join['on']!((eb: Builder) => eb['lit']!(true))
        : join['onRef']!(`${a}.tenant_id`, on === 'same' ? '=' : '<>', `${b}.tenant_id`)
    if (how === 'cross') query = query['crossJoin']!(other)
    else if (how === 'full')
      query = query['fullJoin']!(other, (join: Builder) => join['onRef']!(`${a}.tenant_id`, '=', `${b}.tenant_id`))
    else query = query[how === 'lateral' ? 'innerJoin' : `${how}Join`]!(other, condition)
  }
  if (read.where) query = query['where']!((eb: Builder) => conditionOf(q, read.where!, eb, `${a}.tenant_id`))
  if (read.what === 'count')
    query = query['select']!((eb: AnyDb) => (eb.fn as unknown as Builder)['countAll']!()['as']!('tenant_id'))
  else query = query['select']!(`${read.what === 'joined' && read.join ? b : a}.tenant_id as tenant_id`)
  if (read.what === 'distinct') query = query['distinct']!()
  if (read.what === 'group') query = query['groupBy']!(`${a}.tenant_id`)
  if (read.more && read.what !== 'count') {
    const c = `c${++serial}`
    query = query[read.more.how]!(
      (q as unknown as Builder)['selectFrom']!(fromOf(q, read.more.with, c))['select']!(`${c}.tenant_id`),
    )
  }
  return query
}

function conditionOf(q: AnyDb, condition: Condition, eb: Builder, column: string): Builder {
  if ('value' in condition) return eb['lit']!(condition.value)
  if ('not' in condition) return eb['not']!(conditionOf(q, condition.not, eb, column))
  if ('any' in condition) return eb['or']!(condition.any.map((one) => conditionOf(q, one, eb, column)))
  if ('exists' in condition) return eb['exists']!(rows(q, inner(condition.exists)))
  return (eb as unknown as (...args: unknown[]) => Builder)(column, 'in', rows(q, { ...condition.in, what: 'rows' }))
}

export async function build(q: AnyDb, plan: Plan): Promise<unknown> {
  serial = 0
  if ('remove' in plan) {
    let query = (q as unknown as Builder)['deleteFrom']!(plan.remove)
    if (plan.using) query = query['using']!(fromOf(q, plan.using, 'u'))
    return query['where']!((eb: Builder) => conditionOf(q, plan.where, eb, `${plan.remove}.tenant_id`))['returning']!(
      plan.using ? 'u.tenant_id' : `${plan.remove}.tenant_id`,
    ).execute()
  }
  if ('touch' in plan) {
    const column = {
      api_key: 'revoked_at',
      decision: 'event',
      audit_event: 'details',
      idempotency: 'at',
      list_entry: 'expires_at',
    }[plan.touch]
    if (!column) return []
    let query = (q as unknown as Builder)['updateTable']!(plan.touch)
    if (plan.from) query = query['from']!(fromOf(q, plan.from, 'u'))
    return query['set']!({ [column]: column === 'at' ? new Date() : null })['where']!((eb: Builder) =>
      conditionOf(q, plan.where, eb, `${plan.touch}.tenant_id`),
    )['returning']!(plan.from ? 'u.tenant_id' : `${plan.touch}.tenant_id`).execute()
  }
  return rows(q, plan).execute()
}
