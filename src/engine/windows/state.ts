/** The counters of one subject: sparse buckets in four rings, changed in place, beside its profile. */
import { type Currency, learnAmount, noAmounts } from './amounts.ts'
import { requireWritable, type WindowEvent } from './event.ts'
import { addHabits, type Habits } from './habits.ts'
import { addPartners, type PartnersOfKind } from './partners.ts'
import { bucketsOf, indexAt, longestMs, rings } from './rings.ts'

export type Counts = {
  attempts: number
  approved: number
  /** Minor units of the asked currency; undefined when the subject pays in more currencies than are kept. */
  attemptedMinor: number | undefined
  approvedMinor: number | undefined
}

/** Minor units of the currency with that place in `currencies`. */
export type Sum = { readonly place: number; attempted: number; approved: number }

export type Bucket = {
  readonly index: number
  attempts: number
  approved: number
  /** One for each currency that was seen. */
  readonly sums: Sum[]
}

export type SubjectState = Habits & {
  firstSeenMs: number
  newestMs: number
  /** Newest event whose currency found no place; 0 if none. */
  untrackedMs: number
  readonly currencies: Currency[]
  /** One list for each ring, by index. */
  readonly buckets: readonly Bucket[][]
  readonly partners: PartnersOfKind[]
}

/** Currencies that a subject's sums and amounts are kept in. Attempts and approvals count in all of them. */
export const maxCurrencies = 16

export const emptyState = (): SubjectState => ({
  firstSeenMs: 0,
  newestMs: 0,
  untrackedMs: 0,
  currencies: [],
  buckets: rings.map(() => []),
  hours: [],
  place: undefined,
  partners: [],
})

export const isEmpty = (state: SubjectState): boolean => state.newestMs === 0

/** A sum that would leave the whole numbers stays at their end. */
const addUp = (sum: number, minor: number): number => Math.min(sum + minor, Number.MAX_SAFE_INTEGER)

export function addEvent(state: SubjectState, event: WindowEvent): void {
  requireWritable(event)
  const { atMs, isApproved, minor } = event
  if (isEmpty(state)) state.firstSeenMs = atMs
  if (atMs <= state.newestMs - longestMs) return
  state.firstSeenMs = Math.min(state.firstSeenMs, atMs)
  if (atMs > state.newestMs) {
    state.newestMs = atMs
    expire(state)
  }
  const place = placeOf(state, event)
  for (let at = 0; at < rings.length; at++) {
    const [ring, list] = [rings[at], state.buckets[at]]
    if (!ring || !list) continue
    const index = indexAt(ring, atMs)
    if (index <= indexAt(ring, state.newestMs) - ring.kept) continue
    const bucket = bucketAt(list, index)
    bucket.attempts++
    if (isApproved) bucket.approved++
    if (place !== undefined) addSum(bucket.sums, place, event)
  }
  const currency = place === undefined ? undefined : state.currencies[place]
  if (currency && isApproved) learnAmount(currency.amounts, minor)
  addHabits(state, event)
  addPartners(state.partners, event)
}

export function readWindow(state: SubjectState, window: { lengthMs: number; atMs: number; currency: string }): Counts {
  const { at, first, last } = bucketsOf(window.lengthMs, window.atMs)
  const place = findPlace(state, window.currency)
  let [attempts, approved, attemptedMinor, approvedMinor] = [0, 0, 0, 0]
  for (const bucket of state.buckets[at] ?? []) {
    if (bucket.index < first || bucket.index > last) continue
    attempts += bucket.attempts
    approved += bucket.approved
    for (const sum of bucket.sums) {
      if (sum.place !== place) continue
      attemptedMinor = addUp(attemptedMinor, sum.attempted)
      approvedMinor = addUp(approvedMinor, sum.approved)
    }
  }
  if (place < 0 && state.untrackedMs > 0)
    return { attempts, approved, attemptedMinor: undefined, approvedMinor: undefined }
  return { attempts, approved, attemptedMinor, approvedMinor }
}

function addSum(sums: Sum[], place: number, { isApproved, minor }: WindowEvent): void {
  let sum = sums.find((one) => one.place === place)
  if (!sum) sums.push((sum = { place, attempted: 0, approved: 0 }))
  sum.attempted = addUp(sum.attempted, minor)
  if (isApproved) sum.approved = addUp(sum.approved, minor)
}

function expire(state: SubjectState): void {
  for (let at = 0; at < rings.length; at++) {
    const [ring, list] = [rings[at], state.buckets[at]]
    if (!ring || !list) continue
    const oldest = indexAt(ring, state.newestMs) - ring.kept
    let gone = 0
    while (gone < list.length && (list[gone]?.index ?? 0) <= oldest) gone++
    if (gone > 0) list.splice(0, gone)
  }
}

const findPlace = (state: SubjectState, currency: string): number =>
  state.currencies.findIndex(({ code }) => code === currency)

/**
 * The place of the event's currency. It gets one, if there is one, and if no payment in it went by untracked. A place is
 * free when no bucket has a sum in it; who takes it begins with no amounts.
 */
function placeOf(state: SubjectState, { atMs, currency }: WindowEvent): number | undefined {
  const known = findPlace(state, currency)
  if (known >= 0) return known
  if (state.untrackedMs > 0 && state.untrackedMs < state.newestMs - 2 * longestMs) state.untrackedMs = 0
  if (state.untrackedMs === 0) {
    const taken = { code: currency, amounts: noAmounts() }
    if (state.currencies.length < maxCurrencies) return state.currencies.push(taken) - 1
    const inUse = new Set(state.buckets.flatMap((list) => list.flatMap(({ sums }) => sums.map(({ place }) => place))))
    const free = state.currencies.findIndex((_, place) => !inUse.has(place))
    if (free >= 0) {
      state.currencies[free] = taken
      return free
    }
  }
  state.untrackedMs = Math.max(state.untrackedMs, atMs)
  return undefined
}

/** The bucket of that index; late ones find or take their place among the others. */
function bucketAt(list: Bucket[], index: number): Bucket {
  let after = list.length
  for (; after > 0; after--) {
    const found = list[after - 1]
    if (found?.index === index) return found
    if (found && found.index < index) break
  }
  const made: Bucket = { index, attempts: 0, approved: 0, sums: [] }
  list.splice(after, 0, made)
  return made
}
