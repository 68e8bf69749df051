import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import * as fc from 'fast-check'
import type { Json } from '#kernel/canonical-json'
import { Fault } from '#kernel/fault'
import { type JsonLimits, readJson } from './read-json.ts'

const suite = join(import.meta.dirname, '../../../shared/testdata/abuse-inputs/JSONTestSuite')
const suiteAbsent = existsSync(suite) ? false : `no JSONTestSuite at ${suite}: only our own cases were run`

const read = (text: string, limits?: JsonLimits): Json => readJson(Buffer.from(text), limits)

function refuse(body: string | Uint8Array, limits?: JsonLimits): Fault {
  try {
    readJson(Buffer.from(body), limits)
  } catch (error) {
    assert.ok(error instanceof Fault, `threw ${String(error)} instead of a Fault`)
    assert.equal(error.code, 'malformed_body')
    return error
  }
  return assert.fail(`accepted ${String(body).slice(0, 80)}`)
}

/** Same members and values, whatever the prototypes. -0 is read as 0. */
function sameJson(actual: Json, expected: unknown): void {
  assert.deepEqual(plain(actual), plain(expected))
}
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value))

const accepted: [text: string, value: unknown][] = [
  ['{}', {}],
  [' [ ] \r\n\t', []],
  ['"lonely"', 'lonely'],
  ['null', null],
  ['[true,false,null,0,1.5,1e2,1E+2,-12e-1]', [true, false, null, 0, 1.5, 100, 100, -1.2]],
  ['[9007199254740991,-9007199254740991]', [9007199254740991, -9007199254740991]],
  [String.raw`"\"\\\/\b\f\n\r\t\u0041\u00e9\ud83d\ude00\u0000 x"`, '"\\/\b\f\n\r\tAé😀\0 x'],
  ['"åäö 日本 😀 \u2028 \ufeff \uffff"', 'åäö 日本 😀 \u2028 \ufeff \uffff'],
  ['{"a":{"a":[{"a":1}]},"":"empty name","A":2}', { a: { a: [{ a: 1 }] }, '': 'empty name', A: 2 }],
]

test('every JSON text of our own cases is read as JSON.parse reads it', () => {
  for (const [text, value] of accepted) {
    sameJson(read(text), value)
    sameJson(read(text), JSON.parse(text))
  }
})

const refused: Record<string, (string | Uint8Array)[]> = {
  'nothing, or only white space': ['', ' \n'],
  'something after the value': ['{} x', '1 2', '[]]', '{}{}', 'true false', 'truefalse', '1,'],
  'text that ends early': ['[', '{', '{"a"', '{"a":', '{"a":1', '{"a":1,', '[1,', '"abc', '"\\', '"\\u12', 'tru', '-'],
  'superfluous or missing commas and colons': ['[1,]', '[,1]', '[1 2]', '[1,,2]', '{"a":1,}', '{"a" 1}', '{,}', '{"a":1 "b":2}'],
  'brackets that do not match': ['[1}', '{"a":1]', ']', '}'],
  'words that are not JSON': ['NaN', 'Infinity', '-Infinity', 'undefined', 'True', 'nul', "'a'", '{a:1}', '/**/1', '[1]//'],
  'numbers not written as JSON numbers': ['01', '-01', '+1', '.5', '1.', '1.e2', '1e', '1e+', '0x10', '1_000', '--1', '-a', '1.2.3', '1e5.5', '１'],
  'numbers a double would change': ['1e400', '-1e400', '9007199254740992', '-9007199254740992', '12345678901234567890'],
  'control characters in strings': ['"a\nb"', '"\u0000"', '"\t"', '"\\n\n"', '{"\u001f":1}'],
  'unknown escapes': [String.raw`"\x41"`, String.raw`"\'"`, String.raw`"\u12G4"`, String.raw`"\U0041"`, '"\\\n"', String.raw`"\u+123"`],
  'lone surrogate escapes': [String.raw`"\ud800"`, String.raw`"\udc00"`, String.raw`"\ud800\u0041"`, String.raw`"\ud800\ud800"`, String.raw`{"\udfaa":0}`],
  'duplicate names': ['{"a":1,"a":1}', String.raw`{"a":1,"\u0061":2}`, '{"a":null,"b":0,"a":0}', '{"__proto__":1,"__proto__":2}', '{"":1,"":2}'],
  'a byte order mark': ['\ufeff{}', '{}\ufeff'],
  'bytes that are not UTF-8': [[0xff], [0x22, 0xc3, 0x22], [0x22, 0xc0, 0x80, 0x22], [0x22, 0xed, 0xa0, 0x80, 0x22], [0x22, 0xf5, 0x80, 0x80, 0x80, 0x22], [0x22, 0xe2, 0x82]].map((bytes) => Uint8Array.from(bytes)),
  'UTF-16 and no-break spaces': [Buffer.from('{}', 'utf16le'), '\u00a0{}', '{}\u2028', '\u000b1'],
} // prettier-ignore

