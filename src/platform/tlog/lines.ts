/** Reads a file by lines into memory that it keeps. */
import { closeSync, readSync } from 'node:fs'
import { openPlainFile } from './export-files.ts'
import { TlogError } from './malformed.ts'

const firstChunkBytes = 1 << 20
const maxLineBytes = 1 << 28
const newline = 0x0a

/** Without its newline. Valid until the next line is read. */
export type Line = { bytes: Buffer; start: number; end: number }
export type LineReader = {
  /** `undefined` at the end. Throws `TlogError`, then and later, for a line without end. */
  next(): Line | undefined
  close(): void
}

/** `undefined` if the file cannot be read. */
export function openLines(path: string): LineReader | undefined {
  const file = openPlainFile(path)
  if (!file) return undefined
  const line: Line = { bytes: Buffer.allocUnsafe(firstChunkBytes), start: 0, end: -1 }
  let filled = 0
  function next(): Line | undefined {
    line.start = line.end + 1
    for (let searched = line.start; ;) {
      const found = searched < filled ? line.bytes.indexOf(newline, searched) : -1
      if (found >= 0 && found < filled) {
        line.end = found
        return line
      }
      line.bytes.copyWithin(0, line.start, filled)
      filled -= line.start
      searched = filled
      line.start = 0
      line.end = -1
      if (filled === line.bytes.length) {
        if (filled >= maxLineBytes) throw new TlogError('contents.jsonl has a line that is too long')
        line.bytes = Buffer.concat([line.bytes], 2 * filled)
      }
      const got = readSync(file?.fd ?? -1, line.bytes, filled, line.bytes.length - filled, null)
      if (got === 0 && filled === 0) return undefined
      if (got === 0) throw new TlogError('contents.jsonl does not end with a newline')
      filled += got
    }
  }
  return { next, close: () => closeSync(file.fd) }
}
