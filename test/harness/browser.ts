/** A real browser: Chromium from the lockfile, started once for a file of tests. */
import { readFile } from 'node:fs/promises'
import chromiumFor from '@sparticuz/chromium'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'

export type { Page } from 'playwright-core'

/** Why there is no browser here, or `false`: what `skip` of a test takes. */
export const noBrowser =
  process.platform === 'linux' && process.arch === 'x64'
    ? false
    : `the lockfile has no Chromium for ${process.platform}-${process.arch}`

export type TestBrowser = AsyncDisposable & {
  /** A fresh visitor; `work`'s page is closed afterwards. An error on the page's console fails it. */
  visit<T>(options: BrowserContextOptions, work: (page: Page) => Promise<T>): Promise<T>
}

export async function openBrowser(): Promise<TestBrowser> {
  const browser: Browser = await chromium.launch({
    executablePath: await chromiumFor.executablePath(),
    // Not the package's own arguments: they are for one process in a cloud function, and end with its first visitor.
    args: ['--no-sandbox', '--disable-gpu', '--font-render-hinting=none'],
    headless: true,
  })
  return {
    async visit(options, work) {
      const context = await browser.newContext(options)
      const errors: string[] = []
      try {
        const page = await context.newPage()
        page.on('console', (message) => {
          // That the page itself is an answer like 404 is for the test to judge.
          if (message.type() === 'error' && message.location().url !== page.url()) errors.push(message.text())
        })
        const made = await work(page)
        if (errors.length > 0) throw new Error(`the browser complains: ${errors.join('\n')}`)
        return made
      } finally {
        await context.close()
      }
    },
    [Symbol.asyncDispose]: () => browser.close(),
  }
}

let axeSource: Promise<string> | undefined

export type AxeOffence = { rule: string; at: string; why: string }

/**
 * What axe-core finds wrong on the page, by WCAG 2.2 A and AA and its own best practices. It is run from outside of
 * the page's own policy, which allows no script at all.
 */
export async function axeOffences(page: Page): Promise<AxeOffence[]> {
  axeSource ??= readFile(new URL('../../node_modules/axe-core/axe.min.js', import.meta.url), 'utf8')
  await page.evaluate(await axeSource)
  const found: { id: string; nodes: { html: string; failureSummary?: string }[] }[] = await page.evaluate(
    `axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }).then(({ violations }) => violations)`,
  )
  return found.flatMap(({ id, nodes }) =>
    nodes.map((node) => ({ rule: id, at: node.html, why: node.failureSummary ?? '' })),
  )
}

/** What is wrong with the document itself, whatever it looks like. */
export const documentOffences = (page: Page): Promise<string[]> =>
  page.evaluate(`(() => {
    const found = []
    const all = (selector) => [...document.querySelectorAll(selector)]
    const ids = all('[id]').map(({ id }) => id)
    if (new Set(ids).size !== ids.length) found.push('an id is there twice')
    if (all('h1').length !== 1) found.push('there is not one h1')
    const levels = all('main :is(h1, h2, h3, h4, h5, h6)').map(({ tagName }) => Number(tagName[1]))
    if (levels.some((level, at) => level > (levels[at - 1] ?? 0) + 1)) found.push('headings skip a level: ' + levels.join())
    if (all('script, style, [style], [onclick], iframe, object').length > 0) found.push('there is something that a page may not have')
    const { scrollWidth } = document.documentElement
    if (scrollWidth > innerWidth) found.push('it is ' + scrollWidth + ' wide')
    return found
  })()`)

export type Focus = { at: number; isVisible: boolean; outline: string; id: string }
const reachable = `[...document.querySelectorAll('a[href], summary, button, input')].filter((element) => element.checkVisibility())`

/** How many things of the page the keyboard should reach. */
export const countReachable = (page: Page): Promise<number> => page.evaluate(`${reachable}.length`)

/** What has the focus: its place among all that can have it, in the order of the document. */
export const focusOf = (page: Page): Promise<Focus> =>
  page.evaluate(`(() => {
    const element = document.activeElement ?? document.body
    const box = element.getBoundingClientRect()
    const { outlineStyle, outlineWidth } = getComputedStyle(element)
    const isVisible = box.bottom > 0 && box.top < innerHeight && box.width > 0
    return { at: ${reachable}.indexOf(element), isVisible, outline: outlineStyle + ' ' + outlineWidth, id: element.id }
  })()`)

/** Places from the top of the page, in the order of the document. */
export const topsOf = (page: Page, selector: string): Promise<number[]> =>
  page.evaluate(`[...document.querySelectorAll('${selector}')].map((element) => element.getBoundingClientRect().top)`)
