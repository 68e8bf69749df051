import type { Clock } from '#kernel/clock'
import { Fault } from '#kernel/fault'
import { fromWireId } from '#kernel/id'
import { decisionCreated, DecisionParams, decisionReplayed, type Decisions, FreshDecision } from '#engine/decisions'
import { type Route, route } from '#platform/access'
import { EvaluateBody, EvaluateQuery, Replay } from './contract.ts'
import { type Evaluate, rejudge } from './evaluate.ts'

export const routes = (evaluate: Evaluate, decisions: Decisions, clock: Clock): Route[] => [
  route({
    method: 'POST',
    path: '/v1/evaluate',
    tag: 'Decisions',
    summary: 'Judge a payment',
    description:
      'Answers APPROVED, STEP_UP_REQUIRED or DECLINED with a score whose parts add up and a reason for each part. ' +
      'With an idempotency key, the same request gets the same decision for 24 hours.',
    permission: 'decisions:write',
    audit: decisionCreated,
    rate: 'evaluate',
    batch: { summary: 'Judge up to 500 payments, each alone', atMost: 500, bodyLimitBytes: 2_097_152 },
    query: EvaluateQuery,
    body: EvaluateBody,
    headers: { 'idempotency-key': 'Your own name for this request, 1 to 128 visible characters.' },
    reply: FreshDecision,
    async run(context, { query, body, headers }) {
      const start = clock.elapsed()
      const idempotencyKey = requireKeyForm(headers['idempotency-key'])
      const { answer, isReplay } = await evaluate(context, body, { dryRun: query.dry_run ?? false, idempotencyKey })
      const latency_ms = Math.round((clock.elapsed() - start) * 100) / 100
      return { body: { ...answer, latency_ms }, ...(isReplay ? { headers: { 'idempotent-replayed': 'true' } } : {}) }
    },
  }),
  route({
    method: 'GET',
    path: '/v1/decisions/{trace_id}/replay',
    tag: 'Decisions',
    summary: 'Judge a decision again',
    description:
      'Judges what is stored of the event, by the version of the policy that judged it, and compares every byte with the ' +
      'decision as it was stored.',
    permission: 'decisions:read',
    audit: decisionReplayed,
    rate: 'read',
    params: DecisionParams,
    reply: Replay,
    async run({ scope }, { params }) {
      const id = fromWireId('decision', params.trace_id)
      if (!id) throw new Fault('not_found', 'There is no such decision.')
      return { body: { same: await scope.transaction((tx) => decisions.replay(tx, id, rejudge)) } }
    },
  }),
]

function requireKeyForm(key: string | undefined): string | undefined {
  if (key === undefined || /^[!-~]{1,128}$/.test(key)) return key
  const errors = [{ pointer: '', message: 'the header Idempotency-Key takes 1 to 128 visible ASCII characters' }]
  throw new Fault('invalid_request', 'The request does not have the documented form.', { errors })
}
