import assert from 'node:assert/strict'
import { test } from 'node:test'
import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import {
  addEvent, type Counts, decodeState, emptyState, encodeState, lateMs, longestMs, type Partner, readAmounts, readHours, readPartner,
  readPartners, readPlace, readWindow, type SubjectState, type WindowEvent,
} from './index.ts' // prettier-ignore

const start = Date.parse('2026-11-21T10:00:00Z')
const [second, minute, hour, day] = [1_000, 60_000, 3_600_000, 86_400_000]
const lengths = [
  1,
  5 * second,
  7 * second,
  59_999,
  minute,
  minute + 1,
  10 * minute,
  hour,
  90 * minute,
  day,
  25 * hour,
  7 * day,
  30 * day,
]

/** The events that count: not those that were too old when they came. */
function counted(events: readonly WindowEvent[]): WindowEvent[] {
  let newestMs = 0
  return events.filter(({ atMs }) => {
    const isTooOld = atMs <= newestMs - longestMs
    newestMs = Math.max(newestMs, atMs)
    return !isTooOld
  })
}

/** The definition, word for word, over a list of events. */
function naive(events: readonly WindowEvent[], lengthMs: number, atMs: number, currency: string): Counts {
  const size = lengthMs <= minute ? 5 * second : lengthMs <= hour ? minute : lengthMs <= day ? hour : day
  const counts = { attempts: 0, approved: 0, attemptedMinor: 0, approvedMinor: 0 }
  for (const event of counted(events)) {
    const from = Math.floor(event.atMs / size) * size
    // Some whole millisecond of the bucket [from, from + size) lies in (atMs - lengthMs, atMs].
    const touches = from <= atMs && from + size - 1 > atMs - lengthMs
    if (!touches) continue
    counts.attempts++
    if (event.isApproved) counts.approved++
    if (event.currency !== currency) continue
    counts.attemptedMinor += event.minor
    if (event.isApproved) counts.approvedMinor += event.minor
  }
  return counts
}

/** Without a profile. */
const plain = (event: Pick<WindowEvent, 'atMs'> & Partial<WindowEvent>): WindowEvent => ({
  isApproved: true,
  minor: 7,
  currency: 'EUR',
  hour: null,
  place: null,
  partners: [],
  ...event,
})

/** Some share their first 8 letters, and so are the same; more of kind 3 than are kept. */
const partners = fc.uniqueArray(
  fc.oneof(
    fc.record({ kind: fc.constantFrom(0, 3, 255), nth: fc.nat(5), tail: fc.constantFrom('-tail-01', '-tail-02') }),
    fc.record({ kind: fc.constant(3), nth: fc.nat(200), tail: fc.constant('-tail-03') }),
  ).map(({ kind, nth, tail }): Partner => ({ kind, key: keyOf(nth).slice(0, 8) + tail })),
  { maxLength: 4, selector: same },
) // prettier-ignore

function keyOf(nth: number): string {
  // Letters over the whole of latin1, in every place.
  return String.fromCharCode(...Array.from({ length: 16 }, (_, at) => (nth * (at * 40 + 1) + at * 7) % 256))
}

function same({ kind, key }: Partner): string {
  return `${kind} ${key.slice(0, 8)}`
}

/** Times near each other, late ones, and now and then a leap. */
const events = fc
  .array(
    fc.record({
      step: fc.oneof(
        { weight: 6, arbitrary: fc.integer({ min: 0, max: 20 * second }) },
        { weight: 3, arbitrary: fc.integer({ min: -lateMs, max: 0 }) },
        { weight: 2, arbitrary: fc.integer({ min: -2 * day, max: 2 * day }) },
        { weight: 1, arbitrary: fc.integer({ min: -40 * day, max: 40 * day }) },
      ),
      isApproved: fc.boolean(),
      minor: fc.integer({ min: 0, max: 1e12 }),
      currency: fc.constantFrom('EUR', 'SEK', 'JPY'),
      hour: fc.option(fc.integer({ min: 0, max: 23 })),
      place: fc.option(
        fc.record({ lat: fc.integer({ min: -900, max: 900 }), lon: fc.integer({ min: -1_800, max: 1_800 }) }),
      ),
      partners,
    }),
    { maxLength: 60, size: 'max' },
  )
  .map((steps) => {
    let now = start
    return steps.map(({ step, ...event }): WindowEvent => {
      const atMs = now + step
      now = Math.max(now, atMs)
      return { ...event, atMs }
    })
  })

const stateOf = (list: readonly WindowEvent[]): SubjectState => {
  const state = emptyState()
  for (const event of list) addEvent(state, event)
  return state
}

