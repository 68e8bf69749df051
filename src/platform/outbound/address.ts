/** Which addresses may be called. What is not known to be public is refused. */
import { isIPv4, isIPv6 } from 'node:net'
import ipaddr from 'ipaddr.js'

export type AddressVerdict = 'public' | 'allowed' | 'refused'
type Address = ipaddr.IPv4 | ipaddr.IPv6

/** Where IPv6 hands out public addresses (RFC 4291); what lies in it for other purposes has a name in ipaddr.js. */
const globalUnicast = ipaddr.IPv6.parseCIDR('2000::/3')
/** RFC 6052: the last four bytes are the IPv4 address that a translator will call. */
const nat64 = ipaddr.IPv6.parseCIDR('64:ff9b::/96')

/**
 * Judges addresses in their text form. `allowedNetworks` are CIDR, `ownAddresses` those of this machine. Throws
 * `RangeError` for a network that is none.
 */
export function createAddressJudge(
  allowedNetworks: readonly string[],
  ownAddresses: () => readonly string[],
): (address: string) => AddressVerdict {
  const allowed = allowedNetworks.map(readNetwork)
  const isAllowed = (address: Address): boolean => allowed.some((network) => isWithin(address, network))
  const isOwn = (address: Address): boolean =>
    ownAddresses().some((own) => readAddress(own)?.toString() === address.toString())
  return (text) => {
    const address = readAddress(text)
    if (!address) return 'refused'
    if (isAllowed(address)) return 'allowed'
    return isPublic(address) && !isOwn(address) ? 'public' : 'refused'
  }
}

/**
 * ::ffff:192.0.2.1 becomes 192.0.2.1, which is where the system would connect. The URL parser writes IPv6 without dots
 * first: ipaddr.js takes ::192.0.2.1, an address of its own, for the IPv4 one. Addresses with a zone are none here.
 */
function readAddress(text: string): Address | undefined {
  if (isIPv4(text)) return ipaddr.IPv4.parse(text)
  const plain = isIPv6(text) ? URL.parse(`http://[${text}]`)?.hostname.slice(1, -1) : undefined
  return plain === undefined ? undefined : ipaddr.process(plain)
}

function isPublic(address: Address): boolean {
  if (!isIpv6(address)) return address.range() === 'unicast'
  if (address.match(nat64)) return new ipaddr.IPv4(address.toByteArray().slice(-4)).range() === 'unicast'
  return address.match(globalUnicast) && address.range() === 'unicast'
}

const isIpv6 = (address: Address): address is ipaddr.IPv6 => address.kind() === 'ipv6'

function readNetwork(cidr: string): [Address, number] {
  try {
    return ipaddr.parseCIDR(cidr)
  } catch {
    throw new RangeError('an allowed network is not in CIDR notation')
  }
}

const isWithin = (address: Address, [network, bits]: [Address, number]): boolean =>
  address.kind() === network.kind() && address.match(network, bits)
