/**
 * The conformance cases of CEL, from ../shared/testdata where that is there. Each case either compiles, and then gives
 * exactly the expected value or error; or it is refused, and then by the name of what the subset does not have, or because
 * CEL's own checker refuses it too.
 */
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { inspect } from 'node:util'
import {
  CelError,
  compile,
  declare,
  type Declarations,
  type MapKey,
  type Outcome,
  type SignalDeclaration,
  type Value,
} from './index.ts'

const folder = join(import.meta.dirname, '../../../../shared/testdata/rules/cel-conformance')
const needsData = { skip: existsSync(folder) ? false : `needs ${folder}` }
/** Fewer means that something was silently refused. */
const leastSupported = 365
const allCases = 1_234

// The text form of protocol buffers, as far as the cases use it.

type Message = { readonly [field: string]: readonly Field[] }
/** A word is a number, an enum's name or a bool, as it was written. */
type Field = Message | { readonly text: string } | { readonly word: string }

const token =
  /\s+|#[^\n]*|(?<text>"(?:\\[^]|[^\\"])*"|'(?:\\[^]|[^\\'])*')|(?<word>-?\s*[\w.+-]+|\[[\w./]+\])|(?<mark>[{}:;,<>[\]])/y

function readTextproto(source: string): Message {
  const tokens: { kind: 'text' | 'word' | 'mark'; value: string }[] = []
  token.lastIndex = 0
  while (token.lastIndex < source.length) {
    const at = token.lastIndex
    const groups = token.exec(source)?.groups
    if (!groups) throw new Error(`cannot read at ${at}: ${source.slice(at, at + 40)}`)
    for (const kind of ['text', 'word', 'mark'] as const) {
      const value = groups[kind]
      if (value !== undefined) tokens.push({ kind, value })
    }
  }
  let at = 0
  const isMark = (value: string): boolean => tokens[at]?.kind === 'mark' && tokens[at]?.value === value
  const readValue = (): Field => {
    if (isMark('{')) {
      at++
      return readMessage('}')
    }
    if (tokens[at]?.kind !== 'text') return { word: tokens[at++]!.value.replace(/\s/g, '') }
    let text = ''
    while (tokens[at]?.kind === 'text') text += unescape(tokens[at++]!.value.slice(1, -1))
    return { text }
  }
  const readMessage = (end: string | undefined): Message => {
    const fields: Record<string, Field[]> = {}
    while (at < tokens.length && !(end !== undefined && isMark(end))) {
      const name = tokens[at++]!.value
      if (isMark(':')) at++
      const list = (fields[name] ??= [])
      if (isMark('[')) {
        for (at++; !isMark(']');) {
          list.push(readValue())
          if (isMark(',')) at++
        }
        at++
      } else list.push(readValue())
      while (isMark(',') || isMark(';')) at++
    }
    at++
    return fields
  }
  return readMessage(undefined)
}

