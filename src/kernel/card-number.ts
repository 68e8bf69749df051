/**
 * Finds what looks like a payment card number, so that it can be refused before it is stored or logged.
 *
 * What counts: a known issuer's prefix, that brand's length and the Luhn digit, written
 *   - in one piece,
 *   - in groups with spaces or dashes of any kind between them, when they are all the digits standing together, or
 *   - in the groups printed on cards (4-4-4-4, 4-6-5 …) with spaces, dashes or single dots, also beside other groups.
 * Digits of every script count, and invisible characters and accents do not separate.
 * What breaks a number: an ASCII letter touching it (so hex and base32 ids pass), any other character between digits, a
 * longer unbroken run of digits, the decimals of a fraction, being part of a UUID. `+` and at most 13 digits is a
 * telephone number (E.164).
 *
 * One in ten random numbers with a known prefix passes Luhn. Callers exempt the fields whose format cannot be a card
 * number. Time is linear in the length of the text.
 */
import { Fault } from './fault.ts'
import { isCardNumber } from './card-issuers.ts'
import { pointTo, type Step } from './json-pointer.ts'

const minDigits = 12
const maxDigits = 19

/**
 * RFC 6901 pointer of the first place that holds one, `undefined` if none does. Compare with `undefined`: `''` is the
 * value itself or one of its names. For a name it is the pointer of its object, and it is cut before names that should
 * not be repeated (see `pointTo`). `exempt` is asked, with the full pointer, about values only, never about names.
 * Recurses: the depth of `value` is bounded by whoever read it.
 */
export function findCardNumber(value: unknown, exempt?: (pointer: string) => boolean): string | undefined {
  const path: Step[] = []
  return holdsCardNumber(value, path, exempt) ? pointTo(path) : undefined
}

/** Leaves `path` at the place when there is one. */
function holdsCardNumber(value: unknown, path: Step[], exempt?: (pointer: string) => boolean): boolean {
  if (typeof value === 'string') return looksLikeCard(value) && !exempt?.(fullPointer(path))
  if (typeof value === 'number' || typeof value === 'bigint') {
    // Only whole numbers: a fraction is an amount or a place on Earth.
    const whole = String(value).replace(/^-/, '')
    return whole.length >= minDigits && /^\d+$/.test(whole) && isCardNumber(whole) && !exempt?.(fullPointer(path))
  }
  if (typeof value !== 'object' || value === null) return false
  const steps: Iterable<Step> = Array.isArray(value) ? value.keys() : Object.keys(value)
  for (const step of steps) {
    if (typeof step === 'string' && looksLikeCard(step)) return true
    path.push(step)
    if (holdsCardNumber(Reflect.get(value, step), path, exempt)) return true
    path.pop()
  }
  return false
}

const fullPointer = (path: readonly Step[]): string =>
  path.map((step) => `/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')

function looksLikeCard(text: string): boolean {
  if (text.length < minDigits / 2) return false // one character stands for two digits at most
  let digits = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code > 0x7f) return holdsCard(toAsciiDigits(text))
    if (code >= 0x30 && code <= 0x39) digits++
  }
  return digits >= minDigits && holdsCard(text)
}

const holdsCard = (text: string): boolean => readRuns(text.replace(uuid, ',')).some(runHoldsCard)

const uuid = /(?<![0-9a-z])[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?![0-9a-z])/gi

/** Character by character: letters stay as they are, so that `№4111…` does not become `No4111…`. */
function toAsciiDigits(text: string): string {
  return /\p{N}/u.test(text) ? text.replace(/[^\0-\x7f]/gu, toAscii) : ''
}

function toAscii(character: string): string {
  if (/[\p{M}\p{Cf}]/u.test(character)) return ''
  if (/\p{N}/u.test(character)) {
    const simple = character.normalize('NFKC')
    if (/^\d+$/.test(simple)) return simple
    return /\p{Nd}/u.test(character) ? decimalValue(character) : character
  }
  if (/\s/.test(character)) return ' '
  if (/[\p{Pd}\u2043\u2212]/u.test(character)) return '-'
  return /[\u00b7\u2022\u2024\u2027\u30fb]/.test(character) ? '.' : character
}

/** Unicode keeps the ten digits of a script together, zero first. NFKC leaves them alone. */
function decimalValue(digit: string): string {
  const code = digit.codePointAt(0) ?? 0
  let zero = code
  while (code - zero < 9 && /\p{Nd}/u.test(String.fromCodePoint(zero - 1))) zero--
  return String(code - zero)
}

/** A run: groups of digits with nothing but separators between them. `joints[i]` stands between group i and i + 1. */
type Run = { groups: string[]; joints: ('space' | 'dot')[]; isPhone: boolean }

const separatorsOnly = /^[\s-]+$/
const isLetter = (character: string | undefined): boolean => character !== undefined && /[A-Za-z]/.test(character)

function readRuns(text: string): Run[] {
  const runs: Run[] = []
  let run: Run | undefined
  let end = 0
  for (const match of text.matchAll(/\d+/g)) {
    const group = match[0]
    const between = text.slice(end, match.index)
    const before = text[match.index - 1]
    end = match.index + group.length
    if (isLetter(before) || isLetter(text[end])) {
      run = undefined
      continue
    }
    if (run && (between === '.' || separatorsOnly.test(between))) {
      run.joints.push(between === '.' ? 'dot' : 'space')
      run.groups.push(group)
    } else {
      run = { groups: [group], joints: [], isPhone: before === '+' }
      runs.push(run)
    }
  }
  return runs
}

function runHoldsCard(run: Run): boolean {
  const { groups, joints } = run
  const digits = groups.reduce((sum, group) => sum + group.length, 0)
  if (digits < minDigits || (run.isPhone && digits <= 13)) return false
  if (digits <= maxDigits && !joints.includes('dot') && isCardNumber(groups.join(''))) return true
  return groups.some((group, at) => {
    const isDecimals = joints[at - 1] === 'dot'
    return (!isDecimals && isSingleCard(group)) || startsPrintedCard(groups, at)
  })
}

const isSingleCard = (group: string): boolean =>
  group.length >= minDigits && group.length <= maxDigits && isCardNumber(group)

/** How cards of 14 to 19 digits are printed and typed. Shorter ones are found only where they stand alone. */
const printed = /^(?:4,4,4,[234]|4,4,4,4,[123]|4,6,[45]|8,8|6,13)$/

function startsPrintedCard(groups: readonly string[], from: number): boolean {
  let digits = ''
  let shape = ''
  for (let at = from; at < Math.min(from + 5, groups.length); at++) {
    const group = groups[at] ?? ''
    digits += group
    if (digits.length > maxDigits) return false
    shape += at === from ? group.length : `,${group.length}`
    if (printed.test(shape) && isCardNumber(digits)) return true
  }
  return false
}

/** What every door says to a card number: throws `card_number_present` and names the place, never the number. */
export function refuseCardNumber(value: unknown, isExempt?: (pointer: string) => boolean): void {
  const pointer = findCardNumber(value, isExempt)
  if (pointer === undefined) return
  throw new Fault(
    'card_number_present',
    'Never send payment card numbers. Send a fingerprint or a token of the card instead.',
    {
      errors: [{ pointer, message: 'looks like a payment card number; nothing of it was kept' }],
    },
  )
}
