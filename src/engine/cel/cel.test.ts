import assert from 'node:assert/strict'
import { test } from 'node:test'
import { celEnv, CelScalar, type CelType, isCelError, isCelList, listType, parse, plan } from '@bufbuild/cel'
import fc from 'fast-check'
import {
  CelError,
  compile,
  declare,
  type Declarations,
  defaults,
  errorCodes,
  type Outcome,
  type Problem,
  type Program,
  renderReference,
  type SignalValues,
  type Step,
  type Value,
} from './index.ts'

const declarations = declare({
  i1: { type: 'int', unit: 'payments', means: 'Payments in the last hour.', actionable: true },
  i2: { type: 'int', means: 'Another count.' },
  d1: { type: 'double', unit: 'EUR', means: 'The amount.' },
  d2: { type: 'double', means: 'Another amount.' },
  s1: { type: 'string', means: 'The country.' },
  s2: { type: 'string', means: 'Another country.' },
  b1: { type: 'bool', means: 'Whether the device is new.' },
  b2: { type: 'bool', means: 'Whether the address is a proxy.' },
  l1: { type: 'list(int)', means: 'Amounts before this one.' },
  'card.country': { type: 'string', means: 'Where the card was issued.' },
  tags: { type: 'map(string, int)', means: 'Counts by tag.' },
  at: { type: 'timestamp', means: 'When it happened.' },
  u1: { type: 'uint', means: 'A count that is never negative.' },
})
const program = (source: string, of: Declarations = declarations): Program => {
  const compiled = compile(source, of)
  assert.ok(compiled.ok, `${source}: ${compiled.ok ? '' : compiled.errors[0]?.message}`)
  return compiled.program
}
const evaluate = (source: string, signals: SignalValues = {}, fuel?: number): Outcome =>
  program(source).evaluate(declarations.bind(signals), fuel)
const codeOf = (outcome: Outcome): string => (outcome instanceof CelError ? outcome.code : 'a value')
const problemsOf = (source: string, resultType?: string): readonly Problem[] => {
  const compiled = compile(source, declarations, resultType === undefined ? {} : { resultType })
  assert.ok(!compiled.ok, source)
  return compiled.errors
}

// A second, naive interpreter: whole numbers are bigints, errors are thrown, nothing is lowered.

type Kind = 'int' | 'double' | 'string' | 'bool' | 'ints'
type Node = { op: string; kind: Kind; args: Node[]; literal?: bigint | number | string | boolean }
type Plain = bigint | number | string | boolean | Plain[]
class Failed extends Error {}

const leaf = (kind: Kind, op: string, literal?: Node['literal']): Node => ({
  op, kind, args: [], ...(literal !== undefined && { literal }),
}) // prettier-ignore
const edges = [0n, 1n, -1n, 2n ** 53n, 2n ** 53n - 1n, -(2n ** 53n), 2n ** 62n, 2n ** 63n - 1n, -(2n ** 63n)]
const anyInt = fc.oneof(fc.bigInt({ min: -20n, max: 20n }), fc.constantFrom(...edges))
const anyDouble = fc.oneof(fc.integer({ min: -8, max: 8 }).map((n) => n / 4), fc.constantFrom(2 ** 53, 1e300, -1e300)) // prettier-ignore
const anyText = fc.constantFrom('', 'a', 'b', 'ab', 'é', '\u{1f600}', '\ufffd', "it's")

