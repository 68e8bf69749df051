/** The generator of the client's types: it writes what a schema says, and stops where it would have to guess. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { renderWire } from './sdk-wire.ts'

const answering = (...schemas: object[]) => ({
  paths: Object.fromEntries(
    schemas.map((schema, n) => [
      `/v1/route_${n}`,
      { get: { responses: { 200: { content: { 'application/json': { schema } } } } } },
    ]),
  ),
})
const closed = (properties: object, more: object = {}) => ({
  type: 'object',
  properties,
  required: Object.keys(properties),
  additionalProperties: false,
  ...more,
})

test('names become camel case, and stay as they are in what is open to any name', () => {
  const text = renderWire(
    answering(closed({ risk_score: { type: 'number' }, own_words: { type: 'object', additionalProperties: {} } })),
  )
  assert.match(text, /riskScore: number\n/)
  assert.match(text, /ownWords: Record<string, unknown>\n/)
  assert.match(text, /'GET \/v1\/route_0': \{ answer: \['\/own_words'\] \}/)
})

test('a policy is a document although it is closed', () => {
  const text = renderWire(
    answering(closed({ document: closed({ points_if_missing: { type: 'integer' } }, { title: 'Policy' }) })),
  )
  assert.match(text, /export type Policy = \{\n {2}points_if_missing: number\n\}/)
  assert.match(text, /answer: \['\/document'\]/)
})

test('a keyword or a type that it does not know stops the generator', () => {
  assert.throws(() => renderWire(answering({ type: 'string', unevaluatedItems: false })), /no keyword unevaluatedItems/)
  assert.throws(() => renderWire(answering({ type: 'file' })), /no type file/)
  assert.throws(
    () => renderWire(answering({ $ref: '#/components/schemas/Absent' })),
    /no #\/components\/schemas\/Absent/,
  )
})

test('two schemas of one title that differ stop the generator', () => {
  const [one, two] = [closed({ a: { type: 'string' } }, { title: 'Thing' }), closed({ b: { type: 'string' } }, { title: 'Thing' })] // prettier-ignore
  assert.throws(() => renderWire(answering(one, two)), /Two schemas of openapi\.json are called Thing/)
  assert.equal(renderWire(answering(one, one)).match(/export type Thing/g)?.length, 1)
})
