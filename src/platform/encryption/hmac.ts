/**
 * HMAC-SHA-256 (RFC 2104) and HKDF-SHA-256 (RFC 5869) made of Node's one-shot hash. The bytes are those of `createHmac` and
 * `hkdfSync`, which build objects of OpenSSL's at each call and take several times as long; every decision needs a dozen.
 */
import { hash } from 'node:crypto'

const blockBytes = 64
const digestBytes = 32
const roomBytes = 4_096
/** Reused, for nothing here waits: pad ‖ message, and pad ‖ inner digest. */
const room = Buffer.alloc(blockBytes + roomBytes)
const outer = Buffer.alloc(blockBytes + digestBytes)

const sha256 = (bytes: Buffer): string => hash('sha256', bytes, 'binary')

/** `key`: 64 bytes at most; longer ones throw a `RangeError`. */
export function hmacSha256(key: Uint8Array, message: Uint8Array | string): Buffer {
  if (key.length > blockBytes) throw new RangeError('a key of HMAC-SHA-256 has at most 64 bytes here')
  const length = blockBytes + Buffer.byteLength(message)
  const inner = length <= room.length ? room : Buffer.alloc(length)
  for (let at = 0; at < blockBytes; at++) {
    const byte = at < key.length ? (key[at] ?? 0) : 0
    inner[at] = byte ^ 0x36
    outer[at] = byte ^ 0x5c
  }
  if (typeof message === 'string') inner.write(message, blockBytes)
  else inner.set(message, blockBytes)
  outer.write(sha256(inner.subarray(0, length)), blockBytes, 'binary')
  return Buffer.from(sha256(outer), 'binary')
}

/** 64 bytes, in halves. `salt`: 64 bytes at most. */
export function hkdfSha256(key: Uint8Array, salt: Uint8Array, info: Uint8Array): [Buffer, Buffer] {
  const pseudorandom = hmacSha256(salt, key)
  const first = hmacSha256(pseudorandom, Buffer.concat([info, Buffer.of(1)]))
  return [first, hmacSha256(pseudorandom, Buffer.concat([first, info, Buffer.of(2)]))]
}
