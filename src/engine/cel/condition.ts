/**
 * The commonest parts of rules: a signal against a constant, and rows of these under && or ||. They are kept as tables that
 * one closure walks; a closure for each condition is slower by a quarter. They mean the same as the long way.
 */
import type { Frame } from './declarations.ts'
import type { Tree } from './tree.ts'
import { CelError, isList, isMapKey, type Outcome, type Value } from './value.ts'

const codes = { 'x': 0, '!x': 1, '<': 2, '<=': 3, '>': 4, '>=': 5, '==': 6, '!=': 7, 'in': 8 } as const // prettier-ignore
type Signal = Extract<Tree, { is: 'signal' }>
export type Condition = {
  readonly signal: Signal
  readonly slot: number
  readonly code: number
  readonly limit: number
  readonly constant: Value
  readonly members: ReadonlySet<Value>
  readonly missing: CelError
}
const noMembers: ReadonlySet<Value> = new Set()

export const missingAt = ({ name, place }: Signal): CelError => new CelError('missing', place.offset, name)

export function readCondition(tree: Tree): Condition | undefined {
  if (tree.is === 'signal' && tree.kind === 'bool') return assemble(tree, codes.x, null)
  if (tree.is !== 'call') return undefined
  const [signal, right] = tree.parts
  if (signal?.is !== 'signal') return undefined
  if (tree.name === '!x') return assemble(signal, codes['!x'], null)
  if (right?.is !== 'constant') return undefined
  const { value } = right
  switch (tree.name) {
    case '<':
    case '<=':
    case '>':
    case '>=':
      return typeof value === 'number' ? assemble(signal, codes[tree.name], value) : undefined
    case '==':
    case '!=':
      return isMapKey(value) ? assemble(signal, codes[tree.name], value) : undefined
    case 'in':
      return isList(value) && value.every(isMapKey) ? assemble(signal, codes.in, null, new Set(value)) : undefined
    default:
      return undefined
  }
}

const assemble = (signal: Signal, code: number, constant: Value, members = noMembers): Condition => ({
  signal,
  slot: signal.slot,
  code,
  limit: typeof constant === 'number' ? constant : 0,
  constant,
  members,
  missing: missingAt(signal),
})

const isOrdered = (value: Value): value is number | bigint => typeof value === 'number' || typeof value === 'bigint'

function holds(condition: Condition, value: Value): boolean {
  switch (condition.code) {
    case codes.x:
      return value === true
    case codes['!x']:
      return value === false
    case codes['<']:
      return isOrdered(value) && value < condition.limit
    case codes['<=']:
      return isOrdered(value) && value <= condition.limit
    case codes['>']:
      return isOrdered(value) && value > condition.limit
    case codes['>=']:
      return isOrdered(value) && value >= condition.limit
    case codes['==']:
      return value === condition.constant
    case codes['!=']:
      return value !== condition.constant
    default:
      return condition.members.has(value)
  }
}

export function lowerCondition(condition: Condition): (frame: Frame) => Outcome {
  const { slot, missing } = condition
  return (frame) => {
    const value = frame[slot]
    return value === undefined ? missing : holds(condition, value)
  }
}

/** One decisive side is the result, whatever the others are; otherwise the first error; otherwise the other bool. */
export function lowerConditions(conditions: readonly Condition[], decisive: boolean): (frame: Frame) => Outcome {
  return (frame) => {
    let failed: CelError | undefined
    for (const condition of conditions) {
      const value = frame[condition.slot]
      if (value === undefined) failed ??= condition.missing
      else if (holds(condition, value) === decisive) return decisive
    }
    return failed ?? !decisive
  }
}
