/**
 * Decisions: what was decided, kept with its reasons.
 * Promises: a decision is one row, written once, and is its own row of the trail; with an idempotency key there is one
 * decision however often, on however many processes, it is asked for; it sees every decision before it; judged again from
 * what is stored, it is the same to the byte; identifiers are sealed and found by blind keys.
 * Refuses: an idempotency key that comes with another request; to judge again what was erased.
 * Needs: the database, encryption, the journal, ids.
 */
import { canonicalJson, type Json } from '#kernel/canonical-json'
import type { Text } from '#kernel/control'
import { Fault } from '#kernel/fault'
import { firstIdAt, type NewId, toWireId } from '#kernel/id'
import type { PageAsk } from '#kernel/page'
import type { Journal } from '#engine/journal'
import { type Published, readCompiled } from '#engine/policies'
import { type Database, goRound, type Scope, type Seen, systemScope, type Tx } from '#platform/database'
import type { Encryption } from '#platform/encryption'
import type { LogSource } from '#platform/log'
import { type Asked, eventPlace, type Facts, toRequest } from './ask.ts'
import { type DecisionDocument, type Judged, parseDocument, readable, toDocument } from './document.ts'
import { source } from './source.ts'
import { type DecisionFilter, listDecisions, readDecision, type StoredRow } from './store.ts'

export { actions, decisionCreated, decisionReplayed } from './actions.ts'
export { routes } from './routes.ts'
export { DecisionParams, DecisionQuery, FreshDecision, TraceId } from './contract.ts'
export { type Decided, decidedAfter, requireDecided } from './decided.ts'
export type { Asked, Facts } from './ask.ts'
export {
  type AgentCheck,
  type Answer,
  type Change,
  type DecisionDocument,
  type Judged,
  toAnswer,
  toDocument,
} from './document.ts'
export type { Readings } from './readings.ts'

export type Ask = {
  decision?: string
  userId?: string
  merchantId?: string
  fromMs?: number
  toMs?: number
  minScore?: number
}

/** What is sealed in a decision's row. */
type Stored<Event, Measured> = { request: Event; facts: Omit<Facts, 'measured'> & { measured: Measured } }
/** Judges an event as it was judged when it was received. Pure. */
export type Rejudge<Event, Measured> = (
  published: Published,
  event: Event,
  facts: Stored<Event, Measured>['facts'],
  receivedMs: number,
) => Judged

/** `wrong`: what is not the same, or does not add up. */
export type Sample = { same: number; erased: number; wrong: Text | undefined; round: Json }

export type Decisions = {
  newId: NewId
  /** Decides in the tenant's order. Durable when it resolves, unless `isDry`. */
  decide(asked: Asked): Promise<{ document: DecisionDocument; isReplay: boolean }>
  /** Whether judging again gives the same bytes. The product says how, and what its events are. */
  replay<Event, Measured>(tx: Tx, id: string, rejudge: Rejudge<Event, Measured>): Promise<boolean>
  /** Judges the newest decisions of some tenants again, going round by all of them: `before` is the round before. */
  replaySample<Event, Measured>(rejudge: Rejudge<Event, Measured>, before: Json): Promise<Sample>
  read(tx: Tx, id: string): Promise<{ document: DecisionDocument; event: unknown }>
  list(tx: Tx, ask: Ask, page: PageAsk): Promise<{ id: string; document: DecisionDocument }[]>
  /** What the log follows. */
  readonly source: LogSource
}

const sampled = { tenants: 50, ofEach: 4 }

