/** Calls: functions, macros, and what is known of the rest of CEL, to be refused by its name. */
import { functions, hasKey } from './functions.ts'
import { type Kind, unify } from './kind.ts'
import { isMacro, type Macro, macros } from './macros.ts'
import { choose } from './overload.ts'
import type { Syntax } from './parse.ts'
import { show, suggest } from './problem.ts'
import { build, checkAll, dottedName, findSignal, kindsOf, refuse, refuseByName, type Scope } from './scope.ts'
import { parseZone } from './time.ts'
import type { Cell, Tree } from './tree.ts'

const reasons: Readonly<Record<string, string>> = {
  matches: 'the time that a regular expression takes has no certain bound',
  dyn: 'types are known before the expression runs',
  type: 'types are known before the expression runs',
}
const names = [...functions.map(({ name }) => name), ...Object.keys(macros), 'has', 'present']

export function checkCall(node: Syntax, name: string, args: readonly Syntax[], scope: Scope): Tree | undefined {
  if (name === 'has' || name === 'present') return checkPresence(node, name, args, scope)
  return checkFunction(node, name, args, 'receiver', scope)
}

export function checkMethod(
  node: Syntax,
  [name, receiver, args]: readonly [string, Syntax, readonly Syntax[]],
  scope: Scope,
): Tree | undefined {
  const space = dottedName(receiver, scope)
  if (
    space !== undefined &&
    /^(?:math|strings|optional|cel|base64|encoders|sets|lists|regex|proto|ip|cidr|net)$/.test(space) &&
    !findSignal(receiver, scope)
  )
    return refuseByName(scope, node, `function ${show(`${space}.${name}`)}`)
  if (isMacro(name)) return checkMacro(node, name, receiver, args, scope)
  return checkFunction(node, name, [receiver, ...args], 'global', scope)
}

function checkFunction(
  node: Syntax,
  name: string,
  args: readonly Syntax[],
  otherStyle: 'global' | 'receiver',
  scope: Scope,
): Tree | undefined {
  const meant = functions.filter((one) => one.name === name && one.style !== otherStyle)
  if (meant.length === 0) {
    const near = suggest(name, names)
    const hint = near === undefined || near === name ? (reasons[name] ?? '') : `did you mean ${near}?`
    return refuseByName(scope, node, `function ${show(name)}`, hint)
  }
  const parts = checkAll(args, scope)
  if (!parts) return undefined
  const found = choose(
    meant,
    parts.map(({ kind }) => kind),
  )
  if (!found) {
    if (!meant.some(({ takes }) => takes.length === parts.length))
      return refuse(scope, node, 'type', `${name} takes ${meant[0]?.takes.length ?? 0} arguments, not ${parts.length}.`)
    return refuse(scope, node, 'type', `${name} does not take ${kindsOf(parts)}.`)
  }
  const zone = found.takes[0] === 'timestamp' ? parts[1] : undefined
  if (zone?.is === 'constant' && typeof zone.value === 'string' && parseZone(zone.value) === undefined)
    return refuseByName(
      scope,
      node,
      `time zone ${show(zone.value)}`,
      'its rules change; an offset such as +02:00 does not',
    )
  return build(node, found.gives, { is: 'call', name, run: found.run, isSized: found.isSized === true, parts })
}

/** `present(signal)` and `has(signal.with.dots)`: whether it was measured. `has(map.key)`: whether the key is there. */
function checkPresence(node: Syntax, name: string, args: readonly Syntax[], scope: Scope): Tree | undefined {
  const [arg] = args
  if (!arg || args.length > 1) return refuse(scope, node, 'type', `${name} takes 1 argument, not ${args.length}.`)
  const signal = findSignal(arg, scope)
  if (signal) return build(node, 'bool', { is: 'present', name: signal.name, slot: signal.slot })
  if (name === 'present')
    return scope.check(arg, scope) && refuse(scope, node, 'type', 'present takes the name of a signal.')
  if (arg.op === '.?') return refuseByName(scope, arg, 'optional access with .?')
  if (arg.op !== '.') return refuse(scope, node, 'type', 'has takes a field, as in has(map.key).')
  const [left, field] = arg.args
  const map = scope.check(left, scope)
  if (!map) return undefined
  if (typeof map.kind === 'string' || !('map' in map.kind) || unify(map.kind.key, 'string') === undefined)
    return refuse(scope, node, 'type', 'has takes a field of a map with keys of type string.')
  const key: Tree = { is: 'constant', value: field, kind: 'string', place: map.place }
  return build(node, 'bool', { is: 'call', name: 'has', run: hasKey, isSized: false, parts: [map, key] })
}

function checkMacro(
  node: Syntax,
  macro: Macro,
  receiver: Syntax,
  args: readonly Syntax[],
  scope: Scope,
): Tree | undefined {
  const range = scope.check(receiver, scope)
  const [variable, ...bodies] = args
  const counts = macro === 'map' ? [1, 2] : [1]
  if (!counts.includes(bodies.length) || variable?.op !== 'id') {
    if (bodies.length === 2 && macro !== 'map') return refuseByName(scope, node, `macro ${macro} with two variables`)
    return refuse(scope, node, 'type', `${macro} takes a name and an expression, as in ${macro}(x, …).`)
  }
  if (!range) return undefined
  const element = elementKind(range.kind)
  if (element === undefined)
    return refuse(scope, receiver, 'type', `${macro} takes a list or a map; this is of type ${kindsOf([range])}.`)
  const cell: Cell = { value: null }
  const inner: Scope = { ...scope, variables: [...scope.variables, { name: variable.args, kind: element, cell }] }
  const trees = checkAll(bodies, inner)
  if (!trees) return undefined
  const result = macro === 'map' ? trees.at(-1) : undefined
  const condition = trees.length === 2 || macro !== 'map' ? trees[0] : undefined
  if (condition && unify(condition.kind, 'bool') === undefined)
    return refuse(
      scope,
      bodies[0] ?? node,
      'type',
      `The condition of ${macro} is of type ${kindsOf([condition])}, not bool.`,
    )
  const list: Kind = { list: result?.kind ?? element }
  return build(node, macro === 'map' || macro === 'filter' ? list : 'bool', {
    is: 'macro',
    macro,
    cell,
    range,
    ...(condition && { condition }),
    ...(result && { result }),
  })
}

const elementKind = (kind: Kind): Kind | undefined => {
  if (typeof kind === 'string') return kind === 'nothing' ? kind : undefined
  return 'list' in kind ? kind.list : kind.key
}
