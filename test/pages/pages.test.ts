/** All pages in a real browser: for people with a screen reader, a keyboard, a small or a dark screen, and no stylesheet. */
import assert from 'node:assert/strict'
import { mkdir } from 'node:fs/promises'
import { after, before, test } from 'node:test'
import {
  axeOffences,
  countReachable,
  documentOffences,
  focusOf,
  noBrowser,
  openBrowser,
  type TestBrowser,
  topsOf,
} from '#harness/browser'
import { serveSite, type TestSite } from './site.ts'

/** Screenshots of all pages are written here if SCREENSHOTS is set. */
const folder = new URL('../../.vouch-test/screenshots/', import.meta.url).pathname
const wanted = process.env['SCREENSHOTS'] !== undefined

const paths = ['/', '/trust', '/trust/enc.backup', '/trust/enc.mail', '/errors', '/errors/conflict', '/no-such-page']
const languages = ['en', 'sv'] as const

let site: TestSite
let browser: TestBrowser
before(async () => {
  site = await serveSite()
  if (!noBrowser) browser = await openBrowser()
  await mkdir(folder, { recursive: true })
})
after(async () => {
  await browser?.[Symbol.asyncDispose]()
  await site[Symbol.asyncDispose]()
})

for (const language of languages) {
  test(`every page is accessible in ${language}, light and dark, small and large`, { skip: noBrowser }, async () => {
    await browser.visit({}, async (page) => {
      for (const path of paths) {
        await page.goto(`${site.url}${path}?lang=${language}`)
        for (const width of [390, 1440]) {
          for (const colorScheme of ['light', 'dark'] as const) {
            const at = `${path.replaceAll(/\W+/g, '_')}-${language}-${width}-${colorScheme}`
            await page.setViewportSize({ width, height: 900 })
            await page.emulateMedia({ colorScheme })
            assert.deepEqual(await axeOffences(page), [], at)
            assert.deepEqual(await documentOffences(page), [], at)
            if (wanted) await page.screenshot({ path: `${folder}${at}.png`, fullPage: true })
          }
        }
      }
    })
  })
}

test('the look for offences is not blind: what is planted on a page is found', { skip: noBrowser }, async () => {
  await browser.visit({ viewport: { width: 390, height: 900 }, bypassCSP: true }, async (page) => {
    await page.goto(site.url)
    const planted =
      '<h1>Again</h1><h4 id="main">Too deep</h4><img src="data:image/gif;base64,R0lGODlhAQABAAAAACw="><div style="width: 500px; color: #999; background: #aaa">Pale</div>'
    await page.evaluate(`document.querySelector('main').insertAdjacentHTML('beforeend', '${planted}')`)
    const rules = (await axeOffences(page)).map(({ rule }) => rule)
    for (const rule of ['image-alt', 'color-contrast', 'heading-order']) assert.ok(rules.includes(rule), rules.join())
    assert.equal((await documentOffences(page)).length, 5)
  })
})

test(
  'the keyboard alone reaches everything in the order of reading, sees where it is, and skips to the content',
  { skip: noBrowser },
  async () => {
    for (const path of paths) {
      await browser.visit({ viewport: { width: 1440, height: 900 } }, async (page) => {
        await page.goto(`${site.url}${path}?lang=sv`)
        const count = await countReachable(page)
        const seen: number[] = []
        for (let n = 0; n < count; n++) {
          await page.keyboard.press('Tab')
          const focus = await focusOf(page)
          assert.ok(focus.isVisible, `${path}: what has the focus is out of sight`)
          assert.equal(focus.outline, 'solid 3px', path)
          seen.push(focus.at)
        }
        assert.deepEqual(
          seen,
          Array.from({ length: count }, (_, n) => n),
          path,
        )
        await page.goto(`${site.url}${path}?lang=sv`)
        await page.keyboard.press('Tab')
        await page.keyboard.press('Enter')
        assert.equal((await focusOf(page)).id, 'main')
      })
    }
  },
)

