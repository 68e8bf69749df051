/**
 * contents.jsonl: what the entries committed to, `{"index":n,"salt":"<hex>","content":"…"}` a line, one for each entry, in
 * order. Of an erased content there is no salt either, so that guesses cannot be tried: both are null. Each line has
 * exactly one form, that of JSON.stringify, so that no byte of the file can change unseen.
 */
import { isUtf8 } from 'node:buffer'
import { hash } from 'node:crypto'
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
const beforeIndex = Buffer.from('{"index":')
const beforeSalt = Buffer.from(',"salt":')
const erased = Buffer.from('null,"content":null}')
const afterSalt = Buffer.from('","content":"')
const quote = 0x22
const backslash = 0x5c

/** Salt and content, as they are hashed. */
let opened = Buffer.allocUnsafe(1 << 16)

/** Is this the line of entry `index`, and does its content open `commit`? */
export function checkContentLine(line: Line, index: number, commit: string): LineVerdict {
  const { bytes, start, end } = line
  const at = skipIndex(bytes, start, index)
  if (at === undefined) return judgePlace(line, index)
  if (bytes[at] !== quote) return stands(erased, bytes, at) && at + erased.length === end ? 'erased' : malformed
  const saltEnd = at + 1 + 2 * saltBytes
  if (opened.length < end - start) opened = Buffer.allocUnsafe(2 * (end - start))
  if (!readSalt(bytes, at + 1) || !stands(afterSalt, bytes, saltEnd)) return malformed
  if (bytes[end - 1] !== 0x7d || bytes[end - 2] !== quote) return malformed
  const length = unescape(bytes, saltEnd + afterSalt.length, end - 2)
  if (length === undefined) return malformed
  if (hash('sha256', opened.subarray(0, length), 'hex') === commit) return 'matches'
  return { why: 'its content is not what it committed to' }
}

/** Where the value of the salt starts, if the line is spelled as that of `index`. */
function skipIndex(bytes: Buffer, start: number, index: number): number | undefined {
  const first = start + beforeIndex.length
  let at = first
  let value = 0
  for (let digit = 0; (digit = (bytes[at] ?? 0) - 0x30) >= 0 && digit <= 9; at++) value = value * 10 + digit
  const isSpelled = at === first + 1 || (at > first && bytes[first] !== 0x30)
  if (!isSpelled || value !== index || !stands(beforeIndex, bytes, start) || !stands(beforeSalt, bytes, at))
    return undefined
  return at + beforeSalt.length
}

/** Which entry the line says that it is of. */
export function readLineIndex({ bytes, start, end }: Line): number | undefined {
  const index = /^\{"index":(\d{1,16}),/.exec(bytes.toString('latin1', start, Math.min(end, start + 40)))?.[1]
  return index === undefined ? undefined : Number(index)
}

function judgePlace(line: Line, index: number): LineVerdict {
  const other = readLineIndex(line)
  return other === undefined || other === index
    ? malformed
    : { why: `contents.jsonl has the line of entry ${other} in its place` }
}

function stands(expected: Buffer, bytes: Buffer, at: number): boolean {
  for (let n = 0; n < expected.length; n++) if (bytes[at + n] !== expected[n]) return false
  return true
}

const notHex = 0xf0
/** What a digit in lower-case hex stands for. */
const hexValues = new Uint8Array(256).fill(notHex)
for (let value = 0; value < 16; value++) hexValues[value.toString(16).charCodeAt(0)] = value

/** Writes the salt that stands in hex at a place; whether it does. */
function readSalt(bytes: Buffer, at: number): boolean {
  let seen = 0
  for (let n = 0; n < saltBytes; n++) {
    const high = hexValues[bytes[at + 2 * n] ?? 0] ?? notHex
    const low = hexValues[bytes[at + 2 * n + 1] ?? 0] ?? notHex
    seen |= high | low
    opened[n] = high * 16 + low
  }
  return seen < notHex
}

/** By the letter after the backslash: `"` `\` b f n r t. */
const shortEscapes = new Uint8Array(256)
for (const [letter, meant] of Object.entries({ '"': 0x22, '\\': 0x5c, b: 8, f: 12, n: 10, r: 13, t: 9 })) {
  shortEscapes[letter.charCodeAt(0)] = meant
}

/**
 * Writes the text of a JSON string after the salt; the new length, or `undefined` for any spelling that JSON.stringify
 * does not give to text that is well-formed: it escapes only `"`, `\` and control characters, and has one way for each.
 *
 * Much of the time of a verification is spent in this loop. It calls nothing, and has looked into each array before.
 */
function unescape(bytes: Buffer, start: number, end: number): number | undefined {
  const target = opened
  const escapes = shortEscapes
  let to = saltBytes
  let at = start
  let seen = escapes[target[0] ?? 0] ?? 0
  let byte = bytes[at] ?? 0
  while (at < end) {
    while (byte !== backslash && byte !== quote && byte >= 0x20) {
      target[to++] = byte
      seen |= byte
      byte = bytes[++at] ?? 0
    }
    if (at >= end) break
    if (byte !== backslash) return undefined
    byte = escapes[bytes[at + 1] ?? 0] ?? 0
    if (byte === 0) return unescapeAny(bytes, start, end)
    target[to++] = byte
    at += 2
    byte = bytes[at] ?? 0
  }
  // No escape reaches beyond the end of the string, and no character in UTF-8.
  return at === end && (seen < 0x80 || isUtf8(target.subarray(saltBytes, to))) ? to : undefined
}

/** The same by the definition, for the few strings with other escapes. */
function unescapeAny(bytes: Buffer, start: number, end: number): number | undefined {
  const spelled = bytes.toString('latin1', start - 1, end + 1)
  const text = readJson(spelled)
  if (typeof text !== 'string' || JSON.stringify(text) !== spelled || !text.isWellFormed()) return undefined
  const length = saltBytes + opened.write(text, saltBytes, 'latin1')
  return isUtf8(opened.subarray(saltBytes, length)) ? length : undefined
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
