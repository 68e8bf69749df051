/** Source to program: parsed, checked, bounded, lowered. */
import { check } from './check.ts'
import type { Bound, Declarations, Frame } from './declarations.ts'
import { Meter, OutOfFuel } from './fuel.ts'
import { formatKind, parseKind, unify } from './kind.ts'
import { lower } from './lower.ts'
import { readCondition } from './condition.ts'
import { parse } from './parse.ts'
import { locate, type Problem } from './problem.ts'
import { lowerTraced, type Step, type Traced } from './trace.ts'
import { countParts, partsOf, type Tree } from './tree.ts'
import { CelError, type Outcome } from './value.ts'

export type CompileOptions = {
  /** As in `bool`; any type where it is not said. */
  resultType?: string
  maxSource?: number
  maxNodes?: number
  maxDepth?: number
  /** What an evaluation may use up where it does not say otherwise. */
  fuel?: number
}
export const defaults = { maxSource: 4_096, maxNodes: 500, maxDepth: 50, fuel: 10_000 } as const

export type Program = {
  readonly source: string
  readonly type: string
  /** Names of the signals that it can read, in the order of their declaration. */
  readonly reads: readonly string[]
  evaluate(signals: Bound, fuel?: number): Outcome
  /** What the last evaluation used up. */
  readonly used: number
  /** The same value, and what led to it. */
  trace(signals: Bound, fuel?: number): Trace
}
/** `steps` is undefined where the fuel did not last. */
export type Trace = { readonly value: Outcome; readonly steps: Step | undefined }
export type Compiled = { ok: true; program: Program } | { ok: false; errors: readonly Problem[] }

const outOfFuel = new CelError('fuel')

export function compile(source: string, declarations: Declarations, options: CompileOptions = {}): Compiled {
  const { resultType, maxSource, maxNodes, maxDepth, fuel } = { ...defaults, ...options }
  const wanted = resultType === undefined ? 'nothing' : parseKind(resultType)
  if (wanted === undefined) throw new TypeError('resultType names no type')
  const parsed = parse(source, { maxSource, maxNodes, maxDepth })
  if (!parsed.ok) return { ok: false, errors: [parsed.problem] }
  const { tree, problems } = check(parsed.tree, source, declarations)
  if (!tree) return { ok: false, errors: problems }
  if (unify(tree.kind, wanted) === undefined) {
    const message = `The expression is of type ${formatKind(tree.kind)}; ${formatKind(wanted)} is wanted.`
    return { ok: false, errors: [{ kind: 'type', message, position: locate(source, 0), length: source.length }] }
  }
  return { ok: true, program: assemble(tree, source, declarations, fuel) }
}

function assemble(tree: Tree, source: string, declarations: Declarations, defaultFuel: number): Program {
  const meter = new Meter()
  const run = lower(tree, meter)
  let traced: Traced | undefined
  const price = countParts(tree)
  const isMetered = spendsMore(tree)
  const slots = new Set(slotsOf(tree))
  let given = 0
  const frameOf = (signals: Bound): Frame => {
    if (signals.declarations !== declarations) throw new TypeError('the signals are bound to other declarations')
    return signals.values
  }
  return {
    source,
    type: formatKind(tree.kind),
    reads: declarations.signals.filter(({ slot }) => slots.has(slot)).map(({ name }) => name),
    evaluate(signals, fuel = defaultFuel) {
      const frame = frameOf(signals)
      if (!isMetered) return fuel >= price ? run(frame) : outOfFuel
      given = meter.left = fuel
      if (!(fuel >= price)) return outOfFuel
      meter.left -= price
      try {
        return run(frame)
      } catch (error) {
        if (error instanceof OutOfFuel) return outOfFuel
        throw error
      }
    },
    get used() {
      return isMetered ? given - meter.left : price
    },
    trace(signals, fuel = defaultFuel) {
      const frame = frameOf(signals)
      traced ??= lowerTraced(tree, source, meter)
      given = meter.left = fuel
      if (!(fuel >= price)) return { value: outOfFuel, steps: undefined }
      meter.left -= price
      try {
        const steps = traced(frame)
        return { value: steps.value, steps }
      } catch (error) {
        if (error instanceof OutOfFuel) return { value: outOfFuel, steps: undefined }
        throw error
      }
    },
  }
}

const slotsOf = (tree: Tree): number[] => [
  ...(tree.is === 'signal' || tree.is === 'present' ? [tree.slot] : []),
  ...partsOf(tree).flatMap(slotsOf),
]
/** Whether the price depends on values. */
const spendsMore = (tree: Tree): boolean =>
  tree.is === 'macro' || (tree.is === 'call' && tree.isSized && !readCondition(tree)) || partsOf(tree).some(spendsMore)
