/**
 * What stands in the log: canonical JSON (RFC 8785) `{at, commit, id, type, v}` that commits to a content without telling
 * it. `commit` is SHA-256(salt ‖ content) in lower-case hex, the content as UTF-8.
 *
 * The salt hides: destroying it with the content erases what was logged, and guessing shows nothing, while every proof
 * stays valid. It has exactly 32 bytes: with a length to choose, bytes could move between salt and content, and one entry
 * would open to two contents.
 */
import { hash, randomBytes } from 'node:crypto'
import { canonicalJson } from '#kernel/canonical-json'
import { rfc3339 } from '#kernel/clock'
import { atLength, atOffset, commitLength, commitOffset, idOffset, readEntryForm } from './entry-form.ts'
import { TlogError } from './malformed.ts'

export const saltBytes = 32

/** `id` is a wire id, `at` RFC 3339 in UTC with milliseconds, `type` words with dots, such as `decision.recorded`. */
export type Entry = {
  readonly v: 1
  readonly id: string
  readonly at: string
  readonly type: string
  readonly commit: string
}

export const newSalt = (): Buffer => randomBytes(saltBytes)

export function commitTo(salt: Uint8Array, content: string): string {
  if (salt.length !== saltBytes) throw new TlogError(`a salt has ${saltBytes} bytes`)
  if (!content.isWellFormed()) throw new TlogError('a content is text that UTF-8 can write')
  return hash('sha256', Buffer.concat([salt, Buffer.from(content)]), 'hex')
}

/** The bytes of an entry. `timeMs` is in ms since 1970. */
export const makeEntry = (of: {
  id: string
  timeMs: number
  type: string
  salt: Uint8Array
  content: string
}): Buffer => {
  const { salt, content, ...more } = of
  return makeEntryBytes({ ...more, commit: commitTo(salt, content) })
}

/** The same from a commitment that is known. */
export function makeEntryBytes(of: { id: string; timeMs: number; type: string; commit: string }): Buffer {
  const { id, timeMs, type, commit } = of
  const entry: Entry = { v: 1, id, at: rfc3339(timeMs), type, commit }
  const bytes = Buffer.from(canonicalJson(entry))
  parseEntry(bytes)
  return bytes
}

export function parseEntry(bytes: Buffer): Entry {
  const ends = readEntryForm(bytes, 0, bytes.length)
  if (!ends) throw new TlogError('the entry is not canonical JSON of a known form')
  const read = (start: number, end: number): string => bytes.toString('latin1', start, end)
  return {
    v: 1,
    id: read(idOffset, ends.idEnd),
    at: read(atOffset, atOffset + atLength),
    type: read(ends.idEnd + '","type":"'.length, ends.typeEnd),
    commit: read(commitOffset, commitOffset + commitLength),
  }
}

/** Is this the content that the entry committed to? */
export const verifyContent = (entry: Entry, salt: Uint8Array, content: string): boolean =>
  salt.length === saltBytes && content.isWellFormed() && commitTo(salt, content) === entry.commit