test('windows equal a list of events that is counted by the definition, also with late events', () => {
  fc.assert(
    fc.property(
      events,
      fc.constantFrom(...lengths),
      fc.integer({ min: -lateMs, max: 40 * day }),
      (list, lengthMs, later) => {
        const state = stateOf(list)
        const atMs = Math.max(start, ...list.map(({ atMs }) => atMs)) + later
        // Reading is exact from 5 minutes before the newest event on.
        for (const currency of ['EUR', 'SEK', 'NOK'])
          assert.deepEqual(readWindow(state, { lengthMs, atMs, currency }), naive(list, lengthMs, atMs, currency))
      },
    ),
    { numRuns: 2_000 },
  )
})

test('counters become bytes and the same counters again, and equal events give equal bytes', () => {
  fc.assert(
    fc.property(events, events, (list, more) => {
      const state = stateOf(list)
      const bytes = encodeState(state)
      const again = decodeState(bytes)
      assert.deepEqual(again, state)
      for (const event of more) {
        addEvent(state, event)
        addEvent(again, event)
      }
      assert.deepEqual(encodeState(again), encodeState(state))
    }),
    { numRuns: 500 },
  )
})

const withChecksum = (body: Buffer): Buffer => {
  const sum = Buffer.alloc(4)
  sum.writeUInt32LE(crc32(body))
  return Buffer.concat([body, sum])
}

/** Forged bytes are those that their state has, or a RangeError. */
function isReadOrRefused(body: Buffer): boolean {
  const forged = withChecksum(body)
  try {
    assert.deepEqual(encodeState(decodeState(forged)), forged)
    return true
  } catch (error) {
    if (error instanceof RangeError) return false
    throw error
  }
}

test('bytes that are not of this form are refused, not read as something', () => {
  const bytes = encodeState(stateOf([plain({ atMs: start, hour: 3, partners: [{ kind: 1, key: keyOf(1) }] })]))
  for (let length = 0; length < bytes.length; length++) {
    assert.throws(() => decodeState(bytes.subarray(0, length)), RangeError)
    if (length < bytes.length - 4) assert.throws(() => decodeState(withChecksum(bytes.subarray(0, length))), RangeError)
  }
  assert.throws(() => decodeState(withChecksum(Buffer.concat([Buffer.of(9), bytes.subarray(1, -4)]))), /version/)
  assert.throws(() => decodeState(Buffer.alloc(100, 255)), RangeError)
})

test('damaged bytes are refused, and with the right checksum they are refused or are the bytes of what they say', () => {
  const mutations = fc.array(fc.record({ at: fc.nat(), byte: fc.nat(255), cut: fc.nat(3) }), {
    minLength: 1,
    maxLength: 4,
  })
  let read = 0
  let refused = 0
  fc.assert(
    fc.property(events, mutations, (list, mutations) => {
      const bytes = encodeState(stateOf(list))
      let damaged: Buffer = Buffer.from(bytes)
      for (const { at, byte, cut } of mutations) {
        const place = at % damaged.length
        if (cut === 3) damaged = Buffer.concat([damaged.subarray(0, place), damaged.subarray(place + 1)])
        else damaged[place] = byte
      }
      if (!damaged.equals(bytes)) assert.throws(() => decodeState(damaged), RangeError)
      if (isReadOrRefused(damaged.subarray(0, -4))) read++
      else refused++
    }),
    { numRuns: 2_000 },
  )
  assert.ok(read > 100 && refused > 100, `${read} read, ${refused} refused`)
  const short = encodeState(stateOf([plain({ atMs: start, hour: 3, partners: [{ kind: 1, key: keyOf(1) }] })]))
  for (let at = 0; at < short.length - 4; at++) {
    for (let byte = 0; byte < 256; byte++) {
      const damaged = Buffer.from(short)
      damaged[at] = byte
      if (byte !== short[at]) assert.throws(() => decodeState(damaged), RangeError)
      isReadOrRefused(damaged.subarray(0, -4))
    }
  }
})

test('what is too old for every window is let go, and the size stays bounded', () => {
  const state = emptyState()
  let largest = 0
  for (let nth = 0; nth < 200_000; nth++) {
    const currency = String.fromCharCode(65 + (nth % 20), 65, 65)
    addEvent(state, plain({ atMs: start + nth * 977, isApproved: nth % 3 === 0, minor: 1e12 - nth, currency }))
    if (nth % 5_000 === 0) largest = Math.max(largest, encodeState(state).length)
  }
  assert.ok(largest < 80_000, `${largest} bytes`)
  addEvent(state, plain({ atMs: state.newestMs + 40 * day, isApproved: true, minor: 1, currency: 'EUR' }))
  // The amounts of 16 currencies stay, 17 to 30 bytes each.
  assert.ok(encodeState(state).length < 600, 'old buckets stayed')
  assert.equal(state.firstSeenMs, start)
  assert.ok(encodeState(stateOf([plain({ atMs: start, minor: 1_999 })])).length < 70)
})

