/** Days are counted from 1970-01-01, UTC: buckets that a range is whole numbers of. */
import { rfc3339 } from '#kernel/clock'
import { Fault, type FaultDetail } from '#kernel/fault'

/** From a day up to but without another. */
export type Days = { fromDay: number; toDay: number }

const dayMs = 86_400_000
export const maxDays = 366
const daysUnlessTold = 30

export const dayOf = (timeMs: number): number => Math.floor(timeMs / dayMs)
export const dayText = (day: number): string => rfc3339(day * dayMs).slice(0, 10)

/** A calendar month, `2026-11`. */
export function readMonth(period: string): Days {
  const [year = 0, month = 1] = period.split('-').map(Number)
  return { fromDay: dayOf(Date.UTC(year, month - 1, 1)), toDay: dayOf(Date.UTC(year, month, 1)) }
}

/** Texts are `2026-11-01`. Up to today, and 30 days, unless told. */
export function readDays({ from, to }: { from?: string; to?: string }, nowMs: number): Days {
  const errors: FaultDetail[] = []
  const read = (pointer: string, text: string): number => {
    const timeMs = Date.parse(`${text}T00:00:00Z`)
    if (!Number.isNaN(timeMs) && rfc3339(timeMs).startsWith(text)) return dayOf(timeMs)
    errors.push({ pointer, message: 'is no day of the calendar; write it as 2026-11-01' })
    return 0
  }
  const toDay = to === undefined ? dayOf(nowMs) + 1 : read('/to', to)
  const fromDay = from === undefined ? toDay - daysUnlessTold : read('/from', from)
  if (errors.length === 0 && fromDay >= toDay)
    errors.push({ pointer: '/from', message: 'must lie before to, which is the day after the last' })
  if (errors.length === 0 && toDay - fromDay > maxDays)
    errors.push({ pointer: '/from', message: `must lie at most ${maxDays} days before to; ask for parts of the range` })
  if (errors.length > 0) throw new Fault('invalid_request', 'The query does not have the documented form.', { errors })
  return { fromDay, toDay }
}
