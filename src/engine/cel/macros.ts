/** Macros over lists and the keys of maps. Errors of single elements are absorbed as && and || absorb them, or end it. */
import { CelError, type Outcome, type Value } from './value.ts'

export const macros = {
  all: 'whether the condition holds for every element; one `false` decides, whatever else failed',
  exists: 'whether the condition holds for an element; one `true` decides, whatever else failed',
  exists_one: 'whether the condition holds for exactly one element',
  filter: 'the elements for which the condition holds',
  map: 'the result for every element; with three arguments, for every element for which the condition holds',
} as const
export type Macro = keyof typeof macros
export const isMacro = (word: string): word is Macro => Object.hasOwn(macros, word)

/** Asks the body about one element. */
type Ask = (item: Value) => Outcome

/** `ask` is the condition and `make` the result; a macro that has only one of them is not given the other. */
export function runMacro(macro: Macro, items: readonly Value[], ask?: Ask, make?: Ask): Outcome {
  if (ask && (macro === 'all' || macro === 'exists')) return quantify(items, ask, macro === 'exists')
  const kept: Value[] = []
  for (const item of items) {
    const answer = ask ? ask(item) : true
    if (answer instanceof CelError) return answer
    if (answer !== true) continue
    const made = make ? make(item) : item
    if (made instanceof CelError) return made
    kept.push(made)
  }
  return macro === 'exists_one' ? kept.length === 1 : kept
}

function quantify(items: readonly Value[], ask: Ask, decisive: boolean): Outcome {
  let failed: CelError | undefined
  for (const item of items) {
    const answer = ask(item)
    if (answer === decisive) return decisive
    if (answer instanceof CelError) failed ??= answer
  }
  return failed ?? !decisive
}
