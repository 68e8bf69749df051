/** RFC 8785 canonical JSON: equal values give equal bytes, whatever the order they were written in. */

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

/** Members that are undefined are left out. A `TypeError` for halves of surrogate pairs, NaN, infinities and what is not JSON. */
export function canonicalJson(value: Json): string {
  if (typeof value === 'string') return quote(value)
  if (typeof value === 'number' && Number.isFinite(value)) return String(value)
  if (value === null || typeof value === 'boolean') return String(value)
  if (typeof value !== 'object') throw new TypeError('not a JSON value')
  let text = ''
  if (isArray(value)) {
    for (const item of value) text += `${text && ','}${canonicalJson(item)}`
    return `[${text}]`
  }
  // `sort` compares UTF-16 units, as RFC 8785 does.
  for (const name of Object.keys(value).sort()) {
    const member = value[name]
    if (member !== undefined) text += `${text && ','}${quote(name)}:${canonicalJson(member)}`
  }
  return `{${text}}`
}

/** Not narrowed by `Array.isArray` where an array is readonly. */
const isArray = (value: object): value is readonly Json[] => Array.isArray(value)

/** ASCII that needs no escape: most strings, and a regular expression is quicker than what it saves. */
const plain = /^[ !#-[\]-~]*$/

function quote(text: string): string {
  if (plain.test(text)) return `"${text}"`
  if (!text.isWellFormed()) throw new TypeError('half of a surrogate pair is no text')
  return JSON.stringify(text)
}
