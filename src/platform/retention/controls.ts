import type { Clock } from '#kernel/clock'
import { type Control, fail, pass, watch } from '#kernel/control'
import type { Database } from '#platform/database'
import type { Retention } from './index.ts'
import { fewestMonths } from './policy.ts'

/** Of tables that are kept by the month: the table, and its oldest month. */
type Month = { table: string; oldest: string }
type World = { months: readonly Month[]; policy: Retention['policy'] }

/** The job runs every hour, and a month that has just ended is not late yet. */
const graceMs = 24 * 3_600_000

const oldestMonths = `
  select p.relname as "table", min(right(c.relname, 7)) as oldest
  from pg_inherits i join pg_class c on c.oid = i.inhrelid join pg_class p on p.oid = i.inhparent
  where p.relnamespace = 'public'::regnamespace and p.relkind = 'p' and c.relkind = 'r'
  group by p.relname order by p.relname`

export const controls = (needs: { database: Database; retention: Retention; clock: Clock }): Control[] => {
  const { database, retention, clock } = needs
  const readWorld = async (): Promise<World> => ({
    months: await database.connections.inspect<Month>(oldestMonths),
    policy: retention.policy,
  })
  return [
    {
      claim: 'dat.retention',
      tests: [
        'a month past the published policy goes whole, and every proof of what was in it stays valid',
        'the policy is public, and the database keeps a year whatever the app asks for',
      ],
      lacks: {
        en: 'Vouch makes no backups yet, so nothing shows that they are deleted after 30 days.',
        sv: 'Vouch gör inga säkerhetskopior ännu, så inget visar att de raderas efter 30 dagar.',
      },
      check: watch<World>({
        id: 'dat.retention.months',
        version: 1,
        what: {
          en: 'Reads which months the database has: none is older than the published policy, the policy names every table that is kept by the month, and it keeps a year and the month under way.',
          sv: 'Läser vilka månader databasen har: ingen är äldre än den publicerade policyn, policyn anger varje tabell som sparas månadsvis, och den sparar ett år och den pågående månaden.',
        },
        sources: [import.meta.url, new URL('policy.ts', import.meta.url).href],
        every: 'hour',
        real: readWorld,
        look({ months, policy }) {
          const now = new Date(clock.now() - graceMs)
          for (const { table, oldest } of months) {
            const rule = policy.find((one) => one.table === table)
            if (!rule)
              return fail({
                en: `The table ${table} is kept by the month, and the policy does not name it.`,
                sv: `Tabellen ${table} sparas månadsvis, och policyn anger den inte.`,
              })
            if (rule.months > fewestMonths)
              return fail({
                en: `The table ${table} is kept for ${rule.months} months, longer than the promise says.`,
                sv: `Tabellen ${table} sparas i ${rule.months} månader, längre än löftet säger.`,
              })
            const first = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - rule.months, 1))
            const expected = first.toISOString().slice(0, 7).replace('-', '_')
            if (oldest < expected)
              return fail({
                en: `The table ${table} has the month ${oldest}, which should be gone.`,
                sv: `Tabellen ${table} har månaden ${oldest}, som borde vara borta.`,
              })
          }
          return pass({
            en: `${months.length} tables that are kept by the month, none with a month that should be gone.`,
            sv: `${months.length} tabeller som sparas månadsvis, ingen med en månad som borde vara borta.`,
          })
        },
        plant: {
          what: {
            en: 'a list of months in memory in which one table begins in January 2000',
            sv: 'en lista över månader i minnet där en tabell börjar i januari 2000',
          },
          async over(look) {
            const { months, policy } = await readWorld()
            return look({
              months: months.map((month, at) => (at === 0 ? { ...month, oldest: '2000_01' } : month)),
              policy,
            })
          },
        },
      }),
    },
  ]
}
