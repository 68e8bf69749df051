/** Timestamps and durations: bigints of nanoseconds. Zones are UTC or a fixed offset; named zones change over the years. */
import { CelError, type Outcome } from './value.ts'

const second = 1_000_000_000n
const first = -62_135_596_800n * second
const last = 253_402_300_800n * second - 1n
const longest = 2n ** 63n - 1n

export const stamp = (nanos: bigint): Outcome => (nanos < first || nanos > last ? new CelError('range') : nanos)
export const span = (nanos: bigint): Outcome =>
  nanos < -longest - 1n || nanos > longest ? new CelError('range') : nanos

/** Towards minus infinity. */
const floor = (a: bigint, b: bigint): bigint => a / b - (a % b < 0n ? 1n : 0n)

const written =
  /^(\d{4,5})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:[Zz]|([+-])([01]\d|2[0-3]):([0-5]\d))$/
export function parseTimestamp(text: string): Outcome {
  const [all, year, month, day, hour, minute, seconds, fraction = '', sign, zoneHour = '0', zoneMinute = '0'] =
    written.exec(text) ?? []
  if (all === undefined) return new CelError('conversion')
  if (year === undefined || year.length > 4 || year === '0000') return new CelError('range')
  const stem = `${year}-${month}-${day}T${hour}:${minute}:${seconds}.000Z`
  const millis = Date.parse(stem)
  // Date.parse would turn 30 February into March and take 24:00.
  if (Number.isNaN(millis) || new Date(millis).toISOString() !== stem) return new CelError('conversion')
  const ahead = BigInt((Number(zoneHour) * 60 + Number(zoneMinute)) * 60) * (sign === '-' ? -1n : 1n)
  return stamp((BigInt(millis / 1000) - ahead) * second + BigInt(fraction.padEnd(9, '0')))
}

const units: Readonly<Record<string, bigint>> = {
  h: 3600n * second, m: 60n * second, s: second, ms: 1_000_000n, us: 1_000n, 'µs': 1_000n, 'μs': 1_000n, ns: 1n,
} // prettier-ignore
const part = /(\d+(?:\.\d*)?|\.\d+)(h|ms|m|s|us|µs|μs|ns)/y
export function parseDuration(text: string): Outcome {
  const body = text.replace(/^[+-]/, '')
  if (body === '0') return 0n
  if (body === '' || body.length > 100) return new CelError('conversion')
  let total = 0n
  part.lastIndex = 0
  while (part.lastIndex < body.length) {
    const [, amount, word] = part.exec(body) ?? []
    const unit = units[word ?? '']
    if (amount === undefined || unit === undefined) return new CelError('conversion')
    const [whole = '', fraction = ''] = amount.split('.')
    total += BigInt(whole || '0') * unit + (BigInt(fraction || '0') * unit) / 10n ** BigInt(fraction.length)
  }
  return span(text.startsWith('-') ? -total : total)
}

const decimals = (nanos: bigint): string =>
  nanos === 0n ? '' : `.${nanos.toString().padStart(9, '0').replace(/0+$/, '')}`
export const formatTimestamp = (nanos: bigint): string => {
  const seconds = floor(nanos, second)
  const stem = new Date(Number(seconds) * 1000).toISOString().slice(0, 19)
  return `${stem}${decimals(nanos - seconds * second)}Z`
}
export const formatDuration = (nanos: bigint): string => {
  const size = nanos < 0n ? -nanos : nanos
  return `${nanos < 0n ? '-' : ''}${size / second}${decimals(size % second)}s`
}
export const toSeconds = (nanos: bigint): number => Number(floor(nanos, second))
export const fromSeconds = (seconds: bigint): Outcome => stamp(seconds * second)

/** Minutes ahead of UTC; undefined where the text is neither `UTC` nor an offset such as `+02:00`. */
export function parseZone(zone: string): number | undefined {
  if (zone === 'UTC') return 0
  const [, sign, hours, minutes] = /^([+-]?)(0\d|1\d|2[0-3]):([0-5]\d)$/.exec(zone) ?? []
  return hours === undefined ? undefined : (Number(hours) * 60 + Number(minutes)) * (sign === '-' ? -1 : 1)
}

type CalendarPart = { readonly means: string; readonly read: (date: Date) => number }
export const calendar: Readonly<Record<string, CalendarPart>> = {
  getFullYear: { means: 'year', read: (date) => date.getUTCFullYear() },
  getMonth: { means: 'month, from 0', read: (date) => date.getUTCMonth() },
  getDate: { means: 'day of the month, from 1', read: (date) => date.getUTCDate() },
  getDayOfMonth: { means: 'day of the month, from 0', read: (date) => date.getUTCDate() - 1 },
  getDayOfWeek: { means: 'day of the week, Sunday is 0', read: (date) => date.getUTCDay() },
  getDayOfYear: { means: 'day of the year, from 0', read: dayOfYear },
  getHours: { means: 'hour, 0 to 23', read: (date) => date.getUTCHours() },
  getMinutes: { means: 'minute', read: (date) => date.getUTCMinutes() },
  getSeconds: { means: 'second', read: (date) => date.getUTCSeconds() },
  getMilliseconds: { means: 'millisecond', read: (date) => date.getUTCMilliseconds() },
}
/** 2000 is a leap year, so that every date has its day there. */
function dayOfYear(date: Date): number {
  const day = (Date.UTC(2000, date.getUTCMonth(), date.getUTCDate()) - Date.UTC(2000, 0, 1)) / 86_400_000
  return day - (isLeap(date.getUTCFullYear()) || date.getUTCMonth() < 2 ? 0 : 1)
}
const isLeap = (year: number): boolean => year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)

export function readCalendar(read: (date: Date) => number, nanos: bigint, zone: string): Outcome {
  const ahead = parseZone(zone)
  if (ahead === undefined) return new CelError('conversion')
  return read(new Date(Number(floor(nanos, 1_000_000n)) + ahead * 60_000))
}

export const clockParts: Readonly<Record<string, (nanos: bigint) => bigint>> = {
  getHours: (nanos) => nanos / (3600n * second),
  getMinutes: (nanos) => nanos / (60n * second),
  getSeconds: (nanos) => nanos / second,
  getMilliseconds: (nanos) => (nanos / 1_000_000n) % 1000n,
}
