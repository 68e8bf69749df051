/** What a call throws: `VouchProblem` when the server refused, `VouchUnreachable` when no answer came. */
import type { Problem } from './wire.ts'

/** A code of the server, or `unrecognised` for an answer that is no problem document: of a proxy, for example. */
export type ProblemCode = Problem['code'] | 'unrecognised'

/** A refusal (RFC 9457). `message` is `status code: detail`; nothing in it is secret. */
export class VouchProblem extends Error {
  override readonly name = 'VouchProblem'
  readonly status: number
  /** Stable; branch on it. */
  readonly code: ProblemCode
  /** What happened and how to mend it. */
  readonly detail: string
  /** Which parts of the request were wrong, as JSON pointers. */
  readonly errors: Problem['errors']
  /** Names this request in the server's log. */
  readonly requestId: string | undefined
  /** When the server asks to come back, in seconds from the answer. */
  readonly retryAfterSeconds: number | undefined

  constructor(status: number, problem: Partial<Problem>, retryAfterSeconds: number | undefined) {
    const { code = 'unrecognised', detail = 'The answer is not a problem document.', errors = [], requestId } = problem
    super(`${status} ${code}: ${detail}`)
    this.status = status
    this.code = code
    this.detail = detail
    this.errors = errors
    this.requestId = requestId
    this.retryAfterSeconds = retryAfterSeconds
  }
}

/** No answer: the connection failed or broke (`cause` says how), or `timeoutMs` passed. What was asked may have happened. */
export class VouchUnreachable extends Error {
  override readonly name = 'VouchUnreachable'
}