const { tree } = fc.letrec<{ int: Node; double: Node; string: Node; bool: Node; ints: Node; tree: Node }>((tie) => {
  const node = (kind: Kind, ops: string[], ...of: ('int' | 'double' | 'string' | 'bool' | 'ints')[]) =>
    fc.tuple(fc.constantFrom(...ops), ...of.map((one) => tie(one))).map(([op, ...args]): Node => ({ op, kind, args }))
  const bounded = (...options: fc.Arbitrary<Node>[]) => fc.oneof({ maxDepth: 4, withCrossShrink: true }, ...options)
  const order = ['<', '<=', '>', '>=', '==', '!=']
  return {
    int: bounded(
      anyInt.map((n) => leaf('int', 'literal', n)),
      fc.constantFrom('i1', 'i2').map((name) => leaf('int', name)),
      node('int', ['+', '-', '*', '/', '%'], 'int', 'int'),
      node('int', ['neg'], 'int'),
      node('int', ['?:'], 'bool', 'int', 'int'),
      node('int', ['size'], 'string'),
      node('int', ['size'], 'ints'),
      node('int', ['[]'], 'ints', 'int'),
    ),
    double: bounded(
      anyDouble.map((n) => leaf('double', 'literal', n)),
      fc.constantFrom('d1', 'd2').map((name) => leaf('double', name)),
      node('double', ['+', '-', '*', '/'], 'double', 'double'),
      node('double', ['neg'], 'double'),
      node('double', ['?:'], 'bool', 'double', 'double'),
    ),
    string: bounded(
      anyText.map((text) => leaf('string', 'literal', text)),
      fc.constantFrom('s1', 's2').map((name) => leaf('string', name)),
      node('string', ['+'], 'string', 'string'),
      node('string', ['?:'], 'bool', 'string', 'string'),
    ),
    ints: bounded(
      fc.array(anyInt, { maxLength: 3 }).map((all): Node => ({ op: 'list', kind: 'ints', args: all.map((n) => leaf('int', 'literal', n)) })),
      fc.constant(leaf('ints', 'l1')),
      node('ints', ['list'], 'int', 'int'),
      node('ints', ['+'], 'ints', 'ints'),
      node('ints', ['filter'], 'ints', 'int'),
      node('ints', ['map'], 'ints', 'int'),
    ),
    bool: bounded(
      fc.boolean().map((b) => leaf('bool', 'literal', b)),
      fc.constantFrom('b1', 'b2').map((name) => leaf('bool', name)),
      fc.constantFrom('i1', 'd1', 's1').map((name) => leaf('bool', `present ${name}`)),
      node('bool', order, 'int', 'int'),
      node('bool', order, 'double', 'double'),
      node('bool', order, 'string', 'string'),
      node('bool', order.slice(0, 4), 'int', 'double'),
      node('bool', ['&&', '||'], 'bool', 'bool'),
      node('bool', ['&&', '||'], 'bool', 'bool', 'bool'),
      node('bool', ['!'], 'bool'),
      node('bool', ['in'], 'int', 'ints'),
      node('bool', ['all', 'exists', 'exists_one'], 'ints', 'int'),
      node('bool', ['startsWith', 'endsWith', 'contains'], 'string', 'string'),
      node('bool', ['=='], 'ints', 'ints'),
    ),
    tree: fc.oneof(tie('bool'), tie('int'), tie('double'), tie('string'), tie('ints')),
  }
}) // prettier-ignore

/** The bodies of macros compare the element, so that they read it. */
const bodies: Readonly<Record<string, string>> = {
  all: 'x >',
  exists: 'x ==',
  exists_one: 'x <',
  filter: 'x !=',
  map: 'x -',
}

function print({ op, kind, args, literal }: Node): string {
  const [a = '', b = '', c = ''] = args.map(print)
  if (typeof literal === 'string') return JSON.stringify(literal)
  if (typeof literal === 'number')
    return Number.isInteger(literal) && Math.abs(literal) < 1e20 ? `${literal}.0` : `${literal}`
  if (op === 'literal') return `${literal}`
  if (op.startsWith('present ')) return `present(${op.slice(8)})`
  if (op === 'list') return `[${args.map(print).join(', ')}]`
  if (op === 'neg') return `-(${a})`
  if (op === '!') return `!(${a})`
  if (op === '?:') return `(${a} ? ${b} : ${c})`
  if (op === '[]') return `${a}[${b}]`
  if (op === 'size') return `size(${a})`
  if (op in bodies) return `(${a}).${op}(x, ${bodies[op]} (${b}))`
  if (op === 'startsWith' || op === 'endsWith' || op === 'contains') return `(${a}).${op}(${b})`
  return args.length === 0 && kind ? op : `(${args.map(print).join(` ${op} `)})`
}

