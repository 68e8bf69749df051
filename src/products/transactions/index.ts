/**
 * Transactions: payments by people and by agents.
 * Promises: a 2xx answer is a stored decision; amounts are exact; equal requests under one idempotency key are one decision.
 * Refuses: card numbers anywhere, amounts that do not fit their currency, events dated where the key may not date them.
 * Needs: decisions, lists, policies, a clock.
 */
import type { Clock } from '#kernel/clock'
import type { Decisions } from '#engine/decisions'
import type { Lists } from '#engine/lists'
import type { Policies } from '#engine/policies'
import type { Route } from '#platform/access'
import { createEvaluate } from './evaluate.ts'
import { routes } from './routes.ts'

export { EvaluateBody } from './contract.ts'
export { controls } from './controls.ts'
export { judgePayment } from './evaluate.ts'
export { searchedSignals } from './counterfactual.ts'

export const createTransactions = (needs: {
  decisions: Decisions
  lists: Lists
  policies: Policies
  clock: Clock
  onDecided(word: string): void
}): { routes: Route[] } => ({
  routes: routes(createEvaluate(needs), needs.clock),
})
