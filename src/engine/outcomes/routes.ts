import { rfc3339 } from '#kernel/clock'
import { Fault } from '#kernel/fault'
import { fromWireId, toWireId } from '#kernel/id'
import { askPage, toPage } from '#kernel/page'
import { type Route, route } from '#platform/access'
import { outcomeListed, outcomeRecorded } from './actions.ts'
import { NewOutcome, Outcome as OutcomeSchema, OutcomePage, OutcomeParams, OutcomeQuery } from './contract.ts'
import { type Outcome, type Outcomes } from './index.ts'

const tag = 'Decisions'

function requireDecisionId(wire: string): string {
  const id = fromWireId('decision', wire)
  if (!id) throw new Fault('not_found', 'There is no such decision.')
  return id
}

const toWire = ({ decisionId, outcome, occurredMs, minor, currency, receivedMs }: Outcome) => ({
  trace_id: toWireId('decision', decisionId),
  outcome,
  occurred_at: rfc3339(occurredMs),
  amount_minor: minor,
  currency,
  received_at: rfc3339(receivedMs),
})

export const routes = (outcomes: Outcomes): Route[] => [
  route({
    method: 'POST',
    path: '/v1/decisions/{trace_id}/outcome',
    tag,
    summary: 'Say what became of a decision',
    description:
      'All outcomes are kept, and the one that was received last counts. The same again as the last one changes nothing and ' +
      'gets the same answer. The decision itself stays as it was.',
    permission: 'outcomes:write',
    audit: outcomeRecorded,
    rate: 'write',
    params: OutcomeParams,
    body: NewOutcome,
    reply: OutcomeSchema,
    async run({ scope }, { params, body }) {
      const id = requireDecisionId(params.trace_id)
      const { outcome, occurred_at, amount_minor } = body
      const given = { outcome, occurredMs: Date.parse(occurred_at), minor: amount_minor }
      return { body: toWire(await scope.transaction((tx) => outcomes.record(tx, id, given))) }
    },
  }),
  route({
    method: 'GET',
    path: '/v1/decisions/{trace_id}/outcomes',
    tag,
    summary: 'What became of a decision, newest first',
    permission: 'decisions:read',
    audit: outcomeListed,
    rate: 'read',
    params: OutcomeParams,
    query: OutcomeQuery,
    reply: OutcomePage,
    async run({ scope }, { params, query }) {
      const id = requireDecisionId(params.trace_id)
      const ask = askPage(query)
      return { body: toPage(await scope.transaction((tx) => outcomes.list(tx, id, ask)), ask, toWire) }
    },
  }),
]
