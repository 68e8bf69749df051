/** Entries of a list from CSV, a batch at a time: each line is an entry, or says why it is none. Values are not repeated. */
import type { Readable } from 'node:stream'
import { CsvError, parse } from 'csv-parse'
import { type NewEntry, listFields } from '#engine/lists'
import { UsageError } from '../command.ts'

export type ReadLine = { line: number; entry: NewEntry } | { line: number; why: string }

const columns = ['field', 'value', 'note', 'expires_at'] as const
const isColumn = (word: string): boolean => columns.some((column) => column === word)
const longest = { value: 256, note: 500 }
const moment = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$/i

export async function* readEntries(file: Readable, atOnce: number): AsyncGenerator<ReadLine[]> {
  const parser = parse({ bom: true, columns: readHeader, info: true, skip_empty_lines: true, max_record_size: 65_536 })
  file.on('error', (error) => parser.destroy(error))
  let batch: ReadLine[] = []
  try {
    const parsed: AsyncIterable<Parsed> = file.pipe(parser)
    for await (const { record, info } of parsed) {
      batch.push(readLine(record, info.lines))
      if (batch.length < atOnce) continue
      yield batch
      batch = []
    }
  } catch (error) {
    throw explain(error)
  }
  if (batch.length > 0) yield batch
}

type Parsed = { record: Readonly<Record<string, string | undefined>>; info: { lines: number } }

function readHeader(header: string[]): string[] {
  const names = header.map((name) => name.trim().toLowerCase())
  const unknown = names.filter((name) => !isColumn(name))
  const isTwice = new Set(names).size < names.length
  if (unknown.length > 0 || isTwice || !names.includes('field') || !names.includes('value')) {
    throw new UsageError(
      `The first line of the file names its columns, each once: field, value, and if you like note and expires_at.`,
    )
  }
  return names
}

function readLine(record: Parsed['record'], line: number): ReadLine {
  const { field = '', value = '', note = '', expires_at = '' } = record
  if (!listFields.some((known) => known === field)) return { line, why: `field: is none of ${listFields.join(', ')}` }
  if (value.length < 1 || value.length > longest.value)
    return { line, why: `value: has 1 to ${longest.value} characters` }
  if (note.length > longest.note) return { line, why: `note: has at most ${longest.note} characters` }
  // What is not UTF-8 was read as U+FFFD: an entry with it would never match.
  if ([value, note].some((text) => /[\0\ufffd]/.test(text) || !text.isWellFormed()))
    return { line, why: 'value: is text in UTF-8, without the character 0' }
  const expiresAt = expires_at === '' ? null : new Date(expires_at)
  if (expiresAt && (!moment.test(expires_at) || Number.isNaN(expiresAt.getTime())))
    return { line, why: 'expires_at: is a moment as RFC 3339 writes it, such as 2027-01-31T00:00:00Z' }
  return { line, entry: { field, value, note: note === '' ? null : note, expiresAt } }
}

/** What cannot be read as CSV ends the import: nobody knows where the next line begins. Batches before it are stored. */
function explain(error: unknown): unknown {
  if (error instanceof UsageError || !(error instanceof Error)) return error
  if (error instanceof CsvError) return new UsageError(`The file is not CSV that can be read on: ${error.code}.`)
  return 'code' in error && typeof error.code === 'string'
    ? new UsageError(`The file cannot be read: ${error.code}.`)
    : error
}
