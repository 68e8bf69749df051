import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { canonicalJson } from '#kernel/canonical-json'
import {
  compileOrThrow,
  compilePolicy,
  decide,
  defaultPolicy,
  type Judgement,
  type PolicyDocument,
  renderReason,
  type Signals,
} from './index.ts'

const event = { minor: 34_999, currency: 'EUR' }
const empty: PolicyDocument = {
  schema: 1,
  factors: [],
  rules: [],
  thresholds: { step_up: null, decline: null },
  lists: [],
}
const rule = (when: string, then: PolicyDocument['rules'][number]['then'], id = 'r') => ({
  id,
  when,
  then,
  reason: 'So it is.',
})
const judge = (document: PolicyDocument, signals: Partial<Signals> = {}): Judgement =>
  decide(compileOrThrow(document), event, { lists: [], factors: {}, ...signals })

// Random policies, with factors of both forms and rules of every kind, over a few signals that may be missing.

const points = fc.integer({ min: -2_000, max: 2_000 }).map((n) => n / 100)
const anyCurve = fc
  .uniqueArray(fc.integer({ min: -50, max: 50 }), { minLength: 1, maxLength: 5 })
  .chain((xs) => fc.tuple(fc.constant([...xs].sort((a, b) => a - b)), fc.array(fc.integer({ min: -10, max: 10 }), { minLength: xs.length, maxLength: xs.length })))
  .map(([xs, ys]) => xs.map((x, at) => [x / 10, (ys[at] ?? 0) / 10] as const)) // prettier-ignore
const curved = fc.constantFrom('amount', 'hour', 'user_balance', 'merchant_trust_score', 'amount_ratio')
const anyCel = fc.constantFrom(
  'amount / user_balance', 'hour > 20 ? 0.5 : -0.25', 'hour / weekday', 'points.c0 / 10.0', 'merchant_trust_score', 'int(amount) % hour',
  "metadata['score'] == 'x' ? 1 : 0", 'lists.vip ? -1.0 : 1.0', '[1, 2, 3].exists(x, x == hour) ? 1.0 : amount_ratio',
) // prettier-ignore
const anyWhen = fc.constantFrom(
  'amount > 100.0', "category == 'gift_cards'", 'hour / weekday > 2', 'lists.vip', '!has_agent', 'user.attempts_1h > 3', 'points.c0 > 1.0',
  "present(hour) && hour < 6", 'amount_ratio > 2.0 || hour == 3', "metadata['a'] == 'b'",
) // prettier-ignore
const anyThen = fc.oneof(fc.constantFrom('decline', 'step_up', 'approve'), points.map((add) => ({ add }))) // prettier-ignore
const anyPolicy: fc.Arbitrary<PolicyDocument> = fc
  .record({
    curves: fc.uniqueArray(fc.record({ id: curved, weight: fc.integer({ min: 0, max: 100 }), curve: anyCurve, points_if_missing: points }), { selector: ({ id }) => id, maxLength: 4 }),
    cels: fc.array(fc.record({ weight: fc.integer({ min: 0, max: 100 }), cel: anyCel, points_if_missing: points }), { maxLength: 3 }),
    rules: fc.array(fc.record({ when: anyWhen, then: anyThen }), { maxLength: 6 }),
  })
  .map(({ curves, cels, rules }) => ({
    ...empty,
    factors: [
      { id: 'c0', weight: 10, cel: 'has_agent ? 1.0 : 0.3', points_if_missing: 0, reason: 'First.' },
      ...curves.map((factor) => ({ ...factor, reason: 'It is {amount}.' })),
      ...cels.map((factor, n) => ({ ...factor, id: `c${n + 1}`, reason: 'Of {hour}.' })),
    ],
    rules: rules.map((one, n) => ({ ...one, id: `r${n}`, reason: 'In {currency}.' })),
    thresholds: { step_up: 0, decline: null },
    lists: ['vip'],
  })) // prettier-ignore
