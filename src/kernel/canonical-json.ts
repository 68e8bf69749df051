/** RFC 8785 canonical JSON: equal values give equal bytes, whatever the order they were written in. */
import canonicalize from 'canonicalize'

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

export function canonicalJson(value: Json): string {
  const text = canonicalize(value)
  if (text === undefined) throw new TypeError('not a JSON value')
  return text
}
