import { type Control, fail, noData, pass, watch } from '#kernel/control'
import type { Database } from './index.ts'

/** Tenant tables and partitions, as the catalogue has them. */
const catalogue = `
  select c.relname as "table", c.relrowsecurity as secured, c.relforcerowsecurity as forced, exists (
      select from pg_policy p where p.polrelid = c.oid and p.polcmd = '*' and p.polqual is not null and p.polwithcheck is not null
    ) as walled
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where n.nspname = 'public' and c.relkind in ('r', 'p') and c.relname not in ('tenant', 'installation', 'schema_migration')
  order by c.relname`

type TableWall = { table: string; secured: boolean; forced: boolean; walled: boolean }

export const controls = ({ database }: { database: Database }): Control[] => {
  const readCatalogue = (): Promise<TableWall[]> => database.connections.inspect<TableWall>(catalogue)
  return [
    {
      claim: 'acc.isolation',
      tests: [
        'row security alone shows and changes no row of another tenant: every table, every kind of statement, every setting',
        'the scope alone: every read over every table runs and shows the rows of its tenant, and nothing of another',
        'the scope alone: no write over any table changes, takes or makes a row of another tenant',
        'every route with an id answers another tenant as if the thing did not exist, and leaves it as it was',
        'Vouch does not run under a role that could step over the walls',
      ],
      check: watch<readonly TableWall[]>({
        id: 'acc.isolation.walls',
        version: 1,
        what: {
          en: 'Reads the catalogue of the database: every table of tenants, and every part of one, stands behind forced row security.',
          sv: 'Läser databasens katalog: varje kundtabell, och varje del av en, står bakom tvingande radsäkerhet.',
        },
        sources: [import.meta.url],
        every: 'hour',
        real: readCatalogue,
        look(tables) {
          const open = tables.filter(({ secured, forced, walled }) => !(secured && forced && walled))
          if (tables.length === 0) return noData({ en: 'No table at all.', sv: 'Ingen tabell alls.' })
          const names = open.map(({ table }) => table).join(', ')
          if (open.length > 0)
            return fail({ en: `No whole wall around ${names}.`, sv: `${names} saknar fullständig radsäkerhet.` })
          return pass({
            en: `${tables.length} tables and parts of tables, each behind forced row security.`,
            sv: `${tables.length} tabeller och tabelldelar, alla bakom tvingande radsäkerhet.`,
          })
        },
        plant: {
          what: {
            en: 'a copy of the catalogue in which one table does not force row security on its owner',
            sv: 'en kopia av katalogen där en tabell inte tvingar radsäkerheten på sin ägare',
          },
          over: async (look) =>
            look((await readCatalogue()).map((row, at) => (at === 0 ? { ...row, forced: false } : row))),
        },
      }),
    },
  ]
}
