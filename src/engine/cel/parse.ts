/** Source to syntax tree, by @marcbachmann/cel-js; what CEL has and this parser has not is refused by its name. */
import { type ASTNode, Environment, ParseError } from '@marcbachmann/cel-js'
import { locate, type Problem, show } from './problem.ts'
import { isParenthesised, scan } from './scan.ts'

export type Syntax = ASTNode
export type SyntaxLimits = { maxSource: number; maxNodes: number; maxDepth: number }
type Parsed = { ok: true; tree: Syntax } | { ok: false; problem: Problem }

const maxSigns = 40
const relations: ReadonlySet<string> = new Set(['<', '<=', '>', '>=', 'in'])

export function parse(source: string, { maxSource, maxNodes, maxDepth }: SyntaxLimits): Parsed {
  const fail = (
    problem: Pick<Problem, 'kind' | 'message'> & { construct?: string },
    offset = 0,
    length = 0,
  ): Parsed => ({
    ok: false,
    problem: { ...problem, position: locate(source, offset), ...(length > 0 && { length }) },
  })
  if (source.length > maxSource) return fail({ kind: 'limit', message: `The expression is longer than ${maxSource}.` })
  if (!source.isWellFormed()) return fail({ kind: 'syntax', message: 'The text is not valid Unicode.' })
  const marks = scan(source)
  if (marks.longestSigns > maxSigns) return fail({ kind: 'limit', message: `More than ${maxSigns} signs in a row.` })
  let tree: Syntax
  try {
    const limits = { maxAstNodes: maxNodes, maxDepth, maxListElements: maxNodes, maxMapEntries: maxNodes }
    tree = new Environment({ limits, enableOptionalTypes: true }).parse(source).ast
  } catch (error) {
    if (!(error instanceof ParseError)) throw error
    const { start, end } = error.range ?? { start: 0, end: 0 }
    if (error.code === 'limit_exceeded')
      return fail(
        { kind: 'limit', message: `The expression is larger than ${maxNodes} parts or deeper than ${maxDepth}.` },
        start,
      )
    const isMacro = error.code === 'invalid_macro_argument'
    const construct = isMacro ? 'a macro whose variable is not a name' : nameConstruct(source, start)
    if (construct !== undefined)
      return fail({ kind: 'unsupported', construct, message: `Not supported: ${construct}.` }, start, end - start)
    return fail({ kind: 'syntax', message: wordProblem(error.summary) }, start, end - start)
  }
  const odd = findOdd(tree, (node) => isParenthesised(marks, source, node.start, node.end))
  if (odd) {
    const { node, construct } = odd
    return fail(
      { kind: 'unsupported', construct, message: `Not supported: ${construct}.` },
      node.start,
      node.end - node.start,
    )
  }
  return { ok: true, tree }
}

/** The library repeats characters of the source; only its first words are kept. */
const wordProblem = (summary: string): string => {
  const [words = ''] = summary.split(/[:'"`]/)
  return `${words.trim()}.`
}

/** The name of a construct that CEL has and the library does not read. */
function nameConstruct(source: string, at: number): string | undefined {
  const before = source.slice(0, at).trimEnd()
  const rest = source.slice(at)
  if (rest.startsWith('{')) {
    const message = /[\w.\s]*\w$/.exec(before)?.[0]
    if (message !== undefined) return `message ${show(message.replace(/\s/g, ''))}{…}`
  }
  if (rest.startsWith('`')) return 'a name in backquotes'
  if (/^\.\s*\d/.test(rest)) return 'a number that begins with a dot'
  if (/^\.\s*[a-z_]/i.test(rest)) return 'a name that begins with a dot'
  if (rest.startsWith('?')) return 'optional entries with ?'
  if (/\b(?:[bB][rR]|[rR][bB])$/.test(before) && /^['"]/.test(rest)) return 'bytes'
  if (/^[bB]['"]/.test(rest)) return 'bytes'
  if (rest.startsWith('\f')) return 'a form feed'
  return undefined
}

/** What the library reads otherwise than CEL does. */
function findOdd(tree: Syntax, isWrapped: (node: Syntax) => boolean): { node: Syntax; construct: string } | undefined {
  const waiting: Syntax[] = [tree]
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    // In CEL all relations bind alike, from the left.
    if ((node.op === '==' || node.op === '!=') && relations.has(node.args[1].op) && !isWrapped(node.args[1]))
      return { node, construct: 'relations in a row without parentheses' }
    // In CEL a raw string ends at its first quote.
    if (node.op === 'value' && typeof node.args === 'string' && isOddRaw(node.input.slice(node.start, node.end)))
      return { node, construct: 'a quote after a backslash in a raw string' }
    waiting.push(...children(node))
  }
  return undefined
}
const isOddRaw = (literal: string): boolean => {
  const [, quote, body] = /^[rR](?!'''|""")(['"])([^]*)\1$/.exec(literal) ?? []
  return quote !== undefined && body !== undefined && body.includes(quote)
}

export function children(node: Syntax): readonly Syntax[] {
  switch (node.op) {
    case 'value':
    case 'id':
      return []
    case '.':
    case '.?':
      return [node.args[0]]
    case '!_':
    case '-_':
      return [node.args]
    case 'call':
      return node.args[1]
    case 'rcall':
      return [node.args[1], ...node.args[2]]
    case 'map':
      return node.args.flat()
    default:
      return node.args
  }
}
/** How an int literal just outside the range may stand: only behind its sign. */
export const isBare = (source: string, node: Syntax): boolean =>
  !isParenthesised(scan(source), source, node.start, node.end)