const anySignals: fc.Arbitrary<Signals> = fc
  .record(
    {
      amount: fc.integer({ min: 0, max: 50_000 }).map((n) => n / 100),
      user_balance: fc.constantFrom(0, 100, 349.99),
      hour: fc.integer({ min: 0, max: 23 }),
      weekday: fc.constantFrom(0, 1, 7),
      category: fc.constantFrom('gift_cards', 'food'),
      has_agent: fc.boolean(),
      'lists.vip': fc.boolean(),
      metadata: fc.constantFrom(new Map<string, string>(), new Map([['a', 'b']])),
      merchant_trust_score: fc.double({ min: 0, max: 1, noNaN: true }),
    },
    { requiredKeys: [] },
  )
  .map((values) => ({ lists: [], factors: {}, values }))

const shown = ({ factors, ...rest }: Judgement) => canonicalJson({ ...rest, factors: factors.map((factor) => ({ ...factor, evidence: [...factor.evidence] })) }) // prettier-ignore

test('whatever the policy and the event, the score is the exact sum of whole hundredths, and every reason has words', () => {
  let missing = 0
  fc.assert(
    fc.property(anyPolicy, anySignals, (policy, signals) => {
      const { score, factors, reason } = judge(policy, signals)
      assert.equal(
        factors.reduce((sum, part) => sum + part.points, 0),
        score,
      )
      assert.ok(score >= 0 && score <= 10_000)
      for (const part of factors) {
        assert.ok(Number.isSafeInteger(part.points) && !Object.is(part.points, -0), part.id)
        assert.ok(part.raw === null || Number.isFinite(part.raw))
        assert.match(renderReason(part.reason), /^[A-Z0-9][^{}]*\.$/)
        if (part.status === 'missing') missing++
      }
      assert.match(renderReason(reason), /^[A-Z0-9][^{}]*\.$/)
      const sumBefore = factors.filter(({ id }) => id !== 'limit').reduce((sum, part) => sum + part.points, 0)
      const cut = factors.find(({ id }) => id === 'limit')
      assert.equal(cut?.points ?? 0, Math.min(10_000, Math.max(0, sumBefore)) - sumBefore)
    }),
    { numRuns: 500 },
  )
  assert.ok(missing > 100, 'hardly anything was missing')
})

test('the order of factors and of rules changes neither score nor decision; the same input gives the same bytes', () => {
  fc.assert(
    fc.property(anyPolicy, anySignals, (policy, signals) => {
      const turned = {
        ...policy,
        factors: policy.factors.toReversed(),
        rules: policy.rules.toReversed(),
      }
      const [one, other] = [judge(policy, signals), judge(turned, signals)]
      assert.deepEqual([one.score, one.decision, one.level], [other.score, other.decision, other.level])
      assert.equal(shown(one), shown(judge(structuredClone(policy), structuredClone(signals))))
    }),
    { numRuns: 300 },
  )
})

test('a curve that never falls gives points that never fall', () => {
  const values = fc.double({ min: -10, max: 10, noNaN: true })
  fc.assert(
    fc.property(anyCurve, values, fc.double({ min: 0, max: 5, noNaN: true }), (curve, x, step) => {
      const rising = curve.map(([at], n) => [at, n / curve.length] as const)
      const policy: PolicyDocument = {
        ...empty,
        factors: [{ id: 'user_balance', weight: 37.5, curve: rising, points_if_missing: 0, reason: 'It is.' }],
      }
      const pointsAt = (user_balance: number) => judge(policy, { values: { user_balance } }).factors[0]?.points ?? 0
      assert.ok(pointsAt(x) <= pointsAt(x + step))
    }),
  )
})

test('deny list, decline rules, allow list, step-up rules, approve rules and score decide in this order', () => {
  const deny = { list: 'stolen', kind: 'deny', field: 'user_id' } as const
  const allow = { list: 'staff', kind: 'allow', field: 'user_id' } as const
  const custom = { list: 'vip', kind: 'custom', field: 'user_id' } as const
  const all = (['approve', 'step_up', 'decline'] as const).map((then) => rule('amount > 0.0', then, then))
  const values = { amount: 349.99 }
  const only = (...acts: string[]): PolicyDocument => ({ ...empty, rules: all.filter(({ id }) => acts.includes(id)) })
  const reasonOf = (document: PolicyDocument, ...lists: Signals['lists'][number][]) =>
    judge(document, { values, lists }).reason.id
  assert.equal(reasonOf(only('decline', 'step_up', 'approve'), allow, deny), 'list.deny')
  assert.equal(reasonOf(only('decline', 'step_up', 'approve'), allow), 'rule.decline')
  assert.equal(reasonOf(only('step_up', 'approve'), allow), 'list.allow')
  assert.equal(reasonOf(only('step_up', 'approve'), custom), 'rule.step_up')
  assert.equal(reasonOf(only('approve')), 'rule.approve')
  assert.equal(reasonOf(only()), 'score.decides_nothing')
})