const fits = (n: bigint): bigint => {
  if (n < -(2n ** 63n) || n > 2n ** 63n - 1n) throw new Failed('overflow')
  return n
}
const points = (text: string): number[] => [...text].map((char) => char.codePointAt(0)!)
function compare(a: Plain, b: Plain): number {
  if (typeof a !== 'string' || typeof b !== 'string')
    return a < b ? -1 : a > b ? 1 : a === b || Number(a) === Number(b) ? 0 : NaN
  const [x, y] = [points(a), points(b)]
  const at = x.findIndex((point, n) => point !== y[n])
  return at < 0 ? x.length - y.length : (x[at] ?? -1) - (y[at] ?? -1)
}
const relate: Readonly<Record<string, (order: number) => boolean>> = {
  '<': (order) => order < 0, '<=': (order) => order <= 0, '>': (order) => order > 0, '>=': (order) => order >= 0,
} // prettier-ignore
const equal = (a: Plain, b: Plain): boolean =>
  Array.isArray(a) && Array.isArray(b) ? a.length === b.length && a.every((item, n) => equal(item, b[n]!)) : a === b

function interpret(node: Node, signals: Readonly<Record<string, Plain>>): Plain {
  const { op, args, literal, kind } = node
  const run = (at: number, more = signals): Plain => interpret(args[at]!, more)
  if (literal !== undefined) return literal
  if (op.startsWith('present ')) return signals[op.slice(8)] !== undefined
  if (args.length === 0 && op !== 'list') {
    const value = signals[op]
    if (value === undefined) throw new Failed('missing')
    return value
  }
  if (op === '&&' || op === '||') {
    const tried = args.map((_, at) => attempt(() => run(at)))
    if (tried.some((one) => one === (op === '||'))) return op === '||'
    for (const one of tried) if (one instanceof Failed) throw one
    return op === '&&'
  }
  if (op === '?:') return run(0) === true ? run(1) : run(2)
  if (op in bodies) return macro(op, run(0), (x) => body(op, x, () => run(1)))
  const values = args.map((_, at) => run(at))
  const [a, b] = values as [Plain, Plain]
  if (op === 'list') return values
  if (op === '!') return a === false
  if (op === 'size') return BigInt(typeof a === 'string' ? points(a).length : (a as Plain[]).length)
  if (op === '[]') {
    const item = (a as Plain[])[Number(b)]
    if (item === undefined || (b as bigint) < 0n) throw new Failed('index_out_of_bounds')
    return item
  }
  if (op === 'in') return (b as Plain[]).some((item) => equal(a, item))
  if (op === '==' || op === '!=') return equal(a, b) === (op === '==')
  if (op in relate) return relate[op]!(compare(a, b))
  if (op === 'startsWith') return (a as string).startsWith(b as string)
  if (op === 'endsWith') return (a as string).endsWith(b as string)
  if (op === 'contains') return (a as string).includes(b as string)
  if (kind === 'ints') return [...(a as Plain[]), ...(b as Plain[])]
  return calculate(op, a, b)
}
function calculate(op: string, a: Plain, b: Plain): Plain {
  if (typeof a === 'string') return a + (b as string)
  if (typeof a === 'number') return { neg: -a, '+': a + (b as number), '-': a - (b as number), '*': a * (b as number), '/': a / (b as number) }[op]! // prettier-ignore
  const [x, y] = [a as bigint, b as bigint]
  if (op === 'neg') return fits(-x)
  if (op === '+') return fits(x + y)
  if (op === '-') return fits(x - y)
  if (op === '*') return fits(x * y)
  if (y === 0n) throw new Failed(op === '/' ? 'division_by_zero' : 'modulus_by_zero')
  return fits(op === '/' ? x / y : x % y)
}
function attempt(run: () => Plain): Plain | Failed {
  try {
    return run()
  } catch (error) {
    if (error instanceof Failed) return error
    throw error
  }
}
const body = (op: string, x: Plain, other: () => Plain): Plain => {
  const y = other() as bigint
  const element = x as bigint
  return { all: element > y, exists: element === y, exists_one: element < y, filter: element !== y, map: element - y }[
    op
  ]!
}
function macro(op: string, range: Plain, ask: (x: Plain) => Plain): Plain {
  const items = range as Plain[]
  if (op === 'map') return items.map((x) => fits(ask(x) as bigint))
  if (op === 'filter') return items.filter((x) => ask(x) === true)
  if (op === 'exists_one') return items.filter((x) => ask(x) === true).length === 1
  const tried = items.map((x) => attempt(() => ask(x)))
  if (tried.some((one) => one === (op === 'exists'))) return op === 'exists'
  for (const one of tried) if (one instanceof Failed) throw one
  return op === 'all'
}

