/** The language as a page for authors of policies, from the same tables that check it. */
import type { Declarations } from './declarations.ts'
import { functions } from './functions.ts'
import { formatKind, type Kind } from './kind.ts'
import { macros } from './macros.ts'
import { arithmetic, comparisons, orders, signs } from './operators.ts'
import { defaults } from './compile.ts'
import { errorCodes } from './value.ts'

type Row = readonly string[]
const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ')
const table = (head: Row, rows: readonly Row[]): string =>
  [head, head.map(() => '---'), ...rows].map((row) => `| ${row.map(cell).join(' | ')} |`).join('\n')
const code = (text: string): string => `\`${text}\``
const all = (kind: Kind): string => formatKind(kind).replaceAll('nothing', 'any')
const unique = (words: readonly string[]): string[] => [...new Set(words)]

const kindRows: readonly Row[] = [
  ['`bool`', '`true`, `false`'],
  ['`int`', '64 bits with a sign: `42`, `-7`, `0xff`'],
  ['`uint`', '64 bits without a sign: `42u`'],
  ['`double`', 'IEEE 754 binary64: `0.5`, `1e3`'],
  ['`string`', "code points: `'a'`, `\"a\"`, `'''a'''`, `r'\\d'`; ordered by code point"],
  ['`timestamp`', "nanoseconds, years 1 to 9999: `timestamp('2026-11-21T10:00:00Z')`"],
  ['`duration`', "nanoseconds, up to 292 years: `duration('1h30m')`"],
  ['`list(T)`', 'elements of one type: `[1, 2]`'],
  ['`map(K, T)`', "keys of type string, int, uint or bool: `{'a': 1}`, `m.a`, `m['a']`"],
  ['`null`', '`null`, equal to itself alone'],
]

const operatorRows = (): readonly Row[] => {
  const takes = (of: typeof arithmetic) => unique(of.map((one) => one.takes.map(all).join(', '))).join('; ')
  return [
    [code('x ? a : b'), 'bool, then two of one type', 'only the chosen one is looked at'],
    [code('||'), 'bools', '`true` if one is, whatever else failed'],
    [code('&&'), 'bools', '`false` if one is, whatever else failed'],
    [code('== !='), 'two of one type', 'by content; NaN equals nothing'],
    [orders.map(code).join(' '), takes(comparisons), 'numbers of different types compare as numbers'],
    [code('in'), 'any in list(any); a key in a map', 'whether it is there'],
    ...unique(arithmetic.map(({ name }) => name)).map((name): Row => [
      code(`a ${name} b`),
      takes(arithmetic.filter((one) => one.name === name)) + (name === '+' ? '; list(any), list(any)' : ''),
      'errors: outside the range of the type' + (name === '/' || name === '%' ? ', and by zero for whole numbers' : ''),
    ]),
    ...signs.map(({ name, takes }): Row => [
      code(`${name}a`),
      takes.map(all).join(),
      name === '!' ? 'the opposite' : 'negative',
    ]),
  ]
}

const functionRows = (): readonly Row[] =>
  functions.map(({ name, style, takes, gives, means }) => {
    const [first, ...rest] = takes.map(all)
    const asMethod = `${first}.${name}(${rest.join(', ')})`
    const asFunction = `${name}(${takes.map(all).join(', ')})`
    const form = { receiver: code(asMethod), global: code(asFunction), both: `${code(asFunction)}, ${code(asMethod)}` }
    return [form[style], code(all(gives)), means]
  })

export function renderReference(declarations: Declarations): string {
  const signals = declarations.signals.map(({ name, type, unit = '', means, actionable }): Row => [
    code(name),
    code(type),
    unit,
    actionable === true ? `${means} (actionable)` : means,
  ])
  return `# Expressions

Expressions are a typed subset of the Common Expression Language. Types are checked before an expression is accepted. What is not on this
page is refused by its name.

## Signals

${table(['Signal', 'Type', 'Unit', 'Means'], signals)}

A signal may be missing. Reading it then is the error \`missing\`, unless \`&&\`, \`||\` or \`?:\` decides without it. \`present(signal)\` is
\`true\` where it was measured, and never fails.

## Types

${table(['Type', 'Values'], kindRows)}

## Operators

The first bind the least.

${table(['Operator', 'Takes', 'Note'], operatorRows())}

A relation (\`==\`, \`<\`, \`in\` and their like) whose right side is a relation needs parentheses around it.

## Functions

${table(['Function', 'Gives', 'Means'], [...functionRows(), ['`present(signal)`, `has(map.key)`', '`bool`', 'whether it is there']])}

## Macros

${table(
  ['Macro', 'Means'],
  Object.entries(macros).map(([name, means]) => [
    code(name === 'map' ? 'list.map(x, result)`, `list.map(x, condition, result)' : `list.${name}(x, condition)`),
    means,
  ]),
)}

Over a map they go through its keys, in ascending order.

## Errors

${table(
  ['Error', 'Means'],
  Object.entries(errorCodes).map(([name, means]) => [code(name), means]),
)}

## Limits

At most ${defaults.maxSource} characters, ${defaults.maxNodes} parts and ${defaults.maxDepth} levels. An evaluation has ${defaults.fuel} units of fuel: one for each part
of the expression, again for each part of a macro's body per element, one for each element or eight characters of a list or text that an
operator or function reads. Fuel that is used up is the error \`fuel\`, which nothing absorbs.
`
}
