/** The documentation in a browser and over HTTP: nothing broken, nothing hidden from anybody, and found by who searches. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import * as fc from 'fast-check'
import { createWorld, type World } from '#harness'
import { axeOffences, countReachable, documentOffences, focusOf, noBrowser, openBrowser } from '#harness/browser'

let world: World
before(async () => {
  world = await createWorld({ logLevel: 'silent' })
})
after(() => world[Symbol.asyncDispose]())

const get = async (path: string, headers: Record<string, string> = {}) => {
  const { payload, statusCode, headers: answered } = await world.vouch.server.inject({ method: 'GET', url: path, headers }) // prettier-ignore
  return { status: statusCode, text: payload, headers: answered }
}
/** What a search answers, without the frame. */
const found = async (question: string): Promise<{ main: string; first: string; links: string[] }> => {
  const { status, text } = await get(`/docs/search?q=${encodeURIComponent(question)}`)
  assert.equal(status, 200, question)
  const main = /<main[^]*<\/main>/.exec(text)?.[0] ?? assert.fail(text)
  const links = [...main.matchAll(/<li>\s*<a href="([^"]+)"/g)].map(([, link = '']) => link)
  return { main, first: links[0] ?? '', links }
}

test('every link of every page leads to something, also into the page that it names', async () => {
  for (const [start, fits] of [
    ['/docs', /^\/(docs|errors)/],
    ['/docs?lang=sv', /^\/(docs|errors).*lang=sv/],
  ] as const) {
    const pages = new Map<string, string>()
    const waiting = [start as string]
    const elsewhere = new Map<string, string>()
    const anchors: [from: string, path: string, id: string][] = []
    for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
      if (pages.has(path)) continue
      const { status, text } = await get(path)
      assert.equal(status, 200, path)
      assert.ok(Buffer.byteLength(text) < 100_000, `${path} is ${Buffer.byteLength(text)} bytes`)
      assert.doesNotMatch(text, /<script|<style| style=| on\w+=|javascript:/i)
      assert.doesNotMatch(text, /undefined|\[object Object\]/, path)
      pages.set(path, text)
      for (const [, href = ''] of text.matchAll(/<a [^>]*?href="([^"]+)"/g)) {
        if (/^(https:|mailto:)/.test(href)) continue
        const [to = '', id] = href.replaceAll('&amp;', '&').split('#')
        if (id !== undefined) anchors.push([path, to || path, id])
        if (to === '' || pages.has(to)) continue
        if (fits.test(to) && !to.includes('/docs/search')) waiting.push(to)
        else elsewhere.set(to, path)
      }
    }
    const { guarded, open } = world.vouch
    assert.ok(pages.size > guarded.length + 15, `only ${pages.size} pages were found`)
    assert.ok(open.length > 0)
    for (const [path, from] of elsewhere) assert.equal((await get(path)).status, 200, `${path}, from ${from}`)
    for (const [from, path, id] of anchors) {
      const text = pages.get(path) ?? (await get(path)).text
      assert.ok(text.includes(` id="${id}"`), `${from} leads to ${path}#${id}, which is not there`)
    }
  }
})

test('search finds a field, an address, a section, half a word and a word with a wrong letter', async () => {
  for (const [question, link] of [
    ['idempotency', '/docs/api#asking-again'],
    ['/v1/evaluate', '/docs/api/post-v1-evaluate'],
    ['master key', '/docs/operations/first-start#the-master-key'],
    ['witness quorum', '/docs/log/witnesses#ask-for-some-of-them'],
    ['replay', '/docs/api/get-v1-decisions-trace-id-replay'],
    ['thresh', '/docs/policy'],
    ['idempotncy', '/docs/api#asking-again'],
    ['wittness', '/docs/log/witnesses'],
    ['VOUCH_TRUSTED_PROXIES', '/docs/settings'],
  ] as const) {
    const { links } = await found(question)
    assert.ok(links.slice(0, 4).some((one) => one.startsWith(link)), `${question}: ${links.join(' ')}`) // prettier-ignore
  }
  assert.ok((await get('/docs/search?q=a%26b+c')).text.includes('href="/docs/search?lang=sv&amp;q=a%26b+c"'))
  assert.match((await found('idempotency')).main, /<mark>[Ii]dempotency<\/mark>/)
})

test('search says when it finds nothing, asks when nothing is asked, and refuses a question without end', async () => {
  const none = await found('xylophone zeppelin')
  assert.deepEqual(none.links, [])
  assert.match(none.main, /Nothing was found/)
  assert.match((await found('')).main, /Type a word/)
  assert.match((await found('  %  ')).main, /Nothing was found|Type a word/)
  assert.equal((await get(`/docs/search?q=${'x'.repeat(101)}`)).status, 400)
  assert.equal((await get('/docs/search?q=a&q=b')).status, 400)
})

