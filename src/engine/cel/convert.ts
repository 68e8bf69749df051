/** Conversions between scalars, as `int(x)` and its like ask for. Texts are read by fixed grammars, not by JavaScript's. */
import { intRange, settle, toBig, type WholeRange } from './integers.ts'
import { CelError, type Outcome, type Value } from './value.ts'

const within = (exact: bigint, { low, high }: WholeRange): Outcome =>
  exact < low || exact > high ? new CelError('range') : settle(exact)

/** Between int and uint. */
export const wholeToWhole = (range: WholeRange) => (value: Value) => within(toBig(value), range)

/** Cuts off the fraction. The lowest int is refused, as cel-go does: a double that near may have been rounded. */
export const doubleToWhole =
  (range: WholeRange) =>
  (value: Value): Outcome => {
    if (typeof value !== 'number' || !Number.isFinite(value)) return new CelError('range')
    if (range === intRange ? value <= Number(range.low) : value < 0) return new CelError('range')
    return within(BigInt(Math.trunc(value)), range)
  }

export const textToWhole =
  (range: WholeRange) =>
  (value: Value): Outcome => {
    const isWhole = typeof value === 'string' && value.length <= 40 && /^[+-]?\d+$/.test(value)
    if (!isWhole || (range.low === 0n && /^[+-]/.test(value))) return new CelError('conversion')
    return within(BigInt(value.replace(/^\+/, '')), range)
  }

const decimal = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/
const special: Readonly<Record<string, number>> = { nan: NaN, inf: Infinity, infinity: Infinity }
export function textToDouble(value: Value): Outcome {
  if (typeof value !== 'string' || value.length > 400) return new CelError('conversion')
  const unsigned = value.replace(/^[+-]/, '').toLowerCase()
  const named = Object.hasOwn(special, unsigned) ? special[unsigned] : undefined
  if (named !== undefined) return value.startsWith('-') ? -named : named
  if (!decimal.test(value)) return new CelError('conversion')
  const number = Number(value)
  return Number.isFinite(number) ? number : new CelError('range')
}

const words: Readonly<Record<string, boolean>> = {
  '1': true, t: true, T: true, true: true, TRUE: true, True: true,
  '0': false, f: false, F: false, false: false, FALSE: false, False: false,
} // prettier-ignore
export const textToBool = (value: Value): Outcome =>
  typeof value === 'string' && Object.hasOwn(words, value) ? (words[value] ?? false) : new CelError('conversion')

/** Shortest decimal that reads back as the same double; `string(-0.0)` is `-0`. */
export const doubleToText = (value: Value): Outcome => (Object.is(value, -0) ? '-0' : scalarToText(value))
export const scalarToText = (value: Value): Outcome =>
  typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean'
    ? value.toString()
    : new CelError('conversion')
