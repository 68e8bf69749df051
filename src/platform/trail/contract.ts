import Type from 'typebox'
import type { AuditAction } from '#kernel/audit-action'
import { wireIdPattern } from '#kernel/id'
import { pageOf, pageQuery } from '#kernel/page'
import { levels } from '#platform/audit'

const closed = { additionalProperties: false } as const
const time = (description: string) => Type.String({ format: 'date-time', description })
const textOrNull = (description: string) => Type.Union([Type.String(), Type.Null()], { description })

/** PostgreSQL's texts hold no NUL, and the trail no other control character. */
const printable = '^\\P{Cc}*$'

export const formats = ['vouch', 'ocsf'] as const

export const auditQuery = (actions: readonly AuditAction[]) =>
  Type.Object(
    {
      ...pageQuery,
      actor: Type.Optional(
        Type.String({
          minLength: 1,
          maxLength: 100,
          pattern: printable,
          description: 'Exactly as it is recorded, e.g. a key’s id; or `operator` or `system`, for all of that kind.',
        }),
      ),
      action: Type.Optional(
        Type.String({
          enum: actions.map(({ name }) => name),
          description: 'One of the closed list. Decisions are not here but at `/v1/decisions`.',
        }),
      ),
      target: Type.Optional(
        Type.String({
          minLength: 1,
          maxLength: 200,
          pattern: printable,
          description: 'Exactly as it is recorded, e.g. a key’s id.',
        }),
      ),
      outcome: Type.Optional(Type.String({ enum: ['success', 'refused'] })),
      from: Type.Optional(time('Recorded at or after.')),
      to: Type.Optional(time('Recorded before.')),
      format: Type.Optional(
        Type.String({
          enum: [...formats],
          default: 'vouch',
          description: '`ocsf`: OCSF 1.7.0 in CloudEvents 1.0.2.',
        }),
      ),
    },
    closed,
  )

const AuditEvent = Type.Object(
  {
    id: Type.String({ pattern: wireIdPattern('audit') }),
    at: time('When it happened.'),
    actor: Type.Object({ kind: Type.String({ enum: ['key', 'operator', 'system'] }), id: Type.String() }, closed),
    on_behalf_of: textOrNull('Whoever the actor acted for.'),
    action: Type.String({ examples: ['key.issued'] }),
    target: textOrNull('What it was done to; for `access.refused` the method and the route.'),
    outcome: Type.String({ enum: ['success', 'refused'] }),
    request_id: textOrNull('The request that did it.'),
    details: Type.Unknown({ description: 'What was entered; null if nothing was, and once it is erased.' }),
    log: Type.Union(
      [Type.Object({ index: Type.Integer({ minimum: 0 }) }, { ...closed, title: 'LogPlace' }), Type.Null()],
      { description: 'Its place in the log; null for the moment until it is sequenced.' },
    ),
  },
  { ...closed, title: 'AuditEvent' },
)

const text = Type.String()
const OcsfEvent = Type.Object(
  {
    specversion: Type.Literal('1.0'),
    id: Type.String({ pattern: wireIdPattern('audit') }),
    source: text,
    type: Type.Literal('vouch.audit.v1'),
    subject: text,
    time: time('When it happened.'),
    datacontenttype: Type.Literal('application/json'),
    data: Type.Record(Type.String(), Type.Unknown(), { description: 'The OCSF event.' }),
  },
  { ...closed, title: 'OcsfEvent' },
)

export const AuditPage = pageOf(Type.Union([AuditEvent, OcsfEvent]), 'AuditPage')

export const Level = Type.Object(
  {
    level: Type.String({
      enum: [...levels],
      description: '`changes`: changes and refusals, always written. `reads`: also who read what.',
    }),
  },
  { ...closed, title: 'AuditLevel' },
)
