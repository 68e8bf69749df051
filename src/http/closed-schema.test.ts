import assert from 'node:assert/strict'
import { test } from 'node:test'
import Type from 'typebox'
import { findOpenPlace } from './closed-schema.ts'

const closed = { additionalProperties: false } as const

test('an object that takes unknown fields is found wherever it hides, and a bounded one of chosen names is not', () => {
  const inner = Type.Object({ a: Type.String() })
  const opened: [string, object][] = [
    ['', inner],
    ['/b', Type.Object({ b: inner }, closed)],
    ['/b/items', Type.Object({ b: Type.Array(inner) }, closed)],
    ['/b/anyOf', Type.Object({ b: Type.Optional(Type.Union([Type.Null(), inner])) }, closed)],
    ['', Type.Record(Type.String(), Type.String())],
    ['', { type: 'object', properties: {}, additionalProperties: true }],
  ]
  for (const [place, schema] of opened) assert.equal(findOpenPlace(schema), place, JSON.stringify(schema))
  const names = { propertyNames: { maxLength: 64 }, maxProperties: 32 }
  for (const schema of [
    Type.Object({ a: Type.String(), b: Type.Array(Type.Object({}, closed)) }, closed),
    Type.Record(Type.String(), Type.String(), names),
    Type.String(),
  ])
    assert.equal(findOpenPlace(schema), undefined, JSON.stringify(schema))
})