const anySignals = fc.record(
  {
    i1: anyInt, i2: anyInt, d1: fc.oneof(anyDouble, fc.constantFrom(NaN, Infinity, -0)), d2: anyDouble, s1: anyText, s2: anyText, b1: fc.boolean(),
    b2: fc.boolean(), l1: fc.array(anyInt, { maxLength: 4 }),
  },
  { requiredKeys: [] },
) // prettier-ignore

/** Bigints for whole numbers, which the interpreter has everywhere. */
const widen = (value: Value, kind: Kind): Plain => {
  if (Array.isArray(value)) return value.map((item) => widen(item, 'int'))
  return kind === 'int' && typeof value === 'number' ? BigInt(value) : (value as Plain)
}

test('a random expression gives what a naive interpreter gives, with and without the trace', () => {
  fc.assert(
    fc.property(tree, anySignals, (node, signals) => {
      const source = print(node)
      const compiled = compile(source, declarations, { maxNodes: 10_000, maxDepth: 1_000, maxSource: 100_000 })
      assert.ok(compiled.ok, `${source}: ${compiled.ok ? '' : compiled.errors[0]?.message}`)
      const bound = declarations.bind(signals)
      const got = compiled.program.evaluate(bound, 1e9)
      const wanted = attempt(() => interpret(node, signals))
      if (wanted instanceof Failed) assert.equal(codeOf(got), wanted.message, source)
      else {
        assert.ok(!(got instanceof CelError), `${source}: ${codeOf(got)}`)
        assert.deepStrictEqual(widen(got, node.kind), wanted, source)
      }
      const { value, steps } = compiled.program.trace(bound, 1e9)
      assert.deepStrictEqual(value, got)
      assert.deepStrictEqual(steps?.value, got)
      for (const { at } of walk(steps)) assert.equal(at.text, source.slice(at.offset, at.offset + at.length))
    }),
    { numRuns: 3_000 },
  )
})
const walk = (step: Step): Step[] => [step, ...step.parts.flatMap(walk)]

/** It orders strings by UTF-16 units, and takes two signs for none; ours follow the specification. */
const isDisputed = (source: string, signals: SignalValues): boolean =>
  source.includes('present') ||
  source.includes('-(-') ||
  [source, signals['s1'], signals['s2']].some((text) => typeof text === 'string' && text.includes('\ufffd'))
const { INT, DOUBLE, STRING, BOOL } = CelScalar
const variables: Readonly<Record<string, CelType>> = {
  i1: INT,
  i2: INT,
  d1: DOUBLE,
  d2: DOUBLE,
  s1: STRING,
  s2: STRING,
  b1: BOOL,
  b2: BOOL,
  l1: listType(INT),
}

test("a random expression gives what another author's CEL gives: the same value, or an error", () => {
  const environment = celEnv({ variables })
  let compared = 0
  const property = fc.property(tree, anySignals, (node, signals) => {
    const source = print(node)
    if (isDisputed(source, signals)) return
    const compiled = compile(source, declarations, { maxNodes: 10_000, maxDepth: 1_000, maxSource: 100_000 })
    assert.ok(compiled.ok)
    const got = compiled.program.evaluate(declarations.bind(signals), 1e9)
    const given = Object.fromEntries(Object.entries(signals).filter(([, value]) => value !== undefined))
    const theirs = plan(environment, parse(source))(given)
    compared++
    if (got instanceof CelError) assert.ok(isCelError(theirs), source)
    else assert.deepStrictEqual(widen(got, node.kind), isCelList(theirs) ? [...theirs] : theirs, source)
  })
  fc.assert(property, { numRuns: 2_000 })
  assert.ok(compared > 1_000)
})