test('a rule that adds points is a factor; one that decides is the reason; both show their facts', () => {
  const policy: PolicyDocument = {
    ...empty,
    rules: [
      { id: 'late', when: 'hour >= 22', then: { add: 12.34 }, reason: 'It is {hour} there' },
      { id: 'big', when: 'amount > 300.0', then: 'step_up', reason: '{amount} {currency} is a lot, {user_balance} or not!' },
    ],
  } // prettier-ignore
  const { factors, reason, score, decision } = judge(policy, { values: { hour: 23, amount: 349.99, currency: 'EUR' } })
  assert.deepEqual([score, decision], [1_234, 'STEP_UP_REQUIRED'])
  assert.deepEqual(
    factors.map(({ id, points }) => [id, points]),
    [['rule:late', 1_234]],
  )
  assert.equal(renderReason(factors[0]!.reason), 'It is 23 there.')
  assert.deepEqual(factors[0]!.evidence, ['signal:hour=23'])
  assert.equal(renderReason(reason), 'Confirmation needed by the rule big: 349.99 EUR is a lot, not measured or not!')
})

test('a rule that divides by zero, runs dry or reads what is missing does not fire, and says so', () => {
  const long = `[${Array.from({ length: 30 }, (_, n) => n).join()}]`
  const dry = `${long}.all(a, ${long}.all(b, ${long}.all(c, a + b + c < 1000)))`
  const policy: PolicyDocument = {
    ...empty,
    rules: [
      rule('hour / weekday > 1', 'decline', 'zero'),
      rule(dry, 'decline', 'dry'),
      rule('user.attempts_1h > 3', 'decline', 'unmeasured'),
      rule('lists.gone', 'decline', 'removed'),
      rule("metadata['absent'] == 'x'", { add: 5 }, 'no_key'),
    ],
    lists: ['gone'],
  }
  const { factors, decision } = judge(policy, { values: { hour: 3, weekday: 0, metadata: new Map() } })
  assert.equal(decision, 'APPROVED')
  assert.deepEqual(
    factors.map(({ id, status, points, reason }) => [id, status, points, renderReason(reason)]),
    [
      ['rule:zero', 'missing', 0, 'The rule did not fire. A whole number was divided by zero.'],
      ['rule:dry', 'missing', 0, 'The rule did not fire. The expression used up its fuel.'],
      ['rule:unmeasured', 'missing', 0, 'The rule did not fire: user.attempts_1h was not measured.'],
      ['rule:removed', 'missing', 0, 'The rule did not fire: lists.gone was not measured.'],
      ['rule:no_key', 'missing', 0, 'The rule did not fire. The map does not have the key.'],
    ],
  )
})

test('a factor whose expression has no finite number earns the points of a missing signal', () => {
  const factor = (id: string, cel: string) => ({ id, weight: 10, cel, points_if_missing: 1.5, reason: 'Of {hour}.' })
  const factors = [factor('endless', 'amount / user_balance'), factor('zero', 'hour / 0'), factor('absent', 'weekday')]
  const judged = judge({ ...empty, factors }, { values: { amount: 1, user_balance: 0, hour: 1 } })
  assert.deepEqual(
    judged.factors.map(({ status, points }) => [status, points]),
    [['missing', 150], ['missing', 150], ['missing', 150]],
  ) // prettier-ignore
})

