/** A policy document becomes a policy that decides, or every error in it with pointer and position. */
import { declare, type Declarations, type Program } from '#engine/cel'
import { compileExpression, compileReason, type Noted } from './compile-expression.ts'
import { orderFactors } from './order-factors.ts'
import { isFactorId, type PolicyDocument, type PolicyFactor, type PolicyRule } from './policy.ts'
import { type PolicyError, readPolicy } from './read-policy.ts'
import { isPair, type Reading } from './counters.ts'
import { declareList, declarePoints, listSignal, pointsSignal, readingsFor, type Signal, signals } from './signals.ts'

export type CompiledFactor = {
  readonly factor: PolicyFactor
  /** Undefined for one with a curve. */
  readonly program: Program | undefined
  /** Signals that its sentence shows. */
  readonly facts: readonly string[]
}
export type CompiledRule = { readonly rule: PolicyRule; readonly program: Program; readonly facts: readonly string[] }
export type CompiledPolicy = {
  readonly document: PolicyDocument
  readonly declarations: Declarations
  readonly factors: readonly CompiledFactor[]
  /** The same, each after those whose points it reads. */
  readonly inOrder: readonly CompiledFactor[]
  readonly rules: readonly CompiledRule[]
  /** Signals that it reads at all, by curve, expression or sentence. */
  readonly reads: ReadonlySet<string>
  /** What of the counters it needs, by name. */
  readonly readings: ReadonlyMap<string, Reading>
  /** Two together of whom it needs counters. */
  readonly pairs: ReadonlySet<string>
  /** Whether an expression reads what factors contributed. */
  readonly readsPoints: boolean
  /** Units of fuel that its expressions used up when it last judged. */
  fuelUsed(): number
}
export type PolicyResult = { ok: true; policy: CompiledPolicy } | { ok: false; errors: readonly PolicyError[] }

const maxErrors = 50

export function compilePolicy(document: unknown): PolicyResult {
  const read = readPolicy(document)
  const result = 'errors' in read ? read : compileDocument(read.document)
  return 'errors' in result
    ? { ok: false, errors: result.errors.slice(0, maxErrors) }
    : { ok: true, policy: result.policy }
}

/** Twice: what is known to be read is all that is declared the second time, so that an event is bound to little. */
function compileDocument(
  document: PolicyDocument,
  reads?: ReadonlySet<string>,
): { policy: CompiledPolicy } | { errors: PolicyError[] } {
  const errors: PolicyError[] = [...findTwins(document), ...judgeThresholds(document)]
  const noted: Noted = (error) => void errors.push(error)
  const declared: Record<string, Signal> = {
    ...signals,
    ...Object.fromEntries(document.lists.map((id) => [listSignal(id), declareList(id)])),
    ...Object.fromEntries(document.factors.map(({ id }) => [pointsSignal(id), declarePoints(id)])),
  }
  const isWanted = (name: string): boolean => reads?.has(name) ?? true
  const declarations = declare(Object.fromEntries(Object.entries(declared).filter(([name]) => isWanted(name))))
  // No more errors are told, and to find them takes time.
  const isFull = (): boolean => errors.length >= maxErrors
  const factors = document.factors.flatMap((factor, n) =>
    isFull() ? [] : compileFactor(factor, `/factors/${n}`, declarations, noted),
  )
  const rules = document.rules.flatMap((rule, n): CompiledRule[] => {
    if (isFull()) return []
    const program = compileExpression(rule.when, `/rules/${n}/when`, declarations, ['bool'], noted)
    const facts = compileReason(rule.reason, `/rules/${n}/reason`, declarations, noted)
    return program ? [{ rule, program, facts }] : []
  })
  const inOrder = orderFactors(factors, noted)
  if (errors.length > 0) return { errors }
  if (!reads) return compileDocument(document, readsOf(factors, rules))
  const readsPoints = [...reads].some((name) => name.startsWith('points.'))
  const readings = readingsFor(reads)
  const pairsRead = new Set([...readings.values()].map(({ of }) => of).filter(isPair))
  const programs = [...factors, ...rules].flatMap(({ program }) => program ?? [])
  const fuelUsed = (): number => programs.reduce((sum, { used }) => sum + used, 0)
  return {
    policy: {
      document,
      declarations,
      factors,
      inOrder,
      rules,
      reads,
      readings,
      pairs: pairsRead,
      readsPoints,
      fuelUsed,
    },
  }
}

