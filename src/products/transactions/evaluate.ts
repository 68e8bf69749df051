/** One payment judged: read, measured, decided, stored with its reasons, all in one transaction. */
import { refuseCardNumber } from '#kernel/card-number'
import type { Clock } from '#kernel/clock'
import { Fault } from '#kernel/fault'
import {
  type Answer,
  type DecisionDocument,
  type Decisions,
  type Judged,
  toAnswer,
  toDocument,
} from '#engine/decisions'
import { listFields, type Lists } from '#engine/lists'
import { defaultPublished, type Policies, type Published } from '#engine/policies'
import type { RequestContext } from '#platform/access'
import type { Tx } from '#platform/database'
import type { EvaluateBody } from './contract.ts'
import { judgeMeasured } from './judge.ts'
import { type Payment, readPayment } from './payment.ts'

export type Evaluated = { answer: Omit<Answer, 'trace_id'> & { trace_id: string | null }; isReplay: boolean }

export type Evaluate = (
  context: RequestContext,
  body: EvaluateBody,
  options: { dryRun: boolean; idempotencyKey: string | undefined },
) => Promise<Evaluated>

export function createEvaluate(needs: {
  decisions: Decisions
  lists: Lists
  policies: Policies
  clock: Clock
  onDecided(word: string): void
}): Evaluate {
  const { decisions, lists, policies, clock, onDecided } = needs
  /** Requests with an idempotency key that this process is answering: the same one again joins the first. */
  const inFlight = new Map<string, { body: string; answer: Promise<Evaluated> }>()

  async function judge(tx: Tx, body: EvaluateBody, payment: Payment, id: string, receivedMs: number): Promise<Judged> {
    const published = await policies.recall(tx)
    const matches = await lists.match(tx, listValues(body))
    const known = await lists.known(tx, published.policy.document.lists)
    return {
      id,
      receivedMs,
      occurredMs: payment.occurredMs,
      ...judgeMeasured(published, body, payment, { matches, known }),
      money: payment.money,
      category: body.category,
      merchantId: body.merchant_id,
      userId: body.user_id,
      event: body,
    }
  }

  async function evaluate(
    context: RequestContext,
    body: EvaluateBody,
    key: string | undefined,
    dryRun: boolean,
  ): Promise<Evaluated> {
    const receivedMs = clock.now()
    const payment = readPayment(body, receivedMs, context.principal.permissions.has('history:write'))
    const id = decisions.newId()
    const result = await context.scope.transaction(
      async (tx): Promise<{ document: DecisionDocument; isReplay: boolean }> => {
        if (dryRun) return { document: toDocument(await judge(tx, body, payment, id, receivedMs)), isReplay: false }
        const claim = key === undefined ? 'claimed' : await decisions.claim(tx, key, body, id)
        if (claim !== 'claimed') return { document: claim, isReplay: true }
        const judged = await judge(tx, body, payment, id, receivedMs)
        return { document: await decisions.record(tx, context.requestId, judged), isReplay: false }
      },
    )
    if (!dryRun && !result.isReplay) onDecided(result.document.decision)
    const answer = toAnswer(result.document)
    return { answer: dryRun ? { ...answer, trace_id: null } : answer, isReplay: result.isReplay }
  }

  return async (context, sent, { dryRun, idempotencyKey }) => {
    const { idempotency_key: bodyKey, ...body } = sent
    if (bodyKey !== undefined && idempotencyKey !== undefined && bodyKey !== idempotencyKey) {
      const errors = [
        { pointer: '/idempotency_key', message: 'differs from the header Idempotency-Key; send one of them' },
      ]
      throw new Fault('invalid_request', 'The request does not have the documented form.', { errors })
    }
    const key = idempotencyKey ?? bodyKey
    if (key !== undefined) refuseCardNumber({ idempotency_key: key })
    if (key === undefined || dryRun) return evaluate(context, body, undefined, dryRun)

    const name = `${context.scope.tenantId} ${key}`
    const text = JSON.stringify(body)
    const first = inFlight.get(name)
    // A different body goes on to the database, which refuses it once the first is stored.
    if (first?.body === text) return { ...(await first.answer), isReplay: true }
    const answer = evaluate(context, body, key, false).catch(sayInFlight)
    if (first) return answer
    inFlight.set(name, { body: text, answer })
    try {
      return await answer
    } finally {
      inFlight.delete(name)
    }
  }
}

/** Waiting for another process that holds the key ran out: the caller may ask again. */
function sayInFlight(error: unknown): never {
  if (error instanceof Fault && error.code === 'conflict') {
    throw new Fault('idempotency_in_flight', 'The same request is being answered. Try again shortly.', {
      retryAfterSeconds: 1,
    })
  }
  throw error
}

function listValues(body: EvaluateBody): { field: string; value: string }[] {
  const values: Record<(typeof listFields)[number], string | undefined> = {
    user_id: body.user_id,
    merchant_id: body.merchant_id,
    card_fingerprint: body.card_fingerprint,
    device_id: body.device_id,
    ip: body.ip,
    country: body.geo?.country,
    agent: body.agent?.id,
  }
  return listFields.flatMap((field) => {
    const value = values[field]
    return value === undefined ? [] : [{ field, value }]
  })
}

/** One event judged by a policy, the default one unless told, without tenant, lists or database. */
export function judgePayment(body: EvaluateBody, clock: Clock, published: Published = defaultPublished): Answer {
  const receivedMs = clock.now()
  const payment = readPayment(body, receivedMs, true)
  const { occurredMs } = payment
  const id = '00000000-0000-0000-0000-000000000000'
  const lists = { matches: [], known: new Set<string>() }
  return toAnswer(toDocument({ id, receivedMs, occurredMs, ...judgeMeasured(published, body, payment, lists) }))
}
