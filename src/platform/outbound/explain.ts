/** Errors of Node, OpenSSL and undici as the few reasons that a caller can act on. */
import { Refusal } from './connect.ts'

/**
 * - `refused_request`: the URL is not absolute http(s), has credentials, or a header may not be sent.
 * - `refused_address`: it leads inside, and the operator has not allowed that network.
 * - `insecure`: plain HTTP to the world.
 * - `untrusted`: TLS failed, or the certificate is not one of that host.
 * - `unreachable`: no such name, no connection, or no HTTP answer over it.
 * - `timeout` and `too_large`: the bounds of the request.
 */
export type OutboundFailure =
  | 'refused_request'
  | 'refused_address'
  | 'insecure'
  | 'untrusted'
  | 'unreachable'
  | 'timeout'
  | 'too_large'

const kinds: readonly (readonly [OutboundFailure, RegExp])[] = [
  ['refused_request', /^UND_ERR_(INVALID_ARG|NOT_SUPPORTED|REQ_CONTENT_LENGTH_MISMATCH)$/],
  ['timeout', /^(UND_ERR_(CONNECT|HEADERS|BODY)_TIMEOUT|ETIMEDOUT)$/],
  ['too_large', /^UND_ERR_HEADERS_OVERFLOW$/],
  [
    'untrusted',
    /^(ERR_TLS|ERR_SSL|EPROTO|UNABLE_TO|CERT_|CRL_|ERROR_IN_C|DEPTH_ZERO|SELF_SIGNED|INVALID_|PATH_LENGTH|HOSTNAME_)/,
  ],
]

export function explain(error: unknown): { why: OutboundFailure; code: string | undefined } {
  if (error instanceof Refusal) return { why: error.why, code: undefined }
  const code = readCode(error)
  return { why: kinds.find(([, codes]) => codes.test(code ?? ''))?.[0] ?? 'unreachable', code }
}

function readCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return undefined
  return /^[A-Z][A-Z0-9_]*$/.test(error.code) ? error.code : undefined
}
