/** With whom a subject was seen: for each kind of partner, the latest ones. */
import type { Partner, WindowEvent } from './event.ts'
import { requireLength } from './rings.ts'

export type KnownPartner = {
  /** First and second four letters of its key, as signed numbers of 32 bits. */
  readonly high: number
  readonly low: number
  approved: number
  firstMs: number
  lastMs: number
}

export type PartnersOfKind = { readonly kind: number; readonly known: KnownPartner[] }

type Holder = { readonly partners: readonly PartnersOfKind[] }

/** Partners of a kind that are kept: those whose latest event is the latest; of equals, those of the greater key. */
export const maxKnown = 32
export const maxKinds = 256

const wordAt = (key: string, at: number): number =>
  (key.charCodeAt(at) << 24) | (key.charCodeAt(at + 1) << 16) | (key.charCodeAt(at + 2) << 8) | key.charCodeAt(at + 3)

export function addPartners(lists: PartnersOfKind[], { atMs, isApproved, partners }: WindowEvent): void {
  for (const { kind, key } of partners) {
    let list = lists.find((one) => one.kind === kind)
    if (!list) lists.push((list = { kind, known: [] }))
    const [high, low] = [wordAt(key, 0), wordAt(key, 4)]
    const partner = findKnown(list.known, high, low)
    if (!partner) keep(list.known, { high, low, approved: isApproved ? 1 : 0, firstMs: atMs, lastMs: atMs })
    else {
      if (isApproved) partner.approved++
      if (atMs < partner.firstMs) partner.firstMs = atMs
      if (atMs > partner.lastMs) partner.lastMs = atMs
    }
  }
}

/**
 * Different partners of that kind whose latest event, approved or not, came later than atMs - lengthMs; also later than
 * atMs. 32 stands for 32 or more.
 */
export function readPartners(state: Holder, kind: number, window: { lengthMs: number; atMs: number }): number {
  requireLength(window.lengthMs)
  const afterMs = window.atMs - window.lengthMs
  let count = 0
  for (const { lastMs } of state.partners.find((one) => one.kind === kind)?.known ?? []) if (lastMs > afterMs) count++
  return count
}

/** Different partners of that kind that approved events were with, among the 32 latest. */
export function countApproved(state: Holder, kind: number): number {
  let count = 0
  for (const { approved } of state.partners.find((one) => one.kind === kind)?.known ?? []) if (approved > 0) count++
  return count
}

/**
 * Approved events together with that partner, and the first and the latest of all. Undefined if it is not among the 32
 * latest of its kind; one that was let go begins anew.
 */
export function readPartner(
  state: Holder,
  { kind, key }: Partner,
): { count: number; firstMs: number; lastMs: number } | undefined {
  const list = state.partners.find((one) => one.kind === kind)
  const partner = list && findKnown(list.known, wordAt(key, 0), wordAt(key, 4))
  return partner && { count: partner.approved, firstMs: partner.firstMs, lastMs: partner.lastMs }
}

function findKnown(known: readonly KnownPartner[], high: number, low: number): KnownPartner | undefined {
  for (const partner of known) if (partner.low === low && partner.high === high) return partner
  return undefined
}

function keep(known: KnownPartner[], made: KnownPartner): void {
  if (known.length < maxKnown) {
    known.push(made)
    return
  }
  let [oldest, oldestAt] = [made, -1]
  for (let at = 0; at < known.length; at++) {
    const partner = known[at]
    if (partner && isOlder(partner, oldest)) [oldest, oldestAt] = [partner, at]
  }
  if (oldestAt >= 0) known[oldestAt] = made
}

/** A total order, so that which are kept does not depend on the order in which they came. */
function isOlder(one: KnownPartner, other: KnownPartner): boolean {
  if (one.lastMs !== other.lastMs) return one.lastMs < other.lastMs
  if (one.high !== other.high) return one.high >>> 0 < other.high >>> 0
  return one.low >>> 0 < other.low >>> 0
}
