/**
 * The words of a JSON text (strings, numbers, white space) and where they stand. Knows nothing of arrays and objects
 * except the path it is told, so that a refusal can name the place.
 */
import { Fault } from '#kernel/fault'
import { pointTo, type Step } from '#kernel/json-pointer'

const simpleEscapes = new Map([
  [0x22, '"'], [0x5c, '\\'], [0x2f, '/'], [0x62, '\b'], [0x66, '\f'], [0x6e, '\n'], [0x72, '\r'], [0x74, '\t'],
]) // prettier-ignore
const fraction = /(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y

export function refuseBody(pointer: string, message: string): Fault {
  return new Fault('malformed_body', message, { errors: [{ pointer, message }] })
}

export class JsonText {
  /** Where the reader is. The empty name is never shown: a pointer ends before it. */
  readonly path: Step[] = []
  private readonly text: string
  private readonly maxStringBytes: number
  /** In UTF-16 units. */
  at = 0

  constructor(text: string, maxStringBytes: number) {
    this.text = text
    this.maxStringBytes = maxStringBytes
  }

  takeWord(word: string): boolean {
    if (!this.text.startsWith(word, this.at)) return false
    this.at += word.length
    return true
  }

  /** Skips white space; answers the next UTF-16 unit, or -1 at the end. */
  peek(): number {
    const { text } = this
    while (this.at < text.length) {
      const code = text.charCodeAt(this.at)
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return code
      this.at++
    }
    return -1
  }

  readString(): string {
    const { text } = this
    const start = this.at + 1
    for (let at = start; at < text.length; at++) {
      const code = text.charCodeAt(at)
      if (code === 0x22) return this.endString(text.slice(start, at), at)
      if (code === 0x5c) return this.readEscapedString(start, at)
      if (code < 0x20) throw this.refuseControl(at)
    }
    throw this.refuse('A string is not closed', 'Close it with a double quote')
  }

  private readEscapedString(start: number, firstEscape: number): string {
    const { text } = this
    let value = text.slice(start, firstEscape)
    let plainFrom = firstEscape
    for (let at = firstEscape; at < text.length;) {
      const code = text.charCodeAt(at)
      if (code === 0x22) return this.endString(value + text.slice(plainFrom, at), at)
      if (code < 0x20) throw this.refuseControl(at)
      if (code !== 0x5c) {
        at++
        continue
      }
      const meant = simpleEscapes.get(text.charCodeAt(at + 1)) ?? this.readUnicodeEscape(at)
      value += text.slice(plainFrom, at) + meant
      at += text.charCodeAt(at + 1) === 0x75 ? 6 * meant.length : 2
      plainFrom = at
    }
    throw this.refuse('A string is not closed', 'Close it with a double quote')
  }

  /** One UTF-16 unit from `\uXXXX`, or two from a pair. */
  private readUnicodeEscape(at: number): string {
    const unit = this.readUnit(at)
    if (unit === undefined)
      throw this.refuse('There is an unknown escape', 'Use \\" \\\\ \\/ \\b \\f \\n \\r \\t or \\uXXXX', at)
    if (unit < 0xd800 || unit > 0xdfff) return String.fromCharCode(unit)
    const low = this.readUnit(at + 6)
    if (unit > 0xdbff || low === undefined || low < 0xdc00 || low > 0xdfff) {
      throw this.refuse('Half of a surrogate pair stands alone', 'Write both halves, high one first', at)
    }
    return String.fromCharCode(unit, low)
  }

  private readUnit(at: number): number | undefined {
    const escape = this.text.slice(at, at + 6)
    return /^\\u[0-9A-Fa-f]{4}$/.test(escape) ? Number.parseInt(escape.slice(2), 16) : undefined
  }

  private endString(value: string, closingQuoteAt: number): string {
    if (value.length * 3 > this.maxStringBytes && Buffer.byteLength(value) > this.maxStringBytes) {
      throw this.refuse(`A string is longer than ${this.maxStringBytes} bytes`, 'Send a shorter one')
    }
    this.at = closingQuoteAt + 1
    return value
  }

  readNumber(): number {
    const { text } = this
    const start = this.at
    let at = text.charCodeAt(start) === 0x2d ? start + 1 : start
    const firstDigit = at
    while (isDigit(text.charCodeAt(at))) at++
    const digits = at - firstDigit
    if (digits === 0 || (digits > 1 && text.charCodeAt(firstDigit) === 0x30)) throw this.refuseNumber()
    fraction.lastIndex = at
    const wholeEnd = at
    at += fraction.exec(text)?.[0].length ?? 0
    if (continuesNumber(text.charCodeAt(at))) throw this.refuseNumber()
    const value = Number(text.slice(start, at))
    if (at === wholeEnd ? !Number.isSafeInteger(value) : !Number.isFinite(value)) {
      throw this.refuse(
        'A number is too large to be kept exactly',
        'Send it as a string, or stay within ±9007199254740991',
      )
    }
    this.at = at
    return value === 0 ? 0 : value
  }

  private refuseNumber(): Fault {
    return this.refuse(
      'A number is not written as JSON numbers are',
      'Write digits, no leading zero or plus, as 0.5 or -12e3',
    )
  }

  private refuseControl(at: number): Fault {
    return this.refuse('A string holds a bare control character', 'Escape it, as in \\n or \\u0009', at)
  }

  refuse(what: string, mend: string, at = this.at): Fault {
    const offset = Buffer.byteLength(this.text.slice(0, at))
    return refuseBody(pointTo(this.path), `${what}, at byte ${offset}. ${mend}.`)
  }
}

const isDigit = (code: number): boolean => code >= 0x30 && code <= 0x39
/** `.`, `e`, `E`, `+`, `-` or a digit: the number was meant to go on. */
const continuesNumber = (code: number): boolean =>
  code === 0x2e || code === 0x65 || code === 0x45 || code === 0x2b || code === 0x2d || isDigit(code)
