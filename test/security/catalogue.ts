/**
 * The catalogue linter: what PostgreSQL itself says of every table, and what in it would be a hole in the wall between
 * tenants. `findOffences` is pure; `readCatalogue` needs a connection that sees everything.
 */
import type { Client } from 'pg'
import { globalTables } from '#platform/database'

export type Column = { name: string; type: string; notNull: boolean; comment: string | null }
export type Policy = {
  name: string
  command: string
  permissive: boolean
  roles: string[]
  using: string | null
  check: string | null
}
export type Index = { name: string; columns: string[]; unique: boolean; primary: boolean }
export type ForeignKey = { name: string; columns: string[]; target: string; targetColumns: string[] }
export type Table = {
  schema: string
  name: string
  /** r table, p partitioned, f foreign. */
  kind: string
  parent: string | null
  rowSecurity: boolean
  forced: boolean
  hasRule: boolean
  columns: Column[]
  policies: Policy[]
  indexes: Index[]
  foreignKeys: ForeignKey[]
  /** What vouch_app, or everybody, may do with the table or one of its columns. */
  privileges: string[]
}
export type Catalogue = {
  tables: Table[]
  views: { name: string; kind: string; options: string[] }[]
  definers: { name: string; config: string[] }[]
  ownedByApp: string[]
}

/** Tables that hold nothing of a tenant. */
export const exempt: ReadonlySet<string> = new Set([...globalTables, 'schema_migration'])
/** Functions that run as their owner, each known and read. */
export const knownDefiners: readonly string[] = ['drop_partitions', 'ensure_partitions']

const text = `
with app as (select oid from pg_roles where rolname = 'vouch_app'),
own as (select oid, nspname from pg_namespace where nspname not like 'pg\\_%' and nspname <> 'information_schema')
select json_build_object(
  'tables', (select coalesce(json_agg(json_build_object(
      'schema', s.nspname, 'name', c.relname, 'kind', c.relkind, 'rowSecurity', c.relrowsecurity, 'forced', c.relforcerowsecurity,
      'hasRule', exists (select from pg_rewrite r where r.ev_class = c.oid),
      'parent', (select p.relname from pg_inherits i join pg_class p on p.oid = i.inhparent where i.inhrelid = c.oid limit 1),
      'columns', (select coalesce(json_agg(json_build_object('name', a.attname, 'type', format_type(a.atttypid, a.atttypmod), 'notNull', a.attnotnull,
          'comment', col_description(c.oid, a.attnum)) order by a.attnum), '[]')
        from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped),
      'policies', (select coalesce(json_agg(json_build_object('name', p.polname, 'command', p.polcmd, 'permissive', p.polpermissive,
          'roles', (select coalesce(json_agg(r::text), '[]') from unnest(p.polroles) r),
          'using', pg_get_expr(p.polqual, c.oid), 'check', pg_get_expr(p.polwithcheck, c.oid))), '[]')
        from pg_policy p where p.polrelid = c.oid),
      'indexes', (select coalesce(json_agg(json_build_object('name', x.relname, 'unique', i.indisunique, 'primary', i.indisprimary,
          'columns', (select json_agg(coalesce(a.attname, '(expression)') order by k.at) from unnest(i.indkey::int2[]) with ordinality k(num, at)
            left join pg_attribute a on a.attrelid = c.oid and a.attnum = k.num and k.num > 0)) order by x.relname), '[]')
        from pg_index i join pg_class x on x.oid = i.indexrelid where i.indrelid = c.oid),
      'foreignKeys', (select coalesce(json_agg(json_build_object('name', f.conname, 'target', f.confrelid::regclass::text,
          'columns', (select json_agg(a.attname order by k.at) from unnest(f.conkey) with ordinality k(num, at)
            join pg_attribute a on a.attrelid = f.conrelid and a.attnum = k.num),
          'targetColumns', (select json_agg(a.attname order by k.at) from unnest(f.confkey) with ordinality k(num, at)
            join pg_attribute a on a.attrelid = f.confrelid and a.attnum = k.num))), '[]')
        from pg_constraint f where f.conrelid = c.oid and f.contype = 'f'),
      'privileges', (select coalesce(json_agg(distinct lower(g.privilege_type)), '[]') from (
          select grantee, privilege_type from aclexplode(c.relacl)
          union all select x.grantee, x.privilege_type from pg_attribute a, aclexplode(a.attacl) x where a.attrelid = c.oid
        ) g where g.grantee = 0 or g.grantee = (select oid from app))
    ) order by s.nspname, c.relname), '[]')
    from pg_class c join own s on s.oid = c.relnamespace where c.relkind in ('r', 'p', 'f')),
  'views', (select coalesce(json_agg(json_build_object('name', c.relname, 'kind', c.relkind, 'options', coalesce(to_json(c.reloptions), '[]'::json))), '[]')
    from pg_class c join own s on s.oid = c.relnamespace where c.relkind in ('v', 'm')),
  'definers', (select coalesce(json_agg(json_build_object('name', f.proname, 'config', coalesce(to_json(f.proconfig), '[]'::json))), '[]')
    from pg_proc f join own s on s.oid = f.pronamespace where f.prosecdef),
  'ownedByApp', (select coalesce(json_agg(d.what), '[]') from (
      select 'relation ' || relname as what from pg_class where relowner = (select oid from app)
      union all select 'function ' || proname from pg_proc where proowner = (select oid from app)
      union all select 'schema ' || nspname from pg_namespace where nspowner = (select oid from app)
      union all select 'type ' || typname from pg_type where typowner = (select oid from app)) d)
) as catalogue`

