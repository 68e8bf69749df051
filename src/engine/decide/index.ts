/**
 * Decide: the pure heart. Policy, event and signals in; decision, score, factors and reasons out.
 * Promises: the score is the exact sum of the contributions; the same input gives the same bits, anywhere, at any time; an
 * expression that fails or runs dry is a rule that did not fire or a factor that is missing, and never an exception.
 * Refuses: documents with an error, each with pointer and position; clocks, databases, randomness, and every mathematical
 * function whose result differs between engines.
 * Needs: nothing.
 */
export { type CompiledPolicy, compileOrThrow, compilePolicy, type PolicyResult } from './compile-policy.ts'
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
export { fuel } from './compile-expression.ts'
export { reasonIds, renderReason } from './messages.ts'
export {
  type Curve,
  curveAt,
  defaultPolicy,
  defaultVersion,
  type FactorId,
  factorIds,
  type PolicyDocument,
  type PolicyFactor,
  type PolicyRule,
} from './policy.ts'
export { listIdPattern, type PolicyError, policyLimits, wordPattern } from './read-policy.ts'
export { renderPolicyReference } from './reference.ts'
export { listSignal, type Signal, signals } from './signals.ts'
export {
  habitual,
  pairs,
  type Partner,
  partners,
  type Profile,
  type Reading,
  readings,
  type SubjectName,
  subjectNames,
} from './counters.ts'
