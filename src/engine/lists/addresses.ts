/** Addresses and ranges in the one spelling by which they are found. */
import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'

type Parsed = { network: string; prefix: number | null }

/**
 * `203.0.113.7` and `203.0.113.0/24`, IPv6 alike. An address written in IPv6 for IPv4 is the IPv4 address. A range must
 * begin where it says: of `203.0.113.7/24` nobody can tell which of the two was meant. `undefined` for anything else.
 */
export function parseNetwork(text: string): Parsed | undefined {
  const [address = '', length, ...more] = text.split('/')
  if (more.length > 0 || !isIP(address) || address.includes('%')) return undefined
  const parsed = ipaddr.process(address)
  if (length === undefined) return { network: parsed.toNormalizedString(), prefix: null }
  const bits = parsed.kind() === 'ipv4' ? 32 : 128
  const prefix = Number(length)
  if (!/^\d{1,3}$/.test(length) || prefix > bits) return undefined
  if (networkOf(parsed, prefix) !== parsed.toNormalizedString()) return undefined
  return prefix === bits
    ? { network: parsed.toNormalizedString(), prefix: null }
    : { network: `${parsed.toNormalizedString()}/${prefix}`, prefix }
}

/** One spelling for one address: `2001:DB8:0::1` is `2001:db8:0:0:0:0:0:1`. What is no address stays as it is. */
export const spellAddress = (address: string): string => {
  const [spelled = address] = networksOf(address, [])
  return spelled
}

/** The address itself, and the ranges of these prefix lengths that it lies in. */
export function networksOf(address: string, prefixes: readonly number[]): string[] {
  if (!isIP(address) || address.includes('%')) return [address]
  const parsed = ipaddr.process(address)
  const bits = parsed.kind() === 'ipv4' ? 32 : 128
  const ranges = prefixes.filter((prefix) => prefix < bits).map((prefix) => `${networkOf(parsed, prefix)}/${prefix}`)
  return [parsed.toNormalizedString(), ...ranges]
}

function networkOf(address: ipaddr.IPv4 | ipaddr.IPv6, prefix: number): string {
  const bytes = address
    .toByteArray()
    .map((byte, at) => byte & (0xff << Math.min(8, Math.max(0, 8 * (at + 1) - prefix))) & 0xff)
  return ipaddr.fromByteArray(bytes).toNormalizedString()
}