for (const [what, bodies] of Object.entries(refused)) {
  test(`a body with ${what} is refused`, () => {
    for (const body of bodies) refuse(body)
  })
}

test('objects have no prototype, so __proto__ and toString are names like any other', () => {
  const value = read('{"__proto__":{"polluted":1},"toString":2,"constructor":3}')
  assert.ok(typeof value === 'object' && value !== null)
  assert.equal(Object.getPrototypeOf(value), null)
  assert.deepEqual(Object.keys(value), ['__proto__', 'toString', 'constructor'])
  assert.equal('polluted' in {}, false)
})

test('minus zero is read as zero', () => {
  for (const text of ['-0', '-0.0', '-0e5', '-1e-400']) assert.ok(Object.is(read(text), 0), text)
})

const nested = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels)

test('depth, members and string bytes are bounded, and exactly at the bound a body is read', () => {
  read(nested(32))
  refuse(nested(33))
  read(nested(3), { maxDepth: 3 })
  refuse('{"a":[{"b":[]}]}', { maxDepth: 3 })
  read('[0'.concat(',0'.repeat(19_999), ']'))
  refuse('[0'.concat(',0'.repeat(20_000), ']'))
  read('{"a":[1,2],"b":{}}', { maxMembers: 4 })
  refuse('{"a":[1,2],"b":{"c":1}}', { maxMembers: 4 })
  read('"ååå"', { maxStringBytes: 6 })
  refuse('"åååå"', { maxStringBytes: 6 })
  refuse(String.raw`{"\u00e5\u00e5\u00e5\u00e5":1}`, { maxStringBytes: 6 })
})

test('100,000 levels of nesting are refused at once, whatever limit was asked for', () => {
  for (const opening of ['[', '{"a":', '[{"a":']) {
    const started = process.threadCpuUsage()
    refuse(opening.repeat(100_000))
    refuse(opening.repeat(100_000), { maxDepth: Infinity })
    // What the thread computed, in µs: a busy machine does not count.
    const { user } = process.threadCpuUsage(started)
    assert.ok(user < 500_000, `${opening} took ${user} µs`)
  }
})

test('a refusal names the place by pointer and byte offset', () => {
  const fault = refuse('{"åland":1,"geo":{"lat":[1,x]}}')
  assert.deepEqual(
    fault.errors.map((detail) => detail.pointer),
    ['/geo/lat/1'],
  )
  assert.match(fault.message, /at byte 28\./)
  assert.equal(fault.errors[0]?.message, fault.message)
  assert.equal(refuse('{"a":{"b":1,"b":2}}').errors[0]?.pointer, '/a')
  assert.match(refuse(Uint8Array.from([0x22, 0x41, 0xff, 0x22])).message, /offset 2 /)
})