test('more fuel never changes a result, and the trace uses as much as the value alone', () => {
  fc.assert(
    fc.property(tree, anySignals, fc.integer({ min: 0, max: 200 }), (node, signals, fuel) => {
      const compiled = compile(print(node), declarations, { maxNodes: 10_000, maxDepth: 1_000, maxSource: 100_000 })
      assert.ok(compiled.ok)
      const bound = declarations.bind(signals)
      const little = compiled.program.evaluate(bound, fuel)
      const much = compiled.program.evaluate(bound, 1e9)
      if (codeOf(little) !== 'fuel') assert.deepStrictEqual(little, much)
      else assert.equal(codeOf(compiled.program.trace(bound, fuel).value), 'fuel')
      assert.notEqual(codeOf(much), 'fuel')
      assert.deepStrictEqual(compiled.program.trace(bound, fuel).value, little)
    }),
    { numRuns: 1_000 },
  )
})

test('fuel bounds what a macro does, and nothing absorbs its end', () => {
  const deep = 'l1.map(a, l1.map(b, l1.map(c, a * b + c).filter(d, d > 0)).exists(e, 1 in e)).exists(f, f) || true'
  const l1 = Array.from({ length: 1_000 }, (_, at) => at)
  assert.equal(codeOf(evaluate(deep, { l1 })), 'fuel')
  assert.equal(codeOf(evaluate('true || l1.all(a, a > 0)', { l1 }, 4)), 'fuel')
  assert.equal(codeOf(evaluate('i1 + 0 in l1', { i1: 0, l1 }, 1_004)), 'fuel')
  assert.equal(evaluate('i1 + 0 in l1', { i1: 0, l1 }, 1_005), true)
  assert.equal(codeOf(evaluate('l1.size() > 0', { l1 }, NaN)), 'fuel')
  const doubled = `[s1]${'.map(a, a + a)'.repeat(40)}`
  assert.equal(codeOf(evaluate(doubled, { s1: 'xxxxxxxx' })), 'fuel')
})

const pieces = ['i1', 'd1', 's1', 'l1', 'tags', 'x', '1', '0.5', "'a'", '"', "'''", 'r', 'b', '(', ')', '[', ']', '{', '}', '.', ',', '?', ':',
  '&&', '||', '!', '-', '+', '*', '/', '%', '<', '==', ' in ', 'all', 'map', 'has', 'present', 'cel.bind', 'optional', '\\', '//', '\n', ' ', '`', '0x',
  '9223372036854775808', '1e400', 'u', '\u{1f600}', '\ud800', 'null', 'true', 'for', '__proto__', 'constructor', '.?', 'matches'] // prettier-ignore
test('text of any kind gives a program or problems inside the text, and never throws', () => {
  const junk = fc.oneof(fc.string({ unit: 'binary', maxLength: 60 }), fc.array(fc.constantFrom(...pieces), { maxLength: 25 }).map((all) => all.join(''))) // prettier-ignore
  fc.assert(
    fc.property(junk, (source) => {
      const compiled = compile(source, declarations)
      if (compiled.ok) {
        const bound = declarations.bind({ i1: 1, d1: 0.5, s1: 'a', l1: [1], tags: new Map([['a', 1]]) })
        assert.deepStrictEqual(compiled.program.trace(bound).value, compiled.program.evaluate(bound))
        return
      }
      assert.ok(compiled.errors.length > 0)
      for (const { message, position, length = 0 } of compiled.errors) {
        assert.match(message, /^[^\n]{3,300}$/u)
        assert.ok(
          position.offset >= 0 && position.offset + length <= source.length,
          JSON.stringify({ source, position, length }),
        )
        assert.ok(position.line >= 1 && position.column >= 1)
      }
    }),
    { numRuns: 20_000 },
  )
})

