/** The words of the pages, in the reader's language. */
import { IntlMessageFormat } from 'intl-messageformat'
import type { Language } from '#kernel/control'
import { en } from './catalogue/en.ts'
import { sv } from './catalogue/sv.ts'
import { html, type Html } from './html.ts'

export type MessageKey = keyof typeof en
/** English is the list of messages: a Swedish one that is missing, or that nobody asks for, does not type-check. */
export type Catalogue = Readonly<Record<MessageKey, string>>

export const catalogues: Readonly<Record<Language, Catalogue>> = { en, sv }

const formats = new Map<string, IntlMessageFormat>()

export type Values = Readonly<Record<string, string | number>>
export type Say = (key: MessageKey, values?: Values) => string

/** Throws when the message names a value that is not given: a page with a hole is not sent. */
export const sayIn =
  (language: Language): Say =>
  (key, values) => {
    const text = catalogues[language][key]
    return values === undefined && !/[{']/.test(text) ? text : String(formatOf(language, key).format(values))
  }

/** The same for a message around HTML: its own words are escaped, and each value stands where the language puts it. */
export const sayHtmlIn =
  (language: Language) =>
  (key: MessageKey, values: Readonly<Record<string, string | number | Html>>): Html =>
    html`${formatOf(language, key)
      .formatToParts<Html>(values)
      .map(({ value }) => value)}`

function formatOf(language: Language, key: MessageKey): IntlMessageFormat {
  const name = `${language} ${key}`
  const format =
    formats.get(name) ?? new IntlMessageFormat(catalogues[language][key], language, undefined, { ignoreTag: true })
  formats.set(name, format)
  return format
}
