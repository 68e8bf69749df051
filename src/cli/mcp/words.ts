/** Decisions in words, for a reader who has nothing else. */
import type { Answer as Decision } from '#engine/decisions'

export type Replay = boolean | 'erased'

const signed = (points: number): string => `${points < 0 ? '' : '+'}${points.toFixed(2)}`

export const summarize = ({ decision, risk_score, risk_level, reason_text }: Decision): string =>
  `${decision}, score ${risk_score.toFixed(2)} of 100 (${risk_level}). ${reason_text}`

export function explainDecision(decision: Decision, replay: Replay | undefined): string {
  const { factors, counterfactual, counterfactual_none, agent, policy_version, risk_score } = decision
  const lines = [
    summarize(decision),
    '',
    `What the score is made of, by version ${policy_version} of the policy:`,
    ...factors.map(
      ({ id, status, contribution, explanation }) =>
        `  ${signed(contribution)} ${id}${status === 'missing' ? ' (missing)' : ''}: ${explanation}`,
    ),
    `  = ${risk_score.toFixed(2)}`,
    '',
    counterfactual.length > 0
      ? `It would have been approved with one of: ${counterfactual.map(({ change }) => change).join('; ')}.`
      : `No single change is named: ${counterfactual_none ?? 'it is approved'}.`,
    `Proof of the agent: ${agent.status}${'why' in agent ? ` (${agent.why})` : ''}.`,
    ...(replay === undefined ? [] : [replayWords(replay)]),
  ]
  return lines.join('\n')
}

function replayWords(replay: Replay): string {
  if (replay === 'erased') return 'It cannot be judged again: what was judged is erased.'
  return replay
    ? 'Judged again just now from what is stored: the same, to the byte.'
    : 'Judged again just now from what is stored: NOT the same. What is stored was changed; tell whoever runs this Vouch.'
}

export function listWords(data: readonly Decision[], nextCursor: string | null): string {
  if (data.length === 0) return 'No decisions.'
  const rows = data.map((one) => `${one.trace_id} ${one.received_at} ${summarize(one)}`)
  return [...rows, ...(nextCursor === null ? [] : [`There are more: ask with cursor ${nextCursor}`])].join('\n')
}
