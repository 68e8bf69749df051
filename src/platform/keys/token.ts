/**
 * The form of an API key:
 *
 *   vch_live_<id>_<secret>_<checksum>
 *
 * id: tenant uuid ‖ key uuid, so that a key is looked up behind its tenant's wall. secret: 256 random bits. checksum:
 * CRC-32 of everything before it, so that scanners and typing errors are told apart from wrong keys without a look-up.
 * All in Base62 of fixed width; `_` lets a double click select the whole key.
 */
import { hash, randomBytes } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { hexToUuid } from '#kernel/id'
import type { KeyMode } from '#platform/access'

export type ParsedToken = { mode: KeyMode; tenantId: string; keyId: string; hash: Buffer }

const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const widthOf32Bytes = 43
const widthOfChecksum = 6
const form = new RegExp(
  `^vch_(live|test)_([0-9A-Za-z]{${widthOf32Bytes}})_([0-9A-Za-z]{${widthOf32Bytes}})_([0-9A-Za-z]{${widthOfChecksum}})$`,
)

export function makeToken(mode: KeyMode, tenantId: string, keyId: string): { token: string; hash: Buffer } {
  const id = base62(BigInt(`0x${(tenantId + keyId).replaceAll('-', '')}`), widthOf32Bytes)
  const secret = base62(BigInt(`0x${randomBytes(32).toString('hex')}`), widthOf32Bytes)
  const body = `vch_${mode}_${id}_${secret}`
  const token = `${body}_${checksum(body)}`
  return { token, hash: hashToken(token) }
}

/** The parts of a well-formed token whose checksum holds, else `undefined`. Proves nothing about the secret. */
export function parseToken(token: string): ParsedToken | undefined {
  const match = form.exec(token)
  if (!match) return undefined
  const [, mode, id = '', , sum = ''] = match
  if (fromBase62(sum) !== BigInt(crc32(token.slice(0, -widthOfChecksum - 1)))) return undefined
  const value = fromBase62(id)
  if (value >= 1n << 256n) return undefined
  const hex = value.toString(16).padStart(64, '0')
  return {
    mode: mode === 'test' ? 'test' : 'live',
    tenantId: hexToUuid(hex.slice(0, 32)),
    keyId: hexToUuid(hex.slice(32)),
    hash: hashToken(token),
  }
}

const hashToken = (token: string): Buffer => hash('sha256', token, 'buffer')
const checksum = (body: string): string => base62(BigInt(crc32(body)), widthOfChecksum)

function base62(value: bigint, width: number): string {
  let text = ''
  for (let rest = value; text.length < width; rest /= 62n) text = alphabet.charAt(Number(rest % 62n)) + text
  return text
}

/** So many digits are a number that is kept exactly: an integer of any size for each digit would cost every request. */
const exactDigits = 8

function fromBase62(text: string): bigint {
  let value = 0n
  for (let at = 0; at < text.length; at += exactDigits) {
    let [part, scale] = [0, 1]
    for (const digit of text.slice(at, at + exactDigits)) {
      part = part * 62 + alphabet.indexOf(digit)
      scale *= 62
    }
    value = value * BigInt(scale) + BigInt(part)
  }
  return value
}
