/** One meaning of a function or an operator: what it takes, what it gives, and how it is computed. */
import { type Kind, unify } from './kind.ts'
import type { Outcome, Value } from './value.ts'

/** Gets values of the kinds that were checked, and never an error. */
export type Run = (a: Value, b: Value) => Outcome
export type Overload = {
  readonly name: string
  readonly takes: readonly Kind[]
  readonly gives: Kind
  readonly run: Run
  /** Its work grows with its arguments, so it pays for them. */
  readonly isSized?: boolean
}

export const fits = (kind: Kind, wanted: Kind): boolean => unify(kind, wanted) !== undefined

export const choose = (overloads: readonly Overload[], kinds: readonly Kind[]): Overload | undefined =>
  overloads.find(
    ({ takes }) => takes.length === kinds.length && takes.every((wanted, at) => fits(kinds[at] ?? 'null', wanted)),
  )
