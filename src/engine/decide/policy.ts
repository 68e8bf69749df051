/** Policies as documents: how signals become points, and points and rules a decision. */

/** Corners of a piecewise linear function: `[x, y]`, x ascending, y from -1 to 1. Flat beyond both ends. */
export type Curve = readonly (readonly [x: number, y: number])[]

/** Factors that every tenant's first policy has, and that `Signals.factors` measures with a reason of their own. */
export const factorIds = [
  'amount_ratio', 'velocity', 'category_risk', 'merchant_trust', 'geo_consistency', 'signature', 'time_anomaly',
] as const // prettier-ignore
export type FactorId = (typeof factorIds)[number]
export const isFactorId = (word: string): word is FactorId => factorIds.some((id) => id === word)

export type PolicyFactor = {
  id: string
  /** Points that 1 of the curve, or of the expression, stands for. */
  weight: number
  /** Of the signal that has the factor's id. Instead of `cel`. */
  curve?: Curve
  /** An expression that gives a number; what is beyond -1 or 1 counts as -1 or 1. Instead of `curve`. */
  cel?: string
  /** What a missing signal earns. */
  points_if_missing: number
  /** A sentence with facts: `{amount}`. The factors of `factorIds` have one of their own. */
  reason?: string
}

export type RuleAct = 'decline' | 'step_up' | 'approve'
export type PolicyRule = {
  id: string
  /** An expression of type bool. */
  when: string
  then: RuleAct | { add: number }
  reason: string
}

/** From these scores on; null: the score never does that. */
export type Thresholds = { step_up: number | null; decline: number | null }

export type PolicyDocument = {
  schema: 1
  factors: readonly PolicyFactor[]
  rules: readonly PolicyRule[]
  thresholds: Thresholds
  /** Lists that expressions name. Allow and deny lists decide without being named. */
  lists: readonly string[]
}

/**
 * What every tenant starts with: its version 1. Weights sum to 100; docs/policy.md says why each curve bends where it does.
 * Decisions name it, so it stays as it is: another default would be another version.
 */
export const defaultPolicy: PolicyDocument = {
  schema: 1,
  factors: [
    { id: 'amount_ratio', weight: 22, curve: [[0, -0.2], [0.5, 0], [1, 0.4], [2.2, 1]], points_if_missing: 4 },
    { id: 'velocity', weight: 18, curve: [[0, -0.1], [3, 0], [10, 1]], points_if_missing: 0 },
    { id: 'category_risk', weight: 15, curve: [[0, -0.4], [0.3, 0], [1, 1]], points_if_missing: 4 },
    { id: 'merchant_trust', weight: 15, curve: [[0, 1], [0.5, 0.3], [0.7, 0], [1, -0.6]], points_if_missing: 4 },
    { id: 'geo_consistency', weight: 12, curve: [[0, 1], [1, -0.3]], points_if_missing: 0 },
    { id: 'signature', weight: 10, curve: [[0, 1], [1, -0.5]], points_if_missing: 0 },
    { id: 'time_anomaly', weight: 8, curve: [[0, -0.2], [1, 1]], points_if_missing: 0 },
  ],
  rules: [],
  thresholds: { step_up: 30, decline: 70 },
  lists: [],
} // prettier-ignore
export const defaultVersion = 1

/** y at x: + - x / only, so that every engine and every version gives the same bits. */
export function curveAt(curve: Curve, x: number): number {
  let [leftX, leftY] = curve[0] ?? [0, 0]
  if (x <= leftX) return leftY
  for (const point of curve) {
    const [rightX, rightY] = point
    if (x <= rightX) return leftY + ((x - leftX) / (rightX - leftX)) * (rightY - leftY)
    leftX = rightX
    leftY = rightY
  }
  return leftY
}
