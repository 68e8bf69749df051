/**
 * TypeScript source, split into code, literals and comments without a parser: enough to tell an import or a call from
 * the same words in a string or a comment. Positions are kept: `code` is as long as the text, with the content of
 * literals, regular expressions and comments blanked out, and the quotes left standing.
 */
export type Literal = { at: number; end: number; value: string; hasHoles: boolean }
export type Source = { text: string; code: string; literals: Literal[]; comments: { at: number; text: string }[] }

export type Import = {
  at: number
  specifier: string
  /** Imported or re-exported names; `default`, and `*` for everything. */
  names: string[]
  isTypeOnly: boolean
}

const regexMayFollow =
  /(?:^|[=(,:[!&|?{;+\-*%<>~^]|\b(?:return|typeof|case|in|of|delete|void|throw|else|do|await|yield))\s*$/
const regexLiteral = /\/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])+\/[a-z]*/y

const literalBodies = {
  "'": /(?:\\[^]|[^'\\\n])*/y,
  '"': /(?:\\[^]|[^"\\\n])*/y,
  '`': /(?:\\[^]|[^`\\$]|\$(?!\{))*/y,
}
type Quote = keyof typeof literalBodies

export function readSource(text: string): Source {
  const literals: Literal[] = []
  const comments: Source['comments'] = []
  let code = ''
  /** Depth of braces inside each open `${`; empty outside templates. */
  const holes: number[] = []
  const skipTo = (end: number): void => {
    code += text.slice(code.length, end).replace(/[^\n]/g, ' ')
  }
  const readQuoted = (quote: Quote, isContinuing: boolean): void => {
    const start = code.length
    const body = literalBodies[quote]
    body.lastIndex = start + 1
    const at = start + 1 + (body.exec(text)?.[0].length ?? 0)
    const value = text.slice(start + 1, at)
    const hasHole = text.startsWith('${', at)
    if (!isContinuing) literals.push({ at: start, end: at + 1, value, hasHoles: hasHole })
    code += isContinuing ? '}' : quote
    skipTo(Math.min(at, text.length))
    if (hasHole) {
      code += '${'
      holes.push(0)
    } else if (at < text.length) code += quote
  }
  while (code.length < text.length) {
    const at = code.length
    const character = text[at] ?? ''
    const hole = holes.at(-1)
    if (text.startsWith('//', at) || text.startsWith('/*', at)) {
      const close = text[at + 1] === '/' ? text.indexOf('\n', at) : text.indexOf('*/', at + 2)
      const end = close === -1 ? text.length : close + (text[at + 1] === '/' ? 0 : 2)
      comments.push({ at, text: text.slice(at, end) })
      skipTo(end)
    } else if (character === "'" || character === '"' || character === '`') readQuoted(character, false)
    else if (character === '}' && hole === 0) {
      holes.pop()
      readQuoted('`', true)
    } else if (character === '/' && regexMayFollow.test(code.slice(-40))) {
      regexLiteral.lastIndex = at
      const found = regexLiteral.exec(text)
      if (found) skipTo(at + found[0].length)
      else code += character
    } else {
      if (hole !== undefined && character === '{') holes[holes.length - 1] = hole + 1
      if (hole !== undefined && character === '}') holes[holes.length - 1] = hole - 1
      code += character
    }
  }
  return { text, code, literals, comments }
}

export const lineOf = (source: Source, at: number): number => source.text.slice(0, at).split('\n').length

/** Every import, re-export, dynamic import, `require` and `import.meta.resolve` whose specifier can be read. */
export function readImports({ code, literals }: Source): Import[] {
  return literals.flatMap((literal): Import[] => {
    const before = code.slice(0, literal.at).trimEnd()
    const found = { at: literal.at, specifier: literal.value }
    if (/(?<![.\w$])from$/.test(before)) return [{ ...found, ...readClause(before.slice(0, -'from'.length)) }]
    const isCall = /(?<![.\w$])(?:import|require|require\.resolve|import\.meta\.resolve)\s*\($/.test(before)
    const isWhole = isCall ? isReadable(literal, code) : /(?<![.\w$])import$/.test(before)
    return isWhole ? [{ ...found, names: ['*'], isTypeOnly: false }] : []
  })
}

/** A plain string and nothing more, or a template that begins with a package's scope. */
const isReadable = (literal: Literal, code: string): boolean =>
  literal.hasHoles ? /^@[a-z0-9-]+\//.test(literal.value) : /^\s*[,)]/.test(code.slice(literal.end))

/** What stands between the last `import` or `export` and `from`. */
function readClause(before: string): { names: string[]; isTypeOnly: boolean } {
  const start = Math.max(before.lastIndexOf('import'), before.lastIndexOf('export'))
  const clause = before.slice(start).replace(/^(?:import|export)\s*/, '')
  const isTypeStatement = /^type\b\s*[^\s,]/.test(clause)
  const braced = /\{([^}]*)\}/.exec(clause)?.[1]
  const listed = (braced ?? '').split(',').map((name) => name.trim()).filter((name) => name !== '') // prettier-ignore
  const outside = clause.replace(/\{[^}]*\}/, '').replace(isTypeStatement ? /^type\b/ : /^$/, '')
  const names = listed.map((name) => /^(?:type\s+)?([\w$]+)/.exec(name)?.[1] ?? name)
  if (outside.includes('*')) names.push('*')
  if (/^\s*[A-Za-z_$]/.test(outside)) names.push('default')
  const isTypeOnly = isTypeStatement || (names.length === listed.length && listed.length > 0 && listed.every((name) => /^type\s/.test(name))) // prettier-ignore
  return { names, isTypeOnly }
}

/** Dynamic imports whose specifier cannot be read here. */
export function findHiddenImports({ code, literals }: Source): number[] {
  const hidden = [...code.matchAll(/(?<![.\w$])createRequire\b/g)].map((match) => match.index)
  for (const match of code.matchAll(/(?<![.\w$])(?:import|require)\s*\(\s*/g)) {
    const literal = literals.find(({ at }) => at === match.index + match[0].length)
    if (!literal || !isReadable(literal, code)) hidden.push(match.index)
  }
  return hidden
}
