/** Problem documents (RFC 9457). Everything that is not a `Fault` is one opaque answer and one full log line. */
import Type from 'typebox'
import { Fault, faults, type FaultCode } from '#kernel/fault'
import { toWireId } from '#kernel/id'

export const Problem = Type.Object(
  {
    type: Type.String({ description: 'Address of the page about this code.', examples: ['/errors/invalid_request'] }),
    title: Type.String(),
    status: Type.Integer(),
    code: Type.String({ enum: Object.keys(faults), description: 'Stable; programs branch on it.' }),
    detail: Type.String({ description: 'What happened and how to mend it.' }),
    errors: Type.Array(
      Type.Object(
        {
          pointer: Type.String(),
          message: Type.String(),
          position: Type.Optional(
            Type.Object(
              { line: Type.Integer(), column: Type.Integer(), offset: Type.Integer() },
              { additionalProperties: false, description: 'In the text that the pointer names.' },
            ),
          ),
        },
        { additionalProperties: false },
      ),
    ),
    request_id: Type.String(),
  },
  { $id: 'Problem', additionalProperties: false, title: 'Problem', description: 'What went wrong (RFC 9457).' },
)
export const problemRef = Type.Ref('Problem#')
/** How routes describe refusals. */
export const problemReply = {
  description: 'Refused; `code` says why.',
  content: { 'application/problem+json': { schema: problemRef } },
}
export const problemType = 'application/problem+json; charset=utf-8'

export const toProblem = (fault: Fault, requestId: string) => ({
  type: `/errors/${fault.code}`,
  title: faults[fault.code].title,
  status: fault.status,
  code: fault.code,
  detail: fault.message,
  errors: [...fault.errors],
  request_id: toWireId('request', requestId),
})

/** Makes a page of a problem. `headers` holds its content type and what it may load. */
export type ProblemPage = (
  problem: ReturnType<typeof toProblem>,
  asked: { url: string; acceptLanguage: string | undefined },
) => { body: string; headers: Record<string, string> }

/** Is it a browser that shows a page? Programs do not name text/html. Under /v1 all are programs. */
export const wantsPage = (request: { url: string; headers: { accept?: string | undefined } }): boolean =>
  !/^\/v1(\/|\?|$)/.test(request.url) &&
  /(?:^|,)\s*text\/html\s*(?:$|,|;(?!\s*q=0(?:\.0*)?\s*(?:$|,)))/i.test(request.headers.accept ?? '')

/** Errors that Fastify and Node raise before a verb runs, in our words. */
const edgeCodes: Readonly<Record<string, readonly [FaultCode, string]>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: ['body_too_large', 'The body is larger than this address takes.'],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: ['malformed_body', 'The body does not have the length that Content-Length says.'],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: ['unsupported_media_type', 'Send the body as application/json, in UTF-8.'],
  FST_ERR_CTP_EMPTY_TYPE: ['unsupported_media_type', 'Send the body as application/json, in UTF-8.'],
  FST_ERR_BAD_URL: ['invalid_request', 'The address is not well-formed.'],
  FST_ERR_MAX_PARAM_LENGTH: ['uri_too_long', 'A part of the address is too long.'],
  FST_ERR_HANDLER_TIMEOUT: [
    'unavailable',
    'The answer took too long. Ask again; with an idempotency key nothing happens twice.',
  ],
  FST_ERR_REQ_ABORTED: ['request_timeout', 'The request was broken off before it arrived whole.'],
  ECONNRESET: ['request_timeout', 'The request was broken off before it arrived whole.'],
  ECONNABORTED: ['request_timeout', 'The request was broken off before it arrived whole.'],
}

export function toFault(error: unknown): Fault {
  if (error instanceof Fault) return error
  const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : ''
  const known = edgeCodes[code]
  if (known)
    return new Fault(known[0], known[1], {
      internal: code,
      ...(known[0] === 'unavailable' ? { retryAfterSeconds: 2 } : {}),
    })
  return new Fault('internal', 'Something failed on our side. The request id finds it in the log.', { cause: error })
}
