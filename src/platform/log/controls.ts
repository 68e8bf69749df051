import type { Control } from '#kernel/control'
import { openCheckpoint, parseVkeys, toPem } from '#platform/tlog'
import type { Logs } from './index.ts'
import { keyAt } from './signing-keys.ts'
import { isDisagreement } from './witnesses/states.ts'

const tenantsLookedAt = 20
const latestMs = 3_600_000

export const controls = ({ logs }: { logs: Logs }): Control[] => [
  {
    claim: 'aud.trail',
    tests: [
      'a change that the owner of the database makes behind our back is found, and named',
      'an export of a served log verifies, with every row of the trail and every decision in it once',
      'a signer that would contradict what it signed refuses and says so, signs nothing, and goes on for other tenants',
    ],
    check: {
      looks: `at what the continuous verification of every log has found, and again at the newest entries of up to ${tenantsLookedAt} logs`,
      async run() {
        let looked = 0
        let entries = 0
        for await (const tenantId of logs.everyTenant()) {
          const scope = logs.asSystem(tenantId)
          const found = await scope.transaction(logs.verification)
          if (found?.found) return { ok: false, saw: `a log that does not verify: ${found.found}` }
          if (looked === tenantsLookedAt) continue
          const { last } = await scope.transaction(logs.stored)
          if (!last) continue
          const flaw = await logs.verifyNewest(tenantId)
          if (flaw) return { ok: false, saw: `a log that does not verify: ${flaw.why}` }
          looked++
          entries += Number(last.size)
        }
        // Nothing to look at proves nothing.
        if (looked === 0) throw new Error('nothing is signed yet')
        return { ok: true, saw: `no flaw in any log; ${looked} looked at just now, of ${entries} entries together` }
      },
    },
  },
  {
    claim: 'aud.trail',
    tests: [
      'what a witness cosigned is served below the checkpoint, in the export and in proofs, and all of it verifies',
      'a log that was rolled back is found out by its witness at every size, which is reported and stops nothing',
      'a witness that says it has cosigned, and has not, is found lying, and nothing of it is stored or served',
      'a witness that hangs delays neither sequencing, nor signing, nor another witness, nor closing',
      'a quorum that is not met for an hour fails the claim about the trail, and signing and serving go on',
    ],
    check: {
      looks: 'at every log whose tenant asks for witnesses: since when entries are signed that too few have cosigned',
      async run() {
        let [asked, disagree] = [0, 0]
        for await (const tenantId of logs.everyTenant()) {
          const { quorum, witnesses, lateMs } = await logs.asSystem(tenantId).transaction(logs.witnesses.judge)
          disagree += witnesses.filter(({ state }) => isDisagreement(state)).length
          if (quorum === 0) continue
          if (lateMs > latestMs) return { ok: false, saw: 'a log whose witnesses have not cosigned it for an hour' }
          asked++
        }
        return { ok: true, saw: `${asked} logs ask for witnesses and have them; ${disagree} witnesses disagree` }
      },
    },
  },
  {
    claim: 'enc.keys',
    tests: [
      'the keys of a log are published with their history, and each announced by the one before',
      'a public log is read without a key by its tiles, and a private one is not there',
    ],
    check: {
      looks: `at the keys of up to ${tenantsLookedAt} logs: the published ones verify the newest checkpoint`,
      async run() {
        let looked = 0
        for await (const tenantId of logs.everyTenant()) {
          if (looked === tenantsLookedAt) break
          const scope = logs.asSystem(tenantId)
          const { last } = await scope.transaction(logs.stored)
          if (!last) continue
          const key = keyAt(await scope.transaction(logs.keys), Number(last.size))
          const verifiers = parseVkeys(key.vkeys)
          if (
            openCheckpoint(last.note, verifiers).size !== Number(last.size) ||
            verifiers.map(toPem).some((pem) => !pem)
          )
            return { ok: false, saw: 'a checkpoint that the published keys do not verify' }
          looked++
        }
        if (looked === 0) throw new Error('nothing is signed yet')
        return { ok: true, saw: `${looked} logs, each newest checkpoint verified with its published keys` }
      },
    },
  },
]
