import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { findCardNumber } from './card-number.ts'

/** Test numbers that the schemes and payment providers publish. */
const published: Record<string, string[]> = {
  visa: ['4111111111111111', '4242424242424242', '4012888888881881', '4222222222222', '4000056655665556'],
  mastercard: ['5555555555554444', '5105105105105100', '2223003122003222', '2222400070000005'],
  amex: ['378282246310005', '371449635398431', '343434343434343'],
  discover: ['6011111111111117', '6011000990139424', '6445644564456445'],
  diners: ['30569309025904', '36006666333344', '38520000023237', '36227206271667'],
  jcb: ['3530111333300000', '3566002020360505'],
  unionpay: ['6200000000000005', '6243030000000001', '6205500000000000004', '8171999927660000'],
  maestro: ['6759649826438453', '6304000000000000', '6761000000000006'],
  dankort: ['5019717010103742'],
  rupay: ['6074819900004939'],
  mir: ['2200000000000004', '2200770212727079'],
  troy: ['9792020000000001'],
}
const every = Object.values(published).flat()

const fours = (digits: string, separator: string): string => digits.replace(/(\d{4})(?=\d)/g, `$1${separator}`)
const isFlagged = (text: unknown): boolean => findCardNumber(text) !== undefined

test('published test numbers of every brand are found as text and as number', () => {
  for (const [brand, numbers] of Object.entries(published)) {
    for (const digits of numbers) {
      assert.equal(findCardNumber(digits), '', `${brand} ${digits}`)
      assert.equal(findCardNumber({ value: [digits] }), '/value/0', `${brand} ${digits}`)
      if (Number.isSafeInteger(Number(digits)))
        assert.equal(findCardNumber({ value: Number(digits) }), '/value', `${brand} ${digits}`)
    }
  }
})

test('spaces and dashes of any kind, dots between printed groups, and odd grouping do not hide a number', () => {
  const separators = [' ', '-', '  ', ' - ', '\t', '\n', '\u00a0', '\u2009', '\u3000', '\u2010', '\u2011', '\u2013', '\u2014', '\u2212', '\ufe58', '.', '\u00b7'] // prettier-ignore
  for (const separator of separators) {
    for (const digits of every) {
      const isDot = /[.\u00b7]/.test(separator)
      const shouldFind = !isDot || digits.length > 13 // dots join only the groups printed on cards
      assert.equal(isFlagged(fours(digits, separator)), shouldFind, `${digits} by ${escape(separator)}`)
    }
  }
  for (const text of [
    '3782 822463 10005',
    '3056-930902-5904',
    '41 11 11 11 11 11 11 11',
    '4-111-1111-11111111',
    '4.1.1.1',
  ])
    assert.equal(isFlagged(text), text !== '4.1.1.1', text)
})

test('a number inside other text is found, also beside other digits', () => {
  const frames = ['card # thanks', '#', 'pan=#;', '(#)', '"#"', '# 12/27 123', 'order 12345 # x', 'a,#,b', 'x_#', '№#', 'карта#', '卡号#谢谢', '#.', '#!', '<b>#</b>', '# 4', '00 #', '1234567890123456789012345 #'] // prettier-ignore
  for (const frame of frames) {
    for (const digits of ['4111111111111111', '4111 1111 1111 1111', '5555-5555-5555-4444']) {
      assert.ok(isFlagged(frame.replace('#', digits)), frame.replace('#', digits))
    }
  }
  assert.ok(isFlagged('exported 4111111111111111.00'))
})

test('digits of any script count, and invisible characters do not hide a number', () => {
  const zeros = [0xff10, 0x0660, 0x06f0, 0x0966, 0x0e50, 0x1d7ce, 0x1d7d8, 0x1d7f6, 0x1fbf0]
  for (const zero of zeros) {
    const text = '4111111111111111'.replace(/\d/g, (digit) => String.fromCodePoint(zero + Number(digit)))
    assert.ok(isFlagged(text), text)
    assert.ok(isFlagged(fours('5555555555554444', ' ').replace('4', String.fromCodePoint(zero + 4))), text)
  }
  for (const hidden of ['\u200b', '\u200d', '\u00ad', '\ufeff', '\u0301', '\ufe0f\u20e3', '\u202e']) {
    assert.ok(isFlagged([...'4111111111111111'].join(hidden)), escape(hidden))
  }
  assert.ok(isFlagged('④①①①①①①①①①①①①①①①'))
})

test('it is found at any depth and in names, and the pointer never repeats it', () => {
  const card = '4111111111111111'
  assert.equal(findCardNumber({ amount: 1, metadata: { a: ['x', { b: card }] } }), '/metadata/a/1/b')
  assert.equal(findCardNumber({ metadata: { [card]: 1 } }), '/metadata')
  assert.equal(findCardNumber({ [`card ${fours(card, ' ')}`]: 1 }), '')
  assert.equal(findCardNumber([{ ok: 1 }, { [fours(card, '-')]: { deeper: card } }]), '/1')
  assert.equal(findCardNumber({ list_1: { 'what a name': { b: card } } }), '/list_1')
  assert.equal(findCardNumber({ list: { vch_live_4f8a1c7e2b9d4f8a: card } }), '/list')
})

const exempt = (...pointers: string[]) => (pointer: string) => pointers.includes(pointer) // prettier-ignore