test(
  'without the stylesheet a page reads from top to bottom: title, text, then whom to ask',
  { skip: noBrowser },
  async () => {
    await browser.visit({ viewport: { width: 390, height: 900 } }, async (page) => {
      await page.route('**/assets/*', (route) => route.fulfill({ body: '', contentType: 'text/css' }))
      await page.goto(site.url)
      const text = await page.innerText('body')
      const parts = [
        'Skip to the content',
        'Docs',
        'Decisions that can be checked',
        'How it is',
        'What to do next',
        'Make a tenant',
        'Contact',
      ]
      const places = parts.map((part) => text.indexOf(part))
      assert.ok(
        places.every((place) => place >= 0),
        text,
      )
      assert.deepEqual(
        places,
        places.toSorted((a, b) => a - b),
      )
      const tops = await topsOf(page, 'h1, h2, h3')
      assert.ok(tops.length > 5)
      assert.deepEqual(
        tops,
        tops.toSorted((a, b) => a - b),
      )
      const widths: number[] = await page.evaluate(
        `[...document.querySelectorAll('svg')].map((svg) => svg.getBoundingClientRect().width)`,
      )
      assert.ok(
        widths.every((width) => width <= 360),
        'a drawing fills the screen',
      )
    })
  },
)

test(
  'a promise opens with Enter and closes again, and what it holds is then reached by Tab',
  { skip: noBrowser },
  async () => {
    await browser.visit({ viewport: { width: 390, height: 900 } }, async (page) => {
      await page.goto(`${site.url}/trust`)
      const first = page.locator('details').first()
      await first.locator('summary').focus()
      assert.equal(await first.getAttribute('open'), null)
      await page.keyboard.press('Enter')
      assert.equal(await first.getAttribute('open'), '')
      assert.deepEqual(await axeOffences(page), [])
      await page.keyboard.press('Tab')
      assert.equal(await page.evaluate('document.activeElement.pathname'), '/trust/enc.transit')
      await page.keyboard.press('Shift+Tab')
      await page.keyboard.press('Enter')
      assert.equal(await first.getAttribute('open'), null)
    })
  },
)

test('on paper all promises are open and the ways through the site are gone', { skip: noBrowser }, async () => {
  await browser.visit({ viewport: { width: 794, height: 1123 } }, async (page) => {
    await page.goto(`${site.url}/trust`)
    const details = page.locator('details').first().locator('p').last()
    assert.equal(await details.isVisible(), false)
    await page.emulateMedia({ media: 'print' })
    assert.equal(await details.isVisible(), true)
    assert.equal(await page.locator('header nav').first().isVisible(), false)
  })
})

test('each state has a shape of its own, whoever sees no colours', { skip: noBrowser }, async () => {
  await browser.visit({ viewport: { width: 1440, height: 900 } }, async (page) => {
    await page.goto(`${site.url}/trust`)
    const shapes: string[] = await page.evaluate(
      `[...document.querySelectorAll('.states > div')].map((state) => getComputedStyle(state.querySelector('dt'), '::before').maskImage)`,
    )
    assert.equal(shapes.length, 6)
    assert.equal(new Set(shapes).size, 6)
    assert.ok(shapes.every((shape) => shape.startsWith('url("data:image/svg+xml')))
  })
})

test('pages fit from 320 to 1440 px, with a long name that is read from the right', { skip: noBrowser }, async () => {
  const installation = `متجر-${'ط'.repeat(60)}.example.com`
  await using named = await serveSite({
    site: {
      installation,
      origin: 'https://vouch.example.com',
      version: '0.1.0',
      contacts: { privacy: `https://example.com/${'x'.repeat(120)}` },
    },
  })
  await browser.visit({}, async (page) => {
    for (const path of paths) {
      await page.goto(`${named.url}${path}?lang=sv`)
      for (const width of [320, 390, 640, 900, 1100, 1440]) {
        await page.setViewportSize({ width, height: 900 })
        assert.deepEqual(await documentOffences(page), [], `${path} ${width}`)
      }
    }
    assert.equal(await page.evaluate(`getComputedStyle(document.querySelector('footer bdi')).unicodeBidi`), 'isolate')
  })
})
