/** Pages that were made, kept for the next who asks: the last `most` that were asked for. */
import { createHash } from 'node:crypto'

export type Kept = { readonly body: string; readonly etag: string }

export function createShelf(most: number): (name: string, make: () => string) => Kept {
  const kept = new Map<string, Kept>()
  return (name, make) => {
    const known = kept.get(name)
    kept.delete(name)
    const page = known ?? keep(make())
    kept.set(name, page)
    const [oldest] = kept.keys()
    if (kept.size > most && oldest !== undefined) kept.delete(oldest)
    return page
  }
}

const keep = (body: string): Kept => ({
  body,
  etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`,
})
