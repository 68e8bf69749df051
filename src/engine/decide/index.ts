/**
 * Decide: the pure heart. Policy, event and signals in; decision, score, factors and reasons out.
 * Promises: the score is the exact sum of the contributions; the same input gives the same bits, anywhere, at any time.
 * Refuses: clocks, databases, randomness, and every mathematical function whose result differs between engines.
 * Needs: nothing.
 */
export {
  type DecisionWord,
  decide,
  type FactorPart,
  type Judgement,
  type Measured,
  type Reason,
  type RiskLevel,
  type Signals,
} from './decide.ts'
export { reasonIds, renderReason } from './messages.ts'
export { type Curve, curveAt, defaultPolicy, type FactorId, type Policy, type PolicyFactor } from './policy.ts'