test('a currency without a place has no sum, and counts all the same', () => {
  const state = emptyState()
  const codes = Array.from({ length: 17 }, (_, nth) => String.fromCharCode(65 + nth, 66, 67))
  for (const currency of codes) addEvent(state, plain({ atMs: start, isApproved: true, minor: 7, currency }))
  const read = (currency: string, atMs = start) => readWindow(state, { lengthMs: hour, atMs, currency })
  assert.deepEqual(read(codes[0]!), { attempts: 17, approved: 17, attemptedMinor: 7, approvedMinor: 7 })
  assert.deepEqual(read(codes[16]!), {
    attempts: 17,
    approved: 17,
    attemptedMinor: undefined,
    approvedMinor: undefined,
  })
  const later = start + 100 * day
  addEvent(state, plain({ atMs: later, isApproved: true, minor: 7, currency: 'XYZ' }))
  addEvent(state, plain({ atMs: later, isApproved: false, minor: 7, currency: codes[16]! }))
  addEvent(state, plain({ atMs: later, isApproved: false, minor: 7, currency: codes[16]! }))
  assert.equal(read(codes[16]!, later).attemptedMinor, 14, 'places of currencies that are not used become free')
})

test('a sum too large to be exact stays at the largest exact number', () => {
  const state = emptyState()
  for (let nth = 0; nth < 10_000; nth++)
    addEvent(state, plain({ atMs: start, isApproved: true, minor: 1e12, currency: 'EUR' }))
  const { attemptedMinor } = readWindow(decodeState(encodeState(state)), {
    lengthMs: day,
    atMs: start,
    currency: 'EUR',
  })
  assert.equal(attemptedMinor, Number.MAX_SAFE_INTEGER)
})

test('a window longer than 30 days, or of nothing, is refused', () => {
  for (const lengthMs of [0, -1, Number.NaN, 30 * day + 1])
    assert.throws(() => readWindow(emptyState(), { lengthMs, atMs: start, currency: 'EUR' }), RangeError)
})

const isNear = (one: number, other: number, slack: number): boolean => Math.abs(one - other) <= slack

test('amounts are the count, mean, deviation and maximum of the approved payments in a currency', () => {
  fc.assert(
    fc.property(events, (list) => {
      const state = stateOf(list)
      for (const currency of ['EUR', 'SEK', 'NOK']) {
        const paid = counted(list)
          .filter((one) => one.isApproved && one.currency === currency)
          .map(({ minor }) => minor)
        const amounts = readAmounts(state, currency)
        if (paid.length === 0) {
          assert.equal(amounts, undefined)
          continue
        }
        const mean = paid.reduce((sum, minor) => sum + minor / paid.length, 0)
        const deviation = Math.sqrt(paid.reduce((sum, minor) => sum + (minor - mean) ** 2 / paid.length, 0))
        assert.equal(amounts?.count, paid.length)
        assert.equal(amounts.maximum, Math.max(...paid))
        assert.ok(isNear(amounts.mean, mean, 1e-9 * mean), `mean ${amounts.mean}, not ${mean}`)
        // A double of the mean's size is no finer than the second part.
        assert.ok(
          isNear(amounts.deviation, deviation, 1e-9 * deviation + 1e-13 * mean),
          `deviation ${amounts.deviation}, not ${deviation}`,
        )
      }
    }),
    { numRuns: 1_000 },
  )
})

test('beyond a thousand payments each weighs a thousandth, so that old amounts fade', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 1e6 }), { minLength: 1_000, maxLength: 2_500, size: 'max' }),
      (minors) => {
        const amounts = readAmounts(stateOf(minors.map((minor, nth) => plain({ atMs: start + nth, minor }))), 'EUR')
        const first = minors.slice(0, 1_000)
        let mean = first.reduce((sum, minor) => sum + minor, 0) / 1_000
        let variance = first.reduce((sum, minor) => sum + (minor - mean) ** 2, 0) / 1_000
        for (const minor of minors.slice(1_000)) {
          variance = 0.999 * variance + 0.000_999 * (minor - mean) ** 2
          mean = 0.999 * mean + 0.001 * minor
        }
        assert.equal(amounts?.count, minors.length)
        assert.equal(amounts.maximum, Math.max(...minors))
        assert.ok(isNear(amounts.mean, mean, 1e-9 * mean))
        assert.ok(isNear(amounts.deviation, Math.sqrt(variance), 1e-9 * Math.sqrt(variance)))
      },
    ),
    { numRuns: 30 },
  )
  const moved = stateOf(
    Array.from({ length: 9_000 }, (_, nth) => plain({ atMs: start, minor: nth < 1_000 ? 9e6 : 50 })),
  )
  assert.ok((readAmounts(moved, 'EUR')?.mean ?? 0) < 9_000)
})