test('fields that the caller exempts are passed over, by full pointer, and the search goes on after them', () => {
  const card = '4111111111111111'
  const body = { amount_minor: Number(card), 'a/b~c': card, later: { x: card } }
  assert.equal(findCardNumber(body), '/amount_minor')
  assert.equal(findCardNumber(body, exempt('/amount_minor', '/a~1b~0c')), '/later/x')
  assert.equal(findCardNumber(body, exempt('/amount_minor', '/a~1b~0c', '/later/x')), undefined)
  assert.equal(findCardNumber(body, exempt('/amount_minor', '/a~1b~0c', '/later')), '/later/x')
  assert.equal(findCardNumber({ [card]: 1 }, () => true), '') // prettier-ignore
})

test('a number whose check digit is wrong is not one', () => {
  const broken = fc.tuple(fc.constantFrom(...every), fc.nat(18), fc.integer({ min: 1, max: 9 }))
  fc.assert(
    fc.property(broken, ([digits, place, add]) => {
      const at = 4 + (place % (digits.length - 4)) // the prefix stays, so that only the check digit can save it
      const text = digits.slice(0, at) + ((Number(digits[at]) + add) % 10) + digits.slice(at + 1)
      assert.ok(!isFlagged(text))
      // The first 16 of 19 printed in fours may be a number of their own, with three digits beside it.
      if (text.length <= 16) assert.ok(!isFlagged(fours(text, ' ')) && !isFlagged(fours(text, '-')))
    }),
  )
})

test('unknown issuers, wrong lengths and longer runs of digits are not card numbers', () => {
  const passing = ['1000000000000008', '7000000000000005', '0000000000000000', '411111111111116', '34111111111111111', '411111111111111111111111', '1234567890411111111111111111'] // prettier-ignore
  for (const text of passing) assert.ok(!isFlagged(text), text)
  for (const digits of every) assert.ok(!isFlagged(`123456${digits}`.padEnd(24, '0')), digits)
})

test('letters touching the digits, and other characters between them, break a number', () => {
  for (const text of [
    'a4111111111111111',
    '4111111111111111f',
    'x4111 1111 1111 1111',
    '4111:1111:1111:1111',
    '4111/1111/1111/1111',
    '0.4111111111111111',
  ])
    assert.ok(!isFlagged(text), text)
})

const hexOf = (length: number) => fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: length, maxLength: length }) // prettier-ignore
/** Mostly digits: the hardest ids. */
const digitsOf = (length: number) => fc.string({ unit: fc.constantFrom(...'0123456789a'), minLength: length, maxLength: length }) // prettier-ignore

test('ids, times, addresses, places and amounts are never taken for card numbers', () => {
  const hex = fc.oneof(hexOf(32), digitsOf(32))
  const texts: Record<string, fc.Arbitrary<unknown>> = {
    'wire id': hex.map((h) => `tr_${h}`),
    'uuid v7': fc.uuid({ version: 7 }),
    'uuid of digits': hex.map((h) => h.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')),
    'uuid in text': hex.map((h) => `id ${h.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')} 4111`),
    'sha-256': fc.oneof(hexOf(64), digitsOf(64)),
    time: fc.date({ min: new Date('1990-01-01'), max: new Date('2100-01-01'), noInvalidDate: true }).map((d) => d.toISOString()),
    // Earlier ones have 12 digits, as some Maestro cards do, and are refused where they look like one.
    'milliseconds since 1970, from 2001 on': fc.integer({ min: 1e12, max: 2e12 }),
    'microseconds since 1970': fc.integer({ min: 1e15, max: 2.1e15 }),
    ipv4: fc.ipV4(),
    'ipv4 list': fc.array(fc.ipV4(), { minLength: 2, maxLength: 6 }).map((ips) => ips.join(', ')),
    ipv6: fc.ipV6(),
    place: fc.record({ lat: fc.double({ min: -90, max: 90, noNaN: true }), lon: fc.double({ min: -180, max: 180, noNaN: true }) }),
    'place as text': fc.tuple(fc.double({ min: -90, max: 90, noNaN: true }), fc.double({ min: -180, max: 180, noNaN: true })).map((p) => p.join(', ')),
    amount: fc.tuple(fc.nat(1e9), fc.nat(99)).map(([major, cents]) => `${major}.${String(cents).padStart(2, '0')}`),
    'amount as number': fc.nat(1e11 - 1),
    telephone: fc.integer({ min: 1e10, max: 1e13 - 1 }).map((digits) => `+${digits}`),
  } // prettier-ignore
  for (const [what, text] of Object.entries(texts)) {
    fc.assert(
      fc.property(text, (value) =>
        assert.equal(findCardNumber({ value }), undefined, `${what} ${JSON.stringify(value)}`),
      ),
      { numRuns: 1000 },
    )
  }
  assert.equal(findCardNumber('019a9f2e-6d4b-7c3f-8a51-d0c2b4e6f708'), undefined)
})

test('the search takes linear time, whatever the text is made of', () => {
  const pieces = ['4', '4-', '4111 ', '4111.', '4111-1111-1111-1112 ', '5-.', '- ', 'a4', '4\u0301\u0316', '\u0301\u0316', '٤', '０-', '00000000-0000-', '4111111111111112x'] // prettier-ignore
  for (const piece of pieces) {
    const text = piece.repeat(100_000 / piece.length)
    const started = process.threadCpuUsage()
    findCardNumber({ text, [text]: text })
    // What the thread computed, in µs: a busy machine does not count.
    const { user } = process.threadCpuUsage(started)
    assert.ok(user < 1_000_000, `${escape(piece)} took ${user} µs`)
  }
})

/** So that a failure shows which invisible character it was. */
const escape = (text: string): string => [...text].map((c) => `U+${c.codePointAt(0)?.toString(16)}`).join(' ')
