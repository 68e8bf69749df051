/** Functions. `s.size()` and `size(s)` are the same function, so a receiver is the first argument. */
import {
  doubleToText,
  doubleToWhole,
  scalarToText,
  textToBool,
  textToDouble,
  textToWhole,
  wholeToWhole,
} from './convert.ts'
import { intRange, settle, toBig, uintRange } from './integers.ts'
import type { Kind } from './kind.ts'
import type { Overload, Run } from './overload.ts'
import {
  calendar,
  clockParts,
  formatDuration,
  formatTimestamp,
  fromSeconds,
  parseDuration,
  parseTimestamp,
  readCalendar,
  toSeconds,
} from './time.ts'
import { CelError, isList, isMap, type Outcome, type Value } from './value.ts'

export type CelFunction = Overload & { readonly style: 'global' | 'receiver' | 'both'; readonly means: string }

const text = (value: Value): string => (typeof value === 'string' ? value : '')
const onTexts =
  (test: (a: string, b: string) => boolean): Run =>
  (a, b) =>
    test(text(a), text(b))
/** Code points. */
const countPoints = (value: Value): number => {
  let count = 0
  for (const _ of text(value)) count++
  return count
}
const identity = (value: Value): Outcome => value

const convert = (name: Kind & string, from: Kind, run: Run, means: string): CelFunction => ({
  name,
  takes: [from],
  gives: name,
  run,
  isSized: from === 'string',
  style: 'global',
  means,
})

const size = (of: Kind, run: Run, means: string): CelFunction => ({
  name: 'size', takes: [of], gives: 'int', run, isSized: of === 'string', style: 'both', means,
}) // prettier-ignore
const about = (name: string, test: (a: string, b: string) => boolean, means: string): CelFunction => ({
  name, takes: ['string', 'string'], gives: 'bool', run: onTexts(test), isSized: true, style: 'receiver', means,
}) // prettier-ignore

const identities = (['bool', 'int', 'uint', 'double', 'string', 'timestamp', 'duration'] as const).map((kind) =>
  convert(kind, kind, identity, 'the same value'),
)

const calendarParts: readonly CelFunction[] = Object.entries(calendar).flatMap(([name, { means, read }]) => [
  {
    name, takes: ['timestamp'], gives: 'int', style: 'receiver', means: `${means}; in UTC`,
    run: (a) => readCalendar(read, toBig(a), 'UTC'),
  },
  {
    name, takes: ['timestamp', 'string'], gives: 'int', style: 'receiver', means: `${means}; at \`UTC\` or an offset such as \`+02:00\``,
    run: (a, b) => readCalendar(read, toBig(a), text(b)),
  },
]) // prettier-ignore

const durationParts = Object.entries(clockParts).map(([name, read]): CelFunction => ({
  name,
  takes: ['duration'],
  gives: 'int',
  style: 'receiver',
  means:
    name === 'getMilliseconds' ? 'milliseconds below a second' : 'the whole duration in this unit, rounded to zero',
  run: (a) => settle(read(toBig(a))),
}))

export const functions: readonly CelFunction[] = [
  size('string', countPoints, 'number of code points'),
  size({ list: 'nothing' }, (a) => (isList(a) ? a.length : 0), 'number of elements'),
  size({ map: 'nothing', key: 'nothing' }, (a) => (isMap(a) ? a.size : 0), 'number of entries'),
  about('startsWith', (a, b) => a.startsWith(b), 'whether it begins with the argument'),
  about('endsWith', (a, b) => a.endsWith(b), 'whether it ends with the argument'),
  about('contains', (a, b) => a.includes(b), 'whether the argument occurs in it'),
  ...identities,
  convert('int', 'uint', wholeToWhole(intRange), 'the same number; error `range` where there is none'),
  convert('int', 'double', doubleToWhole(intRange), 'rounded towards zero; error `range` outside 64 bits'),
  convert('int', 'string', textToWhole(intRange), 'reads decimal digits with an optional sign'),
  convert('int', 'timestamp', (a) => toSeconds(toBig(a)), 'seconds since 1970'),
  convert('uint', 'int', wholeToWhole(uintRange), 'the same number; error `range` where there is none'),
  convert('uint', 'double', doubleToWhole(uintRange), 'rounded towards zero; error `range` outside 64 bits'),
  convert('uint', 'string', textToWhole(uintRange), 'reads decimal digits'),
  convert('double', 'int', (a) => Number(a), 'the nearest double'),
  convert('double', 'uint', (a) => Number(a), 'the nearest double'),
  convert('double', 'string', textToDouble, 'reads a decimal number, `NaN` or `Infinity`'),
  convert('bool', 'string', textToBool, 'reads `true`, `True`, `TRUE`, `t`, `1` and their opposites'),
  convert('string', 'bool', scalarToText, '`true` or `false`'),
  convert('string', 'int', scalarToText, 'decimal digits'),
  convert('string', 'uint', scalarToText, 'decimal digits'),
  convert('string', 'double', doubleToText, 'the shortest decimal that reads back as the same double'),
  convert('string', 'timestamp', (a) => formatTimestamp(toBig(a)), 'RFC 3339 in UTC'),
  convert('string', 'duration', (a) => formatDuration(toBig(a)), 'seconds, as in `90.5s`'),
  convert('timestamp', 'string', (a) => parseTimestamp(text(a)), 'reads RFC 3339'),
  convert('timestamp', 'int', (a) => fromSeconds(toBig(a)), 'from seconds since 1970'),
  convert('duration', 'string', (a) => parseDuration(text(a)), 'reads amounts with units: h, m, s, ms, us, ns'),
  ...calendarParts,
  ...durationParts,
]

/** `list[at]` and `map[key]`. */
export const indexList: Run = (list, at) => {
  const item = isList(list) && typeof at === 'number' && at >= 0 ? list[at] : undefined
  return item === undefined ? new CelError('index_out_of_bounds') : item
}
export const indexMap: Run = (map, key) => {
  const isKey = typeof key !== 'object'
  const item = isMap(map) && isKey ? map.get(key) : undefined
  return item === undefined ? new CelError('no_such_key') : item
}
export const hasKey: Run = (map, key) => isMap(map) && typeof key === 'string' && map.has(key)
