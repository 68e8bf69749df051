/** What is wrong with an expression, and where. */
export type ProblemKind = 'syntax' | 'unknown' | 'type' | 'unsupported' | 'limit'
/** `line` and `column` count from 1, `offset` from 0; column and offset in UTF-16 units. */
export type Position = { readonly line: number; readonly column: number; readonly offset: number }
export type Problem = {
  readonly kind: ProblemKind
  /** For the author of the expression: it names what they wrote. */
  readonly message: string
  /** What is not supported, by its name. */
  readonly construct?: string
  readonly position: Position
  readonly length?: number
}
/** A stretch of the source. */
export type Place = { readonly offset: number; readonly length: number }

export function locate(source: string, offset: number): Position {
  const before = source.slice(0, offset)
  const line = before.split('\n').length
  return { line, column: offset - before.lastIndexOf('\n'), offset }
}

/** A name as it may be shown: short, and without what could break a line. */
export const show = (name: string): string => {
  const clean = name.replace(/[^\w./{}()[\]?$-]/g, '_')
  return clean.length > 60 ? `${clean.slice(0, 60)}…` : clean
}

/** The known name nearest to a mistyped one, or undefined if none is near. */
export function suggest(wrong: string, known: Iterable<string>): string | undefined {
  const limit = Math.min(3, Math.ceil(wrong.length / 3))
  let [best, distance]: [string | undefined, number] = [undefined, limit + 1]
  if (wrong.length > 60) return undefined
  for (const name of known) {
    // So many letters more or less are as many changes.
    if (Math.abs(name.length - wrong.length) >= distance) continue
    const found = editDistance(wrong.toLowerCase(), name.toLowerCase())
    if (found < distance) [best, distance] = [name, found]
  }
  return best
}

/** Insertions, deletions, replacements and swaps of neighbours. */
function editDistance(a: string, b: string): number {
  let [older, row]: [number[], number[]] = [[], Array.from({ length: b.length + 1 }, (_, at) => at)]
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const swap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? (older[j - 2] ?? 0) + 1 : Infinity
      const same = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(same, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, swap))
    }
    ;[older, row] = [row, next]
  }
  return row[b.length] ?? Infinity
}
