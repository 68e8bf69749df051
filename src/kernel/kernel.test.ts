import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import canonicalize from 'canonicalize'
import fc from 'fast-check'
import { canonicalJson, type Json } from './canonical-json.ts'
import { formatMajor, maxMinor, parseMajor } from './currency.ts'
import { createIds, firstIdAt, fromWireId, idTimeMs, toWireId, uuidPattern } from './id.ts'

const jcs = new URL('../../../shared/testdata/canonical-json/jcs-rfc8785/', import.meta.url)

test('an amount read from its own text is the same amount, in every exponent', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: maxMinor }), fc.constantFrom('EUR', 'JPY', 'BHD'), (minor, currency) => {
      assert.equal(parseMajor(formatMajor(minor, currency), currency), minor)
    }),
  )
})

test('an amount that does not fit its currency exactly is refused, not rounded', () => {
  const refused: [string | number, string][] = [
    [0.1 + 0.2, 'EUR'], ['1.234', 'EUR'], ['1.5', 'JPY'], ['1.2345', 'BHD'], [1e21, 'EUR'], [-1, 'EUR'], ['-0.01', 'EUR'], ['1e3', 'EUR'],
    ['', 'EUR'], ['1,00', 'EUR'], ['１２', 'EUR'], [' 1', 'EUR'], [Number.NaN, 'EUR'], [Infinity, 'EUR'], ['10000000000.01', 'EUR'], ['.5', 'EUR'],
  ] // prettier-ignore
  for (const [amount, currency] of refused)
    assert.equal(parseMajor(amount, currency), undefined, `${amount} ${currency}`)
  assert.equal(parseMajor('1.230', 'EUR'), 123)
  assert.equal(parseMajor(0.3, 'EUR'), 30)
  assert.equal(parseMajor('1.234', 'BHD'), 1234)
  assert.equal(parseMajor(-0, 'EUR'), 0)
})

test('ids grow and never repeat, also within a millisecond and when the clock steps back', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -100_000, max: 5 }), { minLength: 1, maxLength: 300 }), (steps) => {
      let now = 1_795_000_000_000
      const newId = createIds({ now: () => now, elapsed: () => 0 })
      const ids = steps.map((step) => {
        now += step
        return newId()
      })
      assert.deepEqual(ids, [...new Set(ids)].sort())
      assert.ok(ids.every((id) => uuidPattern.test(id) && id[14] === '7' && '89ab'.includes(id.charAt(19))))
    }),
  )
})

test('twenty thousand ids of one millisecond are in order, and carry the moment they were made', () => {
  const newId = createIds({ now: () => 1_795_000_000_000, elapsed: () => 0 })
  const ids = Array.from({ length: 20_000 }, newId)
  assert.deepEqual(ids, [...ids].sort())
  assert.equal(new Set(ids).size, ids.length)
  assert.equal(idTimeMs(ids[0] ?? ''), 1_795_000_000_000)
  assert.ok(firstIdAt(1_795_000_000_000) <= (ids[0] ?? ''))
  assert.equal(idTimeMs(firstIdAt(1_795_000_000_123)), 1_795_000_000_123)
})

test('a wire id names its kind, and no other kind is taken for it', () => {
  const id = createIds({ now: () => 1, elapsed: () => 0 })()
  assert.equal(fromWireId('decision', toWireId('decision', id)), id)
  for (const wrong of [
    toWireId('key', id),
    id,
    `tr_${id}`,
    'tr_',
    `${toWireId('decision', id)}0`,
    toWireId('decision', id).toUpperCase(),
  ]) {
    assert.equal(fromWireId('decision', wrong), undefined)
  }
})

test('canonical JSON is that of RFC 8785', (t) => {
  assert.equal(canonicalJson({ b: 1, a: [1e21, 0.1, -0, 'ü\n'], '': null }), '{"":null,"a":[1e+21,0.1,0,"ü\\n"],"b":1}')
  if (!existsSync(jcs)) return t.skip('shared test data is absent')
  const names = readdirSync(new URL('input/', jcs))
  for (const name of names) {
    const given = JSON.parse(readFileSync(new URL(`input/${name}`, jcs), 'utf8'))
    assert.equal(canonicalJson(given), readFileSync(new URL(`output/${name}`, jcs), 'utf8').trimEnd(), name)
  }
  assert.ok(names.length > 0)
})

test('canonical JSON is what another implementation makes of any JSON value', () => {
  const { value } = fc.letrec<{ value: Json }>((tie) => ({
    value: fc.oneof(
      { depthSize: 'small' },
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.integer(),
      fc.boolean(),
      fc.constant(null),
      fc.string({ unit: 'binary' }),
      fc.string(),
      fc.array(tie('value')),
      fc.dictionary(fc.oneof(fc.string({ unit: 'binary' }), fc.string(), fc.nat().map(String)), tie('value'), {
        noNullPrototype: false,
      }),
    ),
  }))
  fc.assert(
    fc.property(value, (json) => {
      const text = canonicalJson(json)
      assert.equal(text, canonicalize(json))
      assert.equal(canonicalJson(JSON.parse(text)), text)
    }),
    { numRuns: 1_000 },
  )
})

test('what is no JSON has no canonical form', () => {
  for (const wrong of [
    Number.NaN,
    Infinity,
    '\ud800',
    'a\udc00b',
    { '\udfff': 1 },
    [undefined],
    () => 1,
    1n,
    undefined,
  ])
    assert.throws(() => Reflect.apply(canonicalJson, null, [wrong]), TypeError)
  assert.equal(Reflect.apply(canonicalJson, null, [{ b: undefined, a: 1 }]), '{"a":1}')
})
