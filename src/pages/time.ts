/** Moments and ages, in the reader's language. All times are UTC and say so. */
import { rfc3339 } from '#kernel/clock'
import type { Language } from '#kernel/control'
import { html, type Html } from './html.ts'
import { sayIn } from './messages.ts'

export const minuteMs = 60_000
export const hourMs = 60 * minuteMs
export const dayMs = 24 * hourMs

const locale: Readonly<Record<Language, string>> = { en: 'en-GB', sv: 'sv-SE' }
const formatters = (options: Intl.DateTimeFormatOptions) => ({
  en: new Intl.DateTimeFormat(locale.en, { timeZone: 'UTC', ...options }),
  sv: new Intl.DateTimeFormat(locale.sv, { timeZone: 'UTC', ...options }),
})
const moments = formatters({ dateStyle: 'long', timeStyle: 'short' })
const days = formatters({ dateStyle: 'long' })
const relative = {
  en: new Intl.RelativeTimeFormat(locale.en, { numeric: 'always' }),
  sv: new Intl.RelativeTimeFormat(locale.sv, { numeric: 'always' }),
}

/** `21 November 2026 at 16:40 UTC`. */
export const moment = (timeMs: number, language: Language): Html =>
  html`<time datetime="${rfc3339(timeMs)}">${moments[language].format(timeMs)} UTC</time>`

/** As `ago`, with the moment to the minute for programs. */
export const age = (timeMs: number, nowMs: number, language: Language): Html =>
  html`<time datetime="${rfc3339(timeMs).slice(0, 16)}Z">${ago(timeMs, nowMs, language)}</time>`

/** `21 November 2026`, of the day in UTC. */
export const day = (timeMs: number, language: Language): Html =>
  html`<time datetime="${rfc3339(timeMs).slice(0, 10)}">${days[language].format(timeMs)}</time>`

/** `3 hours ago`: whole minutes, from an hour on hours, from two days on days. What is yet to come is now. */
export function ago(timeMs: number, nowMs: number, language: Language): string {
  const ageMs = Math.max(0, nowMs - timeMs)
  if (ageMs < minuteMs) return sayIn(language)('age.now')
  if (ageMs < hourMs) return relative[language].format(-Math.floor(ageMs / minuteMs), 'minute')
  if (ageMs < 2 * dayMs) return relative[language].format(-Math.floor(ageMs / hourMs), 'hour')
  return relative[language].format(-Math.floor(ageMs / dayMs), 'day')
}

/** `Every 6 hours`: in the largest unit that divides it, and minutes at the least. */
export function cadence(everyMs: number, language: Language): string {
  const units = [
    ['cadence.day', dayMs],
    ['cadence.hour', hourMs],
  ] as const
  const [key, size] = units.find(([, size]) => everyMs >= size && everyMs % size === 0) ?? ['cadence.minute', minuteMs]
  return sayIn(language)(key, { count: Math.max(1, Math.round(everyMs / size)) })
}
