/** Changes of state as feeds. A change keeps its id for ever; what is put right is a new change. */
import { rfc3339 } from '#kernel/clock'
import { stateNames } from '#assurance/claims'
import type { Change, Standing } from '#assurance/controls'
import { html } from '../html.ts'
import type { Reader } from '../language.ts'
import { localLink, type Site } from '../layout.ts'
import { sayIn } from '../messages.ts'
import { dayMs } from '../time.ts'

type Feed = {
  id: string
  language: string
  title: string
  description: string
  /** Of the page that it is about. */
  link: string
  self: string
  author: { name: string; url: string }
  updated: string
  entries: readonly { id: string; title: string; text: string; link: string; at: string }[]
}

/** Atom (RFC 4287). */
const toAtom = ({ id, language, title, description, link, self, author, updated, entries }: Feed): string =>
  html`<?xml version="1.0" encoding="utf-8"?>
    <feed xmlns="http://www.w3.org/2005/Atom" xml:lang="${language}">
      <id>${id}</id>
      <title>${title}</title>
      <subtitle>${description}</subtitle>
      <updated>${updated}</updated>
      <link rel="alternate" href="${link}" />
      <link rel="self" href="${self}" />
      <author><name>${author.name}</name><uri>${author.url}</uri></author>
      ${entries.map(
        (entry) =>
          html`<entry>
            <id>${entry.id}</id>
            <title>${entry.title}</title>
            <updated>${entry.at}</updated>
            <link rel="alternate" href="${entry.link}" />
            <content>${entry.text}</content>
          </entry> `,
      )}
    </feed> `.toString()

/** JSON Feed 1.1 (jsonfeed.org). */
const toJsonFeed = ({ language, title, description, link, self, author, entries }: Feed): string =>
  JSON.stringify({
    version: 'https://jsonfeed.org/version/1.1',
    title,
    home_page_url: link,
    feed_url: self,
    description,
    authors: [author],
    language,
    items: entries.map(({ id, title, text, link, at }) => ({
      id,
      url: link,
      title,
      content_text: text,
      date_published: at,
    })),
  })

export const feedForms = {
  atom: { path: '/trust/feed.atom', contentType: 'application/atom+xml; charset=utf-8', write: toAtom },
  json: { path: '/trust/feed.json', contentType: 'application/feed+json; charset=utf-8', write: toJsonFeed },
} as const
export type FeedForm = keyof typeof feedForms

/** XML 1.0 has no place for these, even escaped. */
const withoutControls = (text: string): string => text.toWellFormed().replaceAll(/[^\P{Cc}\t\n]|[\uFFFE\uFFFF]/gu, ' ')

export function trustFeed(
  site: Site,
  reader: Reader,
  form: FeedForm,
  { standing, changes }: { standing: Standing; changes: readonly Change[] },
): string {
  const { language } = reader
  const say = sayIn(language)
  const { origin, installation } = site
  const { path, write } = feedForms[form]
  const id = `tag:${installation.replace(/:.*/, '')},2026:trust`
  // Without a change yet: the day on which it was read, so that the feed stays the same through it.
  const readMs = Math.floor(Date.parse(standing.asOf) / dayMs) * dayMs
  const updatedMs = changes.length > 0 ? Math.max(...changes.map(({ at }) => Date.parse(at))) : readMs
  const sentences = new Map(standing.claims.map((claim) => [claim.id, claim.sentence[language]]))
  return write({
    id,
    language,
    title: say('feed.title', { name: installation }),
    description: say('feed.description'),
    link: origin + localLink('/trust', reader),
    self: origin + localLink(path, reader),
    author: { name: installation, url: origin },
    updated: rfc3339(updatedMs),
    entries: changes.map(({ id: change, claim, at, from, to, why }) => {
      const words = { claim, to: stateNames[to][language], ...(from ? { from: stateNames[from][language] } : {}) }
      return {
        id: `${id}/${change}`,
        title: from ? say('feed.changed', words) : say('feed.first', words),
        text: withoutControls(`${sentences.get(claim) ?? claim} ${why[language]}`),
        link: origin + localLink(`/trust/${claim}`, reader),
        at,
      }
    }),
  })
}
