/** Lists and maps: their elements are of one type each. */
import { type KeyKind, keyKinds, type Kind, unify } from './kind.ts'
import type { Syntax } from './parse.ts'
import { build, checkAll, refuseByName, type Scope } from './scope.ts'
import type { Tree } from './tree.ts'

const unifyAll = (kinds: readonly Kind[]): Kind | undefined => {
  let common: Kind | undefined = 'nothing'
  for (const kind of kinds) common &&= unify(common, kind)
  return common
}
const constantsOf = (parts: readonly Tree[]) => parts.map((part) => (part.is === 'constant' ? part.value : undefined))

export function checkList(node: Syntax, items: readonly Syntax[], scope: Scope): Tree | undefined {
  const parts = checkAll(items, scope)
  if (!parts) return undefined
  const list = unifyAll(parts.map(({ kind }) => kind))
  if (list === undefined) return refuseByName(scope, node, 'a list of mixed types')
  const values = constantsOf(parts).filter((value) => value !== undefined)
  if (values.length === parts.length) return build(node, { list }, { is: 'constant', value: values })
  return build(node, { list }, { is: 'list', parts })
}

export function checkMap(
  node: Syntax,
  entries: readonly (readonly [Syntax, Syntax])[],
  scope: Scope,
): Tree | undefined {
  const parts = checkAll(entries.flat(), scope)
  if (!parts) return undefined
  const key = unifyAll(parts.filter((_, at) => at % 2 === 0).map(({ kind }) => kind))
  const map = unifyAll(parts.filter((_, at) => at % 2 === 1).map(({ kind }) => kind))
  if (map === undefined) return refuseByName(scope, node, 'a map with values of mixed types')
  if (key === undefined) return refuseByName(scope, node, 'a map with keys of mixed types')
  const keyKind = key === 'nothing' ? key : keyKinds.find((kind): kind is KeyKind => kind === key)
  if (keyKind === undefined) return refuseByName(scope, node, 'a map with keys that are not string, int, uint or bool')
  return build(node, { map, key: keyKind }, { is: 'map', parts })
}
