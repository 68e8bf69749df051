import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import type { Json } from '#kernel/canonical-json'
import { goRound, type Page } from './round.ts'

const wrong = { en: 'It is open.', sv: 'Den är öppen.' }
const idOf = (number: number): string => String(number).padStart(4, '0')
const pageOf =
  (ids: readonly string[]): Page =>
  async ({ after = '', limit }) =>
    ids
      .filter((id) => id > after)
      .slice(0, limit)
      .map((id) => ({ id }))

test('a round comes by every tenant in as many calls as it takes, looks at no more than it may, and begins anew', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 1, max: 12 }), async (count, atMost) => {
      const ids = Array.from({ length: count }, (_, at) => idOf(at))
      const seen = new Set<string>()
      let before: Json = null
      for (let call = 0; call < Math.ceil(count / atMost); call++) {
        let looks = 0
        const { next } = await goRound(pageOf(ids), before, atMost, async (id) => {
          looks++
          seen.add(id)
          return { things: 1 }
        })
        assert.ok(looks <= atMost)
        before = JSON.parse(JSON.stringify(next))
      }
      assert.equal(seen.size, count)
    }),
  )
})

test('what was wrong in a tenant is looked at first at the next call, on any process, until it is right', async () => {
  const ids = Array.from({ length: 30 }, (_, at) => idOf(at))
  let isOpen = true
  const look = async (id: string) => (id === idOf(2) && isOpen ? { wrong } : { things: 1 })
  let before: Json = null
  for (let call = 0; call < 10; call++) {
    const round = await goRound(pageOf(ids), before, 5, look)
    assert.deepEqual(round.wrong, wrong, `call ${call}: the round moved on, and the fault was forgotten`)
    before = JSON.parse(JSON.stringify(round.next))
  }
  isOpen = false
  const { wrong: still, next } = await goRound(pageOf(ids), before, 5, look)
  assert.equal(still, undefined)
  assert.deepEqual((next as { wrong: unknown }).wrong, [])
})

test('a place that cannot be read is the beginning', async () => {
  for (const place of [null, 7, 'x', [], {}, { after: 7, wrong: 'x' }, { after: null, wrong: [7, null] }]) {
    const seen: string[] = []
    await goRound(pageOf(['a', 'b']), place, 5, async (id) => {
      seen.push(id)
      return { things: 0 }
    })
    assert.deepEqual(seen, ['a', 'b'])
  }
})
