/** Signals that expressions of a policy read: fields of the request, its local time, and lists. */
import type { SignalValues } from '#engine/cel'
import { type CompiledPolicy, listSignal, type Signals } from '#engine/decide'
import { currencyExponent } from '#kernel/currency'
import type { EvaluateBody } from './contract.ts'
import type { Payment } from './payment.ts'

export type ListFacts = {
  matches: Signals['lists']
  /** Lists that the policy names and that there are. */
  known: ReadonlySet<string>
}

/** `hour` stands in for the event's own, where another one is tried. */
export function measureValues(
  policy: CompiledPolicy,
  body: EvaluateBody,
  payment: Payment,
  { matches, known }: ListFacts,
  { hour }: { hour?: number } = {},
): SignalValues {
  if (policy.reads.size === 0) return {}
  const { money } = payment
  const toMajor = (minor: number): number => minor / Number(`1e${currencyExponent(money.currency)}`)
  const balance = payment.ceilings.find(({ name }) => name === 'user_balance')
  const isTimed = policy.reads.has('hour') || policy.reads.has('weekday')
  const local = isTimed ? localTime(payment.occurredMs, body.time_zone) : undefined
  const listed = policy.document.lists
    .filter((id) => known.has(id))
    .map((id) => [listSignal(id), matches.some(({ list }) => list === id)] as const)
  return {
    ...Object.fromEntries(listed),
    amount: toMajor(money.minor),
    amount_minor: money.minor,
    currency: money.currency,
    category: body.category,
    merchant_trust_score: body.merchant_trust_score,
    user_balance: balance && toMajor(balance.minor),
    hour: hour ?? local?.hour,
    weekday: local?.weekday,
    'geo.country': body.geo?.country,
    has_user: body.user_id !== undefined,
    has_card: body.card_fingerprint !== undefined,
    has_device: body.device_id !== undefined,
    has_agent: body.agent !== undefined,
    metadata: metadataOf(body),
  }
}

function metadataOf({ metadata }: EvaluateBody): ReadonlyMap<string, string> {
  const entries = Object.entries(metadata ?? {})
  return new Map(entries.flatMap(([name, value]) => (value === null ? [] : [[name, String(value)] as const])))
}

const weekdays = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun']
const formats = new Map<string, Intl.DateTimeFormat | undefined>()
const maxFormats = 1_000

function formatOf(timeZone: string): Intl.DateTimeFormat | undefined {
  if (formats.has(timeZone)) return formats.get(timeZone)
  let format: Intl.DateTimeFormat | undefined
  try {
    format = new Intl.DateTimeFormat('en-GB', { timeZone, hour: '2-digit', weekday: 'short', hourCycle: 'h23' })
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
  }
  if (formats.size >= maxFormats) formats.clear()
  formats.set(timeZone, format)
  return format
}

/** Undefined without a time zone, or with one that this machine does not know. */
export function localTime(timeMs: number, timeZone: string | undefined): { hour: number; weekday: number } | undefined {
  const parts = timeZone === undefined ? undefined : formatOf(timeZone)?.formatToParts(timeMs)
  if (!parts) return undefined
  const textOf = (type: string): string => parts.find((part) => part.type === type)?.value ?? ''
  return { hour: Number(textOf('hour')), weekday: weekdays.indexOf(textOf('weekday')) + 1 }
}
