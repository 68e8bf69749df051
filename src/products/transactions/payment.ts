/** From a request to a payment that can be judged: exact money, a time, and nothing that looks like a card. */
import { refuseCardNumber } from '#kernel/card-number'
import { isCurrency, maxMinor, type Money, parseMajor } from '#kernel/currency'
import { Fault, type FaultDetail } from '#kernel/fault'
import type { EvaluateBody } from './contract.ts'

export type Ceiling = { minor: number; name: string }
export type Payment = {
  money: Money
  occurredMs: number
  /** Balance and limits, as far as they are given. */
  ceilings: readonly Ceiling[]
}

/** How far back a live request may date its event. */
const liveWindowMs = 5 * 60_000

/** Fields whose format cannot be a card number: amounts have at most 13 digits and begin otherwise, the rest has a form. */
const exemptFields = /^\/(amount|amount_minor|user_balance|occurred_at|ip|geo|user_limits)(\/|$)/

export const isOld = (occurredMs: number, receivedMs: number): boolean => occurredMs < receivedMs - liveWindowMs
const tooOld = 'lies more than 5 minutes back; importing the past needs a key with the scope history:write'

/** Throws for an event that only a key which may date the past may send. */
export function requireRecent({ occurredMs }: Payment, receivedMs: number): void {
  if (isOld(occurredMs, receivedMs)) throw refuse([{ pointer: '/occurred_at', message: tooOld }])
}

const refuse = (errors: FaultDetail[]): Fault =>
  new Fault('invalid_request', 'The request does not have the documented form.', { errors })

export function readPayment(body: EvaluateBody, receivedMs: number, mayDatePast: boolean): Payment {
  refuseCardNumber(body, (pointer) => exemptFields.test(pointer))
  const errors: FaultDetail[] = []
  const wrong = (pointer: string, message: string): void => void errors.push({ pointer, message })

  if (!isCurrency(body.currency)) wrong('/currency', 'is not a currency of ISO 4217 that payments are made in')
  const minorOf = (pointer: string, amount: string | number): number => {
    const minor = parseMajor(amount, body.currency)
    if (minor === undefined)
      wrong(
        pointer,
        'is not an exact amount of this currency; send a decimal string with no more digits than the currency has',
      )
    return minor ?? 0
  }

  if ((body.amount === undefined) === (body.amount_minor === undefined))
    wrong('/amount', 'send exactly one of amount and amount_minor')
  const minor = body.amount_minor ?? (body.amount === undefined ? 0 : minorOf('/amount', body.amount))
  if (minor > maxMinor) wrong('/amount', 'is larger than 10^12 minor units')

  const ceilings = Object.entries(body.user_limits ?? {}).map(([name, limit]) => ({
    name: `user_limits.${name}`,
    minor: minorOf(`/user_limits/${name}`, limit),
  }))
  if (body.user_balance !== undefined)
    ceilings.push({ name: 'user_balance', minor: minorOf('/user_balance', body.user_balance) })

  const occurredMs = body.occurred_at === undefined ? receivedMs : Date.parse(body.occurred_at)
  if (isOld(occurredMs, receivedMs) && !mayDatePast) wrong('/occurred_at', tooOld)
  if (occurredMs < 0) wrong('/occurred_at', 'lies before 1970')
  if (occurredMs > receivedMs + liveWindowMs) wrong('/occurred_at', 'lies in the future')

  if (errors.length > 0) throw refuse(errors)
  return { money: { minor, currency: body.currency }, occurredMs: Math.min(occurredMs, receivedMs), ceilings }
}

/** The tightest of balance and limits, of equals the first by name, for requests are stored in another order; undefined when none is given. */
export const tightest = (ceilings: readonly Ceiling[]): Ceiling | undefined =>
  [...ceilings].sort((a, b) => a.minor - b.minor || (a.name < b.name ? -1 : 1))[0]
