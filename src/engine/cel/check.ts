/** Checks an expression: names, kinds, limits. What is not in the subset is refused by its name. */
import { checkCall, checkMethod } from './check-calls.ts'
import { checkList, checkMap } from './check-literals.ts'
import { checkLiteral, checkSign } from './check-numbers.ts'
import type { Declarations } from './declarations.ts'
import { functions, indexList, indexMap } from './functions.ts'
import { formatKind, isNumeric, type Kind, unify } from './kind.ts'
import { arithmetic, chooseGeneric, comparisons } from './operators.ts'
import { choose } from './overload.ts'
import type { Syntax } from './parse.ts'
import { type Problem, show, suggest } from './problem.ts'
import { build, checkAll, dottedName, findSignal, refuse, refuseByName, type Scope } from './scope.ts'
import type { Tree } from './tree.ts'

export function check(
  syntax: Syntax,
  source: string,
  declarations: Declarations,
): { tree?: Tree; problems: Problem[] } {
  const problems: Problem[] = []
  const tree = checkNode(syntax, { source, declarations, variables: [], problems, check: checkNode })
  return tree && problems.length === 0 ? { tree, problems } : { problems }
}

function checkNode(node: Syntax, scope: Scope): Tree | undefined {
  switch (node.op) {
    case 'value':
      return checkLiteral(node, node.args, scope)
    case 'id':
      return checkName(node, node.args, scope)
    case '.':
      return checkSelect(node, node.args[0], node.args[1], scope)
    case '.?':
    case '[?]':
      return refuseByName(scope, node, `optional access with ${node.op}`)
    case '[]':
      return checkIndex(node, node.args, scope)
    case 'call':
      return checkCall(node, node.args[0], node.args[1], scope)
    case 'rcall':
      return checkMethod(node, node.args, scope)
    case 'list':
      return checkList(node, node.args, scope)
    case 'map':
      return checkMap(node, node.args, scope)
    case '?:':
      return checkChoice(node, node.args, scope)
    case '&&':
    case '||':
      return checkLogic(node, node.op, scope)
    case '!_':
    case '-_':
      return checkSign(node, node.op === '!_' ? '!' : '-', node.args, scope)
    default:
      return checkOperator(node, node.op, node.args, scope)
  }
}

/** Words that stand for a type in CEL. */
const typeWords = new Set([
  'bool',
  'int',
  'uint',
  'double',
  'string',
  'bytes',
  'list',
  'map',
  'null_type',
  'type',
  'dyn',
])

function checkName(node: Syntax, name: string, scope: Scope): Tree | undefined {
  const variable = scope.variables.findLast((one) => one.name === name)
  if (variable) return build(node, variable.kind, { is: 'variable', name, cell: variable.cell })
  const signal = scope.declarations.find(name)
  if (signal) return build(node, signal.kind, { is: 'signal', name, slot: signal.slot })
  if (typeWords.has(name)) return refuseByName(scope, node, `type ${name} as a value`)
  return refuseUnknown(node, name, scope)
}

/** Every known name is compared with an unknown one, so an expression gets hints for its first few problems alone. */
const maxHints = 5

function refuseUnknown(node: Syntax, name: string, scope: Scope): undefined {
  const { declarations, variables, problems } = scope
  const known = problems.length < maxHints ? [...declarations.signals, ...variables] : []
  const near = suggest(
    name,
    known.map((one) => one.name),
  )
  const hint = near === undefined ? '' : ` Did you mean ${near}?`
  return refuse(scope, node, 'unknown', `There is no signal ${show(name)}.${hint}`)
}

function checkSelect(node: Syntax, left: Syntax, field: string, scope: Scope): Tree | undefined {
  const signal = findSignal(node, scope)
  if (signal) return build(node, signal.kind, { is: 'signal', name: signal.name, slot: signal.slot })
  const name = dottedName(node, scope)
  if (name !== undefined && !startsWithSignal(left, scope)) {
    if (name.startsWith('google.protobuf.')) return refuseByName(scope, node, `type ${show(name)} as a value`)
    return refuseUnknown(node, name, scope)
  }
  const map = scope.check(left, scope)
  if (!map) return undefined
  const key: Tree = { is: 'constant', value: field, kind: 'string', place: { offset: node.end, length: 0 } }
  const found = valueKind(map.kind, 'string')
  if (found === undefined) return refuse(scope, node, 'type', `A value of type ${formatKind(map.kind)} has no fields.`)
  return build(node, found, { is: 'call', name: '.', run: indexMap, isSized: false, parts: [map, key] })
}
const startsWithSignal = (node: Syntax, scope: Scope): boolean =>
  findSignal(node, scope) !== undefined || (node.op === '.' && startsWithSignal(node.args[0], scope))

