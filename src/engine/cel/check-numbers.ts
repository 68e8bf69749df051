/** Literals and signs: a whole number must fit its 64 bits, and the lowest int has no positive twin. */
import { intRange, settle, uintRange } from './integers.ts'
import { formatKind } from './kind.ts'
import { signs } from './operators.ts'
import { choose } from './overload.ts'
import { isBare, type Syntax } from './parse.ts'
import { build, refuse, refuseByName, type Scope } from './scope.ts'
import type { Tree } from './tree.ts'

export function checkLiteral(node: Syntax, value: unknown, scope: Scope): Tree | undefined {
  if (value === null) return build(node, 'null', { is: 'constant', value })
  if (typeof value === 'boolean') return build(node, 'bool', { is: 'constant', value })
  if (typeof value === 'string') return build(node, 'string', { is: 'constant', value })
  if (typeof value === 'number') return build(node, 'double', { is: 'constant', value })
  if (value instanceof Uint8Array) return refuseByName(scope, node, 'bytes')
  const isInt = typeof value === 'bigint'
  const exact: unknown = isInt ? value : value?.valueOf()
  const { high } = isInt ? intRange : uintRange
  if (typeof exact !== 'bigint' || exact > high) return refuse(scope, node, 'type', 'The number does not fit 64 bits.')
  return build(node, isInt ? 'int' : 'uint', { is: 'constant', value: settle(exact) })
}

export function checkSign(node: Syntax, sign: '!' | '-', operand: Syntax, scope: Scope): Tree | undefined {
  const negative = sign === '-' ? negate(node, operand, scope) : undefined
  if (negative) return negative
  const part = scope.check(operand, scope)
  if (!part) return undefined
  const found = choose(
    signs.filter(({ name }) => name === sign),
    [part.kind],
  )
  if (!found) return refuse(scope, node, 'type', `${sign} does not take ${formatKind(part.kind)}.`)
  return build(node, found.gives, { is: 'call', name: `${sign}x`, run: found.run, isSized: false, parts: [part] })
}

/** A sign directly before a number is part of the number. */
function negate(node: Syntax, operand: Syntax, scope: Scope): Tree | undefined {
  if (operand.op !== 'value') return undefined
  if (typeof operand.args === 'number') return build(node, 'double', { is: 'constant', value: -operand.args })
  if (typeof operand.args !== 'bigint' || -operand.args < intRange.low) return undefined
  if (operand.args > intRange.high && !isBare(scope.source, operand)) return undefined
  return build(node, 'int', { is: 'constant', value: settle(-operand.args) })
}