export function createDecisions(needs: {
  database: Database
  encryption: Encryption
  journal: Journal
  newId: NewId
}): Decisions {
  const { database, encryption, journal, newId } = needs
  const system = systemScope(database, 'judging again')

  async function requireRow(tx: Tx, id: string): Promise<StoredRow> {
    const row = await readDecision(tx, id)
    if (!row) throw new Fault('not_found', 'There is no such decision.')
    return row
  }
  const readAgain = async (scope: Scope, id: string): Promise<DecisionDocument> =>
    parseDocument((await scope.transaction((tx) => requireRow(tx, id))).document)

  async function replay<Event, Measured>(tx: Tx, id: string, rejudge: Rejudge<Event, Measured>): Promise<boolean> {
    const row = await requireRow(tx, id)
    if (!row.event) throw new Fault('erased', 'What was judged is erased. The decision and its reasons still stand.')
    const keys = await encryption.keysOf(tx)
    const sealed = row.event
    const stored = readable((): Stored<Event, Measured> => JSON.parse(keys.open(eventPlace(id), sealed)))
    // Columns have a form whatever somebody did to them; the document is bytes to compare with, and is not read.
    const { policy_version: policyVersion, at, occurred_at } = row
    const published = await readCompiled(tx.run, policyVersion)
    if (!stored || !published) return false
    const of = { id, receivedMs: at.getTime(), occurredMs: occurred_at.getTime(), policyVersion }
    const judged = readable(() => rejudge(published, stored.request, stored.facts, of.receivedMs))
    return judged !== undefined && Buffer.from(canonicalJson(toDocument(of, judged))).equals(row.document)
  }

  return {
    newId,
    source,

    async decide(asked) {
      const { scope } = asked
      const keys = await encryption.keysIn(scope)
      const outcome = await journal.decide(toRequest(asked, keys))
      return outcome.kind === 'decided'
        ? { document: outcome.answer, isReplay: false }
        : { document: await readAgain(scope, outcome.decisionId), isReplay: true }
    },

    replay,

    async replaySample(rejudge, before) {
      let [same, erased] = [0, 0]
      const judgeNewest = async (tx: Tx): Promise<Seen> => {
        const newest = await listDecisions(tx, {}, { limit: sampled.ofEach, before: undefined })
        for (const { id, document } of newest) {
          const { event } = await requireRow(tx, id)
          if (!event) erased++
          else if ((await replay(tx, id, rejudge)) && addsUp(parseDocument(document))) same++
          else return { wrong: judgedOtherwise(toWireId('decision', id)) }
        }
        return { things: newest.length }
      }
      const { wrong, next } = await goRound(system.tenants, before, sampled.tenants, (id) =>
        system.asTenant(id).transaction(judgeNewest),
      )
      return { same, erased, wrong, round: next }
    },

    async read(tx, id) {
      const row = await requireRow(tx, id)
      const keys = await encryption.keysOf(tx)
      const stored: Stored<unknown, unknown> | null = row.event
        ? JSON.parse(keys.open(eventPlace(id), row.event))
        : null
      return { document: parseDocument(row.document), event: stored && stored.request }
    },

    async list(tx, ask, page) {
      const keys = await encryption.keysOf(tx)
      const filter: DecisionFilter = {
        ...(ask.decision === undefined ? {} : { decision: ask.decision }),
        ...(ask.userId === undefined ? {} : { userKey: keys.blind('user', ask.userId) }),
        ...(ask.merchantId === undefined ? {} : { merchantKey: keys.blind('merchant', ask.merchantId) }),
        ...(ask.fromMs === undefined ? {} : { fromId: firstIdAt(ask.fromMs) }),
        ...(ask.toMs === undefined ? {} : { toId: firstIdAt(ask.toMs) }),
        ...(ask.minScore === undefined ? {} : { minScore: lowestScore(ask.minScore) }),
      }
      const rows = await listDecisions(tx, filter, page)
      return rows.map(({ id, document }) => ({ id, document: parseDocument(document) }))
    },
  }
}

const judgedOtherwise = (id: string): Text => ({
  en: `The decision ${id} is judged otherwise than it was, or its parts do not add up.`,
  sv: `Beslutet ${id} bedöms annorlunda än det gjordes, eller så stämmer inte summan av delarna.`,
})

const hundredths = (points: number): number => Math.round(points * 100)
/** In hundredths: 1.1 is 110, though 1.1 times 100 is more. */
const lowestScore = (points: number): number => {
  const nearest = hundredths(points)
  return nearest / 100 < points ? nearest + 1 : nearest
}
const addsUp = ({ factors, risk_score }: DecisionDocument): boolean =>
  factors.reduce((sum, { contribution }) => sum + hundredths(contribution), 0) === hundredths(risk_score)
