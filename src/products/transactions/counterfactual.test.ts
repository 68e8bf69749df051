import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { compileOrThrow, defaultPolicy, type PolicyDocument, signals } from '#engine/decide'
import { type Clock, systemClock } from '#kernel/clock'
import { type EvaluateBody, judgePayment, searchedSignals } from './index.ts'

const noon = Date.parse('2026-11-21T12:00:00Z')
const clock: Clock = { now: () => noon, elapsed: () => 0 }
const request = { amount_minor: 50_000, currency: 'EUR', category: 'groceries', merchant_id: 'm' }
const judge = (document: PolicyDocument, body: EvaluateBody) =>
  judgePayment(body, clock, { version: 2, policy: compileOrThrow(document) })
const withRules = (...rules: [when: string, then: PolicyDocument['rules'][number]['then']][]): PolicyDocument => ({
  schema: 1,
  factors: [],
  rules: rules.map(([when, then], n) => ({ id: `r${n}`, when, then, reason: 'So.' })),
  thresholds: { step_up: null, decline: null },
  lists: [],
})
const changesOf = (document: PolicyDocument, body: EvaluateBody) => {
  const { counterfactual, counterfactual_none } = judge(document, body)
  return [counterfactual.map(({ change }) => change), counterfactual_none]
}

test('every signal that is declared actionable is searched, and no other', () => {
  const actionable = Object.entries(signals).flatMap(([name, signal]) => (signal.actionable === true ? [name] : []))
  assert.deepEqual([...searchedSignals].sort(), actionable.sort())
})

test('each input that the payer could choose otherwise is offered alone, with its smallest change', () => {
  const balance = { ...defaultPolicy, thresholds: { step_up: 20, decline: null } }
  assert.deepEqual(changesOf(balance, { ...request, user_balance: '100.00', category: 'gift_cards' })[1], null)
  const agent = { ...request, agent: { id: 'agt_1' } }
  assert.deepEqual(changesOf(withRules(['has_agent', 'step_up']), agent), [['has_agent == false'], null])
  const early = { ...request, time_zone: 'Europe/Stockholm' }
  assert.deepEqual(changesOf(withRules(['hour < 15', 'decline']), early), [['hour == 15'], null])
  assert.deepEqual(changesOf(withRules(['hour < 15', 'decline']), request), [[], null], 'no time zone, no hour')
  assert.deepEqual(changesOf(withRules(['amount >= 120.5', 'step_up']), request), [['amount <= 120.49'], null])
  const both = withRules(['amount > 10.0 && has_agent', 'decline'])
  assert.deepEqual(changesOf(both, agent), [['amount <= 10.00', 'has_agent == false'], null])
  assert.deepEqual(changesOf(withRules(['has_agent || amount > 0.0', 'decline']), agent), [[], 'not_by_one_change'])
})

test('where smaller amounts are not all approved, one amount is named and not a range', () => {
  const [[change], none] = changesOf(withRules(['amount < 100.0 || amount > 400.0', 'decline']), request) as [string[], null] // prettier-ignore
  assert.deepEqual([change, none], ['amount == 400.00', null])
})

test('the search ends when expressions have used much fuel, and what it offers by then is approved', () => {
  const metadata = Object.fromEntries(Array.from({ length: 18 }, (_, n) => [`k${n}`, 'v']))
  const sent = { ...request, amount_minor: 99_999_999_999, user_balance: '1.00', time_zone: 'UTC', metadata }
  const heavy = "metadata.exists(a, metadata.exists(b, a + b == 'none'))"
  const of = (count: number, last: string) =>
    withRules([last, 'decline'], ...Array.from({ length: count }, () => [heavy, 'decline'] as [string, 'decline']))
  const light = judge(of(0, 'amount > 120.49 && hour >= 0'), sent)
  assert.deepEqual(light.counterfactual.map(({ change }) => change), ['amount <= 120.49']) // prettier-ignore
  // With 99 of them a search to the end would use more than twenty million units.
  const { counterfactual, counterfactual_none } = judge(of(99, 'amount > 120.49 && hour >= 0'), sent)
  assert.deepEqual([counterfactual, counterfactual_none], [[], 'not_by_one_change'])
  const some = judge(of(20, 'amount > 120.49 && hour >= 0'), sent).counterfactual
  assert.equal(some.length, 1)
  const [name, , value] = (some[0] ?? assert.fail()).change.split(' ')
  assert.ok(name === 'amount' && Number(value) > 0 && Number(value) < 120.49, value)
})

const anyWhen = fc.constantFrom(
  'amount > 100.0', 'amount < 20.0', 'amount_minor % 7 == 0', 'hour < 15', 'has_agent', 'user_balance < 300.0', 'amount_ratio > 1.5', 'weekday == 6 && amount > 50.0',
) // prettier-ignore
const anyThen = fc.constantFrom<PolicyDocument['rules'][number]['then']>('decline', 'step_up', 'approve', { add: 40 }, { add: -30 }) // prettier-ignore

test('every change that is offered is approved, whatever the policy, and the search has a bound', () => {
  const asks = fc.array(fc.tuple(anyWhen, anyThen), { minLength: 1, maxLength: 5 })
  const body = fc.record({
    amount_minor: fc.integer({ min: 1, max: 5_000_000 }),
    user_balance: fc.constantFrom('100.00', '250.00', '90000.00'),
  })
  let offered = 0
  fc.assert(
    fc.property(asks, body, fc.boolean(), (rules, given, hasAgent) => {
      const factors = defaultPolicy.factors
      const document = { ...withRules(...rules), factors, thresholds: { step_up: 20, decline: null } }
      const sent: EvaluateBody = { ...request, ...given, time_zone: 'Europe/Stockholm', ...(hasAgent && { agent: { id: 'a' } }) } // prettier-ignore
      const answer = judge(document, sent)
      for (const { change } of answer.counterfactual) {
        const [name = '', , value = ''] = change.split(' ')
        const { agent: _, ...alone } = sent
        const hoursLater = (Number(value) - 13) * 3_600_000
        const changed: Record<string, () => EvaluateBody> = {
          amount: () => ({ ...sent, amount_minor: Math.round(Number(value) * 100) }),
          user_balance: () => ({ ...sent, user_balance: value }),
          has_agent: () => alone,
          hour: () => ({ ...sent, occurred_at: new Date(noon + hoursLater).toISOString() }),
        }
        const policy = { version: 2, policy: compileOrThrow(document) }
        const later: Clock = { ...clock, now: () => noon + 12 * 3_600_000 }
        const again = judgePayment((changed[name] ?? assert.fail(change))(), name === 'hour' ? later : clock, policy)
        assert.equal(again.decision, 'APPROVED', `${change} of ${JSON.stringify([document.rules, sent])}`)
        offered++
      }
      if (answer.decision === 'APPROVED') assert.deepEqual([answer.counterfactual, answer.counterfactual_none], [[], null]) // prettier-ignore
    }),
    { numRuns: 200 },
  )
  assert.ok(offered > 50)
  assert.ok(judgePayment(request, systemClock).policy_version === 1)
})
