import { type Clock, rfc3339 } from '#kernel/clock'
import { type Route, route } from '#platform/access'
import { analyticsRead, usageRead } from './actions.ts'
import { AnalyticsQuery, AnalyticsReply, UsageQuery, UsageReply } from './contract.ts'
import { readDays, readMonth } from './days.ts'
import type { Analytics } from './index.ts'
import { bys, report } from './summarise.ts'

const tag = 'Analytics'

export const routes = (analytics: Analytics, clock: Clock): Route[] => [
  route({
    method: 'GET',
    path: '/v1/usage',
    tag,
    summary: 'Decisions of a month',
    permission: 'analytics:read',
    audit: usageRead,
    rate: 'read',
    query: UsageQuery,
    reply: UsageReply,
    async run({ scope }, { query }) {
      const period = query.period ?? rfc3339(clock.now()).slice(0, 7)
      const days = readMonth(period)
      const { total, as_of } = report(days, await analytics.read(scope, days))
      const { evaluations, by_decision } = total
      return { body: { period, evaluations, by_decision, limit: null, remaining: null, as_of } }
    },
  }),
  route({
    method: 'GET',
    path: '/v1/analytics',
    tag,
    summary: 'Answers, money, outcomes, precision and latency of a range of days',
    description:
      'Of decisions received on these days, UTC, at most 366. From counts that are kept; decisions that they do not have ' +
      'yet are added. docs/analytics.md defines every number.',
    permission: 'analytics:read',
    audit: analyticsRead,
    rate: 'read',
    query: AnalyticsQuery,
    reply: AnalyticsReply,
    async run({ scope }, { query }) {
      const { from, to } = query
      const days = readDays(
        { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) },
        clock.now(),
      )
      const by = bys.find((one) => one === query.by)
      return { body: report(days, await analytics.read(scope, days), by) }
    },
  }),
]
