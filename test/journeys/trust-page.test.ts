/** From a decision to the page that the public reads: a promise that breaks is said to be broken, in both languages. */
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import pg from 'pg'
import { clientOf, payment } from '#harness'
import { focusOf, noBrowser, openBrowser, type Page } from '#harness/browser'
import { createInstallation } from '#harness/own-installation'

const claim = 'acc.isolation'

test(
  'who opens the trust page reads that a promise is kept, that it is broken, and that it was mended, and can prove each',
  { timeout: 300_000, skip: noBrowser },
  async () => {
    await using installation = await createInstallation()
    const server = await installation.serve()
    const ada = clientOf(server.url, await installation.createTenant('Acme'))
    assert.equal((await ada.post('/v1/evaluate', payment())).status, 200)
    const look = async (): Promise<string> => {
      const { out, err } = await installation.run(['claims', '--json', '--id', claim])
      assert.ok(out, err)
      return JSON.parse(out).claims[0].state
    }
    const wall = (what: 'force' | 'no force') =>
      installation.withAdminUrl(async (url) => {
        const client = new pg.Client(url)
        await client.connect()
        await client.query(`alter table api_key ${what} row level security`)
        await client.end()
      })

    await using browser = await openBrowser()
    const proof = await browser.visit({ viewport: { width: 390, height: 844 }, locale: 'sv-SE' }, async (page) => {
      assert.equal(await look(), 'verified')
      await readOf(page, server.url, 'verifierat')
      await wall('no force')
      assert.equal(await look(), 'failing')
      assert.match(await readOf(page, server.url, 'brister'), /api_key saknar fullständig radsäkerhet/)
      const signed = await (await fetch(`${server.url}/trust/attestations/${claim}`)).text()
      await wall('force')
      assert.equal(await look(), 'verified')
      assert.match(
        await readOf(page, server.url, 'verifierat'),
        /api_key saknar fullständig radsäkerhet/,
        'the history lost a failure',
      )
      await followByKeyboard(page, server.url)
      return signed
    })

    const verify = async (text: string) => {
      const file = join(installation.home, 'statement.json')
      await writeFile(file, text)
      return installation.run(['trust', 'verify', file, '--json'])
    }
    const whole = await verify(proof)
    assert.deepEqual([whole.code, JSON.parse(whole.out).state], [0, 'failing'], whole.err)
    const at = proof.indexOf('"payload"') + 40
    const changed = await verify(`${proof.slice(0, at)}${proof[at] === 'A' ? 'B' : 'A'}${proof.slice(at + 1)}`)
    assert.deepEqual([changed.code, JSON.parse(changed.out).ok], [1, false])
  },
)

/** What the page says of the claim, once it says it: it is made anew every few seconds. */
async function readOf(page: Page, url: string, word: string): Promise<string> {
  await page.goto(`${url}/trust/${claim}`)
  for (let tries = 0; ; tries++) {
    // Whoever reloads is not given what the browser has kept.
    await page.reload()
    const text = await page.locator('main').innerText()
    if (text.toLowerCase().includes(word)) return text
    assert.ok(tries < 60, `the page never said ${word}:\n${text}`)
    await page.waitForTimeout(250)
  }
}

/** From the start page to the trust page, in Swedish, without a pointer. */
async function followByKeyboard(page: Page, url: string): Promise<void> {
  await page.goto(`${url}/`)
  assert.equal(await page.locator('html').getAttribute('lang'), 'sv')
  for (let tabs = 0; tabs < 30; tabs++) {
    await page.keyboard.press('Tab')
    const address = await page.evaluate<string>(`document.activeElement?.getAttribute('href') ?? ''`)
    if (!address.startsWith('/trust')) continue
    assert.ok((await focusOf(page)).isVisible)
    await page.keyboard.press('Enter')
    await page.waitForURL(/\/trust/)
    assert.equal(await page.locator('html').getAttribute('lang'), 'sv')
    return
  }
  assert.fail('no key leads from the start page to the trust page')
}
