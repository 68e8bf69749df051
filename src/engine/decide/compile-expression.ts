/** Expressions and sentences of a policy: compiled, or refused where they are wrong. */
import { compile, type Declarations, type Position, type Problem, type ProblemKind, type Program } from '#engine/cel'
import { pointTo } from '#kernel/json-pointer'
import type { PolicyError } from './read-policy.ts'
import { findFacts } from './sentence.ts'

export type Noted = (error: PolicyError) => void

/** What one expression may use up. Enough for every part of it, and for macros over what an event can hold. */
export const fuel = 2_000

export function compileExpression(
  source: string,
  pointer: string,
  declarations: Declarations,
  types: readonly string[],
  note: Noted,
): Program | undefined {
  const compiled = compile(source, declarations, { fuel })
  if (!compiled.ok) {
    for (const problem of compiled.errors)
      note({ pointer, message: sayHarmlessly(problem, source), position: problem.position })
    return undefined
  }
  const { program } = compiled
  if (types.includes(program.type)) return program
  const message = `The expression is of type ${program.type}; ${types.join(', ')} is wanted.`
  note({ pointer, message, position: positionOf(source, 0) })
  return undefined
}

/** Names of the signals that a sentence shows. */
export function compileReason(text: string, pointer: string, declarations: Declarations, note: Noted): string[] {
  return findFacts(text).flatMap(({ name, offset }): string[] => {
    const signal = name === undefined ? undefined : declarations.find(name)
    const isShown = signal !== undefined && typeof signal.kind === 'string'
    if (isShown) return [signal.name]
    const message =
      name === undefined
        ? 'A brace stands alone. {amount} shows a signal; other braces are not possible.'
        : signal
          ? 'This signal has many values, and cannot be shown.'
          : 'There is no such signal. {amount} shows a signal.'
    note({ pointer, message, position: positionOf(text, offset) })
    return []
  })
}

export function positionOf(source: string, offset: number): Position {
  const before = source.slice(0, offset)
  return { line: before.split('\n').length, column: offset - before.lastIndexOf('\n'), offset }
}

const general: Readonly<Record<ProblemKind, string>> = {
  syntax: 'This cannot be read.',
  unknown: 'There is no such signal.',
  type: 'The types do not fit.',
  unsupported: 'This is not supported.',
  limit: 'The expression is too large.',
}

/**
 * Problems name what the author wrote. What they wrote may be a secret in the wrong place, so only names are repeated
 * that cannot be one, as in pointers.
 */
function sayHarmlessly({ message, kind }: Problem, source: string): string {
  const words = message.match(/[\w$-]{6,}/g) ?? []
  const isHarmless = words.every((word) => pointTo([word]) !== '' || !source.includes(word))
  return isHarmless ? message : general[kind]
}