/** The kind of a map's values, where its keys are of this kind. */
const valueKind = (kind: Kind, key: Kind): Kind | undefined => {
  if (typeof kind === 'string') return kind === 'nothing' ? kind : undefined
  return 'map' in kind && unify(kind.key, key) !== undefined ? kind.map : undefined
}

function checkIndex(node: Syntax, args: readonly [Syntax, Syntax], scope: Scope): Tree | undefined {
  const [from, at] = checkAll(args, scope) ?? []
  if (!from || !at) return undefined
  const isOfList = typeof from.kind !== 'string' && 'list' in from.kind && unify(at.kind, 'int') !== undefined
  const found =
    isOfList && typeof from.kind !== 'string' && 'list' in from.kind ? from.kind.list : valueKind(from.kind, at.kind)
  if (found === undefined)
    return refuse(
      scope,
      node,
      'type',
      `A value of type ${formatKind(from.kind)} has no index of type ${formatKind(at.kind)}.`,
    )
  const run = isOfList ? indexList : indexMap
  return build(node, found, { is: 'call', name: '[]', run, isSized: false, parts: [from, at] })
}

function checkChoice(node: Syntax, args: readonly [Syntax, Syntax, Syntax], scope: Scope): Tree | undefined {
  const [condition, yes, no] = checkAll(args, scope) ?? []
  if (!condition || !yes || !no) return undefined
  if (unify(condition.kind, 'bool') === undefined)
    return refuse(scope, args[0], 'type', `The condition before ? is of type ${formatKind(condition.kind)}, not bool.`)
  const kind = unify(yes.kind, no.kind)
  if (kind === undefined)
    return refuse(
      scope,
      node,
      'type',
      `The results are of two types: ${formatKind(yes.kind)} and ${formatKind(no.kind)}.`,
    )
  return build(node, kind, { is: 'choose', parts: [condition, yes, no] })
}

/** `a && b && c` becomes one part with three. */
function checkLogic(node: Syntax, word: '&&' | '||', scope: Scope): Tree | undefined {
  const sides: Syntax[] = []
  let left: Syntax = node
  while (left.op === word) {
    sides.unshift(left.args[1])
    left = left.args[0]
  }
  sides.unshift(left)
  const parts = checkAll(sides, scope)
  if (!parts) return undefined
  const wrong = parts.findIndex(({ kind }) => unify(kind, 'bool') === undefined)
  const [part, side] = [parts[wrong], sides[wrong]]
  if (part && side) return refuse(scope, side, 'type', `${word} takes bool; this is of type ${formatKind(part.kind)}.`)
  return build(node, 'bool', { is: word === '&&' ? 'and' : 'or', parts })
}

const operators = Map.groupBy([...arithmetic, ...comparisons], ({ name }) => name)

function checkOperator(node: Syntax, name: string, args: readonly [Syntax, Syntax], scope: Scope): Tree | undefined {
  const [left, right] = checkAll(args, scope) ?? []
  if (!left || !right) return undefined
  const kinds = [left.kind, right.kind]
  const found = choose(operators.get(name) ?? [], kinds) ?? chooseGeneric(name, left.kind, right.kind)
  if (found)
    return build(node, found.gives, {
      is: 'call',
      name,
      run: found.run,
      isSized: found.isSized === true,
      parts: [left, right],
    })
  const hint =
    isNumeric(left.kind) && isNumeric(right.kind) ? ` Convert one of them, as in ${conversionFor(right.kind)}(…).` : ''
  return refuse(
    scope,
    node,
    'type',
    `${name} does not take ${formatKind(left.kind)} and ${formatKind(right.kind)}.${hint}`,
  )
}
const conversionFor = (kind: Kind): string => functions.find(({ name }) => name === kind)?.name ?? 'double'
