/**
 * A byte string as it is written and read: whole numbers in groups of 7 bits, lowest first; words of 4 bytes and doubles of
 * 8, lowest byte first; at the end a checksum. What is read is never trusted: every number has a bound.
 */
import { crc32 } from 'node:zlib'

const checksumBytes = 4

const damaged = (): RangeError => new RangeError('the counters of a subject cannot be read')

/** For one string after the other. */
export class Writer {
  #bytes = Buffer.alloc(4_096)
  #at = 0

  /** Whatever was put and not finished is forgotten. */
  begin(): void {
    this.#at = 0
  }

  /** A whole number, 0 to 2^53 - 1. */
  put(number: number): void {
    const bytes = this.#room()
    let rest = number
    let at = this.#at
    // Bit operators would cut it at 32.
    for (; rest >= 2 ** 31; rest = Math.floor(rest / 128)) bytes[at++] = 128 + (rest % 128)
    for (; rest >= 128; rest >>= 7) bytes[at++] = 128 | (rest & 127)
    bytes[at++] = rest
    this.#at = at
  }

  putWord(word: number): void {
    const bytes = this.#room()
    const at = this.#at
    bytes[at] = word
    bytes[at + 1] = word >> 8
    bytes[at + 2] = word >> 16
    bytes[at + 3] = word >> 24
    this.#at = at + 4
  }

  putDouble(double: number): void {
    this.#at = this.#room().writeDoubleLE(double, this.#at)
  }

  finish(): Buffer {
    this.putWord(crc32(this.#bytes.subarray(0, this.#at)) | 0)
    return Buffer.from(this.#bytes.subarray(0, this.#at))
  }

  #room(): Buffer {
    if (this.#at + 8 > this.#bytes.length) this.#bytes = Buffer.concat([this.#bytes, Buffer.alloc(this.#bytes.length)])
    return this.#bytes
  }
}

/** Throws a RangeError for what a writer did not write. */
export class Reader {
  readonly #bytes: Buffer
  readonly #end: number
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
    this.#end = bytes.length - checksumBytes
    if (this.#end < 0 || bytes.readInt32LE(this.#end) !== (crc32(bytes.subarray(0, this.#end)) | 0)) throw damaged()
  }

  /** A whole number from `least` to `most`. */
  take(most = Number.MAX_SAFE_INTEGER, least = 0): number {
    const bytes = this.#bytes
    let at = this.#at
    let number = 0
    let unit = 1
    for (; (bytes[at] ?? 0) >= 128 && unit < 2 ** 49; unit *= 128) number += ((bytes[at++] ?? 0) - 128) * unit
    const last = bytes[at++] ?? 0
    number += last * unit
    this.#at = at
    // A last group of nothing is another way to write the same number.
    if (at > this.#end || number > most || number < least || (last === 0 && unit > 1)) throw damaged()
    return number
  }

  takeWord(): number {
    return this.#bytes.readInt32LE(this.#skip(4))
  }

  /** Finite and not below nothing. */
  takeDouble(): number {
    const double = this.#bytes.readDoubleLE(this.#skip(8))
    if (!(double >= 0 && double < Infinity)) throw damaged()
    return double
  }

  finish(): void {
    if (this.#at !== this.#end) throw damaged()
  }

  #skip(count: number): number {
    const at = this.#at
    this.#at = at + count
    if (this.#at > this.#end) throw damaged()
    return at
  }
}
