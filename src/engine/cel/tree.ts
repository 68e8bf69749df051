/** The checked expression: every name resolved, every overload chosen, every part with its kind and place. */
import type { Kind } from './kind.ts'
import type { Macro } from './macros.ts'
import type { Run } from './overload.ts'
import type { Place } from './problem.ts'
import type { Value } from './value.ts'

/** Where a macro's variable is kept while its body runs. An expression never runs inside itself, so one cell is enough. */
export type Cell = { value: Value }

export type Part =
  | { readonly is: 'constant'; readonly value: Value }
  | { readonly is: 'signal'; readonly name: string; readonly slot: number }
  | { readonly is: 'present'; readonly name: string; readonly slot: number }
  | { readonly is: 'variable'; readonly name: string; readonly cell: Cell }
  | { readonly is: 'call'; readonly name: string; readonly run: Run; readonly isSized: boolean; readonly parts: Parts }
  | { readonly is: 'and' | 'or'; readonly parts: Parts }
  | { readonly is: 'choose'; readonly parts: readonly [Tree, Tree, Tree] }
  | { readonly is: 'list'; readonly parts: Parts }
  /** Keys and values in turn. */
  | { readonly is: 'map'; readonly parts: Parts }
  | {
      readonly is: 'macro'
      readonly macro: Macro
      readonly cell: Cell
      readonly range: Tree
      readonly condition?: Tree
      readonly result?: Tree
    }
export type Parts = readonly Tree[]
export type Tree = Part & { readonly kind: Kind; readonly place: Place }

export function partsOf(tree: Tree): Parts {
  if (tree.is === 'macro')
    return [tree.range, ...(tree.condition ? [tree.condition] : []), ...(tree.result ? [tree.result] : [])]
  return 'parts' in tree ? tree.parts : []
}
export const countParts = (tree: Tree): number => partsOf(tree).reduce((sum, part) => sum + countParts(part), 1)
