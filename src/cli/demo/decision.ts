/** The parts of a decision that the demo reads. Whatever else the answer holds is kept as it came. */
import Type, { type Static } from 'typebox'
import { Check } from 'typebox/value'

const Decision = Type.Object({
  trace_id: Type.String(),
  decision: Type.Union([Type.Literal('APPROVED'), Type.Literal('STEP_UP_REQUIRED'), Type.Literal('DECLINED')]),
  risk_score: Type.Number(),
  risk_level: Type.String(),
  reason_text: Type.String(),
  factors: Type.Array(
    Type.Object({
      id: Type.String(),
      status: Type.String(),
      contribution: Type.Number(),
      explanation: Type.String(),
    }),
  ),
  counterfactual: Type.Array(Type.Object({ change: Type.String(), decision: Type.String() })),
})
export type Decision = Static<typeof Decision>

export const decisionWords = ['DECLINED', 'STEP_UP_REQUIRED', 'APPROVED'] as const

export const isDecision = (body: unknown): body is Decision => Check(Decision, body)
