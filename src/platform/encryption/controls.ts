import { type Control, fail, noData, pass, watch } from '#kernel/control'
import { type Database, goRound, type Page, systemScope, type Tx } from '#platform/database'
import type { Encryption } from './index.ts'
import { keyVersionOf } from './seal.ts'
import { insertClearName, sampleSealed } from './store.ts'

const tenantsALook = 50

type World = { tenants: Page; sample(tenantId: string): Promise<{ column: string; value: Buffer }[]> }

export const controls = (needs: {
  database: Database
  encryption: Encryption
  /** Does work in a tenant that is taken back. */
  rehearse(work: (tx: Tx, twin: 'live' | 'test') => Promise<void>): Promise<void>
}): Control[] => {
  const { database, encryption, rehearse } = needs
  const system = systemScope(database, 'check of encryption')
  async function sample(tx: Tx): Promise<{ column: string; value: Buffer }[]> {
    await encryption.keysOf(tx)
    return sampleSealed(tx)
  }
  return [
    {
      claim: 'enc.rest',
      tests: [
        'what is sealed opens to the same bytes, and is never the same bytes twice',
        'a value moved to another tenant, table, column, row or version, or asked with another key, does not open',
        'no row of any table holds a caller’s word, a key or a card number in the clear',
        'no file of the database, its log of changes or its server’s log holds them either',
      ],
      check: watch<World>({
        id: 'enc.rest.sealed',
        version: 1,
        what: {
          en: `Looks at the newest stored values of ${tenantsALook} tenants at a time, going round by all of them: each value is sealed, and the keys of its tenant are there.`,
          sv: `Granskar de senast lagrade värdena hos ${tenantsALook} kunder i taget, i tur och ordning: varje värde är krypterat, och kundens nycklar finns.`,
        },
        sources: [import.meta.url, new URL('store.ts', import.meta.url).href, new URL('seal.ts', import.meta.url).href],
        every: 'hour',
        real: () => ({ tenants: system.tenants, sample: (id) => system.asTenant(id).transaction(sample) }),
        async look({ tenants, sample }, before) {
          const round = await goRound(tenants, before, tenantsALook, async (tenantId) => {
            const values = await sample(tenantId)
            const clear = values.find(({ value }) => !isSealed(value))
            if (!clear) return { things: values.length }
            return {
              wrong: {
                en: `A value of ${clear.column} is stored in the clear.`,
                sv: `Ett värde i ${clear.column} är lagrat i klartext.`,
              },
            }
          })
          if (round.wrong) return fail(round.wrong, round.next)
          if (round.things === 0)
            return noData({ en: 'Nothing is stored yet.', sv: 'Ingenting är lagrat ännu.' }, round.next)
          return pass(
            {
              en: `Each stored value is sealed; values: ${round.things}, tenants: ${round.tenants}.`,
              sv: `Varje lagrat värde är krypterat; värden: ${round.things}, kunder: ${round.tenants}.`,
            },
            round.next,
          )
        },
        plant: {
          what: {
            en: 'a name stored in the clear, in a tenant that is taken back at once',
            sv: 'ett namn lagrat i klartext, hos en kund som genast tas bort igen',
          },
          async over(look) {
            let found = noData({ en: '', sv: '' })
            await rehearse(async (tx, twin) => {
              if (twin === 'test') return
              await insertClearName(tx)
              found = await look({ tenants: async () => [{ id: tx.tenantId }], sample: () => sample(tx) })
            })
            return found
          },
        },
      }),
    },
  ]
}

function isSealed(value: Buffer): boolean {
  try {
    return keyVersionOf(value) > 0
  } catch {
    return false
  }
}
