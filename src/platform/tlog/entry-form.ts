/**
 * The one form of an entry's bytes, read without making text of them: an export has millions.
 *
 *   {"at":"2026-11-21T07:42:00.000Z","commit":"<64 hex>","id":"ent_<32 hex>","type":"decision.recorded","v":1}
 *
 * Nothing in it needs escaping, so this is its only canonical form. Days are not held against the calendar.
 */
const digit = 1
const hex = 2
const lower = 4
const word = 8

const classes = new Uint8Array(256)
for (const character of '0123456789') classes[character.charCodeAt(0)] = digit | hex | word
for (const character of 'abcdefghijklmnopqrstuvwxyz')
  classes[character.charCodeAt(0)] = lower | word | (character < 'g' ? hex : 0)
classes['_'.charCodeAt(0)] = word

const moment = '0000-00-00T00:00:00.000Z'.replaceAll('0', String.fromCharCode(digit))
const commit = String.fromCharCode(hex).repeat(64)
/** Up to the id, with the class in place of each digit. */
const head = Buffer.from(`{"at":"${moment}","commit":"${commit}","id":"`)
const afterId = Buffer.from('","type":"')
const tail = Buffer.from('","v":1}')

export const atOffset = 7
export const atLength = 24
export const commitOffset = 43
export const commitLength = 64
export const idOffset = head.length
const idHexLength = 32

export const isLowerHex = (byte: number | undefined): boolean => ((classes[byte ?? 0] ?? 0) & hex) !== 0

function stands(expected: Buffer, bytes: Buffer, at: number): boolean {
  for (let n = 0; n < expected.length; n++) if (bytes[at + n] !== expected[n]) return false
  return true
}

/** Skips bytes of a class, up to `limit`. */
function skip(kind: number, bytes: Buffer, at: number, limit: number): number {
  while (at < limit && ((classes[bytes[at] ?? 0] ?? 0) & kind) !== 0) at++
  return at
}

const twoDigits = (bytes: Buffer, at: number): number => ((bytes[at] ?? 0) - 48) * 10 + (bytes[at + 1] ?? 0) - 48

/** Where the id and the type of the entry in [start, end) end, or `undefined` if it is not of the form. */
export function readEntryForm(
  bytes: Buffer,
  start: number,
  end: number,
): { idEnd: number; typeEnd: number } | undefined {
  for (let n = 0; n < head.length; n++) {
    const expected = head[n] ?? 0
    const byte = bytes[start + n] ?? 0
    if (expected > hex ? byte !== expected : ((classes[byte] ?? 0) & expected) === 0) return undefined
  }
  const month = twoDigits(bytes, start + 12)
  const day = twoDigits(bytes, start + 15)
  if (month < 1 || month > 12 || day < 1 || day > 31) return undefined
  if (twoDigits(bytes, start + 18) > 23 || twoDigits(bytes, start + 21) > 59 || twoDigits(bytes, start + 24) > 59)
    return undefined

  const kindAt = start + idOffset
  const kindEnd = skip(lower, bytes, kindAt, kindAt + 8)
  const idEnd = skip(hex, bytes, kindEnd + 1, kindEnd + 1 + idHexLength)
  if (kindEnd < kindAt + 2 || bytes[kindEnd] !== 0x5f || idEnd !== kindEnd + 1 + idHexLength) return undefined

  const typeAt = idEnd + afterId.length
  const typeEnd = end - tail.length
  if (typeEnd <= typeAt || typeEnd > typeAt + 128 || !stands(afterId, bytes, idEnd) || !stands(tail, bytes, typeEnd))
    return undefined
  for (let at = typeAt; at <= typeEnd; at++) {
    if (((classes[bytes[at] ?? 0] ?? 0) & lower) === 0) return undefined
    at = skip(word, bytes, at, typeEnd)
    if (at < typeEnd && bytes[at] !== 0x2e) return undefined
  }
  return { idEnd, typeEnd }
}
