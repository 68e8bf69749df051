/**
 * Strict JSON (RFC 8259) from bytes, in one pass. Accepts nothing that two readers could understand differently:
 * refuses bad UTF-8, a byte order mark, lone surrogates, duplicate names, and numbers a double would silently change
 * (beyond its range, or integers beyond 2^53 - 1). Fractions round to the nearest double; -0 becomes 0.
 *
 * Threat: the text may hold card numbers and secrets. No fault repeats any of it, only byte offsets and safe pointers.
 */
import type { Json } from '#kernel/canonical-json'
import { Fault } from '#kernel/fault'
import type { Step } from '#kernel/json-pointer'
import { JsonText, refuseBody } from './json-text.ts'

export type JsonLimits = {
  /** Arrays and objects inside each other; 32 unless told, never more than 1000 (reading recurses). */
  maxDepth?: number
  /** Members and elements in all; 20,000 unless told. */
  maxMembers?: number
  /** UTF-8 bytes of one string or name after unescaping; unlimited unless told (the body has its own limit). */
  maxStringBytes?: number
}

type JsonObject = { [name: string]: Json }

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const lossyUtf8 = new TextDecoder('utf-8', { ignoreBOM: true })

/**
 * The value of a JSON text. Objects have no prototype, so `__proto__` is a name like any other.
 * Throws only `Fault('malformed_body')`.
 */
export function readJson(bytes: Uint8Array, limits: JsonLimits = {}): Json {
  return new Reader(decode(bytes), limits).readDocument()
}

/** For addresses that take no body: there is none, or the empty object that some clients always send. */
export function requireNothing(bytes: Uint8Array): undefined {
  const value = bytes.length === 0 ? {} : readJson(bytes)
  const isEmpty =
    typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length === 0
  if (!isEmpty) throw new Fault('invalid_request', 'This address takes no body. Send none.')
  return undefined
}

function decode(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes)
  } catch {
    // What was replaced is where the lossy text, written out again, first differs.
    const lossy = Buffer.from(lossyUtf8.decode(bytes))
    let at = 0
    while (at < bytes.length && bytes[at] === lossy[at]) at++
    throw refuseBody('', `The bytes at offset ${at} are not UTF-8. Send the body as UTF-8.`)
  }
}

class Reader {
  private readonly text: JsonText
  private readonly path: Step[]
  private readonly maxDepth: number
  private readonly maxMembers: number
  private members = 0

  constructor(text: string, limits: JsonLimits) {
    this.text = new JsonText(text, limits.maxStringBytes ?? Infinity)
    this.path = this.text.path
    this.maxDepth = Math.min(limits.maxDepth ?? 32, 1000)
    this.maxMembers = limits.maxMembers ?? 20_000
  }

  readDocument(): Json {
    if (this.text.peek() === -1) throw this.text.refuse('The body is empty', 'Send one JSON value')
    const value = this.readValue()
    if (this.text.peek() !== -1)
      throw this.text.refuse('Something follows the value', 'Send one value and nothing more')
    return value
  }

  private readValue(): Json {
    const code = this.text.peek()
    if (code === 0x22) return this.text.readString()
    if (code === 0x7b) return this.readObject()
    if (code === 0x5b) return this.readArray()
    if (code === 0x2d || (code >= 0x30 && code <= 0x39)) return this.text.readNumber()
    if (code === 0x74 && this.text.takeWord('true')) return true
    if (code === 0x66 && this.text.takeWord('false')) return false
    if (code === 0x6e && this.text.takeWord('null')) return null
    if (code === 0xfeff) throw this.text.refuse('There is a byte order mark', 'Send UTF-8 without one')
    if (code === -1) throw this.text.refuse('The text ends where a value should be', 'Send the whole body')
    throw this.text.refuse('There is no JSON value here', 'Write a string, number, object, array, true, false or null')
  }

  private readObject(): JsonObject {
    const object: JsonObject = Object.create(null)
    if (this.open() === 0x7d) return this.close(object)
    for (;;) {
      this.countMember()
      if (this.text.peek() !== 0x22) {
        throw this.text.refuse(
          'A member must begin with its name',
          'Write names in double quotes, no comma after the last',
        )
      }
      const nameAt = this.text.at
      const name = this.text.readString()
      if (object[name] !== undefined) throw this.text.refuse('A name is given twice', 'Give each name once', nameAt)
      if (this.text.peek() !== 0x3a) throw this.text.refuse('A name must be followed by a colon', 'Write "name": value')
      this.text.at++
      this.path[this.path.length - 1] = name
      object[name] = this.readValue()
      this.path[this.path.length - 1] = ''
      if (this.endsAfterMember(0x7d)) return this.close(object)
    }
  }

  private readArray(): Json[] {
    const array: Json[] = []
    if (this.open() === 0x5d) return this.close(array)
    for (;;) {
      this.countMember()
      this.path[this.path.length - 1] = array.length
      array.push(this.readValue())
      if (this.endsAfterMember(0x5d)) return this.close(array)
    }
  }

  /** Enters an array or object; answers what comes first in it. */
  private open(): number {
    if (this.path.length >= this.maxDepth) {
      throw this.text.refuse(`There are more than ${this.maxDepth} levels of nesting`, 'Send a flatter body')
    }
    this.path.push('') // the empty name is never shown: pointers end before it until a member is being read
    this.text.at++
    return this.text.peek()
  }

  private close<T>(value: T): T {
    this.path.pop()
    this.text.at++
    return value
  }

  private countMember(): void {
    if (++this.members <= this.maxMembers) return
    throw this.text.refuse(`There are more than ${this.maxMembers} members and elements`, 'Send fewer')
  }

  private endsAfterMember(closing: 0x7d | 0x5d): boolean {
    const code = this.text.peek()
    if (code === closing) return true
    if (code !== 0x2c) {
      const found = code === -1 ? 'The text ends too early' : 'A comma or the closing bracket is missing'
      throw this.text.refuse(found, 'Separate members with one comma and close every bracket')
    }
    this.text.at++
    return false
  }
}
