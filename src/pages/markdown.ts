/** Our own Markdown as HTML. What looks like HTML in it stays text, images are left out, links go to known kinds of address. */
import { Marked, type Token, type Tokens } from 'marked'
import { html, type Html, trustedHtml } from './html.ts'

type MarkdownOptions = {
  /** Where a link of the text leads on this site; `undefined` leaves its words without a link. */
  link(href: string): string | undefined
  /** The name of what is at such an address, in place of the name of a file. */
  nameOf?(address: string): string | undefined
}

/** A stretch of a text under one heading, with the headings below it left out. */
export type Section = { depth: number; id: string; title: string; text: string }

const isSafe = (href: string): boolean => /^(https:\/\/|mailto:|\/(?!\/)|#|\?)/.test(href)

/** Ids as readers of Markdown elsewhere make them, so that links to sections hold in both places. */
function createIds(): (title: string) => string {
  // The layout has these.
  const taken = new Set(['main', 'contacts'])
  return (title) => {
    const plain = title
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-')
    let id = plain || 'section'
    for (let n = 1; taken.has(id); n++) id = `${plain}-${n}`
    taken.add(id)
    return id
  }
}

/** The words of tokens, without their marks. */
function plainOf(tokens: readonly Token[]): string {
  return tokens
    .map((token): string => {
      if (token.type === 'table' && 'header' in token) {
        const { header, rows }: { header: Tokens.TableCell[]; rows: Tokens.TableCell[][] } = token as Tokens.Table
        return [header, ...rows].flat().map((cell) => plainOf(cell.tokens)).join(' ') // prettier-ignore
      }
      if (token.type === 'list') return (token as Tokens.List).items.map((item) => `${plainOf(item.tokens)} `).join('')
      if ('tokens' in token && token.tokens) return plainOf(token.tokens) + (token.type === 'paragraph' ? ' ' : '')
      if (token.type === 'space' || token.type === 'br') return ' '
      return 'text' in token ? token.text : ''
    })
    .join('')
}

/** The sections of a text, in order; the words before the first heading are one without a title and an id. */
export function sectionsOf(text: string): Section[] {
  const idOf = createIds()
  const sections: Section[] = []
  let current: Section = { depth: 0, id: '', title: '', text: '' }
  for (const token of new Marked().lexer(text)) {
    if (token.type === 'heading') {
      sections.push(current)
      const title = plainOf(token.tokens ?? [])
      current = { depth: token['depth'], id: idOf(title), title, text: '' }
    } else current.text = `${current.text} ${plainOf([token])}`
  }
  return [...sections, current]
    .map((section) => ({ ...section, text: section.text.replaceAll(/\s+/g, ' ').trim() }))
    .filter(({ title, text }) => title !== '' || text !== '')
}

export function renderMarkdown(text: string, { link, nameOf }: MarkdownOptions): Html {
  const idOf = createIds()
  const marked = new Marked({
    async: false,
    renderer: {
      html: ({ text }) => html`${text}`.toString(),
      image: ({ text }) => html`${text}`.toString(),
      link({ href, tokens }) {
        const target = link(href)
        const plain = plainOf(tokens)
        const name = target !== undefined && /^[\w./-]+\.md$/.test(plain) ? nameOf?.(target) : undefined
        const words = name === undefined ? trustedHtml(this.parser.parseInline(tokens)) : html`${name}`
        return target !== undefined && isSafe(target)
          ? html`<a href="${target}">${words}</a>`.toString()
          : words.toString()
      },
      heading({ depth, tokens }) {
        const words = trustedHtml(this.parser.parseInline(tokens))
        const level = trustedHtml(`h${depth}`)
        return html`<${level} id="${idOf(plainOf(tokens))}">${words}</${level}>\n`.toString()
      },
      // On a small screen each row is a block, and each cell says of which column it is.
      table({ header, rows }) {
        const names = header.map(({ tokens }) => plainOf(tokens))
        const head = header.map(({ tokens }, at) => {
          const words = trustedHtml(this.parser.parseInline(tokens))
          return names[at] === '' ? html`<td></td>` : html`<th scope="col">${words}</th>`
        })
        const body = rows.map((row) => {
          const cells = row.map(
            ({ tokens }, at) =>
              html`<td${names[at] ? html` data-column="${names[at]}"` : ''}>${trustedHtml(this.parser.parseInline(tokens))}</td>`,
          )
          return html`<tr>
            ${cells}
          </tr>`
        })
        return html`<table>
          <thead>
            <tr>
              ${head}
            </tr>
          </thead>
          <tbody>
            ${body}
          </tbody>
        </table> `.toString()
      },
    },
  })
  const made = marked.parse(text)
  if (typeof made !== 'string') throw new TypeError('Markdown cannot be rendered later')
  return trustedHtml(made)
}
