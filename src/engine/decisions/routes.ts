import { Fault } from '#kernel/fault'
import { fromWireId } from '#kernel/id'
import { askPage, toPage } from '#kernel/page'
import { type Route, route } from '#platform/access'
import { decisionListed, decisionRead } from './actions.ts'
import { DecisionDetail, DecisionPage, DecisionParams, DecisionQuery } from './contract.ts'
import { toAnswer } from './document.ts'
import type { Decisions } from './index.ts'

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null

export const routes = (decisions: Decisions): Route[] => [
  route({
    method: 'GET',
    path: '/v1/decisions',
    tag: 'Decisions',
    summary: 'Decisions, newest first',
    permission: 'decisions:read',
    audit: decisionListed,
    rate: 'read',
    query: DecisionQuery,
    reply: DecisionPage,
    async run({ scope }, { query }) {
      const page = askPage(query)
      const ask = {
        ...(query.decision === undefined ? {} : { decision: query.decision }),
        ...(query.user_id === undefined ? {} : { userId: query.user_id }),
        ...(query.merchant_id === undefined ? {} : { merchantId: query.merchant_id }),
        ...(query.from === undefined ? {} : { fromMs: Date.parse(query.from) }),
        ...(query.to === undefined ? {} : { toMs: Date.parse(query.to) }),
        ...(query.min_score === undefined ? {} : { minScore: query.min_score }),
      }
      const rows = await scope.transaction((tx) => decisions.list(tx, ask, page))
      return { body: toPage(rows, page, ({ document }) => toAnswer(document)) }
    },
  }),
  route({
    method: 'GET',
    path: '/v1/decisions/{trace_id}',
    tag: 'Decisions',
    summary: 'One decision, with the event it judged',
    permission: 'decisions:read',
    audit: decisionRead,
    rate: 'read',
    params: DecisionParams,
    reply: DecisionDetail,
    async run({ scope }, { params }) {
      const id = fromWireId('decision', params.trace_id)
      if (!id) throw new Fault('not_found', 'There is no such decision.')
      const { document, event } = await scope.transaction((tx) => decisions.read(tx, id))
      return { body: { ...toAnswer(document), event: isRecord(event) ? event : null } }
    },
  }),
]
