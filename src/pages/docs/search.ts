/** Search over guides, by section, and operations. The index is made at the first question and kept. */
import MiniSearch from 'minisearch'
import { html, type Html } from '../html.ts'
import { groupName, type Library } from './frame.ts'
import type { MessageKey } from '../messages.ts'

type Entry = {
  id: number
  title: string
  /** Title of the page that the section is in. */
  page: string
  text: string
  to: string
  kind: MessageKey
}
export type Hit = { title: string; page: string; to: string; kind: MessageKey; snippet: Html }
export type Search = (question: string) => Promise<readonly Hit[]>

/** Answers on one page, and words of a question that are looked for: what one question may cost. */
const mostHits = 20
const mostWords = 8
const snippetLength = 200

/** Ids and addresses are found whole and by their parts. */
const tokenize = (text: string): string[] => {
  const words = text.match(/[\p{L}\p{N}_]+/gu) ?? []
  return [...words, ...words.filter((word) => word.includes('_')).flatMap((word) => word.split('_'))].filter(Boolean)
}

function entriesOf({ guides, operations }: Library): Entry[] {
  const ofGuides = guides.all.flatMap((guide) =>
    guide.sections().map(({ id, title, text }) => ({
      title: title || guide.title,
      page: guide.title,
      text,
      to: `/docs/${guide.slug}${id && `#${id}`}`,
      kind: groupName(guide.group),
    })),
  )
  const { overview } = guides
  const ofOverview = overview.sections().map(({ id, title, text }) => ({
    title: title || overview.title,
    page: overview.title,
    text,
    to: `/docs/api${id && `#${id}`}`,
    kind: 'docs.api' as const,
  }))
  const ofOperations = operations.map(({ id, method, path, summary, description, tag, permission, parameters, body }) => ({
    title: summary,
    page: `${method} ${path}`,
    text: [
      description,
      permission ?? '',
      ...parameters.map((one) => `${one.name}: ${one.description}`),
      ...(body ? [Object.keys(Object(body['properties'])).join(', ')] : []),
      tag,
    ]
      .filter(Boolean)
      .join(' · '),
    to: `/docs/api/${id}`,
    kind: 'docs.api' as const,
  })) // prettier-ignore
  return [...ofGuides, ...ofOverview, ...ofOperations].map((entry, id) => ({ id, ...entry }))
}

/** The part of the text where the words first stand, with each of them marked. */
function snippetOf(text: string, found: ReadonlySet<string>): Html {
  const isFound = (word: string): boolean =>
    found.has(word.toLowerCase()) || word.toLowerCase().split('_').some((part) => found.has(part)) // prettier-ignore
  const first = [...text.matchAll(/[\p{L}\p{N}_]+/gu)].find(([word]) => isFound(word))?.index ?? 0
  const start = first < snippetLength / 2 ? 0 : text.indexOf(' ', first - snippetLength / 3) + 1
  const cut = text.slice(start, start + snippetLength)
  const part = start + snippetLength < text.length ? cut.slice(0, cut.lastIndexOf(' ')) : cut
  const pieces = part.split(/([\p{L}\p{N}_]+)/u).map((piece) => (isFound(piece) ? html`<mark>${piece}</mark>` : piece))
  return html`${start > 0 ? '… ' : ''}${pieces}${start + part.length < text.length ? ' …' : ''}`
}

export function createSearch(library: () => Library): Search {
  let made: Promise<{ index: MiniSearch<Entry>; entries: readonly Entry[] }> | undefined

  /** A few sections at a time: payments that are judged meanwhile do not wait for it. */
  async function make() {
    const entries = entriesOf(library())
    const index = new MiniSearch<Entry>({ fields: ['title', 'page', 'text'], tokenize })
    await index.addAllAsync(entries, { chunkSize: 10 })
    return { index, entries }
  }

  return async (question) => {
    const words = (question.match(/[\p{L}\p{N}_]+/gu) ?? []).slice(0, mostWords)
    if (words.length === 0) return []
    made ??= make()
    const { index, entries } = await made
    const options = {
      boost: { title: 4, page: 2 },
      // The beginning of a word is enough, and one wrong letter in about five.
      prefix: (term: string) => term.length > 2,
      fuzzy: (term: string) => (term.length > 3 ? 0.2 : false),
      // The inventory of columns says every word there is.
      boostDocument: (id: number) => (entries[id]?.to.startsWith('/docs/data#') ? 0.3 : 1),
      weights: { prefix: 0.5, fuzzy: 0.2 },
    }
    const ask = words.join(' ')
    const all = index.search(ask, { ...options, combineWith: 'AND' })
    const found = all.length > 0 ? all : index.search(ask, { ...options, combineWith: 'OR' })
    return found.slice(0, mostHits).flatMap((result): Hit[] => {
      const entry = entries.find(({ id }) => id === result.id)
      return entry ? [{ ...entry, snippet: snippetOf(entry.text, new Set(result.terms)) }] : []
    })
  }
}
