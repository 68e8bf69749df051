import type { Clock } from '#kernel/clock'
import type { Control } from '#kernel/control'
import { type Audit, levelChanged, levelRememberedMs } from '#platform/audit'
import type { Tx } from '#platform/database'
import type { Tenancy } from '#platform/tenancy'
import { accessRefused, auditRead } from './actions.ts'
import { insertAnyLevel, readTrail } from './store.ts'
import { toFilter } from './list.ts'

const belowTheFloor = 'nothing'

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
    check: {
      looks:
        'sets levels in a tenant that is taken back at once: one below the floor is refused twice, reads are left out, changes and refusals are not, and the change is in the trail',
      async run() {
        const problems: string[] = []
        await tenancy.rehearse(async (tx, twin) => {
          if (!(await isRefused(audit.setLevel(tx, belowTheFloor)))) problems.push('a level below the floor was set')
          // What the database refuses ends the transaction: last of all.
          if (twin === 'test') {
            const taken = !(await isRefused(insertAnyLevel(tx, belowTheFloor, new Date(clock.now()))))
            if (taken) problems.push('the database takes a level below the floor')
            return
          }
          await audit.setLevel(tx, 'changes')
          await audit.append(tx, { action: auditRead })
          await audit.append(tx, { action: accessRefused, outcome: 'refused' })
          const written = await actionsOf(tx)
          if (written.includes(auditRead.name)) problems.push('a read was written at the level of changes')
          if (!written.includes(accessRefused.name)) problems.push('a refusal was not written')
          if (!written.includes(levelChanged.name)) problems.push('the change of level is not in the trail')
        })
        if (problems.length > 0) return { ok: false, saw: problems.join('; ') }
        return {
          ok: true,
          saw: `a level below the floor refused by code and database; a change of level written, and followed within ${levelRememberedMs} ms`,
        }
      },
    },
  },
]
