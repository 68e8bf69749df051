/** Holds each content of an export against the commitment in its entry. */
import { join } from 'node:path'
import { checkContentLine } from './contents.ts'
import { commitLength, commitOffset, readEntryForm } from './entry-form.ts'
import { contentsFile } from './export-files.ts'
import { seekLine } from './find-line.ts'
import { collectFindings, type Finding } from './judge-tile.ts'
import { type Line, type LineReader, openLines } from './lines.ts'
import { TlogError } from './malformed.ts'
import { tileWidth } from './tiles.ts'

export type ContentsJudge = {
  /** Judges the lines of a bundle's entries, bundle after bundle. Stops where the bundle breaks off. */
  judgeBundle(bundle: Buffer, index: number, width: number): void
  /** After the last bundle. */
  finish(): void
  close(): void
  /** Where in contents.jsonl the next line starts; `undefined` after a fault. */
  offset(): number | undefined
  readonly findings: readonly Finding[]
  readonly counts: { readonly contents: number; readonly erased: number }
}

/** From the line of entry `from` on. */
export function judgeContents(dir: string, size: number, from: number): ContentsJudge {
  const { findings, find: add } = collectFindings()
  const find = (index: number | null, why: string): void => add({ index, why })
  const counts = { contents: 0, erased: 0 }
  let lines = openFrom()

  function openFrom(): LineReader | undefined {
    const opened = openLines(join(dir, contentsFile))
    if (!opened) find(null, `${contentsFile} is missing or cannot be read`)
    if (!opened || from === 0 || seekLine(opened, from)) return opened
    opened.close()
    find(from, 'its line is not found')
    return undefined
  }

  function close(): void {
    lines?.close()
    lines = undefined
  }
  /** After a line that is missing or has no end there are no others. */
  function readLine(index: number): Line | undefined {
    try {
      const line = lines?.next()
      if (line || index === size) return line
      find(index, `${contentsFile} ends before its line`)
    } catch (error) {
      if (!(error instanceof TlogError)) throw error
      find(index, error.message)
    }
    close()
    return undefined
  }
  function judgeLine(line: Line, bundle: Buffer, start: number, end: number, index: number): void {
    if (!readEntryForm(bundle, start, end)) return find(index, 'it is not canonical JSON of a known form')
    const commit = bundle.toString('latin1', start + commitOffset, start + commitOffset + commitLength)
    const verdict = checkContentLine(line, index, commit)
    if (verdict === 'matches') counts.contents++
    else if (verdict === 'erased') counts.erased++
    else find(index, verdict.why)
  }
  return {
    findings,
    counts,
    close,
    offset: () => lines?.offset(),
    judgeBundle(bundle, index, width) {
      let at = 0
      for (let n = 0; n < width && lines; n++) {
        const end = at + 2 <= bundle.length ? at + 2 + bundle.readUInt16BE(at) : Infinity
        const line = end > bundle.length ? undefined : readLine(index * tileWidth + n)
        if (!line) return
        judgeLine(line, bundle, at + 2, end, index * tileWidth + n)
        at = end
      }
    },
    finish() {
      if (lines && readLine(size)) find(size, `${contentsFile} has more lines than there are entries`)
    },
  }
}