test('a refusal never repeats what the caller sent', () => {
  const secrets = [
    '4111111111111111',
    '4111-1111-1111-1111',
    'vch_live_4f8a1c7e2b9d4f8a1c7e2b9d',
    'hunter2!',
    'x'.repeat(65),
    'line\\nbreak',
  ]
  const shapes = ['{"S":1,"S":2}', '{"S":x}', '{"S":{"a":[01]}}', '{"a":"S', '{"a":"S"b}', '["S",S}', 'S x', '{"S"S}', '{"a":S1e999}'] // prettier-ignore
  for (const secret of secrets) {
    for (const shape of shapes) {
      const fault = refuse(shape.replaceAll('S', secret))
      const said = JSON.stringify([fault.message, fault.errors, fault.internal, String(fault.cause)])
      assert.ok(!said.includes(secret), `${shape} repeated ${secret}`)
    }
  }
})

test('whatever JSON.stringify writes is read back equal', () => {
  const exactNumbers = fc.double({ noNaN: true, noDefaultInfinity: true }).filter(survives)
  const value = fc.letrec((tie) => ({
    json: fc.oneof({ maxDepth: 5 }, tie('leaf'), fc.array(tie('json')), fc.dictionary(fc.string({ unit: 'binary' }), tie('json'))),
    leaf: fc.oneof(fc.constant(null), fc.boolean(), fc.maxSafeInteger(), exactNumbers, fc.string({ unit: 'binary' })),
  })).json // prettier-ignore
  fc.assert(fc.property(value, (json) => sameJson(read(JSON.stringify(json)), json)))
})

/** Doubles whose shortest form is an integer beyond 2^53 - 1 are refused on purpose. */
const survives = (number: number): boolean => !/^-?\d+$/.test(String(number)) || Number.isSafeInteger(number)

test('no bytes make the reader throw anything but a Fault', () => {
  const scraps = fc.constantFrom('{', '}', '[', ']', ':', ',', '"', '\\', '\\u', 'd800', '1', '-', '.', 'e', 'true', 'null', ' ', 'é') // prettier-ignore
  const bodies = fc.oneof(
    fc.uint8Array({ maxLength: 60 }),
    fc.array(scraps, { maxLength: 40 }).map((words) => Uint8Array.from(Buffer.from(words.join('')))),
  )
  const limits = { maxDepth: 5, maxMembers: 6, maxStringBytes: 8 }
  fc.assert(
    fc.property(bodies, (bytes) => {
      if (readable(bytes, limits)) JSON.parse(Buffer.from(bytes).toString())
    }),
    { numRuns: 3000 },
  )
})

function readable(bytes: Uint8Array, limits?: JsonLimits): boolean {
  try {
    readJson(bytes, limits)
    return true
  } catch (error) {
    assert.ok(error instanceof Fault, `threw ${String(error)} instead of a Fault`)
    return false
  }
}

/** No exceptions: this subset of the suite has no duplicate names and no unsafe integers among its y_ files. */
test('JSONTestSuite: every text that must be read is read as JSON.parse reads it', { skip: suiteAbsent }, () => {
  const files = readdirSync(suite).filter((name) => name.startsWith('y_'))
  assert.ok(files.length >= 40, `saw only ${files.length} files`)
  for (const name of files) {
    const bytes = readFileSync(join(suite, name))
    sameJson(readJson(bytes), JSON.parse(bytes.toString()))
  }
})

test('JSONTestSuite: every text that must not be read is refused', { skip: suiteAbsent }, () => {
  const files = readdirSync(suite).filter((name) => name.startsWith('n_'))
  assert.ok(files.length >= 90, `saw only ${files.length} files`)
  for (const name of files) refuse(readFileSync(join(suite, name)))
})

/** The undecided files that we read; every other is refused, because it does not survive being read. */
const readUndecided = ['i_number_real_underflow.json']

test('JSONTestSuite: of the undecided texts only underflow to zero is read', { skip: suiteAbsent }, () => {
  const files = readdirSync(suite).filter((name) => name.startsWith('i_'))
  assert.ok(files.length >= 18, `saw only ${files.length} files`)
  assert.deepEqual(
    files.filter((name) => readable(readFileSync(join(suite, name)))),
    readUndecided,
  )
})
