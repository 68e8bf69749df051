/** Which language a reader gets: the one in the address, else the one that the browser asks for, else English. */
import Type, { type Static } from 'typebox'
import { type Language, languages, type Text } from '#kernel/control'

export const languageNames: Text = { en: 'English', sv: 'Svenska' }

export const LanguageQuery = Type.Object(
  {
    lang: Type.Optional(Type.Enum(languages, { description: 'Language of the page; otherwise Accept-Language says.' })),
  },
  { additionalProperties: false },
)
export type LanguageQuery = Static<typeof LanguageQuery>

/** The header fields that choose between forms of a page. */
export const acceptLanguage = { 'accept-language': 'Chooses the language, where `lang` does not.' } as const

type Weighed = { word: string; weight: number }

/** Words of an Accept header with their weights, in the order in which they were written. */
export const readAccept = (field: string | undefined): Weighed[] =>
  (field ?? '')
    .slice(0, 1_000)
    .split(',')
    .map((part) => {
      const [word = '', ...parameters] = part.toLowerCase().split(';')
      const weight = parameters.map((text) => /^\s*q=([01](?:\.\d{0,3})?)\s*$/.exec(text)?.[1]).find(Boolean)
      return { word: word.trim(), weight: weight === undefined ? 1 : Number(weight) }
    })
    .filter(({ word, weight }) => word !== '' && weight > 0)

/** `sv-FI` asks for Swedish. Of equal weights the first counts. */
export function negotiate(field: string | undefined): Language {
  let best: { language: Language; weight: number } | undefined
  for (const { word, weight } of readAccept(field)) {
    const language = languages.find((known) => word === known || word.startsWith(`${known}-`))
    if (language && (!best || weight > best.weight)) best = { language, weight }
  }
  return best?.language ?? 'en'
}

/** What a reader asked for. `chosen`: by the address, which links of the page then carry on. */
export type Reader = { language: Language; chosen: boolean }

export const readerOf = (query: LanguageQuery, field: string | undefined): Reader =>
  query.lang ? { language: query.lang, chosen: true } : { language: negotiate(field), chosen: false }
