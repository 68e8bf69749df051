/** HTML as a value: every `${…}` of a template is escaped, unless it is HTML already. */
import { html as template, raw } from 'hono/html'
import type { HtmlEscapedString } from 'hono/utils/html'

export type Html = HtmlEscapedString

/** Templates without the indentation that they have in the source. */
const tightened = new WeakMap<TemplateStringsArray, TemplateStringsArray>()

const tighten = (strings: TemplateStringsArray): TemplateStringsArray => {
  const shorter = strings.map((text) => text.replaceAll(/\n\s*/g, '\n'))
  return Object.assign(shorter, { raw: shorter })
}

/** Values are text, numbers, HTML, lists of these, or nothing. Pages wait for nothing, so a promise is a mistake. */
export function html(strings: TemplateStringsArray, ...values: unknown[]): Html {
  const tight = tightened.get(strings) ?? tighten(strings)
  tightened.set(strings, tight)
  const made = template(tight, ...values)
  if (made instanceof Promise) throw new TypeError('a page cannot hold a promise')
  return made
}

/** Text that is HTML by construction: what `markdown.ts` rendered, and what this code spells out itself. */
export const trustedHtml = (text: string): Html => raw(text)

/** Text that somebody else chose, such as a name. Its direction is its own, and does not turn what stands beside it. */
export const isolated = (text: string): Html => html`<bdi>${text}</bdi>`
