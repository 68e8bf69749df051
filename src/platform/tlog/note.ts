/**
 * C2SP signed-note: a text, a blank line, and signature lines `— <key name> base64(key id (4) ‖ signature)`.
 * Signatures by unknown keys are ignored, as the specification demands: witnesses add theirs. A known key that signed
 * twice, or whose signature does not fit, spoils the note.
 */
import { readBase64 } from './base64.ts'
import { sha256 } from './hash.ts'
import { TlogError } from './malformed.ts'

export const maxNoteBytes = 1 << 20
export const maxSignatures = 64

/** `id` is the key id as 8 hex digits; `signature` is without it. */
export type NoteSignature = { readonly name: string; readonly id: string; readonly signature: Buffer }
export type Note = { readonly text: string; readonly signatures: readonly NoteSignature[] }

/** A key that one trusts. */
export interface Verifier {
  readonly name: string
  readonly id: string
  /** Is this its signature of the note's text? */
  verify(text: string, signature: Buffer): boolean
}

/** Not empty, no `+`, none of Unicode's white space, no control characters. */
export const isKeyName = (name: string): boolean => name.isWellFormed() && /^[^\p{White_Space}+\p{Cc}]+$/u.test(name)

/** SHA-256(name ‖ 0x0a ‖ signature type ‖ public key), its first four bytes, in hex. */
export const keyId = (name: string, typedKey: Uint8Array): string =>
  sha256(Buffer.concat([Buffer.from(`${name}\n`), typedKey])).toString('hex', 0, 4)

/** Any UTF-8 is a text if it ends with a newline and has no other ASCII control characters. */
function isText(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code < 0x20 && code !== 0x0a) return false
  }
  return text.isWellFormed() && text.endsWith('\n')
}

export function formatNote({ text, signatures }: Note): string {
  if (!isText(text)) throw new TlogError('the text of a note is UTF-8 that ends with a newline')
  return `${text}\n${signatures.map(formatSignature).join('')}`
}

export function formatSignature({ name, id, signature }: NoteSignature): string {
  if (!isKeyName(name)) throw new TlogError('a key name has no space and no plus')
  return `\u2014 ${name} ${Buffer.concat([Buffer.from(id, 'hex'), signature]).toString('base64')}\n`
}

export function parseNote(note: Uint8Array | string): Note {
  const whole = readText(note)
  const split = whole.lastIndexOf('\n\n')
  if (split < 0) throw new TlogError('a note has a blank line before its signatures')
  const lines = whole.slice(split + 2).split('\n')
  if (lines.pop() !== '' || lines.length === 0) throw new TlogError('a note ends with signature lines')
  if (lines.length > maxSignatures) throw new TlogError(`a note has at most ${maxSignatures} signatures here`)
  return { text: whole.slice(0, split + 1), signatures: lines.map(parseSignature) }
}

function readText(note: Uint8Array | string): string {
  if (note.length > maxNoteBytes) throw new TlogError('the note is too long')
  const text = typeof note === 'string' ? note : readUtf8(note)
  if (!isText(text)) throw new TlogError('a note is UTF-8 text whose only control character is the newline')
  return text
}

export function readUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw new TlogError('the text is not UTF-8')
  }
}

function parseSignature(line: string): NoteSignature {
  const match = /^\u2014 ([^ ]+) ([^ ]+)$/.exec(line)
  const name = match?.[1] ?? ''
  const bytes = readBase64(match?.[2] ?? '')
  if (!isKeyName(name) || !bytes || bytes.length < 5) throw new TlogError('a signature line is malformed')
  return { name, id: bytes.toString('hex', 0, 4), signature: bytes.subarray(4) }
}

/** The text, and which of the keys signed it: one of them at least. */
export function openNote<Key extends Verifier>(
  note: Uint8Array | string,
  keys: readonly Key[],
): { text: string; signedBy: { key: Key; signature: Buffer }[] } {
  const { text, signatures } = parseNote(note)
  const signedBy: { key: Key; signature: Buffer }[] = []
  for (const { name, id, signature } of signatures) {
    const [key, ...others] = keys.filter((known) => known.name === name && known.id === id)
    if (!key) continue
    if (others.length > 0) throw new TlogError(`two keys are called ${name} ${id}`)
    if (signedBy.some((by) => by.key === key)) throw new TlogError(`the key ${name} ${id} signed twice`)
    if (!key.verify(text, signature)) throw new TlogError(`the signature by ${name} ${id} does not fit`)
    signedBy.push({ key, signature })
  }
  if (signedBy.length === 0) throw new TlogError('no known key has signed')
  return { text, signedBy }
}
