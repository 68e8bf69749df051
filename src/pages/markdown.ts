/** Our own Markdown as HTML. What looks like HTML in it stays text, images are left out, links go to known kinds of address. */
import { Marked } from 'marked'
import { html, type Html, trustedHtml } from './html.ts'

export type MarkdownOptions = {
  /** Where a link of the text leads on this site; `undefined` leaves its words without a link. */
  link(href: string): string | undefined
}

const isSafe = (href: string): boolean => /^(https:\/\/|mailto:|\/(?!\/)|#|\?)/.test(href)

export function renderMarkdown(text: string, { link }: MarkdownOptions): Html {
  const marked = new Marked({
    async: false,
    renderer: {
      html: ({ text }) => html`${text}`.toString(),
      image: ({ text }) => html`${text}`.toString(),
      link({ href, tokens }) {
        const words = this.parser.parseInline(tokens)
        const target = link(href)
        return target !== undefined && isSafe(target)
          ? html`<a href="${target}">${trustedHtml(words)}</a>`.toString()
          : words
      },
    },
  })
  const made = marked.parse(text)
  if (typeof made !== 'string') throw new TypeError('Markdown cannot be rendered later')
  return trustedHtml(made)
}
