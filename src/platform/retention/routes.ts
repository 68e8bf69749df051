import Type from 'typebox'
import { type OpenRoute, openRoute } from '#kernel/route'
import type { Retention } from './index.ts'

const Rule = Type.Object(
  {
    what: Type.String(),
    months: Type.Integer({ description: 'Whole months that are kept, besides the one that is not over.' }),
    afterwards: Type.String({ description: 'What happens after that.' }),
  },
  { additionalProperties: false, title: 'RetentionRule' },
)

export const openRoutes = (retention: Retention): OpenRoute[] => [
  openRoute({
    method: 'GET',
    path: '/retention.json',
    tag: 'System',
    summary: 'What this installation keeps, and how long',
    permission: 'public',
    audit: 'none',
    rate: 'read',
    reply: Type.Object({ policy: Type.Array(Rule) }, { additionalProperties: false, title: 'RetentionPolicy' }),
    async run() {
      return {
        body: { policy: retention.policy.map(({ what, months, afterwards }) => ({ what, months, afterwards })) },
      }
    },
  }),
]
