/**
 * What must stop: one error, three audiences. `code` is a stable word with a page in docs/errors,
 * `message` is for the caller, `internal` is for the log (ids only, never values a caller sent).
 */
export const faults = {
  malformed_body: { status: 400, title: 'The body is not acceptable JSON' },
  invalid_request: { status: 400, title: 'The request does not have the documented form' },
  card_number_present: { status: 400, title: 'The request carries a payment card number' },
  unauthenticated: { status: 401, title: 'No valid credential was presented' },
  forbidden: { status: 403, title: 'The credential does not allow this' },
  not_found: { status: 404, title: 'There is nothing here' },
  method_not_allowed: { status: 405, title: 'This address does not know the method' },
  request_timeout: { status: 408, title: 'The request took too long to arrive' },
  conflict: { status: 409, title: 'The request conflicts with what is stored' },
  idempotency_in_flight: { status: 409, title: 'The same request is still being answered' },
  erased: { status: 410, title: 'What was asked for is erased' },
  precondition_failed: { status: 412, title: 'What is stored is not what the request was made for' },
  body_too_large: { status: 413, title: 'The body is too large' },
  uri_too_long: { status: 414, title: 'The address is too long' },
  unsupported_media_type: { status: 415, title: 'The body has a media type we do not read' },
  idempotency_mismatch: { status: 422, title: 'The idempotency key was used for another request' },
  rate_limited: { status: 429, title: 'Too many requests' },
  headers_too_large: { status: 431, title: 'The header fields are too large' },
  internal: { status: 500, title: 'Something failed on our side' },
  overloaded: { status: 503, title: 'The service is shedding load' },
  unavailable: { status: 503, title: 'A part we depend on is away' },
} as const satisfies Record<string, { status: number; title: string }>

export type FaultCode = keyof typeof faults

/** One place in a request that is wrong. `pointer` is an RFC 6901 JSON pointer, `''` for the whole. */
export type FaultDetail = {
  pointer: string
  message: string
  /** In the text that the pointer names: line and column from 1, offset from 0. */
  position?: { line: number; column: number; offset: number }
}

export class Fault extends Error {
  readonly code: FaultCode
  readonly errors: readonly FaultDetail[]
  readonly internal: string | undefined
  /** Seconds after which trying again may help. */
  readonly retryAfterSeconds: number | undefined

  constructor(
    code: FaultCode,
    message: string,
    more: { errors?: FaultDetail[]; internal?: string; retryAfterSeconds?: number; cause?: unknown } = {},
  ) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause })
    this.name = 'Fault'
    this.code = code
    this.errors = more.errors ?? []
    this.internal = more.internal
    this.retryAfterSeconds = more.retryAfterSeconds
  }

  get status(): number {
    return faults[this.code].status
  }
}

export const isFaultCode = (word: string): word is FaultCode => Object.hasOwn(faults, word)
