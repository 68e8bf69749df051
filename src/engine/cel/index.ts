/**
 * Cel: expressions of policies, in a typed subset of the Common Expression Language. Signals in; a value or an error out.
 * Promises: what compiles means what CEL's conformance tests say; the same input gives the same bits, in bounded time; a
 * trace has the value of every part that ran; text of any kind gives a program or problems with positions, and never throws.
 * Refuses: the rest of CEL, each construct by its name; regular expressions, named time zones, and code made from text.
 * Needs: nothing.
 */
export { type Compiled, compile, type CompileOptions, defaults, type Program, type Trace } from './compile.ts'
export {
  type Bound,
  type Declarations,
  declare,
  type Declared,
  type SignalDeclaration,
  type SignalValues,
} from './declarations.ts'
export type { Position, Problem, ProblemKind } from './problem.ts'
export { renderReference } from './reference.ts'
export type { Spot, Step } from './trace.ts'
export { CelError, type ErrorCode, errorCodes, type MapKey, type Outcome, type Value } from './value.ts'
