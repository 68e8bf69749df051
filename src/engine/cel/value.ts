/**
 * Values and errors. An int or uint is a number where that is exact, otherwise a bigint, and never both, so `===` compares
 * them. A timestamp is a bigint of nanoseconds since 1970, a duration a bigint of nanoseconds. Kinds are known before a
 * value is, so values do not carry them.
 */
export type MapKey = boolean | number | bigint | string
export type Value = boolean | number | bigint | string | null | readonly Value[] | ReadonlyMap<MapKey, Value>

export const errorCodes = {
  missing: 'A signal that the expression read was not measured.',
  overflow: 'A whole number left the 64 bits of its type.',
  division_by_zero: 'A whole number was divided by zero.',
  modulus_by_zero: 'The remainder of a division by zero was asked for.',
  range: 'A conversion or a time left the range of its type.',
  conversion: 'A text does not spell a value of the type.',
  no_such_key: 'The map does not have the key.',
  index_out_of_bounds: 'The list is shorter than that.',
  repeated_key: 'A map was given the same key twice.',
  fuel: 'The expression used up its fuel.',
} as const
export type ErrorCode = keyof typeof errorCodes

/** What an expression yields when it has no value. It is returned, never thrown. */
export class CelError {
  readonly code: ErrorCode
  /** UTF-16 units from the start of the source; -1 for the whole expression. */
  readonly offset: number
  /** The signal that was missing. */
  readonly signal: string | undefined

  constructor(code: ErrorCode, offset = -1, signal?: string) {
    this.code = code
    this.offset = offset
    this.signal = signal
  }

  at(offset: number): CelError {
    return this.offset < 0 ? new CelError(this.code, offset, this.signal) : this
  }
}
export type Outcome = Value | CelError

export const isList = (value: Outcome | undefined): value is readonly Value[] => Array.isArray(value)
export const isMap = (value: Outcome | undefined): value is ReadonlyMap<MapKey, Value> => value instanceof Map
export const isMapKey = (value: Value): value is MapKey =>
  typeof value === 'number' || typeof value === 'string' || typeof value === 'boolean' || typeof value === 'bigint'

/** Equality of two values of one kind. NaN equals nothing, so a list is never equal by identity. */
export function isSame(a: Value, b: Value): boolean {
  if (isList(a)) return isList(b) && a.length === b.length && a.every((item, at) => isSame(item, b[at] ?? null))
  if (!isMap(a)) return a === b
  if (!isMap(b) || a.size !== b.size) return false
  for (const [key, item] of a) {
    const other = b.get(key)
    if (other === undefined || !isSame(item, other)) return false
  }
  return true
}

/** Below 0 where a comes first. By code point: UTF-16 order differs where surrogates meet U+E000 to U+FFFF. */
export function orderStrings(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let at = 0; at < length; at++) {
    const [x, y] = [a.charCodeAt(at), b.charCodeAt(at)]
    if (x !== y) return x >= 0xd800 && y >= 0xd800 ? lift(x) - lift(y) : x - y
  }
  return a.length - b.length
}
/** Puts surrogates above the rest of the plane. */
const lift = (unit: number): number => (unit >= 0xe000 ? unit - 0x2000 : unit + 0x800)

/** Keys in an order that does not depend on how the map was built. */
export function sortedKeys(map: ReadonlyMap<MapKey, Value>): MapKey[] {
  return [...map.keys()].sort((a, b) => {
    if (typeof a === 'string' && typeof b === 'string') return orderStrings(a, b)
    return a < b ? -1 : Number(a > b)
  })
}
