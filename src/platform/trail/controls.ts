import type { Clock } from '#kernel/clock'
import { type Control, fail, pass, type Text, watch } from '#kernel/control'
import { type Audit, levelChanged, levelRememberedMs } from '#platform/audit'
import type { Tx } from '#platform/database'
import type { Tenancy } from '#platform/tenancy'
import { accessRefused, auditRead } from './actions.ts'
import { toFilter } from './list.ts'
import { insertAnyLevel, readTrail } from './store.ts'

const belowTheFloor = 'nothing'

type World = Pick<Audit, 'setLevel'>

const isRefused = (attempt: Promise<unknown>): Promise<boolean> =>
  attempt.then(
    () => false,
    () => true,
  )

const actionsOf = async (tx: Tx): Promise<string[]> =>
  (await readTrail(tx, toFilter({}, undefined), 100, 100)).map(({ action }) => action)

export const controls = ({ audit, tenancy, clock }: { audit: Audit; tenancy: Tenancy; clock: Clock }): Control[] => [
  {
    claim: 'aud.levels',
    tests: [
      'a level below the floor is refused, by the interface and by the database',
      'at the level of changes reads leave no row, and changes and refusals always do',
      'a change of level is in the trail: who, from which, to which',
    ],
    check: watch<World>({
      id: 'aud.levels.floor',
      version: 1,
      what: {
        en: 'Sets levels in a tenant that is taken back at once: one below the floor is refused twice, reads are left out, changes and refusals are not, and the change is in the trail.',
        sv: 'Ställer in nivåer hos en kund som genast tas bort igen: en under lägstanivån nekas två gånger, läsningar utelämnas, ändringar och avslag utelämnas inte, och ändringen finns i loggen.',
      },
      sources: [import.meta.url, new URL('../audit/level.ts', import.meta.url).href],
      every: 'hour',
      real: () => audit,
      async look({ setLevel }) {
        const problems: Text[] = []
        await tenancy.rehearse(async (tx, twin) => {
          if (!(await isRefused(setLevel(tx, belowTheFloor))))
            problems.push({ en: 'A level below the floor was set.', sv: 'En nivå under lägstanivån ställdes in.' })
          // What the database refuses ends the transaction: last of all.
          if (twin === 'test') {
            const taken = !(await isRefused(insertAnyLevel(tx, belowTheFloor, new Date(clock.now()))))
            if (taken)
              problems.push({
                en: 'The database takes a level below the floor.',
                sv: 'Databasen godtar en nivå under lägstanivån.',
              })
            return
          }
          await audit.setLevel(tx, 'changes')
          await audit.append(tx, { action: auditRead })
          await audit.append(tx, { action: accessRefused, outcome: 'refused' })
          const written = await actionsOf(tx)
          if (written.includes(auditRead.name))
            problems.push({
              en: 'A read was written at the level of changes.',
              sv: 'En läsning loggades på nivån för ändringar.',
            })
          if (!written.includes(accessRefused.name))
            problems.push({ en: 'A refusal was not written.', sv: 'Ett avslag loggades inte.' })
          if (!written.includes(levelChanged.name))
            problems.push({
              en: 'The change of level is not in the trail.',
              sv: 'Nivåändringen finns inte i loggen.',
            })
        })
        const [first] = problems
        if (first) return fail(first)
        return pass({
          en: `A level below the floor refused by code and database; a change of level written, and followed within ${levelRememberedMs} ms.`,
          sv: `En nivå under lägstanivån nekades av kod och databas; en nivåändring loggades och följs inom ${levelRememberedMs} ms.`,
        })
      },
      plant: {
        what: {
          en: 'a way to set levels that takes any word, in a tenant that is taken back at once',
          sv: 'ett sätt att ställa in nivåer som godtar vilket ord som helst, hos en kund som genast tas bort igen',
        },
        over: (look) => look({ setLevel: async () => {} }),
      },
    }),
  },
]
