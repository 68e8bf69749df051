/** What cannot be read as HTTP gets a problem document too, and the connection is closed. */
import type { Socket } from 'node:net'
import { type FaultCode, Fault, faults } from '#kernel/fault'
import { problemType } from './problem.ts'

const codes: Readonly<Record<string, readonly [FaultCode, string]>> = {
  HPE_HEADER_OVERFLOW: ['headers_too_large', 'The header fields are larger than 16 KiB.'],
  ERR_HTTP_REQUEST_TIMEOUT: ['request_timeout', 'The request did not arrive in time.'],
}

/** What every answer carries, for those that leave before the server's own hooks. */
export const edgeHeaders = {
  'content-security-policy': "default-src 'none';frame-ancestors 'none'",
  'strict-transport-security': 'max-age=63072000; includeSubDomains',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
} as const

/** How long the other side may take to read the answer; after it the connection ends, whether or not it closed its half. */
const lingerMs = 1_000

export function refuseConnection(error: Error & { code?: string }, socket: Socket, requestId: string): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const [code, detail] = codes[error.code ?? ''] ?? ['invalid_request', 'This is not HTTP as RFC 9112 has it.']
  const { status, title } = faults[code]
  const fault = new Fault(code, detail)
  const body = JSON.stringify({
    type: `/errors/${code}`,
    title,
    status: fault.status,
    code,
    detail,
    errors: [],
    request_id: requestId,
  })
  socket.end(
    [
      `HTTP/1.1 ${status} ${title}`,
      'connection: close',
      `content-type: ${problemType}`,
      `content-length: ${Buffer.byteLength(body)}`,
      ...Object.entries(edgeHeaders).map(([name, value]) => `${name}: ${value}`),
      `x-request-id: ${requestId}`,
      '',
      body,
    ].join('\r\n'),
  )
  setTimeout(() => socket.destroy(), lingerMs).unref()
}
