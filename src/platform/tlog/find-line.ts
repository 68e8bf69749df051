/** Finds the line of an entry in contents.jsonl without reading all that stands before it. */
import { readLineIndex } from './contents.ts'
import type { LineReader } from './lines.ts'
import { TlogError } from './malformed.ts'

/**
 * Lets the reader go on with the line of entry `index`, which is not the first. Where the lines are not in order it may
 * not be found, or not be the one that belongs there: whoever reads on must see that no line is left out or read twice.
 */
export function seekLine(lines: LineReader, index: number): boolean {
  // It starts after `low`, where the line of an earlier entry starts, and not after `high`.
  let low = 0
  let high = lines.fileBytes
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    const { start, of } = readLineAfter(lines, middle)
    if (of === index) {
      lines.seek(start)
      return true
    }
    if (of > index) high = middle
    else low = start
  }
  return false
}

/** Where the first line that starts after a place does so, and which entry it is of: of one beyond all, if of none. */
function readLineAfter(lines: LineReader, place: number): { start: number; of: number } {
  try {
    lines.seek(place)
    lines.next()
    const start = lines.offset()
    const line = lines.next()
    return { start, of: (line && readLineIndex(line)) ?? Infinity }
  } catch (error) {
    if (error instanceof TlogError) return { start: place, of: Infinity }
    throw error
  }
}
