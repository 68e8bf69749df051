/**
 * One subject's counters and profile as a byte string: a version, the parts, a checksum. Bucket indexes are distances to the
 * newest, so that they are short.
 */
import { Reader, Writer } from './bytes.ts'
import { readCurrency, readHabits, readPartners, writeCurrency, writeHabits, writePartners } from './profile-codec.ts'
import { indexAt, type Ring, rings } from './rings.ts'
import { type Bucket, maxCurrencies, type SubjectState, type Sum } from './state.ts'

const version = 1
const writer = new Writer()

export function encodeState(state: SubjectState): Buffer {
  const { newestMs, currencies } = state
  writer.begin()
  writer.put(version)
  writer.put(newestMs)
  writer.put(newestMs - state.firstSeenMs)
  writer.put(state.untrackedMs)
  writer.put(currencies.length)
  for (const currency of currencies) writeCurrency(writer, currency)
  for (let at = 0; at < rings.length; at++) {
    const [ring, list] = [rings[at], state.buckets[at]]
    if (ring && list) writeBuckets(list, indexAt(ring, newestMs))
  }
  writeHabits(writer, state, newestMs)
  writePartners(writer, state.partners, newestMs)
  return writer.finish()
}

function writeBuckets(list: readonly Bucket[], newest: number): void {
  writer.put(list.length)
  for (const { index, attempts, approved, sums } of list) {
    writer.put(newest - index)
    writer.put(attempts)
    writer.put(approved)
    writer.put(sums.length)
    for (const sum of sums) {
      writer.put(sum.place)
      writer.put(sum.attempted)
      writer.put(sum.approved)
    }
  }
}

/** Throws a RangeError if the bytes are not of `encodeState`. What it returns has these bytes and no others. */
export function decodeState(bytes: Buffer): SubjectState {
  const from = new Reader(bytes)
  if (from.take() !== version) throw new RangeError('the counters of a subject are of a version that is not known')
  const newestMs = from.take()
  const firstSeenMs = newestMs - from.take(newestMs)
  const untrackedMs = from.take(newestMs)
  const currencies = []
  for (let left = from.take(maxCurrencies); left > 0; left--) currencies.push(readCurrency(from))
  const buckets = rings.map((ring) => readBuckets(from, ring, indexAt(ring, newestMs), currencies.length))
  const { hours, place } = readHabits(from, newestMs)
  const partners = readPartners(from, newestMs)
  from.finish()
  return { firstSeenMs, newestMs, untrackedMs, currencies, buckets, hours, place, partners }
}

function readBuckets(from: Reader, ring: Ring, newest: number, currencies: number): Bucket[] {
  const list: Bucket[] = []
  let behind = ring.kept
  for (let left = from.take(ring.kept); left > 0; left--) {
    behind = from.take(behind - 1)
    const attempts = from.take()
    list.push({ index: newest - behind, attempts, approved: from.take(attempts), sums: readSums(from, currencies) })
  }
  return list
}

function readSums(from: Reader, currencies: number): Sum[] {
  const sums: Sum[] = []
  for (let left = from.take(currencies); left > 0; left--) {
    const [place, attempted] = [from.take(currencies - 1), from.take()]
    sums.push({ place, attempted, approved: from.take(attempted) })
  }
  return sums
}
