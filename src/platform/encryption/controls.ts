import type { Control } from '#kernel/control'
import { type Database, systemScope } from '#platform/database'
import type { Encryption } from './index.ts'
import { keyVersionOf } from './seal.ts'
import { sampleSealed } from './store.ts'

const tenantsLookedAt = 50

export const controls = ({ database, encryption }: { database: Database; encryption: Encryption }): Control[] => [
  {
    claim: 'enc.rest',
    tests: [
      'what is sealed opens to the same bytes, and is never the same bytes twice',
      'a value moved to another tenant, table, column, row or version, or asked with another key, does not open',
      'no row of any table holds a caller’s word, a key or a card number in the clear',
      'no file of the database, its log of changes or its server’s log holds them either',
    ],
    check: {
      looks: 'at the newest stored values of up to 50 tenants: each is sealed, and the keys of its tenant are there',
      async run() {
        const system = systemScope(database, 'check of encryption')
        let looked = 0
        for (const { id } of await system.tenants({ limit: tenantsLookedAt })) {
          const sealed = await system.asTenant(id).transaction(async (tx) => {
            await encryption.keysOf(tx)
            return sampleSealed(tx)
          })
          for (const { column, value } of sealed) {
            if (!isSealed(value)) return { ok: false, saw: `a value of ${column} is stored in the clear` }
            looked++
          }
        }
        // Nothing to look at proves nothing.
        if (looked === 0) throw new Error('nothing is stored yet')
        return { ok: true, saw: `${looked} stored values, each sealed` }
      },
    },
  },
]

function isSealed(value: Buffer): boolean {
  try {
    return keyVersionOf(value) > 0
  } catch {
    return false
  }
}
