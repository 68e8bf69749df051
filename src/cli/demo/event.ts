/** What the demo sends: one payment as POST /v1/evaluate takes it, beside the truth, which never leaves this process. */

/** The fields of the evaluate request that the demo uses. */
export type EvaluateRequest = {
  /** Decimal in major units: `349.99`. */
  amount: string
  currency: 'EUR'
  category: string
  merchant_id: string
  merchant_trust_score?: number
  user_id: string
  card_fingerprint?: string
  user_limits?: Readonly<Record<string, string>>
  user_balance?: string
  /** RFC 3339, UTC. */
  occurred_at: string
  geo?: { country: string }
  device_id?: string
  agent?: { id: string }
  mandate?: { id: string }
  metadata?: Readonly<Record<string, string>>
}

export type DemoEvent = {
  request: EvaluateRequest
  /** The kind of fraud it is in truth, null for an honest payment. */
  fraud: string | null
}

export type DemoEvents = AsyncIterable<DemoEvent> | Iterable<DemoEvent>

/** What stops the demo, in words for the person who runs it: what, where, and what to do. */
export class DemoError extends Error {
  override readonly name = 'DemoError'
}
