/** Pages about refusals: one for each code, made from docs/errors, an index, and what a browser sees that meets one. */
import { readFileSync } from 'node:fs'
import type { Language } from '#kernel/control'
import { type FaultCode, faults, isFaultCode } from '#kernel/fault'
import type { Guides } from './docs/guides.ts'
import { html, type Html } from './html.ts'
import type { Reader } from './language.ts'
import { layout, localLink, type Site } from './layout.ts'
import { renderMarkdown } from './markdown.ts'
import { sayIn } from './messages.ts'

/** Below docs/. */
const folders: Readonly<Record<Language, string>> = { en: 'errors/', sv: 'errors/sv/' }
const faultCodes = Object.keys(faults).filter(isFaultCode)

type ErrorText = { title: string; body: string; markdown: string }

/** `# code`, then `**status** Title.`, then the rest. Throws on another form: a wrong page is found at start. */
function readError(code: FaultCode, language: Language): ErrorText {
  const markdown = readFileSync(new URL(`../../docs/${folders[language]}${code}.md`, import.meta.url), 'utf8')
  const form = new RegExp(`^# ${code}\\n\\n\\*\\*${faults[code].status}\\*\\* (.+)\\.\\n\\n([^]+)$`)
  const [, title, body] = form.exec(markdown) ?? []
  if (title === undefined || body === undefined)
    throw new Error(`the page about ${code} (${language}) has another form`)
  return { title, body, markdown }
}

const readAll = (language: Language): ReadonlyMap<FaultCode, ErrorText> =>
  new Map(faultCodes.map((code) => [code, readError(code, language)]))

export function createErrorPages(site: Site, guides: Guides) {
  const texts = { en: readAll('en'), sv: readAll('sv') }
  const textOf = (code: FaultCode, language: Language): ErrorText => {
    const text = texts[language].get(code)
    if (!text) throw new Error(`there is no page about ${code}`)
    return text
  }
  const eyebrow = (code: FaultCode): Html => html`<p class="eyebrow">${faults[code].status} <code>${code}</code></p>`

  return {
    /** As it is written, for programs. */
    markdown: (code: FaultCode, language: Language): string => textOf(code, language).markdown,

    page(code: FaultCode, reader: Reader): string {
      const { title, body } = textOf(code, reader.language)
      const slug = `${folders[reader.language]}${code}`
      const link = (href: string): string | undefined => {
        const target = guides.resolve({ slug }, href)
        return target?.startsWith('/') ? localLink(target, reader) : target
      }
      const say = sayIn(reader.language)
      const head = { title, description: say('errors.description'), reader, path: `/errors/${code}` }
      return layout(
        site,
        head,
        html`<article class="text">
          ${eyebrow(code)}
          <h1>${title}</h1>
          ${renderMarkdown(body, { link })}
          <p><a href="${localLink('/errors', reader)}">${say('errors.all')}</a></p>
        </article>`,
      )
    },

    index(reader: Reader): string {
      const say = sayIn(reader.language)
      const row = (code: FaultCode): Html =>
        html`<li>
          <a href="${localLink(`/errors/${code}`, reader)}"><code>${code}</code></a>
          <span>${faults[code].status} ${textOf(code, reader.language).title}</span>
        </li>`
      const head = { title: say('errors.title'), description: say('errors.description'), reader, path: '/errors' }
      return layout(
        site,
        head,
        html`<article class="text">
          <h1>${say('errors.title')}</h1>
          <p class="lead">${say('errors.lead')}</p>
          <ul class="ways">
            ${faultCodes.map(row)}
          </ul>
        </article>`,
      )
    },

    /** What a browser gets instead of a problem document. It repeats nothing of the request. */
    problem({ code, requestId, reader }: { code: FaultCode; requestId: string; reader: Reader }): string {
      const { title } = textOf(code, reader.language)
      const say = sayIn(reader.language)
      const head = { title, description: say('problem.description'), reader, path: `/errors/${code}` }
      return layout(
        site,
        head,
        html`<article class="text">
          ${eyebrow(code)}
          <h1>${title}</h1>
          <ul class="ways">
            <li><a href="${localLink(`/errors/${code}`, reader)}">${say('problem.about')}</a></li>
            <li><a href="${localLink('/', reader)}">${say('problem.home')}</a></li>
          </ul>
          <p>
            <small>${say('problem.request')} <code>${requestId}</code>. ${say('problem.request.why')}</small>
          </p>
        </article>`,
      )
    },
  }
}
export type ErrorPages = ReturnType<typeof createErrorPages>
