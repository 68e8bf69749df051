/**
 * Decisions: what was decided, kept with its reasons.
 * Promises: a decision is one row, written once, and is its own row of the trail; with an idempotency key there is one
 * decision however often, on however many processes, it is asked for; identifiers are sealed and found by blind keys.
 * Refuses: an idempotency key that comes with another request.
 * Needs: the database, encryption, ids, a clock.
 */
import { canonicalJson, type Json } from '#kernel/canonical-json'
import type { Clock } from '#kernel/clock'
import type { Money } from '#kernel/currency'
import { Fault } from '#kernel/fault'
import { firstIdAt, type NewId } from '#kernel/id'
import type { PageAsk } from '#kernel/page'
import type { Judgement } from '#engine/decide'
import { type Database, systemScope, type Tx } from '#platform/database'
import type { Encryption } from '#platform/encryption'
import type { LogSource } from '#platform/log'
import { type Change, type DecisionDocument, toDocument } from './document.ts'
import { source } from './source.ts'
import {
  claimIdempotency,
  type DecisionFilter,
  deleteIdempotency,
  insertDecision,
  listDecisions,
  readDecision,
  readIdempotency,
} from './store.ts'

export { actions, decisionCreated } from './actions.ts'
export { routes } from './routes.ts'
export { FreshDecision } from './contract.ts'
export { type Answer, type Change, type DecisionDocument, toAnswer, toDocument } from './document.ts'

export type Judged = {
  id: string
  receivedMs: number
  occurredMs: number
  policyVersion: number
  judgement: Judgement
  counterfactual: readonly Change[]
  counterfactualNone: string | null
  money: Money
  category: string
  merchantId: string
  userId: string | undefined
  event: { readonly [key: string]: Json }
}

export type Ask = {
  decision?: string
  userId?: string
  merchantId?: string
  fromMs?: number
  toMs?: number
  minScore?: number
}

export type Decisions = {
  newId: NewId
  /** Stores a decision in the caller's transaction. */
  record(tx: Tx, requestId: string, judged: Judged): Promise<DecisionDocument>
  /** Claims an idempotency key for decision `id`, or gives the decision that the same request got before. */
  claim(tx: Tx, key: string, request: Json, id: string): Promise<DecisionDocument | 'claimed'>
  read(tx: Tx, id: string): Promise<{ document: DecisionDocument; event: unknown }>
  list(tx: Tx, ask: Ask, page: PageAsk): Promise<{ id: string; document: DecisionDocument }[]>
  /** What the log follows. */
  readonly source: LogSource
  /** Drops idempotency keys past their time, tenant by tenant. */
  expireKeys(): Promise<void>
}

const keyKeptMs = 24 * 3_600_000
const eventPlace = (row: string) => ({ table: 'decision', column: 'event', row })

export function createDecisions(needs: {
  database: Database
  encryption: Encryption
  newId: NewId
  clock: Clock
  /** Hears of a tenant's decision once it is durable. */
  onRecord(tenantId: string): void
}): Decisions {
  const { database, encryption, newId, clock, onRecord } = needs
  const system = systemScope(database, 'idempotency keys')

  async function read(tx: Tx, id: string) {
    const row = await readDecision(tx, id)
    if (!row) throw new Fault('not_found', 'There is no such decision.')
    const keys = await encryption.keysOf(tx)
    const event: unknown = row.event ? JSON.parse(keys.open(eventPlace(id), row.event)) : null
    return { document: parseDocument(row.document), event }
  }

  return {
    newId,
    source,

    async record(tx, requestId, judged) {
      const keys = await encryption.keysOf(tx)
      const document = toDocument(judged)
      await insertDecision(tx, {
        id: judged.id,
        at: new Date(judged.receivedMs),
        occurred_at: new Date(judged.occurredMs),
        request_id: requestId,
        decision: document.decision,
        risk_score: judged.judgement.score,
        policy_version: judged.policyVersion,
        amount_minor: BigInt(judged.money.minor),
        currency: judged.money.currency,
        category: judged.category,
        merchant_key: keys.blind('merchant', judged.merchantId),
        user_key: judged.userId === undefined ? null : keys.blind('user', judged.userId),
        document: Buffer.from(canonicalJson(document)),
        event: keys.seal(eventPlace(judged.id), canonicalJson(judged.event)),
      })
      tx.afterCommit(() => onRecord(tx.tenantId))
      return document
    },

    async claim(tx, key, request, id) {
      const keys = await encryption.keysOf(tx)
      const key_hash = keys.blind('idempotency', key)
      const body_hash = keys.blind('request', canonicalJson(request))
      const now = clock.now()
      const row = { key_hash, body_hash, decision_id: id, at: new Date(now) }
      if (await claimIdempotency(tx, row, new Date(now - keyKeptMs))) return 'claimed'
      const held = await readIdempotency(tx, key_hash)
      if (!held)
        throw new Fault('idempotency_in_flight', 'The same request is being answered. Try again shortly.', {
          retryAfterSeconds: 1,
        })
      if (!held.body_hash.equals(body_hash)) {
        throw new Fault(
          'idempotency_mismatch',
          'This idempotency key was used for another request. Use a new key for a new request.',
        )
      }
      return (await read(tx, held.decision_id)).document
    },

    read,

    async list(tx, ask, page) {
      const keys = await encryption.keysOf(tx)
      const filter: DecisionFilter = {
        ...(ask.decision === undefined ? {} : { decision: ask.decision }),
        ...(ask.userId === undefined ? {} : { userKey: keys.blind('user', ask.userId) }),
        ...(ask.merchantId === undefined ? {} : { merchantKey: keys.blind('merchant', ask.merchantId) }),
        ...(ask.fromMs === undefined ? {} : { fromId: firstIdAt(ask.fromMs) }),
        ...(ask.toMs === undefined ? {} : { toId: firstIdAt(ask.toMs) }),
        ...(ask.minScore === undefined ? {} : { minScore: Math.ceil(ask.minScore * 100) }),
      }
      const rows = await listDecisions(tx, filter, page)
      return rows.map(({ id, document }) => ({ id, document: parseDocument(document) }))
    },

    async expireKeys() {
      const before = new Date(clock.now() - keyKeptMs)
      for await (const tenantId of system.everyTenant())
        await system.asTenant(tenantId).transaction((tx) => deleteIdempotency(tx, before))
    },
  }
}

/** Documents are written by `record` alone, so their shape is what this version or an earlier one gave them. */
const parseDocument = (bytes: Buffer): DecisionDocument => JSON.parse(bytes.toString())
