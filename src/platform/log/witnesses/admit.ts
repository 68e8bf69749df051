/** What is asked of a witness before it is added. */
import { Fault } from '#kernel/fault'
import type { Outbound, OutboundFailure } from '#platform/outbound'
import { formatPolicy, formatVkeys, type LogVerifier, parseVkeys, TlogError } from '#platform/tlog'
import { toPolicy } from './quorum.ts'
import type { Witness } from './store.ts'

export const mostWitnesses = 16
const longestName = 100
const longestUrl = 500

const wrong = (pointer: string, message: string): Fault =>
  new Fault('invalid_request', 'The request does not have the documented form.', { errors: [{ pointer, message }] })

/** As it is to be stored. `others` are those that the log has, `origin` is its name. */
export function admitWitness(
  given: { vkeys: string; url: string },
  of: { others: readonly Witness[]; origin: string; outbound: Outbound },
): Pick<Witness, 'name' | 'url' | 'vkeys'> {
  const keys = readKeys(given.vkeys)
  const [{ name } = { name: '' }] = keys
  if (keys.some((key) => key.name !== name)) throw wrong('/vkeys', 'must all be of one name')
  if (new Set(keys.map(({ type }) => type)).size !== keys.length)
    throw wrong('/vkeys', 'must be one Ed25519 key, one ML-DSA-44 key, or both')
  // The name is a part of an address.
  if (encodeURIComponent(name).length > longestName || /^\.{1,2}$/.test(name))
    throw wrong('/vkeys', `must have a name of at most ${longestName} characters as part of an address`)
  // A second line by a log's own key would spoil its checkpoints.
  if (name === of.origin) throw wrong('/vkeys', 'must not bear the name of the log')
  const url = readUrl(given.url, of.outbound)
  if (of.others.some((other) => other.name === name))
    throw new Fault('conflict', 'A witness with the name of these keys is there already. Remove it first.')
  if (of.others.length >= mostWitnesses)
    throw new Fault('conflict', `A log has at most ${mostWitnesses} witnesses. Remove one first.`)
  const witness = { name, url, vkeys: formatVkeys(keys) }
  requireTogether([...of.others, witness])
  return witness
}

function readKeys(vkeys: string): LogVerifier[] {
  try {
    const keys = parseVkeys(vkeys.endsWith('\n') ? vkeys : `${vkeys}\n`)
    if (keys.every(({ type }) => type !== 'ed25519')) return keys
  } catch (error) {
    if (!(error instanceof TlogError)) throw error
    throw wrong('/vkeys', `must be verifier keys, one a line: ${error.message}`)
  }
  throw wrong('/vkeys', 'must be keys of a witness; one of these signs logs')
}

/** One key in two witnesses would count for two. */
function requireTogether(witnesses: readonly Pick<Witness, 'name' | 'url' | 'vkeys'>[]): void {
  try {
    formatPolicy(toPolicy(witnesses, 1, []))
  } catch (error) {
    if (error instanceof TlogError)
      throw wrong('/vkeys', 'cannot stand in a policy with the other witnesses: is it one of their keys?')
    throw error
  }
}

const objections: Readonly<Partial<Record<OutboundFailure, string>>> = {
  insecure: 'must begin with https://; plain http only in networks that VOUCH_OUTBOUND_NETWORKS names',
  refused_address: 'leads inside; the operator can allow its network with VOUCH_OUTBOUND_NETWORKS',
}

function readUrl(text: string, outbound: Outbound): string {
  const url = URL.parse(text)
  const objection = outbound.objectionTo(text)
  if (!url || objection)
    throw wrong('/url', objections[objection ?? 'refused_request'] ?? 'must be an address that begins with https://')
  if (url.search !== '' || url.hash !== '') throw wrong('/url', 'must have neither a query nor a fragment')
  const prefix = url.href.replace(/\/+$/, '')
  if (prefix.length > longestUrl) throw wrong('/url', `must have at most ${longestUrl} characters`)
  return prefix
}
