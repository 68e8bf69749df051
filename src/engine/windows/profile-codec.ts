/** The profile of a subject in its byte string. Times are distances to the newest, so that they are short. */
import { type Amounts, type Currency, noAmounts } from './amounts.ts'
import type { Reader, Writer } from './bytes.ts'
import { maxLat, maxLon } from './event.ts'
import { type Habits, hoursOfDay, type LastPlace, maxHours, noHours } from './habits.ts'
import { type KnownPartner, maxKinds, maxKnown, type PartnersOfKind } from './partners.ts'

const lettersOfCode = 3

export function writeCurrency(to: Writer, { code, amounts }: Currency): void {
  for (let letter = 0; letter < lettersOfCode; letter++) to.put(code.charCodeAt(letter))
  to.put(amounts.count)
  if (amounts.count > 0) to.put(amounts.maximum)
  // One payment is its own mean.
  if (amounts.count < 2) return
  to.putDouble(amounts.mean)
  to.putDouble(amounts.m2)
}

export function readCurrency(from: Reader): Currency {
  const code = String.fromCharCode(from.take(0xffff), from.take(0xffff), from.take(0xffff))
  return { code, amounts: readAmounts(from, from.take()) }
}

function readAmounts(from: Reader, count: number): Amounts {
  if (count === 0) return noAmounts()
  const maximum = from.take()
  if (count === 1) return { count, mean: maximum, m2: 0, maximum }
  return { count, mean: from.takeDouble(), m2: from.takeDouble(), maximum }
}

export function writeHabits(to: Writer, { hours, place }: Habits, newestMs: number): void {
  let used = 0
  for (let hour = 0; hour < hours.length; hour++) if (hours[hour] !== 0) used |= 1 << hour
  to.put(used)
  for (const count of hours) if (count > 0) to.put(count)
  if (!place) {
    to.put(0)
    return
  }
  to.put(newestMs - place.atMs + 1)
  to.put(place.lat + maxLat)
  to.put(place.lon + maxLon)
}

export function readHabits(from: Reader, newestMs: number): Habits {
  const used = from.take(2 ** hoursOfDay - 1)
  const hours = used === 0 ? [] : noHours()
  for (let hour = 0; hour < hours.length; hour++) if (used & (1 << hour)) hours[hour] = from.take(maxHours, 1)
  return { hours, place: readLastPlace(from, newestMs) }
}

function readLastPlace(from: Reader, newestMs: number): LastPlace | undefined {
  const behind = from.take(newestMs + 1)
  if (behind === 0) return undefined
  return { atMs: newestMs + 1 - behind, lat: from.take(2 * maxLat) - maxLat, lon: from.take(2 * maxLon) - maxLon }
}

export function writePartners(to: Writer, lists: readonly PartnersOfKind[], newestMs: number): void {
  to.put(lists.length)
  for (const { kind, known } of lists) {
    to.put(kind)
    to.put(known.length)
    for (const { high, low, approved, firstMs, lastMs } of known) {
      to.putWord(high)
      to.putWord(low)
      to.put(approved)
      to.put(newestMs - lastMs)
      to.put(lastMs - firstMs)
    }
  }
}

export function readPartners(from: Reader, newestMs: number): PartnersOfKind[] {
  const lists: PartnersOfKind[] = []
  for (let left = from.take(maxKinds); left > 0; left--) {
    const kind = from.take(maxKinds - 1)
    const known: KnownPartner[] = []
    for (let left = from.take(maxKnown, 1); left > 0; left--) {
      const [high, low, approved] = [from.takeWord(), from.takeWord(), from.take()]
      const lastMs = newestMs - from.take(newestMs)
      known.push({ high, low, approved, firstMs: lastMs - from.take(lastMs), lastMs })
    }
    lists.push({ kind, known })
  }
  return lists
}