const readsOf = (factors: readonly CompiledFactor[], rules: readonly CompiledRule[]): ReadonlySet<string> =>
  new Set([
    ...factors.flatMap(({ factor, program, facts }) => [...(program ? program.reads : [factor.id]), ...facts]),
    ...rules.flatMap(({ program, facts }) => [...program.reads, ...facts]),
  ])

function compileFactor(factor: PolicyFactor, at: string, declarations: Declarations, note: Noted): CompiledFactor {
  const { id, cel, reason } = factor
  const facts = reason === undefined ? [] : compileReason(reason, `${at}/reason`, declarations, note)
  if (reason === undefined && !(isFactorId(id) && cel === undefined))
    note({ pointer: `${at}/reason`, message: 'is required: only factors with a measure of their own have a sentence' })
  if (id === 'limit') note({ pointer: `${at}/id`, message: 'is taken: limit is the cut to the range from 0 to 100' })
  if (cel !== undefined)
    return { factor, facts, program: compileExpression(cel, `${at}/cel`, declarations, ['double', 'int', 'uint'], note) }
  const kind = declarations.find(id)?.type
  if (kind !== 'double' && kind !== 'int')
    note({ pointer: `${at}/id`, message: 'names no signal that is a number, which a curve needs. Name one, or use cel.' })
  return { factor, facts, program: undefined }
} // prettier-ignore

function findTwins({ factors, rules, lists }: PolicyDocument): PolicyError[] {
  const twins = (ids: readonly string[], at: (n: number) => string, message: string): PolicyError[] =>
    ids.flatMap((id, n) => (ids.indexOf(id) < n ? [{ pointer: at(n), message }] : []))
  const idsOf = (of: readonly { id: string }[]): string[] => of.map(({ id }) => id)
  return [
    ...twins(idsOf(factors), (n) => `/factors/${n}/id`, 'is the id of a factor before it'),
    ...twins(idsOf(rules), (n) => `/rules/${n}/id`, 'is the id of a rule before it'),
    ...twins(lists.map(listSignal), (n) => `/lists/${n}`, 'has the name of a list before it, once - is written as _'),
  ]
}

/** A threshold that no event can reach is an error: its author expects something of it. */
function judgeThresholds({ factors, rules, thresholds: { step_up, decline } }: PolicyDocument): PolicyError[] {
  const best = factors.reduce((sum, factor) => sum + highest(factor), 0)
  const added = rules.reduce((sum, { then }) => sum + (typeof then === 'object' ? Math.max(0, then.add) : 0), 0)
  const top = Math.min(10_000, Math.round((best + added) * 100)) / 100
  const beyond = (['step_up', 'decline'] as const).flatMap((name): PolicyError[] => {
    const threshold = name === 'step_up' ? step_up : decline
    const message = `cannot be reached: factors and rules give at most ${Math.max(0, top)}. Lower it, or null: the score never does that`
    return threshold !== null && threshold > Math.max(0, top) ? [{ pointer: `/thresholds/${name}`, message }] : []
  })
  if (step_up === null || decline === null || step_up < decline) return beyond
  const message = 'cannot be reached: from /thresholds/decline on, all is declined. Lower it, or null'
  return [...beyond, { pointer: '/thresholds/step_up', message }]
}
const highest = ({ weight, curve, points_if_missing }: PolicyFactor): number =>
  Math.max(points_if_missing, weight * (curve ? Math.max(...curve.map(([, y]) => y)) : 1))

/** For documents that are known to compile: our own, and those that were accepted before. */
export const compileOrThrow = (document: PolicyDocument): CompiledPolicy => {
  const result = compilePolicy(document)
  if (!result.ok) throw new TypeError(`the policy does not compile: ${result.errors[0]?.pointer}`)
  return result.policy
}
