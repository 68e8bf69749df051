/** Changes of state as feeds. A change keeps its id for ever; what is put right is a new change. */
import { Feed } from 'feed'
import type { Change, Standing } from '#assurance/controls'
import { html } from '../html.ts'
import type { Reader } from '../language.ts'
import { localLink, type Site } from '../layout.ts'
import { sayIn } from '../messages.ts'
import { dayMs } from '../time.ts'

export const feedForms = {
  atom: { path: '/trust/feed.atom', contentType: 'application/atom+xml; charset=utf-8' },
  json: { path: '/trust/feed.json', contentType: 'application/feed+json; charset=utf-8' },
} as const
export type FeedForm = keyof typeof feedForms

/** The library says of all Atom texts that they are HTML, and of those of JSON Feed that they are not. */
const plainIn = (form: FeedForm, text: string): string => (form === 'atom' ? html`${text}`.toString() : text)

/** XML 1.0 has no place for these, even escaped. */
const withoutControls = (text: string): string => text.replaceAll(/[^\P{Cc}\t\n]/gu, ' ')

export function trustFeed(
  site: Site,
  reader: Reader,
  form: FeedForm,
  { standing, changes }: { standing: Standing; changes: readonly Change[] },
): string {
  const say = sayIn(reader.language)
  const { origin, installation } = site
  const newestMs = Math.max(...changes.map(({ at }) => Date.parse(at)))
  // Without a change yet: the day on which it was read, so that the feed stays the same through it.
  const updatedMs = changes.length > 0 ? newestMs : Math.floor(Date.parse(standing.asOf) / dayMs) * dayMs
  const self = origin + localLink(feedForms[form].path, reader)
  const feed = new Feed({
    id: `tag:${installation.replace(/:.*/, '')},2026:trust`,
    title: say('feed.title', { name: installation }),
    description: say('feed.description'),
    link: origin + localLink('/trust', reader),
    language: reader.language,
    feedLinks: { [form]: self },
    author: { name: installation, link: origin },
    updated: new Date(updatedMs),
    generator: 'Vouch',
  })
  const sentences = new Map(standing.claims.map((claim) => [claim.id, claim.sentence[reader.language]]))
  for (const { id, claim, at, from, to, why } of changes) {
    const words = { claim, to: say(`state.${to}`), ...(from ? { from: say(`state.${from}`) } : {}) }
    const link = origin + localLink(`/trust/${claim}`, reader)
    feed.addItem({
      id: `tag:${installation.replace(/:.*/, '')},2026:trust/${id}`,
      title: plainIn(form, from ? say('feed.changed', words) : say('feed.first', words)),
      description: plainIn(form, withoutControls(`${sentences.get(claim) ?? claim} ${why[reader.language]}`)),
      link,
      date: new Date(at),
    })
  }
  return form === 'atom' ? feed.atom1() : feed.json1()
}
