/**
 * Tallies are added to here alone, one process at a time, and how far they have come is in the same transaction. Decisions are
 * followed in their order; what else is counted comes as changes, each a row that is gone once it is added.
 */
import type { Tx } from '#platform/database'
import { type Decided, decidedAfter } from '#engine/decisions'
import { dayOf } from './days.ts'
import { lockMark, moveMark, type Place, type Placed, putTally, readTallies, takeChanges } from './store.ts'
import { addTally, countDecision, type Labelled, type Tally, tallyOutcome } from './tally.ts'

/** Tallies by place. */
export type Sheet = Map<string, Placed>

export function tallyAt(sheet: Sheet, { day, policyVersion }: Place): Tally {
  const key = `${day} ${policyVersion}`
  let placed = sheet.get(key)
  if (!placed) sheet.set(key, (placed = { day, policyVersion, tally: new Map() }))
  return placed.tally
}

export const placeOf = ({ receivedMs, policyVersion }: Pick<Decided, 'receivedMs' | 'policyVersion'>): Place => ({
  day: dayOf(receivedMs),
  policyVersion,
})

export function tallyDecisions(decided: readonly Decided[]): Sheet {
  const sheet: Sheet = new Map()
  for (const one of decided) countDecision(tallyAt(sheet, placeOf(one)), one)
  return sheet
}

export function merge(sheet: Sheet, more: Iterable<Placed>): void {
  for (const { tally, ...place } of more) addTally(tallyAt(sheet, place), tally)
}

/** Adds up to `limit` decisions that are not counted yet, as many changes, and `besides`. False when there may be more. */
export async function fold(tx: Tx, limit: number, besides: Iterable<Placed> = []): Promise<boolean> {
  const decided = await decidedAfter(tx, await lockMark(tx), limit)
  const sheet = tallyDecisions(decided)
  const changes = await takeChanges(tx, limit)
  merge(sheet, [...changes, ...besides])
  await addToStored(tx, sheet)
  const last = decided.at(-1)?.version
  if (typeof last === 'bigint') await moveMark(tx, last)
  return decided.length < limit && changes.length < limit
}

async function addToStored(tx: Tx, sheet: Sheet): Promise<void> {
  if (sheet.size === 0) return
  const stored = await readTallies(tx, [...new Set([...sheet.values()].map(({ day }) => day))])
  for (const { tally, ...place } of sheet.values()) {
    const before = stored.find(({ day, policyVersion }) => day === place.day && policyVersion === place.policyVersion)
    await putTally(tx, { ...place, tally: addTally(before?.tally ?? new Map(), tally) })
  }
}

/** What changes when a decision that had the outcome `before` has the outcome `now`. */
export function changeOf(decided: Decided, { before, now }: { before: Labelled | undefined; now: Labelled }): Placed {
  const tally = tallyOutcome(decided, now)
  if (before) addTally(tally, tallyOutcome(decided, before), -1n)
  return { ...placeOf(decided), tally }
}
