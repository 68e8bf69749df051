/** Arithmetic of int and uint: exact in numbers while it stays small, in bigints beyond, an error outside 64 bits. */
import { CelError, type Outcome, type Value } from './value.ts'

export type Whole = number | bigint
type Operation = (a: Value, b: Value) => Outcome

export const intRange = { low: -(2n ** 63n), high: 2n ** 63n - 1n } as const
export const uintRange = { low: 0n, high: 2n ** 64n - 1n } as const
export type WholeRange = { readonly low: bigint; readonly high: bigint }

const safe = BigInt(Number.MAX_SAFE_INTEGER)
/** A bigint as the one form that its value has. */
export const settle = (exact: bigint): Whole => (exact > safe || exact < -safe ? exact : Number(exact))
export const toBig = (value: Value): bigint => {
  if (typeof value === 'bigint') return value
  if (typeof value === 'number') return BigInt(value)
  throw new TypeError('not a whole number')
}

export function wholeArithmetic(
  range: WholeRange,
): Readonly<Record<'+' | '-' | '*' | '/' | '%' | 'negate', Operation>> {
  const { low, high } = range
  const lowest = low < 0n ? -Number.MAX_SAFE_INTEGER : 0
  const within = (exact: bigint): Outcome => (exact < low || exact > high ? new CelError('overflow') : settle(exact))
  /** If the rounded result is a safe integer, the exact one was too. `+ 0` turns -0 into 0. */
  const both =
    (quick: (a: number, b: number) => number, exact: (a: bigint, b: bigint) => bigint): Operation =>
    (a, b) => {
      if (typeof a === 'number' && typeof b === 'number') {
        const result = quick(a, b)
        if (result >= lowest && result <= Number.MAX_SAFE_INTEGER) return result + 0
      }
      return within(exact(toBig(a), toBig(b)))
    }
  const unlessZero =
    (code: 'division_by_zero' | 'modulus_by_zero', operation: Operation): Operation =>
    (a, b) =>
      b === 0 ? new CelError(code) : operation(a, b)
  const subtract = both(
    (a, b) => a - b,
    (a, b) => a - b,
  )
  return {
    '+': both((a, b) => a + b, (a, b) => a + b),
    '-': subtract,
    '*': both((a, b) => a * b, (a, b) => a * b),
    // a - a % b is a multiple of b, so the quotient is exact.
    '/': unlessZero('division_by_zero', both((a, b) => (a - (a % b)) / b, (a, b) => a / b)),
    '%': unlessZero('modulus_by_zero', both((a, b) => a % b, (a, b) => a % b)),
    negate: (a) => subtract(0, a),
  } // prettier-ignore
}
