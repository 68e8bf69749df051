/** A verifier key in the forms that other tools read. */
import { createPublicKey } from 'node:crypto'
import { type LogVerifier, spkiOf } from './keys.ts'

/** RFC 8037 for Ed25519; for ML-DSA-44 the AKP form of JOSE. `kid` is `name+id`. */
export type Jwk =
  | { kty: 'OKP'; crv: 'Ed25519'; x: string; alg: 'EdDSA'; use: 'sig'; kid: string }
  | { kty: 'AKP'; pub: string; alg: 'ML-DSA-44'; use: 'sig'; kid: string }

export function toJwk(key: LogVerifier): Jwk {
  const { raw } = spkiOf(key)
  const kid = `${key.name}+${key.id}`
  const text = raw.toString('base64url')
  return key.type === 'ml-dsa-44-cosignature'
    ? { kty: 'AKP', pub: text, alg: 'ML-DSA-44', use: 'sig', kid }
    : { kty: 'OKP', crv: 'Ed25519', x: text, alg: 'EdDSA', use: 'sig', kid }
}

/** SubjectPublicKeyInfo, as `openssl pkey -pubin` reads it. */
export const toPem = (key: LogVerifier): string =>
  createPublicKey({ key: spkiOf(key).der, format: 'der', type: 'spki' })
    .export({ format: 'pem', type: 'spki' })
    .toString()
