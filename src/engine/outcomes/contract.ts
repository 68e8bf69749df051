import Type from 'typebox'
import { TraceId } from '#engine/decisions'
import { outcomeWords } from '#engine/analytics'
import { maxMinor } from '#kernel/currency'
import { pageOf, pageQuery } from '#kernel/page'

const closed = { additionalProperties: false } as const
const word = Type.String({
  enum: [...outcomeWords],
  description: 'fraud and chargeback say that it should have been stopped, legitimate that it should not.',
})
const occurredAt = Type.String({ format: 'date-time', description: 'When it became known, or was booked.' })
const minor = { minimum: 0, maximum: maxMinor }

export const OutcomeParams = Type.Object({ trace_id: TraceId }, closed)
export const OutcomeQuery = Type.Object(pageQuery, closed)
export const NewOutcome = Type.Object(
  {
    outcome: word,
    occurred_at: occurredAt,
    amount_minor: Type.Optional(
      Type.Integer({
        ...minor,
        description: "In minor units of the decision's currency; its whole amount unless told.",
      }),
    ),
  },
  { ...closed, title: 'NewOutcome', examples: [{ outcome: 'chargeback', occurred_at: '2026-11-20T00:00:00Z' }] },
)
export const Outcome = Type.Object(
  {
    trace_id: TraceId,
    outcome: word,
    occurred_at: occurredAt,
    amount_minor: Type.Integer({ ...minor, description: "In minor units of the decision's currency." }),
    currency: Type.String(),
    received_at: Type.String({ format: 'date-time', description: 'The one that was received last counts.' }),
  },
  { ...closed, title: 'Outcome' },
)
export const OutcomePage = pageOf(Outcome, 'OutcomePage')
