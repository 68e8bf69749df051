/** What all pages share: head, header with the ways through, footer with whom to ask. */
import { languages } from '#kernel/control'
import { icon, mark, stylesheet } from './assets.ts'
import { html, type Html, isolated, trustedHtml } from './html.ts'
import { languageNames, type Reader } from './language.ts'
import { sayIn } from './messages.ts'

type Contacts = { security?: string | undefined; privacy?: string | undefined; compliance?: string | undefined }

/** What is the same on every page of an installation. */
export type Site = {
  /** Public host name. */
  installation: string
  /** `https://vouch.example.com`: what addresses outside of a page begin with. */
  origin: string
  version: string
  /** Mail addresses, or addresses that begin with https://. */
  contacts: Contacts
}

export type PageHead = {
  title: string
  description: string
  reader: Reader
  /** Without a query: the page has this address in every language. */
  path: string
  /** What was searched for, in whatever language. */
  question?: string
  /** Further elements of the head, such as feeds. */
  head?: Html
  /** What stands before the content: a way through, which the link to the content skips. */
  beside?: Html
}

/** An address on this site in the reader's language: said in the address only where the reader's address said it. */
export const localLink = (path: string, { language, chosen }: Reader): string => {
  const [before = '', fragment] = path.split('#')
  const query = chosen ? `?lang=${language}` : ''
  return `${before}${query}${fragment === undefined ? '' : `#${fragment}`}`
}

const drawing = trustedHtml(
  `<svg width="24" height="24" viewBox="0 0 24 24" aria-hidden="true">${mark('currentColor')}</svg>`,
)

const ways = [
  ['/docs', 'layout.docs'],
  ['/trust', 'layout.trust'],
  ['/docs/api', 'layout.api'],
] as const

function navigation({ reader, path }: PageHead): Html {
  const say = sayIn(reader.language)
  const item = ([to, words]: (typeof ways)[number]): Html => {
    // The longest that fits: the reference is a part of the documentation with a way of its own.
    const isHere = to === ways.findLast(([other]) => path === other || path.startsWith(`${other}/`))?.[0]
    return html`<li>
      <a href="${localLink(to, reader)}" ${isHere ? html` aria-current="${path === to ? 'page' : 'true'}"` : ''}
        >${say(words)}</a
      >
    </li>`
  }
  return html`<nav aria-label="${say('layout.navigation')}">
    <ul>
      ${ways.map(item)}
    </ul>
  </nav>`
}

/** The other languages, each by its own name. */
function languageSwitch({ reader, path, question }: PageHead): Html {
  const label = sayIn(reader.language)('layout.languages')
  const links = languages
    .filter((language) => language !== reader.language)
    .map(
      (language) =>
        html`<a
          href="${path}?${new URLSearchParams({ lang: language, ...(question ? { q: question } : {}) })}"
          hreflang="${language}"
          lang="${language}"
          >${languageNames[language]}</a
        >`,
    )
  return html`<nav class="languages" aria-label="${label}">${links}</nav>`
}

const contactKinds = ['security', 'privacy', 'compliance'] as const

function contactList({ contacts }: Site, { reader }: PageHead): Html {
  const say = sayIn(reader.language)
  if (contactKinds.every((kind) => contacts[kind] === undefined)) return html`<p>${say('layout.contact.none')}</p>`
  const linked = (contact: string): Html =>
    html`<a href="${contact.startsWith('https://') ? contact : `mailto:${contact}`}">${isolated(contact)}</a>`
  const known = contactKinds.map((kind) => {
    const contact = contacts[kind]
    const whom = contact === undefined ? say('layout.contact.missing') : linked(contact)
    return html`<div><dt>${say(`layout.contact.${kind}`)}</dt><dd>${whom}</dd></div>` // prettier-ignore
  })
  return html`<dl>${known}</dl>`
}

/** A whole document around `main`, which begins with the only `<h1>`. */
export function layout(site: Site, page: PageHead, main: Html): string {
  const { language } = page.reader
  const say = sayIn(language)
  const alternates = languages.map(
    (other) => html`<link rel="alternate" hreflang="${other}" href="${page.path}?lang=${other}" />`,
  )
  const content = html`<main id="main" tabindex="-1">${main}</main>`
  return html`<!doctype html>
    <html lang="${language}">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width" />
        <meta name="color-scheme" content="light dark" />
        <title>${page.title} · ${site.installation}</title>
        <meta name="description" content="${page.description}" />
        <link rel="stylesheet" href="${stylesheet.path}" />
        <link rel="icon" href="${icon.path}" />
        ${alternates}
        <link rel="alternate" hreflang="x-default" href="${page.path}" />
        ${page.head ?? ''}
      </head>
      <body>
        <a class="skip" href="#main">${say('layout.skip')}</a>
        <header class="top">
          <a class="brand" href="${localLink('/', page.reader)}">${drawing} Vouch</a>
          ${navigation(page)} ${languageSwitch(page)}
        </header>
        ${page.beside ? html`<div class="beside">${page.beside} ${content}</div>` : content}
        <footer class="bottom">
          <section aria-labelledby="contacts">
            <h2 id="contacts">${say('layout.contacts')}</h2>
            ${contactList(site, page)}
          </section>
          <p>${isolated(site.installation)} · ${say('layout.version', { version: site.version })}</p>
        </footer>
      </body>
    </html> `.toString()
}
