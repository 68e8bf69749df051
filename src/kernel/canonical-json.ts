/** RFC 8785 canonical JSON: equal values give equal bytes, whatever the order they were written in. */

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

/**
 * Members that are undefined are left out. A `TypeError` for halves of surrogate pairs, NaN, infinities and what is not JSON.
 * A copy with its names in order is written by `JSON.stringify`, whose numbers and escapes are those of RFC 8785.
 */
export function canonicalJson(value: Json): string {
  const found = { awkward: false }
  const ordered = inOrder(value, found)
  return found.awkward ? write(value) : JSON.stringify(ordered)
}

/** `awkward`: some name may not stay where it is put. Objects have numbers first, and take `__proto__` for something else. */
function inOrder(value: Json, found: { awkward: boolean }): Json {
  if (typeof value === 'string') return requireText(value)
  if (value === null || typeof value === 'boolean' || Number.isFinite(value)) return value
  if (typeof value !== 'object') throw new TypeError('not a JSON value')
  if (isArray(value)) return value.map((item) => inOrder(item, found))
  const ordered: { [name: string]: Json } = {}
  for (const name of sortedNames(value)) {
    const member = value[name]
    if (member === undefined) continue
    if (isAwkward(name)) found.awkward = true
    ordered[requireText(name)] = inOrder(member, found)
  }
  return ordered
}

const isAwkward = (name: string): boolean => (name >= '0' && name < ':') || name === '__proto__'

function requireText(text: string): string {
  if (!text.isWellFormed()) throw new TypeError('half of a surrogate pair is no text')
  return text
}

/** As `JSON.stringify` would if objects kept their order. */
function write(value: Json): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  if (isArray(value)) return `[${value.map(write).join()}]`
  const members = sortedNames(value).flatMap((name) => {
    const member = value[name]
    return member === undefined ? [] : `${JSON.stringify(name)}:${write(member)}`
  })
  return `{${members.join()}}`
}

/** Not narrowed by `Array.isArray` where an array is readonly. */
const isArray = (value: object): value is readonly Json[] => Array.isArray(value)

const few = 16

/** By UTF-16 units. A few are put in order in place, for `sort` allocates more than the whole text. */
function sortedNames(value: object): string[] {
  const names = Object.keys(value)
  if (names.length > few) return names.sort()
  for (let at = 1; at < names.length; at++) {
    const name = names[at] ?? ''
    let to = at
    for (let before = ''; to > 0 && (before = names[to - 1] ?? '') > name; to--) names[to] = before
    names[to] = name
  }
  return names
}
