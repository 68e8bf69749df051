import Type from 'typebox'
import { wireIdPattern } from '#kernel/id'
import { pageOf, pageQuery } from '#kernel/page'

const closed = { additionalProperties: false } as const
const time = (description: string) => Type.String({ format: 'date-time', description })

export const TraceId = Type.String({ pattern: wireIdPattern('decision'), description: 'Id of a decision.' })
export const DecisionWord = Type.String({ enum: ['APPROVED', 'STEP_UP_REQUIRED', 'DECLINED'] })

const factor = Type.Object(
  {
    id: Type.String({
      description:
        'Of a factor of the policy; `rule:<id>` for a rule that added points or could not be looked at; or `limit`.',
    }),
    status: Type.String({ enum: ['measured', 'missing'] }),
    weight: Type.Number({ description: 'Points that this factor can add at most.' }),
    raw: Type.Union([Type.Number(), Type.Null()], { description: 'The signal as measured; null when missing.' }),
    contribution: Type.Number({
      description: 'Points added to the score, to 0.01. All contributions sum to risk_score exactly.',
    }),
    explanation: Type.String(),
    evidence: Type.Array(Type.String()),
  },
  { ...closed, title: 'Factor' },
)

const answer = {
  trace_id: Type.Union([TraceId, Type.Null()], { description: 'Null for a dry run, which leaves no decision.' }),
  received_at: time('When it was received.'),
  occurred_at: time(
    'When the event is counted: when it is said to have happened, or the nearest time that its key may say.',
  ),
  decision: DecisionWord,
  risk_score: Type.Number({ minimum: 0, maximum: 100, description: 'The exact sum of the contributions, to 0.01.' }),
  risk_level: Type.String({
    enum: ['LOW', 'MEDIUM', 'HIGH', 'CRITICAL'],
    description: 'LOW below 30, MEDIUM below 70, HIGH below 90.',
  }),
  reason_text: Type.String({ description: 'Why, in a sentence.' }),
  policy_version: Type.Integer(),
  factors: Type.Array(factor),
  counterfactual: Type.Array(
    Type.Object(
      { change: Type.String({ examples: ['amount <= 120.00'] }), decision: Type.Literal('APPROVED') },
      { ...closed, title: 'Counterfactual' },
    ),
    {
      description:
        'Single changes, the smallest of their kind, that would have been approved. Where expressions use much fuel, those ' +
        'that were found before the search ended. For you; not for the customer.',
    },
  ),
  counterfactual_none: Type.Union([Type.String(), Type.Null()], {
    description: 'Why there is no such change: on_deny_list, not_by_amount, not_by_one_change, or forced_by_test.',
  }),
  compliance: Type.Object(
    { status: Type.Literal('not_assessed'), sca_required: Type.Null(), exemption: Type.Null() },
    { ...closed, title: 'Compliance', description: 'Strong customer authentication is not assessed by this version.' },
  ),
  sca_required: Type.Null(),
  agent: Type.Object(
    {
      status: Type.String({ enum: ['not_checked', 'verified', 'failed'] }),
      why: Type.Optional(Type.String({ description: 'Of a proof that failed.' })),
    },
    { ...closed, title: 'AgentCheck', description: "What became of the agent's proof." },
  ),
  receipt: Type.Null({ description: 'Signed receipts are not issued by this version.' }),
}

export const Decision = Type.Object(answer, { ...closed, title: 'Decision' })
export const FreshDecision = Type.Object(
  { ...answer, latency_ms: Type.Number({ description: 'Time to decide and store, in ms.' }) },
  { ...closed, title: 'FreshDecision' },
)
export const DecisionDetail = Type.Object(
  {
    ...answer,
    event: Type.Union([Type.Record(Type.String(), Type.Unknown()), Type.Null()], {
      description: 'The request as it was judged; null once erased.',
    }),
  },
  { ...closed, title: 'DecisionDetail' },
)
export const DecisionPage = pageOf(Decision, 'DecisionPage')
export const DecisionParams = Type.Object({ trace_id: TraceId }, closed)
export const DecisionQuery = Type.Object(
  {
    ...pageQuery,
    decision: Type.Optional(DecisionWord),
    user_id: Type.Optional(Type.String({ minLength: 1, maxLength: 128 })),
    merchant_id: Type.Optional(Type.String({ minLength: 1, maxLength: 128 })),
    from: Type.Optional(time('Received at or after.')),
    to: Type.Optional(time('Received before.')),
    min_score: Type.Optional(Type.Number({ minimum: 0, maximum: 100 })),
  },
  closed,
)
