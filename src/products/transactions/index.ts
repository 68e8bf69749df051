/**
 * Transactions: payments by people and by agents.
 * Promises: a 2xx answer is a stored decision; amounts are exact; equal requests under one idempotency key are one decision.
 * Refuses: card numbers anywhere, amounts that do not fit their currency, events dated where the key may not date them.
 * Needs: decisions, a clock.
 */
import type { Clock } from '#kernel/clock'
import type { Decisions } from '#engine/decisions'
import type { Route } from '#platform/access'
import { createEvaluate, type OnDecided } from './evaluate.ts'
import { routes } from './routes.ts'

export { EvaluateBody } from './contract.ts'
export { controls } from './controls.ts'
export { judgePayment, type OnDecided, rejudge } from './evaluate.ts'
export { searchedSignals } from './counterfactual.ts'

export const createTransactions = (needs: {
  decisions: Decisions
  clock: Clock
  onDecided: OnDecided
}): { routes: Route[] } => ({
  routes: routes(createEvaluate(needs), needs.decisions, needs.clock),
})
