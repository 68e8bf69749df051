/** Reads a file by lines, from its start or from any other place, into memory that it keeps. */
import { closeSync, readSync } from 'node:fs'
import { openPlainFile } from './export-files.ts'
import { TlogError } from './malformed.ts'

const chunkBytes = 1 << 18
/** Read at once after seeking: whoever seeks may not stay. */
const glanceBytes = 1 << 13
const maxLineBytes = 1 << 28
const newline = 0x0a

/** Without its newline. Valid until the next line is read. */
export type Line = { bytes: Buffer; start: number; end: number }
export type LineReader = {
  /** `undefined` at the end. Throws `TlogError`, then and later, for a line without end. */
  next(): Line | undefined
  /** Where in the file the next line starts. */
  offset(): number
  /** From there on, be it the middle of a line. */
  seek(offset: number): void
  close(): void
  readonly fileBytes: number
}

/** `undefined` if the file cannot be read. */
export function openLines(path: string): LineReader | undefined {
  const file = openPlainFile(path)
  if (!file) return undefined
  const line: Line = { bytes: Buffer.allocUnsafe(chunkBytes), start: 0, end: -1 }
  let filled = 0
  /** Where in the file the memory starts. */
  let base = 0
  let atOnce = Infinity
  function next(): Line | undefined {
    line.start = line.end + 1
    for (let searched = line.start; ;) {
      const found = searched < filled ? line.bytes.indexOf(newline, searched) : -1
      if (found >= 0 && found < filled) {
        line.end = found
        return line
      }
      line.bytes.copyWithin(0, line.start, filled)
      base += line.start
      filled -= line.start
      searched = filled
      line.start = 0
      line.end = -1
      if (filled === line.bytes.length) {
        if (filled >= maxLineBytes) throw new TlogError('contents.jsonl has a line that is too long')
        line.bytes = Buffer.concat([line.bytes], 2 * filled)
      }
      const wanted = Math.min(atOnce, line.bytes.length - filled)
      const got = readSync(file?.fd ?? -1, line.bytes, filled, wanted, base + filled)
      atOnce = Infinity
      if (got === 0 && filled === 0) return undefined
      if (got === 0) throw new TlogError('contents.jsonl does not end with a newline')
      filled += got
    }
  }
  return {
    next,
    offset: () => base + line.end + 1,
    seek(offset) {
      base = offset
      filled = 0
      line.end = -1
      atOnce = glanceBytes
    },
    close: () => closeSync(file.fd),
    fileBytes: file.bytes,
  }
}
