import type { Control } from '#kernel/control'
import type { Database } from './index.ts'

/** Tenant tables and partitions whose wall is not whole, as the catalogue has it. */
const openWalls = `
  select c.relname as table,
    not (c.relrowsecurity and c.relforcerowsecurity and exists (
      select from pg_policy p where p.polrelid = c.oid and p.polcmd = '*' and p.polqual is not null and p.polwithcheck is not null
    )) as open
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where n.nspname = 'public' and c.relkind in ('r', 'p') and c.relname not in ('tenant', 'installation', 'schema_migration')`

export const controls = ({ database }: { database: Database }): Control[] => [
  {
    claim: 'acc.isolation',
    tests: [
      'row security alone shows and changes no row of another tenant: every table, every kind of statement, every setting',
      'the scope alone: every read over every table runs and shows the rows of its tenant, and nothing of another',
      'the scope alone: no write over any table changes, takes or makes a row of another tenant',
      'every route with an id answers another tenant as if the thing did not exist, and leaves it as it was',
      'Vouch does not run under a role that could step over the walls',
    ],
    check: {
      looks: 'at the catalogue: every table of tenants stands behind forced row security',
      async run() {
        const tables = await database.connections.inspect<{ table: string; open: boolean }>(openWalls)
        const open = tables.filter((row) => row.open).map(({ table }) => table)
        if (tables.length === 0) return { ok: false, saw: 'no table at all' }
        if (open.length > 0) return { ok: false, saw: `no whole wall around ${open.join(', ')}` }
        return { ok: true, saw: `${tables.length} tables and partitions, each behind forced row security` }
      },
    },
  },
]
