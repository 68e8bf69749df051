/**
 * The same closures, keeping what they saw: for each part that ran its value and the parts under it. Parts that did not
 * run, because an operand before them decided, are absent; so are constants.
 */
import type { Frame } from './declarations.ts'
import type { Meter } from './fuel.ts'
import { elementsOf, gatherMap, pricedRun } from './lower.ts'
import { lowerCondition, missingAt, readCondition } from './condition.ts'
import { runMacro } from './macros.ts'
import { countParts, partsOf, type Tree } from './tree.ts'
import { CelError, type Outcome, type Value } from './value.ts'

/** A part of the source. `name` is the operator, function, macro, signal or variable. */
export type Spot = {
  readonly is: Tree['is']
  readonly name: string
  readonly text: string
  readonly offset: number
  readonly length: number
}
export type Step = { readonly at: Spot; readonly value: Outcome; readonly parts: readonly Step[] }
export type Traced = (frame: Frame) => Step

const none: readonly Step[] = []
const nameOf = (tree: Tree): string => {
  if (tree.is === 'macro') return tree.macro
  if (tree.is === 'and') return '&&'
  return tree.is === 'or' ? '||' : 'name' in tree ? tree.name : ''
}
const spotOf = (tree: Tree, source: string): Spot => {
  const { offset, length } = tree.place
  return { is: tree.is, name: nameOf(tree), text: source.slice(offset, offset + length), offset, length }
}
const keep = (steps: Step[], step: Step): Step => {
  if (step.at.is !== 'constant') steps.push(step)
  return step
}

export function lowerTraced(tree: Tree, source: string, meter: Meter): Traced {
  const at = spotOf(tree, source)
  const condition = tree.is === 'call' ? readCondition(tree) : undefined
  if (condition) {
    const { signal, slot, missing } = condition
    const run = lowerCondition(condition)
    const read = spotOf(signal, source)
    return (frame) => {
      const seen = frame[slot]
      return { at, value: run(frame), parts: [{ at: read, value: seen === undefined ? missing : seen, parts: none }] }
    }
  }
  if (tree.is === 'macro') return traceMacro(tree, at, source, meter)
  const parts = partsOf(tree).map((part) => lowerTraced(part, source, meter))
  switch (tree.is) {
    case 'constant': {
      const step: Step = { at, value: tree.value, parts: none }
      return () => step
    }
    case 'signal': {
      const { slot } = tree
      const missing = missingAt(tree)
      return (frame) => {
        const value = frame[slot]
        return { at, value: value === undefined ? missing : value, parts: none }
      }
    }
    case 'present': {
      const { slot } = tree
      return (frame) => ({ at, value: frame[slot] !== undefined, parts: none })
    }
    case 'variable': {
      const { cell } = tree
      return () => ({ at, value: cell.value, parts: none })
    }
    case 'and':
    case 'or':
      return traceLogic(parts, at, tree.is === 'or')
    case 'choose':
      return traceChoice(parts, at)
    case 'call': {
      const run = pricedRun(tree, meter)
      return traceStrict(parts, at, ([a = null, b = null]) => run(a, b))
    }
    default:
      return traceStrict(parts, at, tree.is === 'list' ? (values) => values : gatherMap(tree.place.offset))
  }
}

function traceChoice([condition, yes, no]: readonly Traced[], at: Spot): Traced {
  if (!condition || !yes || !no) throw new TypeError('a choice of fewer than three parts')
  return (frame) => {
    const steps: Step[] = []
    const chosen = keep(steps, condition(frame)).value
    if (chosen instanceof CelError) return { at, value: chosen, parts: steps }
    const { value } = keep(steps, chosen === true ? yes(frame) : no(frame))
    return { at, value, parts: steps }
  }
}

function traceLogic(parts: readonly Traced[], at: Spot, decisive: boolean): Traced {
  return (frame) => {
    const steps: Step[] = []
    let failed: CelError | undefined
    for (const part of parts) {
      const step = part(frame)
      if (step.at.is !== 'constant') steps.push(step)
      const { value } = step
      if (value === decisive) return { at, value, parts: steps }
      if (value instanceof CelError) failed ??= value
    }
    return { at, value: failed ?? !decisive, parts: steps }
  }
}

function traceStrict(parts: readonly Traced[], at: Spot, gather: (values: readonly Value[]) => Outcome): Traced {
  return (frame) => {
    const steps: Step[] = []
    const values: Value[] = []
    for (const part of parts) {
      const { value } = keep(steps, part(frame))
      if (value instanceof CelError) return { at, value, parts: steps }
      values.push(value)
    }
    return { at, value: gather(values), parts: steps }
  }
}

function traceMacro(tree: Extract<Tree, { is: 'macro' }>, at: Spot, source: string, meter: Meter): Traced {
  const range = lowerTraced(tree.range, source, meter)
  const [ask, make] = [tree.condition, tree.result].map((body) => {
    if (!body) return undefined
    const [run, price] = [lowerTraced(body, source, meter), countParts(body)]
    return (frame: Frame, steps: Step[]) => (item: Value) => {
      meter.spend(price)
      tree.cell.value = item
      return keep(steps, run(frame)).value
    }
  })
  return (frame) => {
    const steps: Step[] = []
    const items = elementsOf(keep(steps, range(frame)).value)
    if (items instanceof CelError) return { at, value: items, parts: steps }
    return { at, value: runMacro(tree.macro, items, ask?.(frame, steps), make?.(frame, steps)), parts: steps }
  }
}
