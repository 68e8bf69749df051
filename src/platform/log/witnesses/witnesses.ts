/** The witnesses of a log: added, removed, asked, and how many of them must have cosigned. */
import type { Clock } from '#kernel/clock'
import { Fault } from '#kernel/fault'
import type { Audit } from '#platform/audit'
import type { Tx } from '#platform/database'
import { quorumChanged, witnessAdded, witnessRemoved } from '../actions.ts'
import { keyAt, readLogKeys } from '../signing-keys.ts'
import { admitWitness } from './admit.ts'
import { createDispatch, type DispatchNeeds } from './dispatch.ts'
import { formatQuorum, readUnwitnessedSince, readWitnessed } from './quorum.ts'
import {
  deleteWitness,
  insertWitness,
  listWitnesses,
  lockQuorum,
  readQuorum,
  updateQuorum,
  type Witness,
} from './store.ts'

export type WitnessNeeds = DispatchNeeds & {
  audit: Audit
  clock: Clock
  /** Makes the log if there is none. */
  openHead(tx: Tx): Promise<{ origin: string }>
}

export type Witnessing = { witnesses: Witness[]; quorum: number; witnessed: { size: bigint; at: Date } | undefined }

export function createWitnesses(needs: WitnessNeeds) {
  const { audit, clock, outbound, openHead } = needs
  const dispatch = createDispatch(needs)

  async function state(tx: Tx): Promise<Witnessing> {
    const { count } = await readQuorum(tx)
    return { witnesses: await listWitnesses(tx), quorum: count, witnessed: await readWitnessed(tx) }
  }

  return {
    ...dispatch,
    state,
    witnessed: readWitnessed,

    /** `lateMs`: for how long there are entries that the quorum asks cosignatures for, and that have none. */
    async judge(tx: Tx): Promise<{ quorum: number; witnesses: Witness[]; lateMs: number }> {
      const since = await readUnwitnessedSince(tx)
      const { count } = await readQuorum(tx)
      const lateMs = since ? clock.now() - since.getTime() : 0
      return { quorum: count, witnesses: await listWitnesses(tx), lateMs }
    },

    /** It is asked within seconds. */
    async add(tx: Tx, given: { vkeys: string; url: string }): Promise<Witness> {
      const { origin } = await openHead(tx)
      await lockQuorum(tx)
      const others = await listWitnesses(tx)
      const witness = admitWitness(given, { others, origin, outbound })
      await insertWitness(tx, witness, new Date(clock.now()))
      const { name, url, vkeys } = witness
      await audit.append(tx, { action: witnessAdded, target: name, details: { url, vkeys } })
      tx.afterCommit(() => dispatch.note(tx.tenantId))
      const added = (await listWitnesses(tx)).find((one) => one.name === name)
      if (!added) throw new Error('the witness that was added is not there')
      return added
    },

    async remove(tx: Tx, name: string): Promise<void> {
      await openHead(tx)
      const quorum = await lockQuorum(tx)
      if (!(await deleteWitness(tx, name))) throw new Fault('not_found', 'There is no such witness.')
      if ((await listWitnesses(tx)).length < quorum)
        throw new Fault('conflict', `The quorum asks for ${quorum} witnesses. Lower it first.`)
      await audit.append(tx, { action: witnessRemoved, target: name })
    },

    async setQuorum(tx: Tx, count: number): Promise<void> {
      await openHead(tx)
      const from = await lockQuorum(tx)
      const { length } = await listWitnesses(tx)
      if (count > length)
        throw new Fault('conflict', `There are ${length} witnesses, and no more of them can cosign. Add some first.`)
      await updateQuorum(tx, { count, since: new Date(clock.now()) })
      await audit.append(tx, { action: quorumChanged, details: { from, to: count } })
    },

    /** C2SP tlog-policy, for whoever verifies: the keys that sign now, the witnesses, the quorum. */
    async policy(tx: Tx): Promise<string> {
      await openHead(tx)
      return formatQuorum(tx, keyAt(await readLogKeys(tx), Number.MAX_SAFE_INTEGER).verifiers)
    },
  }
}
export type Witnesses = ReturnType<typeof createWitnesses>