test('an expression may read points of factors in any order, and of none in a circle', () => {
  const factor = (id: string, cel: string) => ({ id, weight: 100, cel, points_if_missing: 0, reason: 'So.' })
  const chain = [factor('third', 'points.second / 200.0'), factor('first', '0.4'), factor('second', 'points.first / 200.0')] // prettier-ignore
  assert.deepEqual(
    judge({ ...empty, factors: chain }).factors.map(({ id, points }) => [id, points]),
    [['third', 1_000], ['first', 4_000], ['second', 2_000]],
  ) // prettier-ignore
  const circle = [factor('a', '0.1 + points.b'), factor('b', 'points.a'), factor('after', 'points.a')]
  const result = compilePolicy({ ...empty, factors: circle })
  assert.ok(!result.ok)
  assert.deepEqual(
    result.errors.map(({ pointer, position }) => [pointer, position?.offset]),
    [['/factors/0/cel', 6], ['/factors/1/cel', 0]],
  ) // prettier-ignore
})

/** What is refused: a change to a sound document, the pointer, words of the message, and the offset if there is one. */
const sound: PolicyDocument = {
  schema: 1,
  factors: [{ id: 'amount', weight: 60, curve: [[0, 0], [100, 1]], points_if_missing: 0, reason: 'It is {amount}.' }],
  rules: [{ id: 'big', when: 'amount > 5.0', then: { add: 20 }, reason: 'Big.' }],
  thresholds: { step_up: 30, decline: 70 },
  lists: ['vip'],
} // prettier-ignore
const withRule = (change: object): object => ({ ...sound, rules: [{ ...sound.rules[0], ...change }] })
const withFactor = (change: object): object => ({ ...sound, factors: [{ ...sound.factors[0], ...change }] })
const refusals: readonly (readonly [unknown, string, RegExp, number?])[] = [
  [null, '', /must be an object/],
  [[], '', /must be an object/],
  [{ ...sound, schema: 2 }, '/schema', /must be 1/],
  [{ ...sound, extra: 1 }, '/extra', /not a known field/],
  [{ ...sound, lists: undefined }, '/lists', /is required/],
  [{ ...sound, rules: {} }, '/rules', /must be a list/],
  [{ ...sound, rules: Array.from({ length: 101 }, (_, n) => rule('true', 'approve', `r${n}`)) }, '/rules', /more than 100/],
  [{ ...sound, lists: ['Not a list'] }, '/lists/0', /id of a list/],
  [{ ...sound, lists: ['a-b', 'a_b'] }, '/lists/1', /name of a list before it/],
  [{ ...sound, thresholds: { step_up: '30', decline: 70 } }, '/thresholds/step_up', /a number from 0 to 100/],
  [{ ...sound, thresholds: { step_up: 70, decline: 70 } }, '/thresholds/step_up', /cannot be reached/],
  [{ ...sound, thresholds: { step_up: 30, decline: 80.01 } }, '/thresholds/decline', /at most 80\b/],
  [{ ...sound, factors: [], rules: [] }, '/thresholds/decline', /at most 0\b/],
  [withFactor({ weight: -1 }), '/factors/0/weight', /from 0 to 100/],
  [withFactor({ weight: NaN }), '/factors/0/weight', /from 0 to 100/],
  [withFactor({ points_if_missing: undefined }), '/factors/0/points_if_missing', /is required/],
  [withFactor({ id: 'Amount' }), '/factors/0/id', /a word/],
  [withFactor({ id: 'limit' }), '/factors/0/id', /is taken/],
  [withFactor({ id: 'category' }), '/factors/0/id', /a number, which a curve needs/],
  [withFactor({ id: 'invented' }), '/factors/0/id', /a number, which a curve needs/],
  [withFactor({ cel: '1.0' }), '/factors/0', /exactly one of curve and cel/],
  [withFactor({ curve: undefined }), '/factors/0', /exactly one of curve and cel/],
  [withFactor({ curve: [] }), '/factors/0/curve', /a corner/],
  [withFactor({ curve: [[0, 0], [0, 1]] }), '/factors/0/curve/1/0', /larger than the x before/],
  [withFactor({ curve: [[0, 1.5]] }), '/factors/0/curve/0/1', /from -1 to 1/],
  [withFactor({ curve: [[0]] }), '/factors/0/curve/0', /a corner \[x, y\]/],
  [withFactor({ curve: undefined, cel: 'category' }), '/factors/0/cel', /of type string/, 0],
  [withFactor({ reason: undefined }), '/factors/0/reason', /is required/],
  [{ ...sound, factors: [sound.factors[0], sound.factors[0]] }, '/factors/1/id', /id of a factor before it/],
  [withRule({ when: 'amuont > 5.0' }), '/rules/0/when', /no signal amuont\. Did you mean amount\?/, 0],
  [withRule({ when: 'true && geo.cuntry == "SE"' }), '/rules/0/when', /geo\.cuntry.*geo\.country/, 8],
  [withRule({ when: 'lists.other' }), '/rules/0/when', /no signal lists\.other/, 0],
  [withRule({ when: 'amount' }), '/rules/0/when', /of type double; bool is wanted/, 0],
  [withRule({ when: 'amount >' }), '/rules/0/when', /./, 8],
  [withRule({ when: "amount > 'x'" }), '/rules/0/when', /does not take double and string/, 0],
  [withRule({ when: "category.matches('a+')" }), '/rules/0/when', /Not supported: function matches/, 0],
  [withRule({ when: `a4539148803436467 > 1` }), '/rules/0/when', /^There is no such signal\.$/, 0],
  [withRule({ when: '' }), '/rules/0/when', /an expression/],
  [withRule({ then: 'refuse' }), '/rules/0/then', /decline, step_up, approve/],
  [withRule({ then: { add: 101 } }), '/rules/0/then/add', /from -100 to 100/],
  [withRule({ then: { add: 1, more: 1 } }), '/rules/0/then/more', /not a known field/],
  [withRule({ reason: 'Two\nlines' }), '/rules/0/reason', /on one line/],
  [withRule({ reason: 'Of {amuont}.' }), '/rules/0/reason', /no such signal/, 3],
  [withRule({ reason: 'Of {metadata}.' }), '/rules/0/reason', /many values/, 3],
  [withRule({ reason: 'Of amount}.' }), '/rules/0/reason', /brace stands alone/, 9],
  [{ ...sound, rules: [sound.rules[0], sound.rules[0]] }, '/rules/1/id', /id of a rule before it/],
] // prettier-ignore

