/** Hour and weekday of a moment in a time zone. */

/** Hour 0 to 23; Monday 1 to Sunday 7. */
export type LocalTime = { hour: number; weekday: number }

const weekdays = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun']
const formats = new Map<string, Intl.DateTimeFormat | undefined>()
const maxFormats = 1_000

function formatOf(timeZone: string): Intl.DateTimeFormat | undefined {
  if (formats.has(timeZone)) return formats.get(timeZone)
  let format: Intl.DateTimeFormat | undefined
  try {
    format = new Intl.DateTimeFormat('en-GB', { timeZone, hour: '2-digit', weekday: 'short', hourCycle: 'h23' })
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
  }
  if (formats.size >= maxFormats) formats.clear()
  formats.set(timeZone, format)
  return format
}

/** Undefined without a time zone, or with one that this machine does not know. */
export function localTime(timeMs: number, timeZone: string | undefined): LocalTime | undefined {
  const parts = timeZone === undefined ? undefined : formatOf(timeZone)?.formatToParts(timeMs)
  if (!parts) return undefined
  const textOf = (type: string): string => parts.find((part) => part.type === type)?.value ?? ''
  return { hour: Number(textOf('hour')), weekday: weekdays.indexOf(textOf('weekday')) + 1 }
}
