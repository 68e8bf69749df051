/** Policies: how signals become points, and points a decision. */

/** Corners of a piecewise linear function: `[x, y]`, x ascending, y from -1 to 1. Flat beyond both ends. */
export type Curve = readonly (readonly [x: number, y: number])[]

export type FactorId =
  | 'amount_ratio'
  | 'category_risk'
  | 'velocity'
  | 'merchant_trust'
  | 'time_anomaly'
  | 'geo_consistency'
  | 'signature'

export type PolicyFactor = {
  id: FactorId
  /** Points that the curve's 1 stands for. */
  weight: number
  curve: Curve
  /** What a missing signal earns. */
  points_if_missing: number
}

export type Policy = {
  schema: 1
  version: number
  factors: readonly PolicyFactor[]
  /** From these scores on. */
  thresholds: { step_up: number; decline: number }
}

/** What every tenant starts with. Weights sum to 100; docs/policy.md says why each curve bends where it does. */
export const defaultPolicy: Policy = {
  schema: 1,
  version: 1,
  factors: [
    { id: 'amount_ratio', weight: 22, curve: [[0, -0.2], [0.5, 0], [1, 0.4], [2.2, 1]], points_if_missing: 4 },
    { id: 'velocity', weight: 18, curve: [[0, -0.1], [3, 0], [10, 1]], points_if_missing: 0 },
    { id: 'category_risk', weight: 15, curve: [[0, -0.4], [0.3, 0], [1, 1]], points_if_missing: 4 },
    { id: 'merchant_trust', weight: 15, curve: [[0, 1], [0.5, 0.3], [0.7, 0], [1, -0.6]], points_if_missing: 4 },
    { id: 'geo_consistency', weight: 12, curve: [[0, 1], [1, -0.3]], points_if_missing: 0 },
    { id: 'signature', weight: 10, curve: [[0, 1], [1, -0.5]], points_if_missing: 0 },
    { id: 'time_anomaly', weight: 8, curve: [[0, -0.2], [1, 1]], points_if_missing: 0 },
  ],
  thresholds: { step_up: 30, decline: 70 },
} // prettier-ignore

/** y at x: + - x / only, so that every engine and every version gives the same bits. */
export function curveAt(curve: Curve, x: number): number {
  let [leftX, leftY] = curve[0] ?? [0, 0]
  if (x <= leftX) return leftY
  for (const [rightX, rightY] of curve) {
    if (x <= rightX) return leftY + ((x - leftX) / (rightX - leftX)) * (rightY - leftY)
    leftX = rightX
    leftY = rightY
  }
  return leftY
}
