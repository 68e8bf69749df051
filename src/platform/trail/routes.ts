import { askPage, toCursor } from '#kernel/page'
import { type Route, route } from '#platform/access'
import { levelChanged } from '#platform/audit'
import { auditRead, levelRead } from './actions.ts'
import { AuditPage, auditQuery, Level } from './contract.ts'
import type { Trail } from './index.ts'

const tag = 'Audit'

export const routes = (trail: Trail): Route[] => [
  route({
    method: 'GET',
    path: '/v1/audit',
    tag,
    summary: 'The trail: who did what, newest first',
    description:
      'Every change, every refusal of a valid key, and who read what. Conditions that rarely meet can give a short or even ' +
      'empty page that has a `next_cursor`: go on until it is null.',
    permission: 'audit:read',
    audit: auditRead,
    rate: 'read',
    query: auditQuery(trail.audit.actions),
    reply: AuditPage,
    async run({ scope }, { query }) {
      const page = askPage(query)
      const ask = {
        ...(query.actor === undefined ? {} : { actor: query.actor }),
        ...(query.action === undefined ? {} : { action: query.action }),
        ...(query.target === undefined ? {} : { target: query.target }),
        ...(query.outcome === undefined ? {} : { outcome: query.outcome }),
        ...(query.from === undefined ? {} : { fromMs: Date.parse(query.from) }),
        ...(query.to === undefined ? {} : { toMs: Date.parse(query.to) }),
      }
      const format = query.format === 'ocsf' ? 'ocsf' : 'vouch'
      const { data, next } = await trail.list(scope, ask, page, format)
      return { body: { data: [...data], next_cursor: next === null ? null : toCursor(next) } }
    },
  }),
  route({
    method: 'GET',
    path: '/v1/audit/level',
    tag,
    summary: 'How much is written in the trail',
    permission: 'audit:read',
    audit: levelRead,
    rate: 'read',
    reply: Level,
    async run({ scope }) {
      return { body: { level: await scope.transaction(trail.audit.level) } }
    },
  }),
  route({
    method: 'PUT',
    path: '/v1/audit/level',
    tag,
    summary: 'Set how much is written in the trail',
    description: 'Changes and refusals are the floor, and always written. Every process follows within a second.',
    permission: 'audit:write',
    audit: levelChanged,
    rate: 'write',
    body: Level,
    reply: Level,
    async run({ scope }, { body }) {
      await scope.transaction((tx) => trail.audit.setLevel(tx, body.level))
      return { body }
    },
  }),
]
