/** What differs between two policies. Factors and rules are the same one if their ids are the same. */
import { canonicalJson, type Json } from '#kernel/canonical-json'
import type { PolicyDocument } from '#engine/decide'

export type Difference = {
  kind: 'added' | 'removed' | 'changed'
  /** Into the second document; of what was removed, into the first. */
  pointer: string
  from: Json
  to: Json
}

export function compare(from: PolicyDocument, to: PolicyDocument): Difference[] {
  return [
    ...compareItems('/factors', keyed(from.factors), keyed(to.factors)),
    ...compareItems('/rules', keyed(from.rules), keyed(to.rules)),
    ...compareMembers('/thresholds', { ...from.thresholds }, { ...to.thresholds }),
    ...compareItems(
      '/lists',
      from.lists.map((id) => [id, id]),
      to.lists.map((id) => [id, id]),
    ),
  ]
}

type Item = readonly [id: string, value: Json]
const keyed = (items: readonly ({ id: string } & object)[]): Item[] =>
  items.map((item) => [item.id, JSON.parse(JSON.stringify(item))])

function compareItems(at: string, from: readonly Item[], to: readonly Item[]): Difference[] {
  const [older, newer] = [new Map(from), new Map(to)]
  const found: Difference[] = []
  to.forEach(([id, value], n) => {
    const before = older.get(id)
    if (before === undefined) found.push({ kind: 'added', pointer: `${at}/${n}`, from: null, to: value })
    else if (isRecord(before) && isRecord(value)) found.push(...compareMembers(`${at}/${n}`, before, value))
  })
  from.forEach(([id, value], n) => {
    if (!newer.has(id)) found.push({ kind: 'removed', pointer: `${at}/${n}`, from: value, to: null })
  })
  const order = (items: readonly Item[], other: ReadonlyMap<string, Json>) =>
    items.flatMap(([id]) => (other.has(id) ? [id] : []))
  const [before, after] = [order(from, newer), order(to, older)]
  if (before.join() !== after.join()) found.push({ kind: 'changed', pointer: at, from: before, to: after })
  return found
}

type Members = { readonly [name: string]: Json }
const isRecord = (value: Json): value is Members => typeof value === 'object' && value !== null && !Array.isArray(value)

function compareMembers(at: string, from: Members, to: Members): Difference[] {
  return [...new Set([...Object.keys(from), ...Object.keys(to)])].flatMap((name): Difference[] => {
    const [before, after] = [from[name], to[name]]
    const pointer = `${at}/${name}`
    if (before === undefined) return [{ kind: 'added', pointer, from: null, to: after ?? null }]
    if (after === undefined) return [{ kind: 'removed', pointer, from: before, to: null }]
    if (canonicalJson(before) === canonicalJson(after)) return []
    return [{ kind: 'changed', pointer, from: before, to: after }]
  })
}
