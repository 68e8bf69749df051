/** Names between the wire and the client: one mapping, both ways, and never inside a document. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { rename, toCamel, toSnake } from '../../sdk/src/names.ts'
import { documents } from '../../sdk/src/wire.ts'

const root = join(import.meta.dirname, '../..')
const openapi = JSON.parse(readFileSync(join(root, 'openapi.json'), 'utf8'))

const word = fc.stringMatching(/^[a-z][a-z0-9]{0,6}$/)
/** A name as the wire has them: words of letters and digits, each with a letter first. */
const wireName = fc.array(word, { minLength: 1, maxLength: 4 }).map((words) => words.join('_'))
const value = fc.letrec((tie) => ({
  any: fc.oneof({ maxDepth: 4 }, fc.string(), fc.double(), fc.boolean(), fc.constant(null), tie('list'), tie('object')),
  list: fc.array(tie('any'), { maxLength: 3 }),
  object: fc.dictionary(wireName, tie('any'), { maxKeys: 4, noNullPrototype: true }),
})).any

test('what the wire says comes back the same after a way through camel case', () => {
  fc.assert(
    fc.property(value, (given) => {
      assert.deepEqual(rename(rename(given, 'camel', []), 'snake', []), given)
    }),
    { numRuns: 1_000 },
  )
})

test('a document keeps every name, wherever it is, and everything around it is renamed', () => {
  const anyKey = fc.dictionary(fc.string(), fc.jsonValue(), { maxKeys: 5, noNullPrototype: true })
  fc.assert(
    fc.property(wireName, wireName, anyKey, (outer, inner, document) => {
      const given = { [outer]: [{ [inner]: document, other_name: 1 }] }
      if (inner === 'other_name') return
      const camel = rename(given, 'camel', [`/${outer}/${inner}`])
      assert.deepEqual(camel, { [toCamel(outer)]: [{ [toCamel(inner)]: document, otherName: 1 }] })
      assert.deepEqual(rename(camel, 'snake', [`/${outer}/${inner}`]), given)
    }),
    { numRuns: 500 },
  )
})

test('a name such as __proto__ is data and changes nothing else', () => {
  const renamed = rename(JSON.parse('{"__proto__": {"is_admin": true}, "constructor": 1}'), 'camel', [])
  assert.equal(Object.getPrototypeOf(renamed), Object.prototype)
  assert.equal(Reflect.get(Object(renamed), 'isAdmin'), undefined)
})

test('every name of the HTTP interface survives the mapping, and no two of an object become one', () => {
  let seen = 0
  const look = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return
    if ('properties' in node && typeof node.properties === 'object' && node.properties !== null) {
      const names = Object.keys(node.properties)
      assert.equal(new Set(names.map(toCamel)).size, names.length)
      for (const name of names) assert.equal(toSnake(toCamel(name)), name, `${name} does not come back`)
      seen += names.length
    }
    Object.values(node).forEach(look)
  }
  look(openapi)
  assert.ok(seen > 300, `saw only ${seen} names`)
})

test('metadata, policies and what the trail recorded are documents', () => {
  assert.ok(documents['POST /v1/evaluate'].body.includes('/metadata'))
  assert.deepEqual(documents['PUT /v1/policy/draft'], { body: [''], answer: ['/document'] })
  assert.ok(documents['GET /v1/audit'].answer.includes('/data/details'))
})

test('every route that a key opens has a method', () => {
  const client = readFileSync(join(root, 'sdk/src/client.ts'), 'utf8')
  const routes = Object.entries<object>(openapi.paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
  )
  const offered = routes.filter((route) => route.includes(' /v1/'))
  assert.ok(offered.length > 40, `saw only ${offered.length} routes`)
  const missing = offered.filter((route) => !client.includes(`'${route}'`))
  assert.deepEqual(missing, [], 'give each a line in sdk/src/client.ts')
})
