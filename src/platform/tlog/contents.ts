/**
 * contents.jsonl: what the entries committed to, `{"index":n,"salt":"<hex>","content":"…"}` a line, one for each entry, in
 * order. Of an erased content there is no salt either, so that guesses cannot be tried: both are null. Each line has
 * exactly one form, that of JSON.stringify, so that no byte of the file can change unseen.
 */
import { isUtf8 } from 'node:buffer'
import { hash } from 'node:crypto'
import { isLowerHex } from './entry-form.ts'
import { saltBytes } from './entry.ts'
import type { Line } from './lines.ts'
import { TlogError } from './malformed.ts'

export function formatContentLine(index: number, salt: Uint8Array | null, content: string | null): string {
  if (content === null) return `${JSON.stringify({ index, salt: null, content })}\n`
  if (salt?.length !== saltBytes)
    throw new TlogError(`the content of entry ${index} comes without its salt of ${saltBytes} bytes`)
  if (!content.isWellFormed()) throw new TlogError(`the content of entry ${index} is not text that UTF-8 can write`)
  return `${JSON.stringify({ index, salt: Buffer.from(salt).toString('hex'), content })}\n`
}

export type LineVerdict = 'matches' | 'erased' | { readonly why: string }

const malformed: LineVerdict = { why: 'its line in contents.jsonl is malformed' }
const erased = Buffer.from('null,"content":null}')
const afterSalt = Buffer.from('","content":"')
const quote = 0x22
const backslash = 0x5c

/** Salt and content, as they are hashed. */
let opened = Buffer.allocUnsafe(1 << 16)

/** Is this the line of entry `index`, and does its content open `commit`? */
export function checkContentLine({ bytes, start, end }: Line, index: number, commit: string): LineVerdict {
  const prefix = `{"index":${index},"salt":`
  for (let n = 0; n < prefix.length; n++)
    if (bytes[start + n] !== prefix.charCodeAt(n)) return judgePlace(bytes, start, end, index)
  const at = start + prefix.length
  if (bytes[at] !== quote) return stands(erased, bytes, at) && at + erased.length === end ? 'erased' : malformed
  const saltEnd = at + 1 + 2 * saltBytes
  if (opened.length < end - start) opened = Buffer.allocUnsafe(2 * (end - start))
  for (let n = at + 1; n < saltEnd; n++) if (!isLowerHex(bytes[n])) return malformed
  for (let n = 0; n < saltBytes; n++) opened[n] = readHex(bytes, at + 1 + 2 * n)
  if (!stands(afterSalt, bytes, saltEnd) || bytes[end - 1] !== 0x7d || bytes[end - 2] !== quote) return malformed
  const length = unescape(bytes, saltEnd + afterSalt.length, end - 2)
  if (length === undefined) return malformed
  if (hash('sha256', opened.subarray(0, length), 'hex') === commit) return 'matches'
  return { why: 'its content is not what it committed to' }
}

function judgePlace(bytes: Buffer, start: number, end: number, index: number): LineVerdict {
  const other = /^\{"index":(\d{1,16}),/.exec(bytes.toString('latin1', start, Math.min(end, start + 40)))?.[1]
  return other === undefined || other === `${index}`
    ? malformed
    : { why: `contents.jsonl has the line of entry ${other} in its place` }
}

function stands(expected: Buffer, bytes: Buffer, at: number): boolean {
  for (let n = 0; n < expected.length; n++) if (bytes[at + n] !== expected[n]) return false
  return true
}

const hexValue = (byte: number): number => (byte & 0xf) + (byte >> 6) * 9
const readHex = (bytes: Buffer, at: number): number => hexValue(bytes[at] ?? 0) * 16 + hexValue(bytes[at + 1] ?? 0)

/** By the letter after the backslash: `"` `\` b f n r t. */
const shortEscapes = new Uint8Array(256)
for (const [letter, meant] of Object.entries({ '"': 0x22, '\\': 0x5c, b: 8, f: 12, n: 10, r: 13, t: 9 })) {
  shortEscapes[letter.charCodeAt(0)] = meant
}
/** Control characters that have a short escape. */
const shortControls = new Set([8, 9, 10, 12, 13])
const longEscape = Buffer.from('u00')
/** What stands for itself in a string. */
const plain = new Uint8Array(256)
plain.fill(1, 0x20, 0x80)
plain[quote] = 0
plain[backslash] = 0

/**
 * Writes the text of a JSON string after the salt; the new length, or `undefined` for any spelling that JSON.stringify
 * does not give to text that is well-formed. It escapes only `"`, `\` and control characters, and has one way for each.
 */
function unescape(bytes: Buffer, start: number, end: number): number | undefined {
  const target = opened
  let to = saltBytes
  let isAscii = true
  for (let at = start; at < end; at++) {
    const byte = bytes[at] ?? 0
    if (plain[byte] === 1) target[to++] = byte
    else if (byte > 0x7f) {
      isAscii = false
      target[to++] = byte
    } else {
      const meant = byte === backslash ? readEscape(bytes, at + 1, end) : undefined
      if (meant === undefined) return undefined
      target[to++] = meant
      at += shortEscapes[bytes[at + 1] ?? 0] === 0 ? 5 : 1
    }
  }
  return isAscii || isUtf8(target.subarray(saltBytes, to)) ? to : undefined
}

/** The byte that the escape from `at`, after its backslash, stands for. */
function readEscape(bytes: Buffer, at: number, end: number): number | undefined {
  if (at >= end) return undefined
  const short = shortEscapes[bytes[at] ?? 0]
  if (short !== 0) return short
  if (at + 4 >= end || !stands(longEscape, bytes, at) || !isLowerHex(bytes[at + 3]) || !isLowerHex(bytes[at + 4]))
    return undefined
  const byte = readHex(bytes, at + 3)
  return byte < 0x20 && !shortControls.has(byte) ? byte : undefined
}
