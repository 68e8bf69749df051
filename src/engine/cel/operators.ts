/** Arithmetic, order and membership. Whole numbers and doubles compare exactly, as the numbers they stand for. */
import { intRange, toBig, uintRange, wholeArithmetic } from './integers.ts'
import { isNumeric, type Kind, type Scalar, unify } from './kind.ts'
import type { Overload, Run } from './overload.ts'
import { span, stamp } from './time.ts'
import { isList, isMap, isMapKey, isSame, orderStrings, type Outcome, type Value } from './value.ts'

const whole = { int: wholeArithmetic(intRange), uint: wholeArithmetic(uintRange) }

const onDoubles =
  (operation: (a: number, b: number) => number): Run =>
  (a, b) =>
    typeof a === 'number' && typeof b === 'number' ? operation(a, b) : NaN
const onTimes =
  (operation: (a: bigint, b: bigint) => Outcome): Run =>
  (a, b) =>
    operation(toBig(a), toBig(b))

const joinTexts: Run = (a, b) => (typeof a === 'string' && typeof b === 'string' ? a + b : null)

const operator = (name: string, takes: readonly Kind[], gives: Kind, run: Run, isSized = false): Overload => ({
  name,
  takes,
  gives,
  run,
  isSized,
})

const addTimes = (keep: typeof span): Run => onTimes((a, b) => keep(a + b))
const subtractTimes = (keep: typeof span): Run => onTimes((a, b) => keep(a - b))

export const arithmetic: readonly Overload[] = [
  ...(['int', 'uint'] as const).flatMap((kind) =>
    (['+', '-', '*', '/', '%'] as const).map((name) => operator(name, [kind, kind], kind, whole[kind][name])),
  ),
  operator('+', ['double', 'double'], 'double', onDoubles((a, b) => a + b)),
  operator('-', ['double', 'double'], 'double', onDoubles((a, b) => a - b)),
  operator('*', ['double', 'double'], 'double', onDoubles((a, b) => a * b)),
  operator('/', ['double', 'double'], 'double', onDoubles((a, b) => a / b)),
  operator('+', ['string', 'string'], 'string', joinTexts, true),
  operator('+', ['timestamp', 'duration'], 'timestamp', addTimes(stamp)),
  operator('+', ['duration', 'timestamp'], 'timestamp', addTimes(stamp)),
  operator('+', ['duration', 'duration'], 'duration', addTimes(span)),
  operator('-', ['timestamp', 'timestamp'], 'duration', subtractTimes(span)),
  operator('-', ['timestamp', 'duration'], 'timestamp', subtractTimes(stamp)),
  operator('-', ['duration', 'duration'], 'duration', subtractTimes(span)),
] // prettier-ignore

export const signs: readonly Overload[] = [
  operator('-', ['int'], 'int', whole.int.negate),
  operator('-', ['double'], 'double', (a) => (typeof a === 'number' ? -a : NaN)),
  operator('!', ['bool'], 'bool', (a) => a === false),
]

export const orders = ['<', '<=', '>', '>='] as const
export type Order = (typeof orders)[number]
type Ordered = number | bigint
const numbers: Readonly<Record<Order, (a: Ordered, b: Ordered) => boolean>> = {
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
}
export const compareNumbers = (name: Order): ((a: Ordered, b: Ordered) => boolean) => numbers[name]

const isOrdered = (value: Value): value is Ordered => typeof value === 'number' || typeof value === 'bigint'
const orderRun = (name: Order): Run => {
  const compare = numbers[name]
  return (a, b) => {
    if (isOrdered(a) && isOrdered(b)) return compare(a, b)
    if (typeof a === 'string' && typeof b === 'string') return compare(orderStrings(a, b), 0)
    return compare(Number(a), Number(b))
  }
}
const inOrder: readonly Scalar[] = ['bool', 'int', 'uint', 'double', 'string', 'timestamp', 'duration']
export const comparisons: readonly Overload[] = orders.flatMap((name) =>
  inOrder.flatMap((left) =>
    inOrder
      .filter((right) => left === right || (isNumeric(left) && isNumeric(right)))
      .map((right) => operator(name, [left, right], 'bool', orderRun(name))),
  ),
)

/** Operators whose arguments may be of any kind, as long as the kinds agree. */
export function chooseGeneric(name: string, left: Kind, right: Kind): Overload | undefined {
  const both = unify(left, right)
  const isSized = typeof left !== 'string'
  if (name === '==' || name === '!=') {
    return both && operator(name, [both, both], 'bool', name === '==' ? isSame : (a, b) => !isSame(a, b), isSized)
  }
  if (name === '+' && both !== undefined && typeof both !== 'string' && 'list' in both) {
    return operator('+', [both, both], both, (a, b) => (isList(a) && isList(b) ? [...a, ...b] : []), true)
  }
  if (name !== 'in' || typeof right === 'string') return undefined
  if ('list' in right) {
    const run: Run = (a, b) => isList(b) && b.some((item) => isSame(a, item))
    return unify(left, right.list) && operator('in', [left, right], 'bool', run, true)
  }
  return unify(left, right.key) && operator('in', [left, right], 'bool', (a, b) => isMap(b) && isMapKey(a) && b.has(a))
}