test('whatever is searched for is text on the page, and never markup', async () => {
  for (const planted of ['<script>alert(1)</script>', '"><img src=x onerror=alert(1)>', "' onfocus='x", '&lt;b&gt;', '{name}', '\u202Eabc']) {
    const { text } = await get(`/docs/search?q=${encodeURIComponent(planted)}`)
    if (/[<"]/.test(planted)) assert.ok(!text.includes(planted), planted)
    assert.doesNotMatch(text.replaceAll(/="[^"]*"/g, '=""'), /<script|<img|<[^>]* on(error|focus)=/i)
    assert.ok(text.includes('<bdi>'))
  }
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 40 }), async (question) => {
      const { status, text } = await get(`/docs/search?q=${encodeURIComponent(question)}`)
      assert.equal(status, 200)
      const form = /<input\s+id="q"[^>]*value="([^"]*)"/.exec(text)?.[1] ?? assert.fail(text)
      assert.doesNotMatch(form, /[<>]/)
      assert.equal(text.match(/<h1/g)?.length, 1)
    }),
    { numRuns: 300 },
  )
}) // prettier-ignore

test('a page that somebody has already is not sent again, and in another language it is another page', async () => {
  for (const path of ['/docs', '/docs/policy', '/docs/log/verify', '/docs/api', '/docs/api/post-v1-evaluate']) {
    const first = await get(path)
    const etag = String(first.headers['etag'])
    assert.match(etag, /^"[\w-]{22}"$/)
    assert.equal(first.headers['cache-control'], 'public, max-age=300, stale-while-revalidate=86400')
    assert.equal((await get(path, { 'if-none-match': etag })).status, 304)
    const other = await get(path, { 'accept-language': 'sv', 'if-none-match': etag })
    assert.equal(other.status, 200)
    assert.match(other.text, /<html lang="sv">/)
    assert.match(other.text, / lang="en"/)
    assert.match(other.text, /skrivna på engelska/)
  }
})

test('no link of a text is lost on its page, and a guide is named by its title, whoever asks in which language', async () => {
  for (const query of ['', '?lang=sv']) {
    assert.match((await get(`/docs/promises${query}`)).text, /href="\/docs\/trust\/attestations(\?lang=sv)?">Attestations<\/a> says/)
    for (const code of ['rate_limited', 'request_timeout', 'body_too_large', 'malformed_body'])
      assert.match((await get(`/errors/${code}${query}`)).text, /href="\/docs\/operations\/limits(\?lang=sv)?"/, code)
  }
}) // prettier-ignore

test('a guide is there as it is written, and what is none is not found', async () => {
  const { text, headers } = await get('/docs/log/verify.md')
  assert.match(String(headers['content-type']), /^text\/markdown/)
  assert.match(text, /^# Verify a log without us\n/)
  for (const path of ['/docs/nothing', '/docs/log/nothing', '/docs/log/..%2fpolicy', '/docs/errors/conflict', '/docs/README.md', '/docs/api/get-nothing', '/docs/%2e%2e%2fpackage.json', '/docs/__proto__', '/docs/api/constructor']) assert.equal((await get(path)).status, 404, path) // prettier-ignore
})

const looked = ['/docs', '/docs/policy', '/docs/agents', '/docs/settings', '/docs/api', '/docs/api/post-v1-evaluate', '/docs/search?q=witness', '/docs/search?q=xylophone'] // prettier-ignore

test('every kind of page is accessible, light and dark, small and large, in both languages', { skip: noBrowser }, async () => {
  await using browser = await openBrowser()
  await browser.visit({}, async (page) => {
    for (const path of looked) {
      for (const language of ['en', 'sv']) {
        const reply = await page.goto(`${world.url}${path}${path.includes('?') ? '&' : '?'}lang=${language}`)
        assert.equal(reply?.status(), 200, path)
        for (const width of [390, 1440]) {
          for (const colorScheme of ['light', 'dark'] as const) {
            await page.setViewportSize({ width, height: 900 })
            await page.emulateMedia({ colorScheme })
            const at = `${path} ${language} ${width} ${colorScheme}`
            assert.deepEqual(await axeOffences(page), [], at)
            assert.deepEqual(await documentOffences(page), [], at)
          }
        }
      }
    }
  })
}) // prettier-ignore

test('a reader finds the way by keyboard, on a phone and at a desk, and searches without a pointer', { skip: noBrowser }, async () => {
  await using browser = await openBrowser()
  for (const width of [390, 1440]) {
    await browser.visit({ viewport: { width, height: 900 } }, async (page) => {
      await page.goto(`${world.url}/docs/policy`)
      const contents = page.locator('nav >> text=Witnesses').first()
      if (width === 390) {
        assert.equal(await contents.isVisible(), false)
        await page.locator('summary').first().focus()
        await page.keyboard.press('Enter')
      }
      assert.equal(await contents.isVisible(), true)
      assert.ok((await countReachable(page)) > 20)
      await page.locator('#q').focus()
      assert.equal((await focusOf(page)).outline, 'solid 3px')
      await page.keyboard.type('quorum')
      await page.keyboard.press('Enter')
      await page.waitForURL(/\/docs\/search\?q=quorum/)
      await page.locator('main ol a[href^="/docs/log/witnesses"]').first().click()
      await page.waitForURL(/\/docs\/log\/witnesses#/)
    })
  }
}) // prettier-ignore

test('on paper there is the text, without ways and forms', { skip: noBrowser }, async () => {
  await using browser = await openBrowser()
  await browser.visit({ viewport: { width: 794, height: 1123 } }, async (page) => {
    await page.goto(`${world.url}/docs/policy`)
    await page.emulateMedia({ media: 'print' })
    for (const hidden of ['form', '.aside nav', '.toc']) assert.equal(await page.locator(hidden).first().isVisible(), false, hidden) // prettier-ignore
    assert.equal(await page.locator('article table').first().isVisible(), true)
  })
})
