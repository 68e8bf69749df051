/** One request, one answer or the reason why there is none. */
import { lookup as systemLookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { networkInterfaces } from 'node:os'
import { Agent } from 'undici'
import { createAddressJudge } from './address.ts'
import { createConnector, type Lookup } from './connect.ts'
import { explain, type OutboundFailure } from './explain.ts'

export type { OutboundFailure } from './explain.ts'

export type OutboundRequest = {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Absolute, http or https. A fragment is not sent. */
  readonly url: string
  /** Without those that say where the request goes and how it is framed. */
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Uint8Array | string
  /** From the look-up to the last byte. */
  readonly timeoutMs: number
  /** Of the body, as it comes over the wire. */
  readonly maxAnswerBytes: number
}

export type OutboundAnswer = {
  readonly ok: true
  /** Any, redirects too: they are answers, and nobody follows them. */
  readonly status: number
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: Buffer
}

/** `code` is a stable word of Node, OpenSSL or undici, for a log; never what was sent or received. */
export type OutboundResult =
  | OutboundAnswer
  | { readonly ok: false; readonly why: OutboundFailure; readonly code: string | undefined }

export type Outbound = {
  request(request: OutboundRequest): Promise<OutboundResult>
  /** What stands against a URL, as far as can be said before it is called: nothing is looked up. */
  objectionTo(url: string): 'refused_request' | 'refused_address' | 'insecure' | undefined
  /** Ends every connection; what is under way fails. */
  close(): Promise<void>
}

export type OutboundNeeds = {
  /** CIDR. In them, addresses inside and plain HTTP are allowed. */
  readonly allowedNetworks: readonly string[]
  readonly lookup?: Lookup
  /** PEM, instead of Node's own roots. */
  readonly ca?: string
  readonly ownAddresses?: () => readonly string[]
}

const connectTimeoutMs = 10_000
const maxConnections = 32
const maxHeaderBytes = 16_384
/** Set here or by undici: whoever chooses them could say another host than was judged, or frame the body otherwise. */
const ownHeaders = /^(host|connection|content-length|transfer-encoding|accept-encoding|upgrade|expect|te|trailer|keep-alive|proxy-.*)$/i // prettier-ignore

const lookUpAll: Lookup = (hostname) => systemLookup(hostname, { all: true })
const addressesOfThisMachine = (): string[] =>
  Object.values(networkInterfaces()).flatMap((found) => found?.map(({ address }) => address) ?? [])

/** Throws `RangeError` for an allowed network that is none. */
export function createOutbound(needs: OutboundNeeds): Outbound {
  const judge = createAddressJudge(needs.allowedNetworks, needs.ownAddresses ?? addressesOfThisMachine)
  const closed = new AbortController()
  const connect = createConnector({
    judge,
    lookup: needs.lookup ?? lookUpAll,
    connectTimeoutMs,
    ca: needs.ca,
    closed: closed.signal,
  })
  const agent = new Agent({ connect, connections: maxConnections, pipelining: 1, maxHeaderSize: maxHeaderBytes })
  return {
    async request(request) {
      const late = new AbortController()
      const timer = setTimeout(() => late.abort(), request.timeoutMs)
      // undici does not look at the signal before it has a connection. What it still holds then is never sent.
      const timedOut = new Promise<OutboundResult>((resolve) => {
        late.signal.addEventListener('abort', () => resolve({ ok: false, why: 'timeout', code: undefined }))
      })
      try {
        return await Promise.race([timedOut, send(agent, request, late.signal)])
      } finally {
        clearTimeout(timer)
      }
    },
    objectionTo(text) {
      const url = readUrl(text)
      if (!url) return 'refused_request'
      const host = url.hostname.replace(/^\[|\]$/g, '')
      const verdict = isIP(host) ? judge(host) : needs.allowedNetworks.length > 0 ? 'allowed' : 'public'
      if (verdict === 'refused') return 'refused_address'
      return url.protocol === 'http:' && verdict === 'public' ? 'insecure' : undefined
    },
    close() {
      closed.abort()
      return agent.destroy()
    },
  }
}

async function send(agent: Agent, request: OutboundRequest, signal: AbortSignal): Promise<OutboundResult> {
  const url = readUrl(request.url)
  const headers = Object.entries(request.headers ?? {})
  if (!url || headers.some(([name]) => ownHeaders.test(name)))
    return { ok: false, why: 'refused_request', code: undefined }
  try {
    const {
      statusCode,
      headers: answered,
      body,
    } = await agent.request({
      origin: url.origin,
      path: url.pathname + url.search,
      method: request.method,
      headers: { 'user-agent': 'Vouch', ...Object.fromEntries(headers), 'accept-encoding': 'identity' },
      body: request.body ?? null,
      signal,
    })
    const bytes = await readBody(body, request.maxAnswerBytes)
    if (!bytes) return { ok: false, why: 'too_large', code: undefined }
    return { ok: true, status: statusCode, headers: answered, body: bytes }
  } catch (error) {
    return { ok: false, ...explain(error) }
  }
}

function readUrl(text: string): URL | undefined {
  const url = URL.parse(text)
  if (!url || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '') return undefined
  return url
}

/** `undefined` if there is more; leaving the loop ends the connection. */
async function readBody(body: AsyncIterable<Uint8Array>, maxBytes: number): Promise<Buffer | undefined> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of body) {
    bytes += chunk.length
    if (bytes > maxBytes) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
