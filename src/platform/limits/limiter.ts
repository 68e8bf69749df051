import ipaddr from 'ipaddr.js'
import type { Clock } from '#kernel/clock'
import type { RateClass } from '#kernel/route'

/** `perMinute` on the long run, of which `burst` may come at once. */
export type Rate = { perMinute: number; burst: number }
export type RateTable = Record<'key' | 'tenant' | 'ip', Record<Exclude<RateClass, 'signup' | 'none'>, Rate>> & {
  /** Each address, and all of them together: a tenant stays, so it is not what a crowd should make many of. */
  signup: { ip: Rate; all: Rate }
}

/** Defaults for one process. Addresses get more than keys: many servers share one address behind NAT. */
export const defaultRates: RateTable = {
  key: {
    evaluate: { perMinute: 120_000, burst: 4_000 },
    read: { perMinute: 6_000, burst: 300 },
    write: { perMinute: 600, burst: 60 },
  },
  tenant: {
    evaluate: { perMinute: 240_000, burst: 8_000 },
    read: { perMinute: 12_000, burst: 600 },
    write: { perMinute: 1_200, burst: 120 },
  },
  ip: {
    evaluate: { perMinute: 240_000, burst: 8_000 },
    read: { perMinute: 12_000, burst: 600 },
    write: { perMinute: 1_200, burst: 120 },
  },
  signup: { ip: { perMinute: 0.1, burst: 5 }, all: { perMinute: 1, burst: 30 } },
}
/** For requests that carry no valid key, by address: guessing is slow. */
export const strangerRate: Rate = { perMinute: 120, burst: 40 }

export type Verdict = { ok: boolean; limit: number; remaining: number; resetSeconds: number }

export type Limiter = {
  /** Takes `count`, one unless told, from `name`'s allowance: all of them, or none if fewer are left. */
  take(name: string, rate: Rate, count?: number): Verdict
}

const maxNames = 100_000

export function createLimiter(needs: { clock: Clock }): Limiter {
  const { clock } = needs
  /** Name → theoretical arrival time in ms; in the order of last use, so that the first is the longest unused. */
  const arrivals = new Map<string, number>()

  return {
    take(name, { perMinute, burst }, count = 1) {
      const now = clock.elapsed()
      const interval = 60_000 / perMinute
      const tolerance = interval * burst
      const arrival = Math.max(arrivals.get(name) ?? now, now)
      const next = arrival + interval * count
      const ok = next - now <= tolerance
      const settled = ok ? next : arrival
      arrivals.delete(name)
      arrivals.set(name, settled)
      if (arrivals.size > maxNames) evict(arrivals, now)
      const remaining = Math.max(0, Math.floor((tolerance - (settled - now)) / interval))
      const waitMs = ok ? settled - now : next - now - tolerance
      return { ok, limit: burst, remaining, resetSeconds: Math.max(1, Math.ceil(waitMs / 1000)) }
    },
  }
}

/** Among the longest unused, drops what has run out, and at least one. */
function evict(arrivals: Map<string, number>, now: number): void {
  let looked = 0
  for (const [name, arrival] of arrivals) {
    if (looked++ === 1_000) return
    if (arrival <= now || looked === 1) arrivals.delete(name)
  }
}

/** Who an address is, for limits: an IPv4 address, or the /64 of an IPv6 one (a household has the whole of it). */
export function addressName(ip: string): string {
  if (!ipaddr.isValid(ip)) return 'unknown'
  const address = ipaddr.process(ip)
  return address.kind() === 'ipv4' ? address.toString() : address.toByteArray().slice(0, 8).join('.')
}
