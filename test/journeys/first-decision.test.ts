import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createWorld, payment } from '#harness'

test('a payment comes in over HTTP, is judged, and is found again with its event', async () => {
  await using world = await createWorld()
  const ada = world.as('ada')
  const made = await ada.post(
    '/v1/evaluate',
    payment({ amount: '349.99', category: 'electronics', merchant_trust_score: 0.42 }),
  )
  assert.equal(made.status, 200, made.text)
  assert.equal(made.body.decision, 'STEP_UP_REQUIRED')
  const { latency_ms: _, ...kept } = made.body
  const found = await ada.get(`/v1/decisions/${made.body.trace_id}`)
  assert.equal(found.status, 200)
  const { event, ...same } = found.body
  assert.deepEqual(same, kept)
  assert.equal(event.merchant_id, 'm_1')
})
