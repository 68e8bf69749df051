/** From a request to a payment that can be judged: exact money, a time, and nothing that looks like a card. */
import { refuseCardNumber } from '#kernel/card-number'
import { isCurrency, maxMinor, type Money, parseMajor } from '#kernel/currency'
import { Fault, type FaultDetail } from '#kernel/fault'
import type { EvaluateBody } from './contract.ts'

export type Ceiling = { minor: number; name: string }
export type Payment = {
  money: Money
  /** When it is counted. */
  occurredMs: number
  /** Balance and limits, as far as they are given. */
  ceilings: readonly Ceiling[]
}

/** How far back a live request is counted. */
const liveWindowMs = 5 * 60_000

/** Fields whose format cannot be a card number: amounts have at most 13 digits and begin otherwise, the rest has a form. */
const exemptFields = /^\/(amount|amount_minor|user_balance|occurred_at|ip|geo|user_limits)(\/|$)/

/** Whether only a key that may date the past can have sent it. */
export const isOld = (occurredMs: number, receivedMs: number): boolean => occurredMs < receivedMs - liveWindowMs

/** A live event is counted in the five minutes before it was received, wherever its sender's clock stands. */
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

  const saidMs = body.occurred_at === undefined ? receivedMs : Date.parse(body.occurred_at)
  if (saidMs < 0) wrong('/occurred_at', 'lies before 1970')
  const earliestMs = mayDatePast ? 0 : receivedMs - liveWindowMs
  const occurredMs = Math.min(Math.max(saidMs, earliestMs), receivedMs)

  if (errors.length > 0)
    throw new Fault('invalid_request', 'The request does not have the documented form.', { errors })
  return { money: { minor, currency: body.currency }, occurredMs, ceilings }
}

/** The tightest of balance and limits, of equals the first by name, for requests are stored in another order; undefined when none is given. */
export const tightest = (ceilings: readonly Ceiling[]): Ceiling | undefined =>
  [...ceilings].sort((a, b) => a.minor - b.minor || (a.name < b.name ? -1 : 1))[0]