test('a currency that takes the place of another begins with no amounts', () => {
  const codes = Array.from({ length: 16 }, (_, nth) => String.fromCharCode(65 + nth, 66, 67))
  const state = stateOf(codes.map((currency) => plain({ atMs: start, minor: 1e9, currency })))
  addEvent(state, plain({ atMs: start, currency: 'XYZ' }))
  assert.equal(readAmounts(state, 'XYZ'), undefined, 'no place is free')
  addEvent(state, plain({ atMs: start + 100 * day, minor: 3, currency: 'XYZ', isApproved: false }))
  assert.equal(readAmounts(state, 'XYZ'), undefined, 'nothing is approved')
  addEvent(state, plain({ atMs: start + 100 * day, minor: 3, currency: 'XYZ' }))
  assert.deepEqual(readAmounts(state, 'XYZ'), { count: 1, mean: 3, deviation: 0, maximum: 3 })
  assert.equal(readAmounts(state, codes[0]!), undefined, 'it gave its place')
  assert.equal(readAmounts(state, codes[1]!)?.maximum, 1e9)
})

/** Latest first; of equals, the greater key. */
const byLatest = (one: { key: string; lastMs: number }, other: { key: string; lastMs: number }): number =>
  other.lastMs - one.lastMs || Buffer.compare(Buffer.from(other.key, 'latin1'), Buffer.from(one.key, 'latin1'))

/** The 32 latest partners of a kind, from all events at once. */
function latest(list: readonly WindowEvent[], kind: number): { key: string; lastMs: number }[] {
  const times = new Map<string, number>()
  for (const { atMs, partners } of counted(list))
    for (const one of partners)
      if (one.kind === kind) times.set(one.key.slice(0, 8), Math.max(times.get(one.key.slice(0, 8)) ?? 0, atMs))
  return [...times].map(([key, lastMs]) => ({ key, lastMs })).sort(byLatest).slice(0, 32) // prettier-ignore
}

test('different partners are counted by their latest event, in any order of events, up to the 32 latest of a kind', () => {
  let full = 0
  fc.assert(
    fc.property(events, fc.constantFrom(...lengths), fc.integer({ min: -lateMs, max: 40 * day }), (list, lengthMs, later) => {
      const state = stateOf(list)
      const atMs = Math.max(start, ...list.map(({ atMs }) => atMs)) + later
      for (const kind of [0, 3, 255, 7]) {
        const known = latest(list, kind)
        if (known.length === 32) full++
        const expected = known.filter(({ lastMs }) => lastMs > atMs - lengthMs).length
        assert.equal(readPartners(state, kind, { lengthMs, atMs }), expected)
        assert.equal(readPartners(state, kind, { lengthMs: longestMs, atMs: longestMs }), known.length)
        for (const { key, lastMs } of known) assert.equal(readPartner(state, { kind, key })?.lastMs, lastMs)
        for (const event of list)
          for (const one of event.partners)
            if (one.kind === kind && !known.some(({ key }) => one.key.startsWith(key)))
              assert.equal(readPartner(state, one), undefined)
      }
    }),
    { numRuns: 1_000 },
  ) // prettier-ignore
  assert.ok(full > 20, `${full} lists were full`)
})

test('a partner has its approved events and the first and latest of all, since it is among the 32 latest of its kind', () => {
  type Known = Partner & { count: number; firstMs: number; lastMs: number }
  fc.assert(
    fc.property(events, (list) => {
      let known: Known[] = []
      for (const { atMs, isApproved, partners } of counted(list)) {
        for (const { kind, key } of partners) {
          const found = known.find((one) => same(one) === same({ kind, key }))
          const one = found ?? { kind, key: key.slice(0, 8), count: 0, firstMs: atMs, lastMs: atMs }
          if (!found) known.push(one)
          if (isApproved) one.count++
          one.firstMs = Math.min(one.firstMs, atMs)
          one.lastMs = Math.max(one.lastMs, atMs)
          const ofKind = known.filter((one) => one.kind === kind).sort(byLatest)
          known = [...known.filter((one) => one.kind !== kind), ...ofKind.slice(0, 32)]
        }
      }
      const state = decodeState(encodeState(stateOf(list)))
      for (const one of list.flatMap(({ partners }) => partners)) {
        const found = known.find((other) => same(other) === same(one))
        const expected = found && { count: found.count, firstMs: found.firstMs, lastMs: found.lastMs }
        assert.deepEqual(readPartner(state, one), expected)
      }
    }),
    { numRuns: 1_000 },
  )
  assert.equal(readPartner(emptyState(), { kind: 1, key: keyOf(1) }), undefined)
})

