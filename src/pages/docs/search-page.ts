/** What search found, or what to do where it found nothing. */
import { html, type Html, isolated } from '../html.ts'
import type { Reader } from '../language.ts'
import { localLink } from '../layout.ts'
import { sayHtmlIn, sayIn } from '../messages.ts'
import { english } from './fields.ts'
import { docsPage, inEnglish, type Library } from './frame.ts'
import type { Hit } from './search.ts'

export function searchPage(library: Library, reader: Reader, question: string, hits: readonly Hit[]): string {
  const say = sayIn(reader.language)
  const sayHtml = sayHtmlIn(reader.language)
  const item = ({ title, page, to, kind, snippet }: Hit): Html =>
    html`<li>
      <a href="${localLink(to, reader)}">${english(title, reader)}</a>
      <small>${say(kind)}${title === page ? '' : html` · ${english(page, reader)}`}</small>
      <p>${english(snippet, reader)}</p>
    </li>`
  const results =
    hits.length > 0
      ? html`<ol class="hits">
          ${hits.map(item)}
        </ol>`
      : html`<p>
          ${say('docs.search.none.todo')} <a href="${localLink('/docs', reader)}">${say('docs.search.all')}</a>
        </p>`
  const asked = { question: isolated(question) }
  const lead =
    question.trim() === ''
      ? say('docs.search.ask')
      : hits.length > 0
        ? sayHtml('docs.search.found', { ...asked, count: hits.length })
        : sayHtml('docs.search.none', asked)
  return docsPage(
    library,
    { title: say('docs.search.title'), description: say('docs.description'), reader, path: '/docs/search', question },
    html`<h1>${say('docs.search.title')}</h1>
      <p class="lead">${lead}</p>
      ${inEnglish(reader)} ${question.trim() === '' ? '' : results}`,
  )
}
