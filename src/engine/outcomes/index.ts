/**
 * Outcomes: what became of what was decided.
 * Promises: every outcome of a decision is kept, and the one that was received last counts; the same again as the last one
 * changes nothing; the outcome, its row of the trail and its counts are one transaction.
 * Refuses: outcomes of decisions that are not the tenant's, or whose event is erased; times that are yet to come.
 * Needs: analytics, audit, ids, a clock.
 */
import type { Analytics, Labelled } from '#engine/analytics'
import { type Decided, requireDecided } from '#engine/decisions'
import { type Clock, rfc3339 } from '#kernel/clock'
import { Fault } from '#kernel/fault'
import { firstIdAt, idTimeMs, type NewId, toWireId } from '#kernel/id'
import type { PageAsk } from '#kernel/page'
import type { Audit } from '#platform/audit'
import type { Tx } from '#platform/database'
import { outcomeRecorded } from './actions.ts'
import { insertOutcome, listOutcomes, type OutcomeRow } from './store.ts'

export { actions } from './actions.ts'
export { routes } from './routes.ts'

export type NewOutcome = {
  /** `fraud`, `legitimate` or `chargeback`. */
  outcome: string
  occurredMs: number
  /** Minor units of the decision's currency; undefined for its whole amount. */
  minor: number | undefined
}
export type Outcome = {
  id: string
  decisionId: string
  outcome: string
  occurredMs: number
  minor: number
  currency: string
  receivedMs: number
}

export type Outcomes = {
  /** Keeps it and counts it instead of the last one, unless it is the same. Gives the one that counts. */
  record(tx: Tx, decisionId: string, given: NewOutcome): Promise<Outcome>
  /** Of a decision, newest first. */
  list(tx: Tx, decisionId: string, page: PageAsk): Promise<Outcome[]>
}

/** Clocks differ. */
const toleranceMs = 5 * 60_000

export function createOutcomes(needs: { analytics: Analytics; audit: Audit; newId: NewId; clock: Clock }): Outcomes {
  const { analytics, audit, newId, clock } = needs

  return {
    async record(tx, decisionId, given) {
      requireTime(given.occurredMs, clock.now())
      // Outcomes of one decision come one after the other.
      const decided = await requireDecided(tx, decisionId, { locked: true })
      if (decided.isErased) throw new Fault('erased', 'What was judged is erased, and gets no outcome any more.')
      const [last] = await listOutcomes(tx, decisionId, { before: undefined, limit: 1 })
      if (last && isSame(last, given)) return toOutcome(last, decided)
      const row: OutcomeRow = {
        id: idAfter(last?.id, newId()),
        decision_id: decisionId,
        at: new Date(clock.now()),
        outcome: given.outcome,
        occurred_at: new Date(given.occurredMs),
        amount_minor: given.minor === undefined ? null : BigInt(given.minor),
      }
      await insertOutcome(tx, row)
      await analytics.countOutcome(tx, decided, {
        before: last && toLabelled(last, decided),
        now: toLabelled(row, decided),
      })
      const details = {
        outcome: given.outcome,
        occurred_at: rfc3339(given.occurredMs),
        amount_minor: given.minor ?? null,
      }
      await audit.append(tx, { action: outcomeRecorded, target: toWireId('decision', decisionId), details })
      return toOutcome(row, decided)
    },

    async list(tx, decisionId, page) {
      const decided = await requireDecided(tx, decisionId)
      return (await listOutcomes(tx, decisionId, page)).map((row) => toOutcome(row, decided))
    },
  }
}

function requireTime(occurredMs: number, nowMs: number): void {
  const message =
    occurredMs < 0 ? 'lies before 1970' : occurredMs > nowMs + toleranceMs ? 'lies in the future' : undefined
  if (message === undefined) return
  const errors = [{ pointer: '/occurred_at', message }]
  throw new Fault('invalid_request', 'The request does not have the documented form.', { errors })
}

const isSame = (last: OutcomeRow, { outcome, occurredMs, minor }: NewOutcome): boolean =>
  last.outcome === outcome &&
  last.occurred_at.getTime() === occurredMs &&
  last.amount_minor === (minor === undefined ? null : BigInt(minor))

const minorOf = ({ amount_minor }: OutcomeRow, { money }: Decided): number =>
  amount_minor === null ? money.minor : Number(amount_minor)

const toLabelled = (row: OutcomeRow, decided: Decided): Labelled => ({
  outcome: row.outcome,
  minor: minorOf(row, decided),
})

/** Clocks differ between processes, and step back. The order of outcomes is that of their turns all the same. */
const idAfter = (last: string | undefined, fresh: string): string =>
  last === undefined || fresh > last ? fresh : firstIdAt(idTimeMs(last) + 1)

const toOutcome = (row: OutcomeRow, decided: Decided): Outcome => ({
  id: row.id,
  decisionId: row.decision_id,
  outcome: row.outcome,
  occurredMs: row.occurred_at.getTime(),
  minor: minorOf(row, decided),
  currency: decided.money.currency,
  receivedMs: row.at.getTime(),
})
