/**
 * Connections whose address was judged. A name is looked up once, all its addresses are judged, and the socket gets these
 * and no others. A literal never reaches a look-up in Node, so it is judged before.
 */
import { isIP, type LookupFunction } from 'node:net'
import { callbackify } from 'node:util'
import { buildConnector } from 'undici'
import type { AddressVerdict } from './address.ts'

export type ResolvedAddress = { readonly address: string; readonly family: number }
/** All addresses of a name. Rejects if there are none. */
export type Lookup = (hostname: string) => Promise<readonly ResolvedAddress[]>

/** Why no connection was tried. */
export class Refusal extends Error {
  readonly why: 'refused_address' | 'insecure'
  constructor(why: Refusal['why']) {
    super(why)
    this.why = why
  }
}

export type ConnectNeeds = {
  judge(address: string): AddressVerdict
  lookup: Lookup
  connectTimeoutMs: number
  /** PEM; Node's own roots if it is missing. */
  ca: string | undefined
  /** Ends connections that are being made, which undici does not. */
  closed: AbortSignal
}

export function createConnector(needs: ConnectNeeds): buildConnector.connector {
  const encrypted = createDoor(needs, (verdict) => (verdict === 'refused' ? 'refused_address' : undefined))
  const plain = createDoor(needs, (verdict) => {
    if (verdict === 'allowed') return undefined
    return verdict === 'public' ? 'insecure' : 'refused_address'
  })
  return (options, callback) => (options.protocol === 'https:' ? encrypted : plain)(options, callback)
}

function createDoor(
  { judge, lookup, connectTimeoutMs, ca, closed }: ConnectNeeds,
  objection: (verdict: AddressVerdict) => Refusal['why'] | undefined,
): buildConnector.connector {
  const check = (address: string): Refusal | undefined => {
    const why = objection(judge(address))
    return why && new Refusal(why)
  }
  const open = buildConnector({
    lookup: createCheckedLookup(lookup, check),
    autoSelectFamily: true,
    signal: closed,
    timeout: connectTimeoutMs,
    allowH2: false,
    // Said here, so that NODE_TLS_REJECT_UNAUTHORIZED cannot say otherwise; and no resumed session skips the name.
    rejectUnauthorized: true,
    maxCachedSessions: 0,
    ...(ca === undefined ? {} : { ca }),
  })
  return (options, callback) => {
    const refusal = isIP(options.hostname) ? check(options.hostname) : undefined
    if (refusal) callback(refusal, null)
    else open(options, callback)
  }
}

/** One refused address refuses the name: an honest name does not mix the two. */
function createCheckedLookup(lookup: Lookup, check: (address: string) => Refusal | undefined): LookupFunction {
  const find = async (hostname: string): Promise<ResolvedAddress[]> => {
    const found = [...(await lookup(hostname))]
    for (const { address } of found) {
      const refusal = check(address)
      if (refusal) throw refusal
    }
    return found
  }
  const findThen = callbackify(find)
  return (hostname, options, callback) => {
    findThen(hostname, (error, found) => {
      const [first] = error ? [] : found
      if (!first) callback(error ?? new Error('the name has no address'), '')
      else if (options.all) callback(null, found)
      else callback(null, first.address, first.family)
    })
  }
}
