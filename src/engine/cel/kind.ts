/** The kinds of values: scalars, lists and maps. A kind is written as in `list(string)` and `map(string, int)`. */
export const scalars = ['bool', 'int', 'uint', 'double', 'string', 'timestamp', 'duration', 'null'] as const
export const keyKinds = ['string', 'int', 'uint', 'bool'] as const

export type Scalar = (typeof scalars)[number]
export type KeyKind = (typeof keyKinds)[number]
/** `nothing` is what the empty list holds: it fits every kind, and no value has it. */
export type Kind =
  | Scalar
  | 'nothing'
  | { readonly list: Kind }
  | { readonly map: Kind; readonly key: KeyKind | 'nothing' }

export function formatKind(kind: Kind): string {
  if (typeof kind === 'string') return kind
  return 'list' in kind ? `list(${formatKind(kind.list)})` : `map(${kind.key}, ${formatKind(kind.map)})`
}

/** undefined where the text names no kind. */
export function parseKind(text: string): Kind | undefined {
  const word = text.trim()
  const scalar = scalars.find((name) => name === word)
  if (scalar !== undefined) return scalar
  const list = /^list\((.*)\)$/.exec(word)?.[1]
  if (list !== undefined) {
    const inner = parseKind(list)
    return inner && { list: inner }
  }
  const [, keyWord, valueWord] = /^map\(\s*(\w+)\s*,(.*)\)$/.exec(word) ?? []
  const key = keyKinds.find((name) => name === keyWord)
  const inner = valueWord === undefined ? undefined : parseKind(valueWord)
  return key && inner && { map: inner, key }
}

/** The kind that both fit, or undefined where there is none. */
export function unify(a: Kind, b: Kind): Kind | undefined {
  if (a === b || b === 'nothing') return a
  if (a === 'nothing') return b
  if (typeof a === 'string' || typeof b === 'string') return undefined
  if ('list' in a) {
    const list = 'list' in b ? unify(a.list, b.list) : undefined
    return list && { list }
  }
  if (!('map' in b)) return undefined
  const map = unify(a.map, b.map)
  const key = a.key === 'nothing' ? b.key : a.key
  return map && (b.key === 'nothing' || b.key === key) ? { map, key } : undefined
}

export const isNumeric = (kind: Kind): boolean => kind === 'int' || kind === 'uint' || kind === 'double'
