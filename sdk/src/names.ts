/** One mapping between the names of the wire (snake case) and of this client (camel case). `src/wire.ts` is made by it too. */

/** `merchant_id` → `merchantId`. */
export const toCamel = (name: string): string => name.replace(/_([a-z0-9])/g, (_, next: string) => next.toUpperCase())

/** `merchantId` → `merchant_id`. A name in snake case is left as it is, and so is a word in capitals. */
export const toSnake = (name: string): string =>
  /[a-z]/.test(name) ? name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`) : name

/**
 * A copy with every name of every object renamed, except inside documents. Places of documents are in the words of the
 * wire (`/data/details`); an array has the place of its items.
 */
export function rename(value: unknown, direction: 'camel' | 'snake', documents: readonly string[], at = ''): unknown {
  if (typeof value !== 'object' || value === null || documents.includes(at)) return value
  if (Array.isArray(value)) return value.map((item) => rename(item, direction, documents, at))
  // fromEntries defines its properties, so that a name like __proto__ is a name and nothing more.
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => {
      const wire = direction === 'snake' ? toSnake(name) : name
      const renamed = direction === 'snake' ? wire : toCamel(name)
      return [renamed, rename(inner, direction, documents, `${at}/${wire}`)]
    }),
  )
}