const simple: Readonly<Record<string, number>> = { a: 7, b: 8, f: 12, n: 10, r: 13, t: 9, v: 11 }
/** Escapes stand for bytes, which are UTF-8. Bytes that are not become U+FFFD: no case of the subset has any. */
function unescape(body: string): string {
  const bytes: number[] = []
  const encoder = new TextEncoder()
  const escape = /\\(?:([0-7]{1,3})|[xX]([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([^]))|([^\\]+)/g
  for (const [, octal, hex, short, long, char, plain] of body.matchAll(escape)) {
    if (plain !== undefined) bytes.push(...encoder.encode(plain))
    else if (octal !== undefined) bytes.push(Number.parseInt(octal, 8))
    else if (hex !== undefined) bytes.push(Number.parseInt(hex, 16))
    else if (short !== undefined || long !== undefined)
      bytes.push(...encoder.encode(String.fromCodePoint(Number.parseInt(short ?? long ?? '', 16))))
    else bytes.push(simple[char ?? ''] ?? (char ?? '').charCodeAt(0))
  }
  return new TextDecoder().decode(Uint8Array.from(bytes))
}

const messages = (message: Message, field: string): Message[] =>
  (message[field] ?? []).map((value) => {
    if ('text' in value && typeof value['text'] === 'string') throw new Error(`${field} is a text`)
    if ('word' in value && typeof value['word'] === 'string') throw new Error(`${field} is a word`)
    return value as Message
  })
const message = (from: Message, field: string): Message | undefined => messages(from, field)[0]
function text(from: Message, field: string): string | undefined {
  const value = from[field]?.[0]
  return value !== undefined && 'text' in value && typeof value.text === 'string' ? value.text : undefined
}
function word(from: Message, field: string): string | undefined {
  const value = from[field]?.[0]
  return value !== undefined && 'word' in value && typeof value.word === 'string' ? value.word : undefined
}

// The cases.

type Case = { file: string; name: string; body: Message }
const casesOf = (file: string): Case[] =>
  messages(readTextproto(readFileSync(join(folder, file), 'utf8')), 'section').flatMap((section) =>
    messages(section, 'test').map((body) => ({
      file: file.replace('.textproto', ''),
      name: `${text(section, 'name')}/${text(body, 'name')}`,
      body,
    })),
  )

const primitives: Readonly<Record<string, string>> = {
  BOOL: 'bool', INT64: 'int', UINT64: 'uint', DOUBLE: 'double', STRING: 'string',
} // prettier-ignore

/** The type as the declarations would write it. */
function typeOf(type: Message | undefined): string {
  if (!type) return 'dyn'
  if ('null' in type) return 'null'
  const primitive = word(type, 'primitive')
  if (primitive !== undefined) return primitives[primitive] ?? primitive
  const known = { TIMESTAMP: 'timestamp', DURATION: 'duration' }[word(type, 'well_known') ?? '']
  if (known !== undefined) return known
  const list = message(type, 'list_type')
  if (list) return `list(${typeOf(message(list, 'elem_type'))})`
  const map = message(type, 'map_type')
  if (map) return `map(${typeOf(message(map, 'key_type'))}, ${typeOf(message(map, 'value_type'))})`
  return text(type, 'message_type') ?? 'dyn'
}

const whole = (digits: string): number | bigint =>
  Number.isSafeInteger(Number(digits)) ? Number(digits) + 0 : BigInt(digits)
const specials: Readonly<Record<string, number>> = { inf: Infinity, infinity: Infinity, nan: NaN }
function double(written: string): number {
  const special = specials[written.replace('-', '').toLowerCase()]
  if (special === undefined) return Number(written)
  return written.startsWith('-') ? -special : special
}

/** undefined where the subset has no such value: bytes, types, messages. */
function valueOf(value: Message): Value | undefined {
  const bool = word(value, 'bool_value')
  if (bool !== undefined) return bool === 'true'
  const int = word(value, 'int64_value') ?? word(value, 'uint64_value')
  if (int !== undefined) return whole(int)
  const number = word(value, 'double_value')
  if (number !== undefined) return double(number)
  if ('null_value' in value) return null
  const list = message(value, 'list_value')
  if (list) {
    const items = messages(list, 'values').map(valueOf)
    return items.every((item) => item !== undefined) ? items : undefined
  }
  const map = message(value, 'map_value')
  if (!map) return text(value, 'string_value')
  const entries = new Map<MapKey, Value>()
  for (const entry of messages(map, 'entries')) {
    const [key, item] = [valueOf(message(entry, 'key')!), valueOf(message(entry, 'value')!)]
    if (item === undefined || key === undefined || key === null || typeof key === 'object') return undefined
    entries.set(key, item)
  }
  return entries
}

/** What the cases call our errors. */
const codes: readonly (readonly [RegExp, readonly string[]])[] = [
  [/modulus by zero/, ['modulus_by_zero']],
  [/divi(?:sion|de) by zero/, ['division_by_zero']],
  [/overflow/, ['overflow', 'range']],
  [/no such key/, ['no_such_key']],
  [/repeated key/, ['repeated_key']],
  [/invalid_argument|out of bounds/, ['index_out_of_bounds']],
  [/conversion error/i, ['conversion']],
  [/range/, ['range']],
]

type Verdict = { is: 'right' } | { is: 'refused'; construct: string } | { is: 'wrong'; why: string }

function judge({ body }: Case): Verdict {
  const source = text(body, 'expr') ?? ''
  const isUnchecked = word(body, 'disable_check') === 'true'
  const signals: Record<string, SignalDeclaration> = {}
  for (const declaration of messages(body, 'type_env')) {
    const type = typeOf(message(message(declaration, 'ident') ?? {}, 'type'))
    signals[text(declaration, 'name') ?? ''] = { type, means: '' }
  }
  const container = text(body, 'container')
  if (container !== undefined && Object.keys(signals).length > 0) return { is: 'refused', construct: 'container' }
  let declarations: Declarations
  try {
    declarations = declare(signals)
  } catch (error) {
    const [, type] = /^not the type of a signal: (.*)$/.exec(String(error instanceof Error && error.message)) ?? []
    return type === undefined
      ? { is: 'wrong', why: String(error) }
      : { is: 'refused', construct: `a variable of type ${type}` }
  }
  const compiled = compile(source, declarations, { maxNodes: 2_000, maxSource: 10_000 })
  const failure = message(body, 'eval_error')
  const typed = message(body, 'typed_result')
  const wanted = message(body, 'value') ?? (typed && message(typed, 'result'))
  if (!compiled.ok) {
    const named = compiled.errors.find(({ kind }) => kind === 'unsupported')
    if (named) {
      assert.ok(named.construct && named.message.includes(named.construct), source)
      return { is: 'refused', construct: named.construct }
    }
    const [error] = compiled.errors
    const isTypeError = error?.kind === 'type' || error?.kind === 'unknown'
    if (isTypeError && (failure || isUnchecked)) return { is: 'right' }
    if (container !== undefined && error?.kind === 'unknown') return { is: 'refused', construct: 'container' }
    return { is: 'wrong', why: `${error?.kind}: ${error?.message}` }
  }
  const { program } = compiled
  const deduced = typed && typeOf(message(typed, 'deduced_type'))
  if (deduced !== undefined && program.type.replaceAll('nothing', 'dyn') !== deduced)
    return { is: 'wrong', why: `type ${program.type}, not ${deduced}` }
  if (word(body, 'check_only') === 'true') return { is: 'right' }
  const values: Record<string, Value> = {}
  for (const binding of messages(body, 'bindings')) {
    const value = valueOf(message(message(binding, 'value')!, 'value')!)
    if (value !== undefined) values[text(binding, 'key')!] = value
  }
  const bound = declarations.bind(values)
  const got: Outcome = program.evaluate(bound)
  assert.deepEqual(program.trace(bound).value, got)
  if (failure) {
    if (!(got instanceof CelError)) return { is: 'wrong', why: 'a value where an error is expected' }
    const said = text(messages(failure, 'errors')[0] ?? {}, 'message') ?? ''
    const expected = codes.find(([pattern]) => pattern.test(said))?.[1]
    if (expected && !expected.includes(got.code)) return { is: 'wrong', why: `${got.code} where ${said} is expected` }
    return { is: 'right' }
  }
  const value = wanted ? valueOf(wanted) : true
  if (value === undefined) return { is: 'wrong', why: `a value that the subset does not have was expected` }
  try {
    assert.deepStrictEqual(got, value)
    return { is: 'right' }
  } catch {
    return { is: 'wrong', why: `got ${inspect(got)}, not ${inspect(value)}` }
  }
}

test('every conformance case is right, or refused by the name of what the subset does not have', needsData, (t) => {
  const refused = new Map<string, number>()
  const wrong: string[] = []
  let right = 0
  let all = 0
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.textproto'))) {
    let [rightHere, here] = [0, 0]
    for (const one of casesOf(file)) {
      const verdict = judge(one)
      here++
      if (verdict.is === 'right') rightHere++
      else if (verdict.is === 'wrong')
        wrong.push(`${one.file}: ${one.name}: ${text(one.body, 'expr')?.slice(0, 120)}: ${verdict.why}`)
      else refused.set(verdict.construct, (refused.get(verdict.construct) ?? 0) + 1)
    }
    t.diagnostic(`${file}: ${rightHere} of ${here} right`)
    right += rightHere
    all += here
  }
  const groups = new Map<string, number>()
  for (const [construct, count] of refused) {
    const group = construct.replace(
      /^(a variable of type|message|type|time zone|function (?:math|strings|optional|cel|proto|base64|net)).*/,
      '$1 …',
    )
    groups.set(group, (groups.get(group) ?? 0) + count)
  }
  const listed = [...groups].sort((a, b) => b[1] - a[1]).map(([construct, count]) => `${count} ${construct}`)
  t.diagnostic(`${all} cases: ${right} right, ${all - right - wrong.length} refused, ${wrong.length} wrong`)
  t.diagnostic(`refused: ${listed.join('; ')}`)
  assert.deepEqual(wrong, [])
  assert.equal(all, allCases)
  assert.ok(right >= leastSupported, `${right} right, at least ${leastSupported} before`)
})
