/** Keys of attestations as the public reads them. */
import { createHash } from 'node:crypto'
import { rfc3339 } from '#kernel/clock'
import { type Jwk, parseVkey, toJwk, toPem } from '#platform/tlog'
import { keyIdOf } from './dsse.ts'
import type { KeyRow } from './store.ts'

/** `iat` and `exp` in seconds since 1970, as in historical keys of OpenID Federation: `exp` is when it stopped signing. */
export type DatedJwk = Jwk & { readonly iat: number; readonly exp?: number }

export type AttestationKey = {
  /** As in the envelope's `keyid`. */
  readonly kid: string
  readonly state: 'current' | 'retired'
  /** For `vouch trust verify --key`. */
  readonly vkey: string
  readonly pem: string
  readonly jwk: DatedJwk
  readonly created_at: string
  readonly retired_at: string | null
}

/** Names a key in the trail. */
export const digestOfVkey = (vkey: string): string => `sha256:${createHash('sha256').update(vkey).digest('hex')}`

export function toWireKey({ vkey, created_at, retired_at }: KeyRow): AttestationKey {
  const key = parseVkey(vkey)
  const seconds = (at: Date): number => Math.floor(at.getTime() / 1_000)
  return {
    kid: keyIdOf(key),
    state: retired_at === null ? 'current' : 'retired',
    vkey,
    pem: toPem(key),
    jwk: { ...toJwk(key), iat: seconds(created_at), ...(retired_at === null ? {} : { exp: seconds(retired_at) }) },
    created_at: rfc3339(created_at.getTime()),
    retired_at: retired_at === null ? null : rfc3339(retired_at.getTime()),
  }
}