test('a document with an error is refused, with a pointer, words and the position in the expression', () => {
  assert.ok(compilePolicy(sound).ok)
  for (const [document, pointer, words, offset] of refusals) {
    const result = compilePolicy(document)
    assert.ok(!result.ok, `${pointer} ${words}`)
    const error = result.errors.find((one) => one.pointer === pointer)
    assert.ok(error, `${pointer} ${words}: ${JSON.stringify(result.errors)}`)
    assert.match(error.message, words)
    assert.equal(error.position?.offset, offset, `${pointer}: ${error.message}`)
  }
})

test('a document full of wrong names is refused quickly, with the first of its errors and hints for a few', () => {
  const words = (n: number) => Array.from({ length: 150 }, (_, k) => `user.cttempts_sum_${n}${k}`)
  const rules = Array.from({ length: 62 }, (_, n) => ({
    ...rule(`size([${words(n).join()}]) > 0`, 'decline'),
    id: `r${n}`,
  }))
  const started = process.threadCpuUsage()
  const result = compilePolicy({ ...empty, rules })
  assert.ok(process.threadCpuUsage(started).user < 2_000_000)
  assert.ok(!result.ok && result.errors.length === 50)
  const hinted = result.errors.filter(({ message }) => message.includes('Did you mean user.attempts_sum_'))
  assert.equal(hinted.length, 5)
})

test('no document, whatever it is, makes the compiler throw', () => {
  fc.assert(fc.property(fc.anything(), (document) => void compilePolicy(document)))
  const anyText = fc.oneof(fc.string(), fc.constantFrom('{', '}', '{}', '{amount', "'", '((((', 'x.y', '1/0 > 1'))
  fc.assert(
    fc.property(anyText, anyText, (when, reason) => {
      const result = compilePolicy({ ...sound, rules: [{ id: 'r', when, then: 'decline', reason }] })
      if (result.ok) decide(result.policy, event, { lists: [], factors: {} })
    }),
  )
})

test('version 1 is what it has always been: decisions name it', () => {
  const hash = createHash('sha256').update(canonicalJson(JSON.parse(JSON.stringify(defaultPolicy)))).digest('hex') // prettier-ignore
  assert.equal(hash, '86ade4023c2acef4580fe65bebaf22a3b331f53831c66d984f4cdb195b4442ad')
})
