/** English and Swedish of equal standing. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { IntlMessageFormat } from 'intl-messageformat'
import { faults } from '#kernel/fault'
import { catalogues, negotiate } from '#pages'

type Part = { type: number; value?: string; options?: Record<string, { value: Part[] }> }
/** In a parsed message: text as it stands. */
const literal = 0

/** Names of the values that a message wants, and which of them it tells apart by case. */
const valuesIn = (parts: readonly Part[]): string[] =>
  parts.flatMap(({ type, value, options }) => {
    if (type === literal || value === undefined) return []
    if (!options) return [value]
    return [`${value} by case`, ...Object.values(options).flatMap((one) => valuesIn(one.value))]
  })
function valuesOf(text: string): string[] {
  const message = new IntlMessageFormat(text, 'en', undefined, { ignoreTag: true })
  const parts: Part[] = JSON.parse(JSON.stringify(message.getAst()))
  return [...new Set(valuesIn(parts))].toSorted()
}

/** Words that are the same in both languages. */
const same = new Set(['layout.api', 'layout.version', 'claim.history.changed', 'feed.changed'])

test('every message is there in both languages, with the same values, and none was left in English', () => {
  assert.deepEqual(valuesOf('{a} x {b, plural, one {# {c}} other {y}}'), ['a', 'b by case', 'c'])
  const { en, sv } = catalogues
  assert.deepEqual(Object.keys(sv).toSorted(), Object.keys(en).toSorted())
  for (const [key, text] of Object.entries(en)) {
    const other = Object.entries(sv).find(([name]) => name === key)?.[1] ?? ''
    assert.notEqual(other.trim(), '', key)
    assert.deepEqual(valuesOf(other), valuesOf(text), key)
    if (!same.has(key) && /[a-z]{3}/i.test(text.replaceAll(/\{[^{}]*\}/g, ''))) assert.notEqual(other, text, key)
  }
})

test('every page about an error is there in both languages, with the same status, example and names', () => {
  const read = (file: string): string => readFileSync(new URL(`../../docs/errors/${file}`, import.meta.url), 'utf8')
  const exampleOf = (text: string): string => /```json\n([^]*?)```/.exec(text)?.[1] ?? assert.fail('no example')
  const outside = (text: string): string => text.replace(/```json\n[^]*?```/, '')
  const namesOf = (text: string): string[] =>
    [
      ...new Set(
        outside(text)
          .replaceAll(/\s+/g, ' ')
          .match(/`[^`]+`/g),
      ),
    ].toSorted()
  for (const code of Object.keys(faults)) {
    const [english, swedish] = [read(`${code}.md`), read(`sv/${code}.md`)]
    assert.equal(exampleOf(swedish), exampleOf(english), code)
    assert.deepEqual(namesOf(swedish), namesOf(english), code)
    const lines = new Set(
      outside(english)
        .split('\n')
        .filter((line) => line.length > 30),
    )
    assert.deepEqual(
      outside(swedish)
        .split('\n')
        .filter((line) => lines.has(line)),
      [],
      code,
    )
  }
})

test('a reader gets the language that weighs most, and English when nothing fits', () => {
  const cases: readonly (readonly [string | undefined, 'en' | 'sv'])[] = [
    [undefined, 'en'],
    ['', 'en'],
    ['sv', 'sv'],
    ['sv-FI,sv;q=0.9,en;q=0.8', 'sv'],
    ['en;q=0.5, sv;q=0.6', 'sv'],
    ['en, sv', 'en'],
    ['de, fr;q=0.9, sv;q=0.1', 'sv'],
    ['sv;q=0, en;q=0.1', 'en'],
    ['SV-se', 'sv'],
    ['svx, sven', 'en'],
    ['*', 'en'],
    ['sv;q=2', 'sv'],
  ]
  for (const [field, language] of cases) assert.equal(negotiate(field), language, field)
  fc.assert(fc.property(fc.string({ maxLength: 200 }), (field) => ['en', 'sv'].includes(negotiate(field))))
})
