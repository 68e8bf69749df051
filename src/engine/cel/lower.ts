/** A checked expression as closures. Each returns a value or an error; an error passes through whatever needs a value. */
import type { Frame } from './declarations.ts'
import { type Meter, sizeOf } from './fuel.ts'
import { lowerCondition, lowerConditions, missingAt, readCondition } from './condition.ts'
import { runMacro } from './macros.ts'
import type { Run } from './overload.ts'
import { countParts, type Tree } from './tree.ts'
import { CelError, isList, isMap, isMapKey, type MapKey, type Outcome, sortedKeys, type Value } from './value.ts'

export type Lowered = (frame: Frame) => Outcome

export function lower(tree: Tree, meter: Meter): Lowered {
  const condition = readCondition(tree)
  if (condition) return lowerCondition(condition)
  switch (tree.is) {
    case 'constant': {
      const { value } = tree
      return () => value
    }
    case 'signal': {
      const { slot } = tree
      const missing = missingAt(tree)
      return (frame) => {
        const value = frame[slot]
        return value === undefined ? missing : value
      }
    }
    case 'present': {
      const { slot } = tree
      return (frame) => frame[slot] !== undefined
    }
    case 'variable': {
      const { cell } = tree
      return () => cell.value
    }
    case 'call':
      return lowerCall(tree, meter)
    case 'and':
    case 'or':
      return lowerLogic(tree.parts, tree.is === 'or', meter)
    case 'choose':
      return lowerChoice(tree.parts, meter)
    case 'macro':
      return lowerMacro(tree, meter)
    default: {
      const parts = tree.parts.map((part) => lower(part, meter))
      return lowerAll(parts, tree.is === 'list' ? (values) => values : gatherMap(tree.place.offset))
    }
  }
}

function lowerChoice(parts: readonly [Tree, Tree, Tree], meter: Meter): Lowered {
  const [condition, yes, no] = [lower(parts[0], meter), lower(parts[1], meter), lower(parts[2], meter)]
  return (frame) => {
    const chosen = condition(frame)
    if (chosen instanceof CelError) return chosen
    return chosen === true ? yes(frame) : no(frame)
  }
}

function lowerAll(parts: readonly Lowered[], gather: (values: readonly Value[]) => Outcome): Lowered {
  return (frame) => {
    const values: Value[] = []
    for (const part of parts) {
      const value = part(frame)
      if (value instanceof CelError) return value
      values.push(value)
    }
    return gather(values)
  }
}

function lowerMacro(tree: Extract<Tree, { is: 'macro' }>, meter: Meter): Lowered {
  const range = lower(tree.range, meter)
  const [ask, make] = [tree.condition, tree.result].map((body) => {
    if (!body) return undefined
    const [run, price] = [lower(body, meter), countParts(body)]
    return (frame: Frame) => (item: Value) => {
      meter.spend(price)
      tree.cell.value = item
      return run(frame)
    }
  })
  return (frame) => {
    const items = elementsOf(range(frame))
    return items instanceof CelError ? items : runMacro(tree.macro, items, ask?.(frame), make?.(frame))
  }
}

/** The function with its price and its place, for values that are no errors. */
export function pricedRun({ run, isSized, place }: Extract<Tree, { is: 'call' }>, meter: Meter): Run {
  return (a, b) => {
    if (isSized) meter.spend(sizeOf(a) + sizeOf(b))
    const value = run(a, b)
    return value instanceof CelError ? value.at(place.offset) : value
  }
}

function lowerCall(tree: Extract<Tree, { is: 'call' }>, meter: Meter): Lowered {
  const run = pricedRun(tree, meter)
  const [left, right] = tree.parts.map((part) => lower(part, meter))
  if (!left) throw new TypeError('a call without arguments')
  if (!right) {
    return (frame) => {
      const a = left(frame)
      return a instanceof CelError ? a : run(a, null)
    }
  }
  return (frame) => {
    const a = left(frame)
    if (a instanceof CelError) return a
    const b = right(frame)
    return b instanceof CelError ? b : run(a, b)
  }
}

/** As `lowerConditions`, for sides of any form. */
function lowerLogic(sides: readonly Tree[], decisive: boolean, meter: Meter): Lowered {
  const conditions = sides.map(readCondition)
  if (conditions.every((condition) => condition !== undefined)) return lowerConditions(conditions, decisive)
  const parts = sides.map((side) => lower(side, meter))
  return (frame) => {
    let failed: CelError | undefined
    for (const part of parts) {
      const value = part(frame)
      if (value === decisive) return decisive
      if (value instanceof CelError) failed ??= value
    }
    return failed ?? !decisive
  }
}

/** What a macro goes through: the elements of a list, or the keys of a map in their order. */
export const elementsOf = (range: Outcome): readonly Value[] | CelError => {
  if (range instanceof CelError || isList(range)) return range
  return isMap(range) ? sortedKeys(range) : []
}

export const gatherMap =
  (offset: number) =>
  (values: readonly Value[]): Outcome => {
    const map = new Map<MapKey, Value>()
    for (let at = 0; at < values.length; at += 2) {
      const [key = null, value = null] = [values[at], values[at + 1]]
      if (!isMapKey(key)) continue
      if (map.has(key)) return new CelError('repeated_key', offset)
      map.set(key, value)
    }
    return map
  }
