/** What a part of an expression can see, and where what is wrong with it is noted. */
import type { Declarations, Declared } from './declarations.ts'
import { formatKind, type Kind } from './kind.ts'
import type { Syntax } from './parse.ts'
import { locate, type Problem, type ProblemKind } from './problem.ts'
import type { Cell, Part, Tree } from './tree.ts'

export type Variable = { readonly name: string; readonly kind: Kind; readonly cell: Cell }
export type Scope = {
  readonly source: string
  readonly declarations: Declarations
  readonly variables: readonly Variable[]
  readonly problems: Problem[]
  /** undefined where something is wrong; it has been noted then. */
  check(node: Syntax, scope: Scope): Tree | undefined
}

export function refuse(scope: Scope, node: Syntax, kind: ProblemKind, message: string, construct?: string): undefined {
  scope.problems.push({
    kind,
    message,
    ...(construct !== undefined && { construct }),
    position: locate(scope.source, node.start),
    length: node.end - node.start,
  })
}
export const refuseByName = (scope: Scope, node: Syntax, construct: string, why = ''): undefined =>
  refuse(scope, node, 'unsupported', `Not supported: ${construct}${why && ` (${why})`}.`, construct)

export const build = (node: Syntax, kind: Kind, part: Part): Tree => ({
  ...part,
  kind,
  place: { offset: node.start, length: node.end - node.start },
})

/** All or none; every one of them is looked at, so that all problems are found at once. */
export function checkAll(nodes: readonly Syntax[], scope: Scope): Tree[] | undefined {
  const trees = nodes.map((node) => scope.check(node, scope))
  return trees.every((tree) => tree !== undefined) ? trees : undefined
}

/** `a.b.c` for names in a row that no macro's variable begins. */
export function dottedName(node: Syntax, scope: Scope): string | undefined {
  if (node.op === 'id') return scope.variables.some(({ name }) => name === node.args) ? undefined : node.args
  if (node.op !== '.') return undefined
  const left = dottedName(node.args[0], scope)
  return left === undefined ? undefined : `${left}.${node.args[1]}`
}

export function findSignal(node: Syntax, scope: Scope): Declared | undefined {
  const name = dottedName(node, scope)
  return name === undefined ? undefined : scope.declarations.find(name)
}

export const kindsOf = (trees: readonly Tree[]): string => trees.map(({ kind }) => formatKind(kind)).join(', ')
