import type { Clock } from '#kernel/clock'
import { Fault } from '#kernel/fault'
import { decisionCreated, FreshDecision } from '#engine/decisions'
import { type Route, route } from '#platform/access'
import { EvaluateBody, EvaluateQuery } from './contract.ts'
import type { Evaluate } from './evaluate.ts'

export const routes = (evaluate: Evaluate, clock: Clock): Route[] => [
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
]

function requireKeyForm(key: string | undefined): string | undefined {
  if (key === undefined || /^[!-~]{1,128}$/.test(key)) return key
  const errors = [{ pointer: '', message: 'the header Idempotency-Key takes 1 to 128 visible ASCII characters' }]
  throw new Fault('invalid_request', 'The request does not have the documented form.', { errors })
}