test('an expression that is too long, too large or too deep is refused, and quickly', () => {
  const started = process.threadCpuUsage()
  for (const source of [
    'x'.repeat(5_000), '('.repeat(2_000), '['.repeat(2_000), '!'.repeat(4_000), `${'-'.repeat(3_000)}1`, `1${'+1'.repeat(2_000)}`, "'''".repeat(1_300),
    `[${'1,'.repeat(1_500)}1]`, `l1${'.map(a, a)'.repeat(300)}`, `true${' && true'.repeat(500)}`, `true${' ? true'.repeat(500)}`, `s1${'.a'.repeat(1_500)}`,
    `${'('.repeat(40)}1 == 1 < 2${')'.repeat(40)}`, '{1:'.repeat(900), `${'a '.repeat(2_000)}{`,
  ]) assert.equal(compile(source, declarations).ok, false, source.slice(0, 20)) // prettier-ignore
  // What the thread computed: a busy machine does not count.
  assert.ok(process.threadCpuUsage(started).user < 2_000_000)
  assert.deepEqual(problemsOf('x'.repeat(5_000)).map(({ kind }) => kind), ['limit']) // prettier-ignore
  assert.equal(compile(`1${' + 1'.repeat(defaults.maxNodes / 2 - 1)}`, declarations).ok, true)
})

test('a missing signal is an error that only a deciding && or || absorbs', () => {
  assert.deepEqual(evaluate('i1 > 3'), new CelError('missing', 0, 'i1'))
  assert.deepEqual(evaluate('b1 && i1 > 3', { b1: true }), new CelError('missing', 6, 'i1'))
  assert.equal(evaluate('i1 > 3 && b1', { b1: false }), false)
  assert.equal(evaluate('i1 > 3 || b1', { b1: true }), true)
  assert.equal(codeOf(evaluate('i1 > 3 || b1', { b1: false })), 'missing')
  assert.equal(codeOf(evaluate('!b1')), 'missing')
  assert.equal(codeOf(evaluate('s1 in ["SE"]')), 'missing')
  assert.equal(evaluate('present(i1) ? i1 : -1'), -1)
  assert.equal(evaluate('has(card.country) && card.country != "SE"'), false)
  assert.equal(evaluate('has(card.country) && card.country != "SE"', { 'card.country': 'DE' }), true)
  assert.equal(evaluate('has(tags.a) && tags.a > 1', { tags: new Map([['a', 2]]) }), true)
})

test('a problem has a name for what is wrong, its position and its length', () => {
  const [unknown] = problemsOf('i1 > 3 &&\n  countyr == "SE"')
  assert.deepEqual(unknown?.position, { line: 2, column: 3, offset: 12 })
  assert.equal(unknown?.length, 7)
  assert.equal(
    problemsOf('card.contry == "SE"')[0]?.message,
    'There is no signal card.contry. Did you mean card.country?',
  )
  assert.equal(problemsOf('sizee(s1)')[0]?.message, 'Not supported: function sizee (did you mean size?).')
  assert.equal(problemsOf('1 + d1')[0]?.kind, 'type')
  assert.match(problemsOf('d1 == 1')[0]?.message ?? '', /Convert one of them/)
  assert.equal(problemsOf('i1 + 1', 'bool')[0]?.message, 'The expression is of type int; bool is wanted.')
  assert.equal(problemsOf('s1.startsWith("a", "b")')[0]?.message, 'startsWith takes 2 arguments, not 3.')
  assert.deepEqual(problemsOf('nope > 1 && s1 + 1 == "" && also').map(({ position }) => position.offset), [0, 12, 28]) // prettier-ignore
})

test('what CEL has and the subset has not is refused by its name', () => {
  const refused: Record<string, string> = {
    's1.matches("a+")': 'function matches',
    'dyn(1)': 'function dyn',
    'type(1)': 'function type',
    "b'a'": 'bytes',
    'Message{}': 'message Message{…}',
    '[1, "a"]': 'a list of mixed types',
    '{"a": 1, 2: 3}': 'a map with keys of mixed types',
    'math.greatest(1, 2)': 'function math.greatest',
    'cel.bind(x, 1, x)': 'function cel.bind',
    'l1.all(i, v, v > i)': 'macro all with two variables',
    'tags.?a': 'optional access with .?',
    'at.getHours("Europe/Stockholm")': 'time zone Europe/Stockholm',
    'true == (1) < 2': 'relations in a row without parentheses',
    'true == 1 < 2': 'relations in a row without parentheses',
    '.i1': 'a name that begins with a dot',
    'tags.`a`': 'a name in backquotes',
    "r'\\''": 'a quote after a backslash in a raw string',
    int: 'type int as a value',
  }
  for (const [source, construct] of Object.entries(refused)) {
    const [problem] = problemsOf(source)
    assert.deepEqual([problem?.kind, problem?.construct], ['unsupported', construct], source)
  }
  assert.equal(evaluate('true == (1 < 2)'), true)
})