export async function readCatalogue(client: Client): Promise<Catalogue> {
  const { rows } = await client.query<{ catalogue: Catalogue }>(text)
  if (!rows[0]) throw new Error('the catalogue was not read')
  return rows[0].catalogue
}

/** Tables and partitions with a tenant's rows: everything in `public` that is not named as global. */
export const tenantTables = ({ tables }: Catalogue): Table[] =>
  tables.filter(({ schema, name }) => schema === 'public' && !exempt.has(name))

export type Rule =
  | 'row-security' | 'forced' | 'policy' | 'tenant-column' | 'primary-key' | 'unique' | 'index' | 'foreign-key' | 'annotation' | 'view'
  | 'definer' | 'ownership' | 'privilege' | 'partition-privilege' | 'name' | 'rewrite-rule' | 'schema' // prettier-ignore
export type Offence = { rule: Rule; at: string; what: string }

const predicate = "(tenant_id = (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid)"
const mayBeGranted = new Set(['select', 'insert', 'update', 'delete'])
const annotation = /^(none: \S.*|personal: [^;]+; [^;]+; [^;]+; [^;]+; [^;]+)$/

/** Every hole, named by its rule and place. An empty answer is a wall without holes. */
export function findOffences(catalogue: Catalogue): Offence[] {
  const found: Offence[] = []
  for (const table of catalogue.tables) {
    const say = (rule: Rule, what: string): void => void found.push({ rule, at: table.name, what })
    if (table.schema !== 'public') {
      if (table.privileges.length > 0) say('schema', `the app reaches a table in the schema ${table.schema}`)
      continue
    }
    if (table.name.startsWith('_')) say('name', 'names that begin with _ are those of common table expressions')
    const tooMuch = table.privileges.filter((privilege) => !mayBeGranted.has(privilege))
    if (tooMuch.length > 0) say('privilege', `the app may ${tooMuch.join(', ')}`)
    if (!exempt.has(table.name)) judgeTenantTable(table, say)
  }
  for (const { name, kind, options } of catalogue.views) {
    const isInvoker = kind === 'v' && options.some((option) => /^security_invoker=(true|on|1)$/.test(option))
    if (!isInvoker) found.push({ rule: 'view', at: name, what: 'reads with the rights of its owner' })
  }
  for (const { name, config } of catalogue.definers) {
    const isKnown = knownDefiners.includes(name) && config.some((setting) => setting.startsWith('search_path='))
    if (!isKnown)
      found.push({ rule: 'definer', at: name, what: 'runs as its owner, and is not listed with a search_path' })
  }
  for (const what of catalogue.ownedByApp) found.push({ rule: 'ownership', at: what, what: 'is owned by vouch_app' })
  return found
}

function judgeTenantTable(table: Table, say: (rule: Rule, what: string) => void): void {
  if (table.kind === 'f') say('row-security', 'a foreign table has none')
  if (!table.rowSecurity) say('row-security', 'is off')
  if (!table.forced) say('forced', 'its owner steps over it')
  if (table.hasRule) say('rewrite-rule', 'a rule runs with the rights of its owner')
  const [policy, ...more] = table.policies
  const isWall =
    policy?.name === 'tenant_wall' && policy.command === '*' && policy.permissive && policy.roles.join() === '0' &&
    policy.using === predicate && policy.check === predicate // prettier-ignore
  if (!isWall || more.length > 0)
    say('policy', 'is not tenant_wall alone, for all, on app.tenant, in using and with check')

  const tenant = table.columns.find(({ name }) => name === 'tenant_id')
  if (tenant?.type !== 'uuid' || !tenant.notNull) say('tenant-column', 'there is no tenant_id uuid not null')
  const primary = table.indexes.find((index) => index.primary)
  if (primary?.columns[0] !== 'tenant_id') say('primary-key', 'does not begin with tenant_id')
  for (const { name, columns, unique, primary: isPrimary } of table.indexes) {
    if (isPrimary || columns[0] === 'tenant_id') continue
    say(unique ? 'unique' : 'index', `${name} does not begin with tenant_id`)
  }
  for (const { name, columns, target, targetColumns } of table.foreignKeys) {
    const isToTenant = target === 'tenant' && columns.join() === 'tenant_id' && targetColumns.join() === 'id'
    const isComposite = columns[0] === 'tenant_id' && targetColumns[0] === 'tenant_id'
    if (!isToTenant && !isComposite) say('foreign-key', `${name} lets one tenant's row name another's`)
  }
  if (table.parent === null) {
    for (const { name, comment } of table.columns) {
      if (!annotation.test(comment ?? ''))
        say('annotation', `${name}: ${comment === null ? 'no comment' : `"${comment}" has another form`}`)
    }
  } else if (table.privileges.length > 0)
    say('partition-privilege', `the app may ${table.privileges.join(', ')} past its parent`)
}
