/** What was decided, as those who count it need it: nothing is unsealed. */
import type { Money } from '#kernel/currency'
import { Fault } from '#kernel/fault'
import type { Tx } from '#platform/database'
import { type DecisionDocument, parseDocument, readable } from './document.ts'
import { type DecidedRow, readDecided, readDecidedAfter } from './store.ts'

export type Decided = {
  /** Place in the order of the tenant's decisions. Null in those from before there was an order. */
  version: bigint | null
  receivedMs: number
  decision: string
  policyVersion: number
  money: Money
  /** Undefined for a document that somebody has changed so that it cannot be read. */
  document: DecisionDocument | undefined
}

const toDecided = (row: DecidedRow): Decided => ({
  version: row.version,
  receivedMs: row.at.getTime(),
  decision: row.decision,
  policyVersion: row.policy_version,
  money: { minor: Number(row.amount_minor), currency: row.currency },
  document: readable(() => parseDocument(row.document)),
})

/** Decisions after a version, in order. None appears later among those that were read: the order is that of commits. */
export const decidedAfter = async (tx: Tx, version: bigint, limit: number): Promise<Decided[]> =>
  (await readDecidedAfter(tx, version, limit)).map(toDecided)

export type Found = Decided & { isErased: boolean }

/** `isErased`: the event that it judged is gone. With `locked` nobody else takes it so until the transaction ends. */
export async function requireDecided(tx: Tx, id: string, { locked = false } = {}): Promise<Found> {
  const row = await readDecided(tx, id, locked)
  if (!row) throw new Fault('not_found', 'There is no such decision.')
  return { ...toDecided(row), isErased: row.is_erased === true }
}