test('hours are those of approved payments, and all are halved when they pass a thousand', () => {
  const hours = fc.array(fc.tuple(fc.integer({ min: 0, max: 23 }), fc.boolean()), { maxLength: 4_000, size: 'max' })
  fc.assert(
    fc.property(hours, (list) => {
      let expected = Array.from({ length: 24 }, () => 0)
      for (const [hour, isApproved] of list) {
        if (isApproved) expected[hour]!++
        if (expected.reduce((sum, one) => sum + one) > 1_000) expected = expected.map((one) => Math.floor(one / 2))
      }
      const state = stateOf(list.map(([hour, isApproved], nth) => plain({ atMs: start + nth, hour, isApproved })))
      assert.deepEqual(readHours(decodeState(encodeState(state))), expected)
    }),
    { numRuns: 50 },
  )
  fc.assert(
    fc.property(events, (list) => {
      const expected = Array.from({ length: 24 }, () => 0)
      for (const { isApproved, hour } of counted(list)) if (isApproved && hour !== null) expected[hour]!++
      assert.deepEqual(readHours(stateOf(list)), expected)
    }),
  )
})

test('the place is that of the newest approved event that had one, by its time and not by when it came', () => {
  fc.assert(
    fc.property(events, (list) => {
      const placed = counted(list).filter(({ isApproved, place }) => isApproved && place)
      const newest = placed.toSorted((one, other) => one.atMs - other.atMs).at(-1)
      const expected = newest && { ...newest.place, atMs: newest.atMs }
      assert.deepEqual(readPlace(decodeState(encodeState(stateOf(list)))), expected)
    }),
    { numRuns: 1_000 },
  )
  const zero = stateOf([plain({ atMs: start, place: { lat: -0, lon: -0 } })])
  assert.deepEqual(decodeState(encodeState(zero)), zero)
})

test('what bytes cannot say is refused, and changes nothing', () => {
  const state = emptyState()
  const wrong: Partial<WindowEvent>[] = [
    { hour: 24 },
    { hour: -1 },
    { hour: 1.5 },
    { place: { lat: 9_001, lon: 0 } },
    { place: { lat: 0, lon: 0.5 } },
    { place: { lat: Number.NaN, lon: 0 } },
    { partners: [{ kind: 256, key: keyOf(1) }] },
    { partners: [{ kind: -1, key: keyOf(1) }] },
  ]
  for (const one of wrong) assert.throws(() => addEvent(state, plain({ atMs: start, ...one })), RangeError)
  assert.deepEqual(state, emptyState())
  for (const lengthMs of [0, Number.NaN, 30 * day + 1])
    assert.throws(() => readPartners(state, 1, { lengthMs, atMs: start }), RangeError)
})

test('a profile is short where little is known, and bounded where everything is', () => {
  const payments = (count: number, profile: (nth: number) => Partial<WindowEvent>): SubjectState =>
    stateOf(
      Array.from({ length: count }, (_, nth) => plain({ atMs: start + nth * day, minor: 1e4 + nth, ...profile(nth) })),
    )
  const four = [1, 2, 4, 5].map((kind) => ({ kind, key: keyOf(kind) }))
  assert.ok(
    encodeState(payments(10, (nth) => ({ hour: 8 + (nth % 9), place: { lat: 593, lon: 181 }, partners: four })))
      .length < 340,
  )
  const worst = emptyState()
  const partnersAt = (nth: number) => Array.from({ length: 256 }, (_, kind) => ({ kind, key: keyOf(nth) }))
  for (let nth = 0; nth < 20_000; nth++) {
    const partners = nth % 400 < 1 ? partnersAt(nth / 400) : []
    const currency = String.fromCharCode(65 + (nth % 16), 65, 65)
    addEvent(
      worst,
      plain({
        atMs: start + nth * 150_000,
        minor: 1e12 - nth,
        currency,
        hour: nth % 24,
        place: { lat: 1, lon: 1 },
        partners,
      }),
    )
  }
  const { length } = encodeState(worst)
  assert.ok(length < 300_000, `${length} bytes`)
})
