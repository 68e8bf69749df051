/** The pages of the documentation: index, guides, overview of the interface. */
import { html, type Html } from '../html.ts'
import type { Reader } from '../language.ts'
import { localLink } from '../layout.ts'
import { renderMarkdown, type Section } from '../markdown.ts'
import { sayIn } from '../messages.ts'
import { english } from './fields.ts'
import { docsPage, groupName, inEnglish, type Library, tagId, tagsOf } from './frame.ts'
import { type Guide, guideGroups } from './guides.ts'

/** From so many headings on, a page says at its top what is on it. */
const manyHeadings = 4

const way = (to: string, words: string | Html, about: string | Html, reader: Reader): Html =>
  html`<li><a href="${localLink(to, reader)}">${words}</a> <span>${about}</span></li>`

export function indexPage(library: Library, reader: Reader): string {
  const say = sayIn(reader.language)
  const groups = guideGroups.flatMap((name) => {
    const ofGroup = library.guides.all.filter(({ group }) => group === name)
    if (ofGroup.length === 0) return []
    return [
      html`<h2 id="${name}">${say(groupName(name))}</h2>
        <ul class="ways">
          ${ofGroup.map(({ slug, title, summary }) => way(`/docs/${slug}`, english(title, reader), english(summary, reader), reader))}
        </ul>`,
    ]
  })
  const [first = '', ...rest] = groups
  return docsPage(
    library,
    { title: say('docs.title'), description: say('docs.description'), reader, path: '/docs' },
    html`<h1>${say('docs.title')}</h1>
      <p class="lead">${say('docs.lead')}</p>
      ${inEnglish(reader)} ${first}
      <h2 id="api">${say('docs.api')}</h2>
      <ul class="ways">
        ${way('/docs/api', say('docs.overview'), say('docs.overview.what', { count: library.operations.length }), reader)}
        ${way('/errors', say('errors.title'), say('errors.description'), reader)}
        <li><a href="/openapi.json">OpenAPI</a> <span>${say('docs.openapi.what')}</span></li>
      </ul>
      ${rest}`,
  )
}

function onThisPage(sections: readonly Section[], reader: Reader): Html | '' {
  const heads = sections.filter(({ depth }) => depth === 2)
  if (heads.length < manyHeadings) return ''
  const items = heads.map(({ id, title }) => html`<li><a href="#${id}">${title}</a></li>`)
  return html`<nav class="toc" aria-labelledby="on-this-page">
    <p id="on-this-page">${sayIn(reader.language)('docs.toc')}</p>
    <ul ${reader.language === 'en' ? '' : html` lang="en"`}>
      ${items}
    </ul>
  </nav>`
}

const textOf = (library: Library, guide: Guide, reader: Reader): Html => {
  const link = (href: string): string | undefined => {
    const target = library.guides.resolve(guide, href)
    return target?.startsWith('/') ? localLink(target, reader) : target
  }
  return html`<article ${reader.language === 'en' ? '' : html` lang="en"`}>
    ${renderMarkdown(guide.body, { link, nameOf: library.guides.titleAt })}
  </article>`
}

const titleOf = (title: string, reader: Reader): Html =>
  html`<h1 ${reader.language === 'en' ? '' : html` lang="en"`}>${title}</h1>`

export function guidePage(library: Library, guide: Guide, reader: Reader): string {
  const say = sayIn(reader.language)
  const { all } = library.guides
  const at = all.indexOf(guide)
  const [before, after] = [all[at - 1], all[at + 1]]
  const step = (to: Guide | undefined, rel: 'prev' | 'next'): Html | '' =>
    to
      ? html`<a href="${localLink(`/docs/${to.slug}`, reader)}" rel="${rel}"
          ><small>${say(`docs.${rel}`)}</small> ${english(to.title, reader)}</a
        >`
      : ''
  return docsPage(
    library,
    { title: guide.title, description: guide.summary, reader, path: `/docs/${guide.slug}` },
    html`${guide.title === say(groupName(guide.group)) ? '' : html`<p class="eyebrow">${say(groupName(guide.group))}</p>`}
      ${titleOf(guide.title, reader)} ${inEnglish(reader)} ${onThisPage(guide.sections(), reader)}
      ${textOf(library, guide, reader)}
      <nav class="steps-through" aria-label="${say('docs.through')}">
        ${step(before, 'prev')} ${step(after, 'next')}
      </nav>`,
  )
}

export function overviewPage(library: Library, reader: Reader): string {
  const say = sayIn(reader.language)
  const { guides, operations } = library
  const byTag = tagsOf(operations).map(
    (tag) =>
      html`<h3 id="${tagId(tag)}">${english(tag, reader)}</h3>
        <ul class="ways operations">
          ${operations
            .filter((one) => one.tag === tag)
            .map(({ id, method, path, summary }) =>
              way(`/docs/api/${id}`, html`<code>${method} ${path}</code>`, english(summary, reader), reader),
            )}
        </ul>`,
  )
  const { overview } = guides
  return docsPage(
    library,
    { title: say('docs.api'), description: overview.summary, reader, path: '/docs/api' },
    html`${titleOf(overview.title, reader)} ${inEnglish(reader)} ${textOf(library, overview, reader)}
      <h2 id="operations">${say('docs.operations')}</h2>
      ${byTag}`,
  )
}
