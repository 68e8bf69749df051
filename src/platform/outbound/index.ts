/**
 * Outbound: the one door for outgoing HTTP.
 * Promises: the address that was judged is the address that is connected to, for IP literals and names alike, so that a
 * name that changes its mind between two look-ups reaches nothing; certificates are always verified; the time covers look-up,
 * connection, headers and body; every failure is a value.
 * Refuses: addresses inside (loopback, private, link-local, shared, multicast, reserved, their IPv6 spellings, and this
 * machine's own) and plain HTTP, unless the operator named the network; credentials in a URL; answers that are too long.
 * Needs: the networks that the operator allows. It follows no redirect, uses no proxy, decompresses nothing, tries nothing twice.
 */
export { createOutbound, type Outbound } from './request.ts'
export type { OutboundAnswer, OutboundFailure, OutboundNeeds, OutboundRequest, OutboundResult } from './request.ts'
export type { Lookup, ResolvedAddress } from './connect.ts'
