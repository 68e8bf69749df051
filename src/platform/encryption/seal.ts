/**
 * Sealing: AES-256-GCM under a key derived for one value, with a commitment to that key.
 *
 *   bytes = 0x01 ‖ key version (4, big endian) ‖ salt (32) ‖ commitment (32) ‖ ciphertext ‖ tag (16)
 *   encryption key ‖ commitment = HKDF-SHA-256(key, salt, 'vouch/seal/1 ' ‖ context, 64)
 *
 * Each value has its own key, so a fixed nonce is used once. GCM alone lets one ciphertext open under two keys; the
 * commitment (compared in constant time, first) does not. The context is part of the derivation: a value that is moved
 * to another tenant, table, column, row or version does not open.
 */
import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject, randomFillSync, timingSafeEqual } from 'node:crypto' // prettier-ignore
import { canonicalJson } from '#kernel/canonical-json'
import { hkdfSha256 } from './hmac.ts'

/** Where a sealed value lives. */
export type SealContext = { tenant: string; table: string; column: string; row: string; version: number }

export class SealError extends Error {
  override name = 'SealError'
}

const format = 1
const headerBytes = 5
const saltBytes = 32
const commitmentBytes = 32
const tagBytes = 16
const nonce = Buffer.alloc(12)

export function seal(key: KeyObject, keyVersion: number, context: SealContext, plaintext: Uint8Array): Buffer {
  const header = Buffer.alloc(headerBytes)
  header.writeUInt8(format, 0)
  header.writeUInt32BE(keyVersion, 1)
  const salt = nextSalt()
  const { encryptionKey, commitment } = derive(key, salt, context)
  const cipher = createCipheriv('aes-256-gcm', encryptionKey, nonce, { authTagLength: tagBytes })
  cipher.setAAD(header)
  return Buffer.concat([header, salt, commitment, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()])
}

/** Which version of its key a sealed value was made with. */
export function keyVersionOf(sealed: Buffer): number {
  if (sealed.length < headerBytes + saltBytes + commitmentBytes + tagBytes || sealed[0] !== format) {
    throw new SealError('not a sealed value of a known format')
  }
  return sealed.readUInt32BE(1)
}

/** The plaintext. Throws `SealError` for another key, another context or any changed bit; says not which. */
export function open(key: KeyObject, context: SealContext, sealed: Buffer): Buffer {
  keyVersionOf(sealed)
  const header = sealed.subarray(0, headerBytes)
  const salt = sealed.subarray(headerBytes, headerBytes + saltBytes)
  const stored = sealed.subarray(headerBytes + saltBytes, headerBytes + saltBytes + commitmentBytes)
  const { encryptionKey, commitment } = derive(key, salt, context)
  if (!timingSafeEqual(stored, commitment)) throw new SealError('the value does not open here')
  const decipher = createDecipheriv('aes-256-gcm', encryptionKey, nonce, { authTagLength: tagBytes })
  decipher.setAAD(header)
  decipher.setAuthTag(sealed.subarray(-tagBytes))
  try {
    return Buffer.concat([
      decipher.update(sealed.subarray(headerBytes + saltBytes + commitmentBytes, -tagBytes)),
      decipher.final(),
    ])
  } catch {
    throw new SealError('the value does not open here')
  }
}

/** Salts are made many at once, and are no secret. */
const salts = Buffer.alloc(128 * saltBytes)
let nextSaltAt = salts.length

function nextSalt(): Buffer {
  if (nextSaltAt === salts.length) {
    randomFillSync(salts)
    nextSaltAt = 0
  }
  return salts.subarray(nextSaltAt, (nextSaltAt += saltBytes))
}

/** Node takes an object for a key several times faster than bytes. */
function derive(key: KeyObject, salt: Buffer, context: SealContext): { encryptionKey: KeyObject; commitment: Buffer } {
  if (key.symmetricKeySize !== 32) throw new SealError('keys are 32 bytes')
  const info = Buffer.from(`vouch/seal/1 ${canonicalJson(context)}`)
  const [encryptionKey, commitment] = hkdfSha256(key.export(), salt, info)
  return { encryptionKey: createSecretKey(encryptionKey), commitment }
}
