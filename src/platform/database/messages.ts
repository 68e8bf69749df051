/**
 * Messages of PostgreSQL's extended query protocol, written one behind the other into one piece of memory, so that they
 * leave in one write. The driver's own writer begins each message in 256 bytes and copies it whenever it grows.
 */
const firstRoom = 8_192
const mostOfUtf8 = 3
/** Format codes: text for what is written out, bytes as they are. */
const [asText, asBytes] = [0, 1]

export type WireValue = Buffer | string | null

export class Messages {
  #bytes = Buffer.allocUnsafe(firstRoom)
  #at = 0
  /** Where the length of the message under way stands. */
  #lengthAt = 0

  parse(name: string, text: string): void {
    this.#begin('P')
    this.#word(name)
    this.#word(text)
    this.#int16(0)
    this.#end()
  }

  closeStatement(name: string): void {
    this.#begin('C')
    this.#letter('S')
    this.#word(name)
    this.#end()
  }

  /** To the portal without a name. Columns come back as text. */
  bind(name: string, values: readonly WireValue[]): void {
    this.#begin('B')
    this.#word('')
    this.#word(name)
    this.#int16(values.length)
    for (const value of values) this.#int16(Buffer.isBuffer(value) ? asBytes : asText)
    this.#int16(values.length)
    for (const value of values) this.#value(value)
    this.#int16(0)
    this.#end()
  }

  describePortal(): void {
    this.#begin('D')
    this.#letter('P')
    this.#word('')
    this.#end()
  }

  execute(): void {
    this.#begin('E')
    this.#word('')
    this.#int32(0)
    this.#end()
  }

  sync(): void {
    this.#begin('S')
    this.#end()
  }

  /** All of them. Nothing may be written after it. */
  take(): Buffer {
    return this.#bytes.subarray(0, this.#at)
  }

  #begin(kind: string): void {
    this.#letter(kind)
    this.#lengthAt = this.#at
    this.#int32(0)
  }

  #end(): void {
    this.#bytes.writeInt32BE(this.#at - this.#lengthAt, this.#lengthAt)
  }

  #letter(letter: string): void {
    this.#makeRoom(1)
    this.#bytes[this.#at++] = letter.charCodeAt(0)
  }

  #int16(number: number): void {
    this.#makeRoom(2)
    this.#at = this.#bytes.writeInt16BE(number, this.#at)
  }

  #int32(number: number): void {
    this.#makeRoom(4)
    this.#at = this.#bytes.writeInt32BE(number, this.#at)
  }

  /** Ends with a zero byte. */
  #word(text: string): void {
    this.#text(text)
    this.#letter('\0')
  }

  #text(text: string): void {
    this.#makeRoom(text.length * mostOfUtf8)
    this.#at += this.#bytes.write(text, this.#at)
  }

  #value(value: WireValue): void {
    if (value === null) return this.#int32(-1)
    const lengthAt = this.#at
    this.#int32(0)
    if (typeof value === 'string') this.#text(value)
    else {
      this.#makeRoom(value.length)
      this.#at += value.copy(this.#bytes, this.#at)
    }
    this.#bytes.writeInt32BE(this.#at - lengthAt - 4, lengthAt)
  }

  #makeRoom(count: number): void {
    if (this.#at + count <= this.#bytes.length) return
    const larger = Buffer.allocUnsafe(Math.max(2 * this.#bytes.length, this.#at + count))
    this.#bytes.copy(larger, 0, 0, this.#at)
    this.#bytes = larger
  }
}