test('whole numbers keep 64 bits: exact beyond 2^53, an error beyond their type', () => {
  assert.equal(evaluate('9007199254740991 + 2'), 9007199254740993n)
  assert.equal(evaluate('9007199254740993 - 2'), 9007199254740991)
  assert.equal(evaluate('-9223372036854775808'), -9223372036854775808n)
  assert.equal(problemsOf('-(9223372036854775808)')[0]?.kind, 'type')
  assert.equal(problemsOf('9223372036854775808')[0]?.kind, 'type')
  assert.equal(evaluate('18446744073709551615u'), 18446744073709551615n)
  assert.equal(codeOf(evaluate('u1 - 1u', { u1: 0 })), 'overflow')
  assert.equal(evaluate('-7 / 2'), -3)
  assert.equal(evaluate('-7 % 2'), -1)
  assert.ok(Object.is(evaluate('0 * -1'), 0))
  assert.ok(Object.is(evaluate('-0.0'), -0))
  assert.equal(evaluate('i1 < 9007199254740992.0', { i1: 9007199254740993n }), false)
  assert.equal(evaluate('i1 == 9007199254740993', { i1: 9007199254740993n }), true)
  assert.equal(evaluate('i1 > 9007199254740992', { i1: 9007199254740993n }), true)
})

test('a signal against a constant means the same as any other comparison, at the limit too', () => {
  for (const op of ['<', '<=', '>', '>=', '==', '!=']) {
    for (const limit of [3n, -3n, 9007199254740991n, 9007199254740993n]) {
      const [fast, slow] = [program(`i1 ${op} ${limit}`), program(`i1 ${op} [${limit}][0]`)]
      const [fastDouble, slowDouble] = [program(`d1 ${op} ${limit}.0`), program(`d1 ${op} [${limit}.0][0]`)]
      for (const i1 of [limit - 1n, limit, limit + 1n]) {
        const bound = declarations.bind({ i1, d1: Number(i1) })
        const order = i1 < limit ? -1 : i1 > limit ? 1 : 0
        assert.equal(
          fast.evaluate(bound),
          relate[op]?.(order) ?? (order === 0) === (op === '=='),
          `${i1} ${op} ${limit}`,
        )
        assert.equal(slow.evaluate(bound), fast.evaluate(bound))
        assert.equal(fast.trace(bound).value, fast.evaluate(bound))
        assert.equal(fastDouble.evaluate(bound), slowDouble.evaluate(bound))
      }
    }
  }
})

test('of several errors the first is told', () => {
  assert.deepEqual(evaluate('i1 > 1 && i2 > 1 && b1'), new CelError('missing', 0, 'i1'))
  assert.deepEqual(evaluate('i1 > 1 || i2 + i1 > 1 || b1', { b1: false }), new CelError('missing', 0, 'i1'))
  assert.deepEqual(
    evaluate('b2 && [1, 2].all(x, 1 / 0 > i1) && i1 > 1', { b2: true }),
    new CelError('division_by_zero', 20),
  )
})

test('a date has its parts, in leap years and before 1970 too', () => {
  const at = (text: string, part: string): Outcome => evaluate(`timestamp('${text}').${part}`)
  assert.equal(at('2023-12-31T23:59:59Z', 'getDayOfYear()'), 364)
  assert.equal(at('2024-12-31T23:59:59Z', 'getDayOfYear()'), 365)
  assert.equal(at('2023-02-28T00:00:00Z', 'getDayOfYear()'), 58)
  assert.equal(at('1969-12-31T23:59:59.5Z', 'getMilliseconds()'), 500)
  assert.equal(at('1969-12-31T23:59:59.5Z', 'getHours("-01:30")'), 22)
  assert.equal(codeOf(at('2023-02-29T00:00:00Z', 'getDate()')), 'conversion')
  assert.equal(codeOf(at('2023-02-28T24:00:00Z', 'getDate()')), 'conversion')
  assert.equal(evaluate("string(timestamp('1969-12-31T23:59:59.25Z'))"), '1969-12-31T23:59:59.25Z')
  assert.equal(evaluate("string(duration('-1h0.5s'))"), '-3600.5s')
  assert.equal(evaluate("at - duration('1s') < at && int(at) == -1", { at: -500_000_000n }), true)
})

