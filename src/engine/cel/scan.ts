/**
 * What the library's tree does not tell: which parentheses belong together, and how many signs stand in a row (it recurses
 * for each of them without a limit).
 */
export type Scan = { readonly closings: ReadonlyMap<number, number>; readonly longestSigns: number }

const comment = /\/\/[^\n]*/y
const text = /[rR]?(?:'''(?:\\[^]|[^\\])*?'''|"""(?:\\[^]|[^\\])*?"""|'(?:\\[^]|[^\\'\n\r])*'|"(?:\\[^]|[^\\"\n\r])*")/y
const blank = /\s/

export function scan(source: string): Scan {
  const closings = new Map<number, number>()
  const open: number[] = []
  let [signs, longestSigns] = [0, 0]
  for (let at = 0; at < source.length; at++) {
    const skipped = skip(comment, source, at) ?? skip(text, source, at)
    if (skipped !== undefined) {
      at = skipped - 1
      signs = 0
      continue
    }
    const char = source[at] ?? ''
    if (char === '(') open.push(at)
    if (char === ')') {
      const opening = open.pop()
      if (opening !== undefined) closings.set(opening, at)
    }
    if (char === '-' || char === '!') longestSigns = Math.max(longestSigns, ++signs)
    else if (!blank.test(char)) signs = 0
  }
  return { closings, longestSigns }
}

function skip(pattern: RegExp, source: string, at: number): number | undefined {
  pattern.lastIndex = at
  return pattern.test(source) ? pattern.lastIndex : undefined
}

/** Whether what stands from start to end is directly inside parentheses of its own. */
export function isParenthesised({ closings }: Scan, source: string, start: number, end: number): boolean {
  for (const [opening, closing] of closings) {
    if (opening >= start || closing < end) continue
    const between = source.slice(opening + 1, start).replace(/\/\/[^\n]*/g, '')
    if (/^[\s(]*$/.test(between) && !isCall(source, opening)) return true
  }
  return false
}
const isCall = (source: string, opening: number): boolean =>
  /[\w\])]\s*$/.test(source.slice(0, opening)) && !/\bin\s*$/.test(source.slice(0, opening))
