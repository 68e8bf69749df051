/** One payment judged: read, measured, decided among all others of the tenant, stored with its reasons. */
import { refuseCardNumber } from '#kernel/card-number'
import type { Clock } from '#kernel/clock'
import { Fault } from '#kernel/fault'
import { type Answer, type Asked, type Decisions, type Rejudge, toAnswer, toDocument } from '#engine/decisions'
import { type Listed, listFields, spellAddress } from '#engine/lists'
import { defaultPublished, type Published } from '#engine/policies'
import type { RequestContext } from '#platform/access'
import { checkAgentProof } from './agent-proof.ts'
import type { EvaluateBody } from './contract.ts'
import { readForced } from './forced-outcome.ts'
import { type Facts, judge, type Measured } from './judge.ts'
import { localTime } from './local-time.ts'
import { isOld, type Payment, readPayment } from './payment.ts'

export type Evaluated = { answer: Omit<Answer, 'trace_id'> & { trace_id: string | null }; isReplay: boolean }

export type Evaluate = (
  context: RequestContext,
  body: EvaluateBody,
  options: { dryRun: boolean; idempotencyKey: string | undefined },
) => Promise<Evaluated>

/** Hears of each decision that is stored, and how long it took from the validated request on. */
export type OnDecided = (of: {
  tenantId: string
  decision: string
  receivedMs: number
  policyVersion: number
  latencyMs: number
}) => void

export function createEvaluate(needs: { decisions: Decisions; clock: Clock; onDecided: OnDecided }): Evaluate {
  const { decisions, clock, onDecided } = needs
  /** Requests with an idempotency key that this process is answering: the same one again joins the first. */
  const inFlight = new Map<string, { body: string; answer: Promise<Evaluated> }>()

  async function evaluate(
    context: RequestContext,
    body: EvaluateBody,
    idempotencyKey: string | undefined,
    isDry: boolean,
  ): Promise<Evaluated> {
    const [receivedMs, start] = [clock.now(), clock.elapsed()]
    const payment = readPayment(body, receivedMs, context.principal.permissions.has('history:write'))
    const forced = readForced(context.principal.mode, body.merchant_id)
    const measured: Measured = { ...measureAlone(body, payment, receivedMs), ...forced }
    const asked: Asked = {
      scope: context.scope,
      id: decisions.newId(),
      receivedMs,
      occurredMs: payment.occurredMs,
      money: payment.money,
      category: body.category,
      names: namesOf(body),
      country: body.geo?.country,
      hour: measured.local && measured.local.hour,
      place: placeOf(body),
      listed: listedOf(body),
      event: body,
      measured,
      idempotencyKey,
      isDry,
      judge: (published, facts) => judge(published, body, payment, { ...facts, measured }),
    }
    const { document, isReplay } = await decisions.decide(asked).catch(sayBusy(idempotencyKey !== undefined))
    if (!isDry && !isReplay) {
      const { decision, policy_version: policyVersion } = document
      const latencyMs = clock.elapsed() - start
      onDecided({ tenantId: context.scope.tenantId, decision, receivedMs, policyVersion, latencyMs })
    }
    const answer = toAnswer(document)
    return { answer: isDry ? { ...answer, trace_id: null } : answer, isReplay }
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
    const answer = evaluate(context, body, key, false)
    if (first) return answer
    inFlight.set(name, { body: text, answer })
    try {
      return await answer
    } finally {
      inFlight.delete(name)
    }
  }
}

/** Waiting for the tenant's turn ran out. Whoever has a key may have been answered by whom it waited for. */
const sayBusy =
  (hasKey: boolean) =>
  (error: unknown): never => {
    if (!(error instanceof Fault && error.code === 'conflict')) throw error
    throw hasKey
      ? new Fault('idempotency_in_flight', 'The same request is being answered. Try again shortly.', { retryAfterSeconds: 1 })
      : new Fault('overloaded', 'Too many requests are waiting. Try again shortly.', { retryAfterSeconds: 1 })
  } // prettier-ignore

/** What is measured of the payment alone. A proof must be fresh when it is received; one of the past, when it happened. */
function measureAlone(body: EvaluateBody, payment: Payment, receivedMs: number): Measured {
  const isPast = isOld(payment.occurredMs, receivedMs)
  return {
    local: localTime(payment.occurredMs, body.time_zone) ?? null,
    proof: checkAgentProof(body, payment, isPast ? payment.occurredMs : receivedMs),
  }
}

const namesOf = (body: EvaluateBody): Asked['names'] => ({
  merchant: body.merchant_id,
  ...(body.user_id === undefined ? {} : { user: body.user_id }),
  ...(body.card_fingerprint === undefined ? {} : { card: body.card_fingerprint }),
  ...(body.agent === undefined ? {} : { agent: body.agent.id }),
  ...(body.device_id === undefined ? {} : { device: body.device_id }),
  ...(body.ip === undefined ? {} : { ip: spellAddress(body.ip) }),
})

/** To a tenth of a degree, and no nearer. */
function placeOf({ geo }: EvaluateBody): Asked['place'] {
  if (geo?.lat === undefined || geo.lon === undefined) return null
  return { lat: Math.round(geo.lat * 10) + 0, lon: Math.round(geo.lon * 10) + 0 }
}

function listedOf(body: EvaluateBody): Listed[] {
  const values: Record<(typeof listFields)[number], readonly (string | undefined)[]> = {
    user_id: [body.user_id],
    merchant_id: [body.merchant_id],
    card_fingerprint: [body.card_fingerprint],
    device_id: [body.device_id],
    ip: [body.ip],
    country: [body.geo?.country],
    agent: [body.agent?.id],
    free: Object.values(body.metadata ?? {}).flatMap((value) => (typeof value === 'string' ? [value] : [])),
  }
  return listFields.flatMap((field) =>
    values[field].flatMap((value) => (value === undefined ? [] : [{ field, value }])),
  )
}

/** Judges what is stored of a payment as it was judged then. */
export const rejudge: Rejudge<EvaluateBody, Measured> = (published, body, facts, receivedMs) =>
  judge(published, body, readPayment(body, receivedMs, true), facts)

/** One event judged by a policy, the default one unless told, without tenant, lists, counters or database. */
export function judgePayment(body: EvaluateBody, clock: Clock, published: Published = defaultPublished): Answer {
  const receivedMs = clock.now()
  const payment = readPayment(body, receivedMs, true)
  const { occurredMs } = payment
  const id = '00000000-0000-0000-0000-000000000000'
  const facts: Facts = { lists: [], known: [], readings: {}, measured: measureAlone(body, payment, receivedMs) }
  const of = { id, receivedMs, occurredMs, policyVersion: published.version }
  return toAnswer(toDocument(of, judge(published, body, payment, facts)))
}