test('a double becomes a whole number only where its range is certain', () => {
  assert.equal(codeOf(evaluate('int(-9223372036854775808.0)')), 'range')
  assert.equal(evaluate('int(-9223372036854774784.0)'), -9223372036854774784n)
  assert.equal(evaluate('uint(18446744073709549568.0)'), 18446744073709549568n)
  assert.equal(codeOf(evaluate('uint(-0.5)')), 'range')
  assert.equal(codeOf(evaluate('int(d1)', { d1: NaN })), 'range')
  assert.deepEqual(
    evaluate("[double('-inf'), double('1e3'), double(' 1') == 0.0 ? 1.0 : 2.0]"),
    new CelError('conversion', 32),
  )
})

test('NaN is equal to nothing, and strings are ordered by code point', () => {
  assert.equal(evaluate('d1 == d1', { d1: NaN }), false)
  assert.equal(evaluate('d1 != d1', { d1: NaN }), true)
  assert.equal(evaluate('[d1] == [d1]', { d1: NaN }), false)
  assert.equal(evaluate('d1 in [1.0, 2.0]', { d1: NaN }), false)
  assert.equal(evaluate('s1 < s2', { s1: '\uffff', s2: '\u{1f600}' }), true)
})

test('a map is walked in the order of its keys, however it was built', () => {
  const walked = 'tags.map(k, k)'
  const one = evaluate(walked, { tags: new Map([['b', 1], ['a', 2]]) }) // prettier-ignore
  assert.deepEqual(one, ['a', 'b'])
})

test('a trace has what was read and what each comparison yielded, and nothing that did not run', () => {
  const source = 'i1 > 3 && s1 in ["SE"] && d1 < 1.0'
  const { value, steps } = program(source).trace(declarations.bind({ i1: 5, s1: 'DE', d1: 0.5 }))
  assert.equal(value, false)
  const seen = walk(steps!).map(({ at, value }) => [at.is, at.name, at.text, value])
  assert.deepEqual(seen, [
    ['and', '&&', source, false],
    ['call', '>', 'i1 > 3', true],
    ['signal', 'i1', 'i1', 5],
    ['call', 'in', 's1 in ["SE"]', false],
    ['signal', 's1', 's1', 'DE'],
  ])
})

test('signals of another type than declared are refused, and so are declarations without a type', () => {
  for (const signals of [
    { i1: 0.5 },
    { i1: 'a' },
    { i1: 2n ** 63n },
    { u1: -1 },
    { s1: 1 },
    { l1: [1, 'a'] },
    { at: 1 },
    { tags: new Map([[1, 1]]) },
  ])
    // prettier-ignore
    assert.throws(() => declarations.bind(signals), /is not of type/)
  assert.throws(() => declare({ a: { type: 'bytes', means: '' } }), /not the type/)
  assert.throws(() => declare({ constructor: { type: 'int', means: '' } }), /not a name/)
  assert.throws(() => declare({ '1a': { type: 'int', means: '' } }), /not a name/)
  assert.throws(() => program('1').evaluate(declare({}).bind({})), /other declarations/)
})

test('a program names the signals it reads', () => {
  assert.deepEqual(program('s1 == "a" || present(i1) || l1.exists(x, x > i2)').reads, ['i1', 'i2', 's1', 'l1'])
})

test('the reference has every signal, function and error', () => {
  const page = renderReference(declarations)
  for (const { name, means } of declarations.signals)
    assert.ok(page.includes(`\`${name}\``) && page.includes(means), name)
  for (const code of Object.keys(errorCodes)) assert.ok(page.includes(`\`${code}\``), code)
  for (const word of ['payments', 'EUR', 'startsWith', 'exists_one', 'getDayOfYear', 'present(signal)'])
    assert.ok(page.includes(word), word)
  assert.doesNotMatch(page, /undefined|\(nothing|\[object/)
})
