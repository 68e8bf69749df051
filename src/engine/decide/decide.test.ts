import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { canonicalJson } from '#kernel/canonical-json'
import {
  compileOrThrow,
  curveAt,
  decide as decideCompiled,
  defaultPolicy,
  factorIds,
  type PolicyDocument,
  reasonIds,
  renderReason,
  type Signals,
} from './index.ts'

const decide = (policy: PolicyDocument, ...rest: [Parameters<typeof decideCompiled>[1], Signals]) =>
  decideCompiled(compileOrThrow(policy), ...rest)
const anyCurve = fc
  .uniqueArray(fc.integer({ min: -1_000, max: 1_000 }), { minLength: 1, maxLength: 6 })
  .chain((xs) =>
    fc.tuple(
      fc.constant([...xs].sort((a, b) => a - b)),
      fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: xs.length, maxLength: xs.length }),
    ),
  )
  .map(([xs, ys]) => xs.map((x, at) => [x / 10, ys[at] ?? 0] as const))
const anyPolicy: fc.Arbitrary<PolicyDocument> = fc
  .tuple(
    ...factorIds.map((id) =>
      fc.record({
        id: fc.constant(id),
        weight: fc.integer({ min: 0, max: 100 }),
        curve: anyCurve,
        points_if_missing: fc.integer({ min: -500, max: 500 }).map((n) => n / 100),
      }),
    ),
  )
  .map((factors) => ({ ...defaultPolicy, factors, thresholds: { step_up: 0, decline: null } }))
const anySignals: fc.Arbitrary<Signals> = fc
  .dictionary(fc.constantFrom(...factorIds), fc.double({ min: -200, max: 200, noNaN: true }))
  .map((values) => ({
    lists: [],
    factors: Object.fromEntries(
      Object.entries(values).map(([id, value]) => [id, { value, reason: { id: 'missing', params: {} }, evidence: [] }]),
    ),
  }))
const event = { minor: 1_234, currency: 'EUR' }

test('the score is the exact sum of the contributions, whatever the policy and the signals', () => {
  fc.assert(
    fc.property(anyPolicy, anySignals, (policy, signals) => {
      const { score, factors } = decide(policy, event, signals)
      assert.equal(
        factors.reduce((sum, { points }) => sum + points, 0),
        score,
      )
      assert.ok(factors.every(({ points }) => Number.isSafeInteger(points) && !Object.is(points, -0)))
      assert.ok(score >= 0 && score <= 10_000)
    }),
  )
})

test('the order of the factors changes neither score nor decision', () => {
  fc.assert(
    fc.property(anyPolicy, anySignals, (policy, signals) => {
      const turned = decide({ ...policy, factors: policy.factors.toReversed() }, event, signals)
      const straight = decide(policy, event, signals)
      assert.equal(turned.score, straight.score)
      assert.equal(turned.decision, straight.decision)
    }),
  )
})

test('a curve that never falls stays so between its corners', () => {
  fc.assert(
    fc.property(
      anyCurve,
      fc.double({ min: -150, max: 150, noNaN: true }),
      fc.double({ min: 0, max: 50, noNaN: true }),
      (curve, x, step) => {
        const rising = curve.map(([at], n) => [at, n / curve.length] as const)
        assert.ok(curveAt(rising, x) <= curveAt(rising, x + step) + 1e-12)
      },
    ),
  )
})

test('the same input gives the same bytes', () => {
  fc.assert(
    fc.property(anyPolicy, anySignals, (policy, signals) => {
      const [once, again] = [
        decide(policy, event, signals),
        decide(structuredClone(policy), { ...event }, structuredClone(signals)),
      ]
      assert.equal(
        canonicalJson({ ...once, factors: [...once.factors] }),
        canonicalJson({ ...again, factors: [...again.factors] }),
      )
    }),
  )
})

test('the deny list comes before the allow list, and both before the score', () => {
  const deny = { list: 'stolen', kind: 'deny', field: 'card_fingerprint' } as const
  const allow = { list: 'staff', kind: 'allow', field: 'user_id' } as const
  const high: Signals['factors'] = {
    amount_ratio: { value: 1_000, reason: { id: 'missing', params: {} }, evidence: [] },
  }
  assert.equal(decide(defaultPolicy, event, { lists: [allow, deny], factors: {} }).decision, 'DECLINED')
  assert.equal(decide(defaultPolicy, event, { lists: [allow], factors: high }).decision, 'APPROVED')
  assert.equal(decide(defaultPolicy, event, { lists: [], factors: high }).decision, 'STEP_UP_REQUIRED')
})

test('a missing signal earns its stated points and says that it is missing', () => {
  const { factors, score } = decide(defaultPolicy, event, { lists: [], factors: {} })
  assert.ok(factors.every(({ status }) => status === 'missing'))
  assert.equal(
    score,
    defaultPolicy.factors.reduce((sum, { points_if_missing }) => sum + points_if_missing * 100, 0),
  )
})

test('a score that is a threshold has reached it, and one that is a hundredth below has not', () => {
  for (let hundredths = 1; hundredths <= 10_000; hundredths += 7) {
    const points = hundredths / 100
    const factor = { id: 'velocity', weight: 100, curve: [[0, 1]], points_if_missing: points } as const
    const at = (step_up: number) =>
      decide({ ...defaultPolicy, factors: [factor], thresholds: { step_up, decline: null } }, event, {
        lists: [],
        factors: {},
      })
    assert.equal(at(points).decision, 'STEP_UP_REQUIRED', String(points))
    assert.equal(at((hundredths + 1) / 100).decision, 'APPROVED', String(points))
  }
})

test('a factor is told by its id, whatever word that is', () => {
  const factor = { id: 'constructor', weight: 50, cel: '1.0', points_if_missing: 0, reason: 'So it is.' }
  const { reason } = decide(
    { ...defaultPolicy, factors: [factor], thresholds: { step_up: 30, decline: null } },
    event,
    {
      lists: [],
      factors: {},
    },
  )
  assert.match(renderReason(reason), /most of it comes from constructor\.$/)
})

test('every reason has a sentence, and none shows a parameter that is not there', () => {
  const params = { score: 1, threshold: 30, amount: '1.00', currency: 'EUR', factor: 'velocity', field: 'user_id', list: 'l', ratio: 1, spendable: '1', typical: '1', category: 'c', risk: 1, trust: 1, rule: 'r', of: 'user', attempts: 2, usual: '1', payments: 7, km: 900, kmh: 4000, hour: 3, percent: 1, algorithm: 'EdDSA', why: 'stale', text: 'Said of {amount}', signal: 'hour', error: 'It failed.', merchant: 'test_decline' } // prettier-ignore
  for (const id of reasonIds) assert.match(renderReason({ id, params }), /^[A-Z0-9][^{}]*\.$/)
  for (const id of reasonIds) assert.doesNotMatch(renderReason({ id, params }), /undefined/)
  assert.throws(() => renderReason({ id: 'invented', params }))
})
