/**
 * Whether an agent signed this very payment. The agent's id is the thumbprint of its public key (RFC 7638) and the key
 * travels in the proof, so nothing is looked up. docs/agents.md says how to sign.
 *
 * Threat: whoever sends the request chooses all of it. A proof that fails may not be turned into one that is "not checked"
 * for more than leaving it out would earn.
 */
import { createPublicKey, hash, type KeyObject, verify } from 'node:crypto'
import { Check } from 'typebox/value'
import { canonicalJson } from '#kernel/canonical-json'
import type { Measured } from '#engine/decide'
import {
  type Claims,
  Ed25519Key,
  isThumbprint,
  type Jws,
  P256Key,
  type PublicKey,
  readBase64url,
  readClaims,
  readJws,
} from './agent-proof/read-jws.ts'
import type { EvaluateBody } from './contract.ts'
import type { Payment } from './payment.ts'

export const proofFailures = [
  'malformed', 'wrong_type', 'wrong_algorithm', 'no_key', 'private_key', 'wrong_key', 'bad_signature', 'other_payment', 'stale',
] as const // prettier-ignore
export type ProofFailure = (typeof proofFailures)[number]
export type AgentProof =
  | { status: 'not_checked' }
  | { status: 'verified'; alg: string }
  | { status: 'failed'; why: ProofFailure }

const proofType = 'vouch-payment+jwt'
const maxAgeMs = 5 * 60_000
const maxAheadMs = 60_000

type Algorithm = { form: typeof Ed25519Key | typeof P256Key; digest: 'sha256' | null }
const ed25519: Algorithm = { form: Ed25519Key, digest: null }
/** RFC 8037 says EdDSA, RFC 9864 says Ed25519. */
const algorithms: ReadonlyMap<string, Algorithm> = new Map([
  ['EdDSA', ed25519],
  ['Ed25519', ed25519],
  ['ES256', { form: P256Key, digest: 'sha256' }],
])

/** Members of JWK that only the owner of a key may know. */
const privateMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'k']

/** `atMs`: the moment at which the proof must be fresh. */
export function checkAgentProof({ agent, merchant_id }: EvaluateBody, { money }: Payment, atMs: number): AgentProof {
  if (agent?.proof?.type !== 'jws') return { status: 'not_checked' }
  const jws = readJws(agent.proof.value)
  if (!jws) return failed('malformed')
  const { typ, alg, jwk } = jws.header
  if (typ !== proofType) return failed('wrong_type')
  const algorithm = algorithms.get(alg)
  if (!algorithm) return failed('wrong_algorithm')
  // An id of another kind names a key that we would have to know. An id that is a thumbprint promises the key.
  if (!jwk) return isThumbprint(agent.id) ? failed('no_key') : { status: 'not_checked' }
  if (privateMembers.some((name) => Object.hasOwn(jwk, name))) return failed('private_key')
  if (!Check(algorithm.form, jwk)) return failed('malformed')
  if (hash('sha256', canonicalJson(jwk), 'base64url') !== agent.id) return failed('wrong_key')
  const key = importKey(jwk)
  if (!key) return failed('malformed')
  if (!isSigned(jws, algorithm.digest, key)) return failed('bad_signature')
  const claims = readClaims(jws.payload)
  if (!claims) return failed('malformed')
  const { minor, currency } = money
  if (claims.amount_minor !== minor || claims.currency !== currency || claims.merchant_id !== merchant_id) {
    return failed('other_payment')
  }
  return isFresh(claims, atMs) ? { status: 'verified', alg } : failed('stale')
}

/** Evidence for the factor `signature`; undefined where nothing was checked. */
export function measureSignature(proof: AgentProof): Measured | undefined {
  const evidence = ['request:agent.proof']
  if (proof.status === 'verified') {
    return { value: 1, reason: { id: 'signature.verified', params: { algorithm: proof.alg } }, evidence }
  }
  if (proof.status === 'failed') {
    return { value: 0, reason: { id: 'signature.failed', params: { why: proof.why } }, evidence }
  }
  return undefined
}

const failed = (why: ProofFailure): AgentProof => ({ status: 'failed', why })

/** Undefined for a point beside the curve. */
function importKey(jwk: PublicKey): KeyObject | undefined {
  try {
    return createPublicKey({ key: jwk, format: 'jwk' })
  } catch {
    return undefined
  }
}

/** Since Node 24.21 at the latest, `verify` refuses keys of small order, for which anyone could sign anything. */
function isSigned({ signed, signature }: Jws, digest: 'sha256' | null, key: KeyObject): boolean {
  const bytes = readBase64url(signature)
  if (bytes?.length !== 64) return false
  return verify(digest, Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' }, bytes)
}

function isFresh({ iat }: Claims, atMs: number): boolean {
  const ageMs = atMs - iat * 1_000
  return ageMs <= maxAgeMs && ageMs >= -maxAheadMs
}
