/** From what a product asks to what the journal takes: blind keys, what to read, and the row that is stored. */
import { canonicalJson, type Json } from '#kernel/canonical-json'
import type { Money } from '#kernel/currency'
import type { Brief } from '#engine/briefing'
import { pairs, type SubjectName, subjectNames } from '#engine/decide'
import type { Given, JournalRequest, Subject } from '#engine/journal'
import { type Listed, type ListMatch, valueKeysOf } from '#engine/lists'
import type { Published } from '#engine/policies'
import type { Scope } from '#platform/database'
import type { TenantKeys } from '#platform/encryption'
import { type DecisionDocument, type Judged, toDocument } from './document.ts'
import { readCounters, type Readings } from './readings.ts'

/** What was found out about an event, stored sealed beside it: with it a decision is judged again without looking. */
export type Facts = {
  lists: readonly ListMatch[]
  /** Lists that the policy names and that there were. */
  known: readonly string[]
  readings: Readings
  /** What the product measured of the event alone. */
  measured: { readonly [name: string]: Json }
}

export type Asked = {
  scope: Scope
  id: string
  receivedMs: number
  occurredMs: number
  money: Money
  category: string
  /** Who takes part, as the tenant names them. */
  names: Readonly<Partial<Record<SubjectName, string>>>
  country: string | undefined
  /** Hour of the day where it happened. */
  hour: number | null
  /** In tenths of a degree. */
  place: { lat: number; lon: number } | null
  /** What lists are asked for. */
  listed: readonly Listed[]
  event: { readonly [name: string]: Json }
  measured: Facts['measured']
  idempotencyKey: string | undefined
  /** Decides as the next request would be decided, and leaves nothing behind. */
  isDry: boolean
  /** Pure. */
  judge(published: Published, facts: Facts): Judged
}

export const eventPlace = (row: string) => ({ table: 'decision', column: 'event', row })

export function toRequest(asked: Asked, keys: TenantKeys): JournalRequest<DecisionDocument> {
  const { id, receivedMs, occurredMs, money, names, hour, place, idempotencyKey } = asked
  const { single, country } = blindSubjects(asked, keys)
  const request = canonicalJson(asked.event)
  const subjectsBy = (brief: Brief): Map<string, Subject> => new Map([...single, ...pairsRead(brief, names, keys)])

  function judge({ brief, matches, stateOf }: Given) {
    const { published, known } = brief
    const seen = { subjects: subjectsBy(brief), country, atMs: occurredMs, currency: money.currency, place, stateOf }
    const readings = readCounters(published.policy.readings, seen)
    const facts: Facts = { lists: matches, known: [...known], readings, measured: asked.measured }
    const judged = asked.judge(published, facts)
    const document = toDocument({ id, receivedMs, occurredMs, policyVersion: published.version }, judged)
    const row = {
      id,
      at: new Date(receivedMs),
      decision: document.decision,
      risk_score: judged.judgement.score,
      policy_version: published.version,
      category: asked.category,
      document: Buffer.from(canonicalJson(document)),
      event: asked.isDry
        ? noEvent
        : keys.seal(eventPlace(id), `{"facts":${canonicalJson(facts)},"request":${request}}`),
    }
    return { row, answer: document }
  }

  return {
    scope: asked.scope,
    subjectsBy: (brief) => [...subjectsBy(brief).values(), ...(country ? [country] : [])],
    valueKeysBy: ({ forms }) => valueKeysOf(keys, asked.listed, forms),
    atMs: occurredMs,
    money,
    hour,
    place,
    isDry: asked.isDry,
    ...(idempotencyKey === undefined
      ? {}
      : {
          idempotency: {
            keyHash: keys.blind('idempotency', idempotencyKey),
            bodyHash: keys.blind('request', request),
          },
        }),
    judge,
  }
}

const noEvent = Buffer.alloc(0)

function blindSubjects({ names, country }: Asked, keys: TenantKeys): { single: Map<string, Subject>; country: Subject | undefined } {
  const single = new Map<string, Subject>()
  for (const kind of subjectNames) {
    const name = names[kind]
    if (name !== undefined) single.set(kind, { kind, key: keys.blind(kind, name) })
  }
  return { single, country: country === undefined ? undefined : { kind: 'country', key: keys.blind('country', country) } }
} // prettier-ignore

/** Pairs that the policy reads of, as far as both are named. */
function pairsRead({ published }: Brief, names: Asked['names'], keys: TenantKeys): [string, Subject][] {
  const { pairs: read } = published.policy
  if (read.size === 0) return []
  return pairs.flatMap(({ name, one, other }): [string, Subject][] => {
    const [first, second] = [names[one], names[other]]
    if (!read.has(name) || first === undefined || second === undefined) return []
    return [[name, { kind: 'pair', key: keys.blind('pair', canonicalJson([name, first, second])) }]]
  })
}
