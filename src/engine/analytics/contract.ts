import Type from 'typebox'
import { bys } from './summarise.ts'

const closed = { additionalProperties: false } as const
const amount = (description: string) =>
  Type.String({ pattern: '^\\d+$', description: `${description} In minor units, as text: sums may be large.` })
const total = (description?: string) =>
  Type.Integer({ minimum: 0, ...(description === undefined ? {} : { description }) })
const share = (description: string) =>
  Type.Union([Type.Number({ minimum: 0, maximum: 1 }), Type.Null()], { description })
const milliseconds = Type.Union([Type.Number(), Type.Null()], {
  description: 'The upper end of a bucket: at most 9.1 % too large, never too small. Null where nothing was measured.',
})
const asOf = Type.String({
  format: 'date-time',
  description: 'Every decision that was stored by then is counted, and every outcome.',
})
const day = (description: string) =>
  Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}$', description, examples: ['2026-11-01'] })

const byDecision = Type.Object(
  { APPROVED: total(), STEP_UP_REQUIRED: total(), DECLINED: total() },
  { ...closed, title: 'ByDecision' },
)
const byOutcome = Type.Object(
  { fraud: total(), legitimate: total(), chargeback: total() },
  { ...closed, title: 'ByOutcome' },
)
const quality = Type.Object(
  {
    tp: total('Stopped, and fraud or chargeback.'),
    fp: total('Stopped, and legitimate.'),
    fn: total('Not stopped, and fraud or chargeback.'),
    tn: total('Not stopped, and legitimate.'),
    precision: share('tp of tp + fp; null where nothing that was stopped has an outcome.'),
    recall: share('tp of tp + fn; null where nothing is fraud.'),
  },
  { ...closed, title: 'Quality' },
)

const summary = {
  evaluations: total('Decisions that are stored: neither dry runs nor answers given again.'),
  by_decision: byDecision,
  money: Type.Array(
    Type.Object(
      {
        currency: Type.String(),
        by_decision: Type.Object(
          { APPROVED: amount('Approved.'), STEP_UP_REQUIRED: amount('Asked for more.'), DECLINED: amount('Declined.') },
          { ...closed, title: 'MoneyByDecision' },
        ),
      },
      { ...closed, title: 'Money' },
    ),
  ),
  outcomes: Type.Object(
    {
      labelled: total('Decisions that have an outcome.'),
      by_outcome: byOutcome,
      money: Type.Array(
        Type.Object(
          {
            currency: Type.String(),
            by_outcome: Type.Object(
              { fraud: amount('Fraud.'), legitimate: amount('Legitimate.'), chargeback: amount('Charged back.') },
              { ...closed, title: 'MoneyByOutcome' },
            ),
            fraud_approved: amount('Fraud and chargebacks of decisions that approved.'),
          },
          { ...closed, title: 'OutcomeMoney' },
        ),
      ),
    },
    { ...closed, title: 'Outcomes', description: 'Of decisions received in the range, whenever the outcome came.' },
  ),
  quality: Type.Object(
    { declined: quality, stopped: quality },
    {
      ...closed,
      title: 'QualityBoth',
      description:
        'Of decisions that have an outcome. declined: only those are stopped; stopped: those that were asked for more too.',
    },
  ),
  latency_ms: Type.Object(
    { count: total(), p50: milliseconds, p99: milliseconds },
    { ...closed, title: 'Latency', description: 'From the validated request to the durable decision.' },
  ),
}

export const AnalyticsQuery = Type.Object(
  {
    from: Type.Optional(day('First day, UTC. 30 days unless told.')),
    to: Type.Optional(day('The day after the last, UTC.')),
    by: Type.Optional(Type.String({ enum: [...bys], description: 'Also in parts.' })),
  },
  closed,
)

export const AnalyticsReply = Type.Object(
  {
    from: day('First day, UTC.'),
    to: day('The day after the last, UTC.'),
    as_of: asOf,
    total: Type.Object(summary, { ...closed, title: 'Summary' }),
    by_day: Type.Optional(
      Type.Array(Type.Object({ day: day('UTC.'), ...summary }, { ...closed, title: 'DaySummary' }), {
        description: 'Days that have decisions, oldest first.',
      }),
    ),
    by_policy_version: Type.Optional(
      Type.Array(
        Type.Object({ policy_version: Type.Integer(), ...summary }, { ...closed, title: 'PolicyVersionSummary' }),
      ),
    ),
    by_factor: Type.Optional(
      Type.Array(
        Type.Object(
          {
            factor: Type.String(),
            measured: total(),
            missing: total('Decisions in which its signal was missing.'),
            points: Type.Number({ description: 'Sum of its contributions.' }),
            mean: Type.Number({ description: 'Mean contribution, to 0.01, missing ones included.' }),
          },
          { ...closed, title: 'FactorSummary' },
        ),
      ),
    ),
    by_rule: Type.Optional(
      Type.Array(
        Type.Object(
          {
            rule: Type.String(),
            fired: total('Decisions to which it added points, or whose answer it gave.'),
            missing: total('Decisions in which it could not be looked at.'),
            points: Type.Number({ description: 'Sum of the points that it added.' }),
            by_outcome: byOutcome,
          },
          { ...closed, title: 'RuleSummary' },
        ),
      ),
    ),
  },
  { ...closed, title: 'Analytics' },
)

const period = Type.String({
  pattern: '^\\d{4}-(0[1-9]|1[0-2])$',
  description: 'A calendar month, UTC.',
  examples: ['2026-11'],
})
export const UsageQuery = Type.Object({ period: Type.Optional(period) }, closed)
export const UsageReply = Type.Object(
  {
    period,
    evaluations: summary.evaluations,
    by_decision: byDecision,
    limit: Type.Null({ description: 'How many decisions a month may have. This version has no such limit.' }),
    remaining: Type.Null({ description: 'How many are left; null without a limit.' }),
    as_of: asOf,
  },
  { ...closed, title: 'Usage' },
)
