/** What all pages of the documentation share: search and the way through beside the text. */
import { html, type Html, trustedHtml } from '../html.ts'
import type { Reader } from '../language.ts'
import { layout, localLink, type PageHead, type Site } from '../layout.ts'
import { type MessageKey, sayIn } from '../messages.ts'
import { guideGroups, type Guides } from './guides.ts'
import type { Operation } from './operations.ts'
import { english } from './fields.ts'

/** Everything that is documented. */
export type Library = { readonly site: Site; readonly guides: Guides; readonly operations: readonly Operation[] }

/** Longest question that search takes, in characters. */
export const longestQuestion = 100

export const groupName = (group: (typeof guideGroups)[number]): MessageKey => `docs.group.${group}`
export const tagsOf = (operations: readonly Operation[]): readonly string[] => [
  ...new Set(operations.map(({ tag }) => tag)),
]
/** Where the operations of a tag begin on the overview. */
export const tagId = (tag: string): string => `tag-${tag.toLowerCase().replaceAll(' ', '-')}`

const lens = trustedHtml(
  '<svg width="20" height="20" viewBox="0 0 20 20" aria-hidden="true"><path d="M13 13l4.5 4.5M15 8.75a6.25 6.25 0 1 1-12.5 0 6.25 6.25 0 0 1 12.5 0z" fill="none" stroke="currentColor" stroke-width="1.8" stroke-linecap="round"/></svg>',
)

function searchForm(reader: Reader, question = ''): Html {
  const say = sayIn(reader.language)
  return html`<form class="search" role="search" action="/docs/search" method="get">
    <label for="q">${say('docs.search.label')}</label>
    <div>
      <input
        id="q"
        name="q"
        type="search"
        maxlength="${longestQuestion}"
        value="${question}"
        autocomplete="off"
        spellcheck="false"
      />
      ${reader.chosen ? html`<input type="hidden" name="lang" value="${reader.language}" />` : ''}
      <button aria-label="${say('docs.search.button')}">${lens}</button>
    </div>
  </form>`
}

/** Says, where it is so, that the text below is in English. */
export const inEnglish = ({ language }: Reader): Html | '' =>
  language === 'en' ? '' : html`<p class="eyebrow">${sayIn(language)('docs.english')}</p>`

function contents({ guides, operations }: Library, { reader, path }: PageHead): Html {
  const say = sayIn(reader.language)
  const item = (to: string, words: string | Html): Html =>
    html`<li><a href="${localLink(to, reader)}" ${path === to ? html` aria-current="page"` : ''}>${words}</a></li>`
  const group = (name: MessageKey, items: readonly Html[]): Html =>
    html`<li>
      <span>${say(name)}</span>
      <ul>
        ${items}
      </ul>
    </li>`
  const here = operations.find(({ id }) => path === `/docs/api/${id}`)
  const api = [
    item('/docs/api', say('docs.overview')),
    ...tagsOf(operations).flatMap((tag) => [
      html`<li><a href="${localLink(`/docs/api#${tagId(tag)}`, reader)}">${english(tag, reader)}</a></li>`,
      ...(here?.tag === tag
        ? [
            html`<li>
              <ul>
                ${operations.filter((one) => one.tag === tag).map(({ id, summary }) => item(`/docs/api/${id}`, english(summary, reader)))}
              </ul>
            </li>`,
          ]
        : []),
    ]),
    item('/errors', say('errors.title')),
  ]
  const groups = guideGroups.flatMap((name) => {
    const ofGroup = guides.all.filter((guide) => guide.group === name)
    const made = ofGroup.map(({ slug, title }) => item(`/docs/${slug}`, english(title, reader)))
    return made.length > 0 ? [group(groupName(name), made)] : []
  })
  const [first = '', ...rest] = groups
  return html`<ul>
    ${item('/docs', say('docs.title'))} ${first} ${group('docs.api', api)} ${rest}
  </ul>`
}

export function docsPage(library: Library, head: PageHead, main: Html): string {
  const say = sayIn(head.reader.language)
  const beside = html`<div class="aside">
    ${searchForm(head.reader, head.question)}
    <nav aria-label="${say('docs.contents')}">
      <details>
        <summary>${say('docs.contents')}</summary>
        ${contents(library, head)}
      </details>
    </nav>
  </div>`
  return layout(library.site, { ...head, beside }, html`<div class="text doc">${main}</div>`)
}
