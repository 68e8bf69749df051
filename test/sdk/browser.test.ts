/** The client in a real browser: a page of one origin, behind a proxy that adds the key, and no key in the page. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readdir, readFile } from 'node:fs/promises'
import { createServer, request as ask, type ServerResponse } from 'node:http'
import { join } from 'node:path'
import { test } from 'node:test'
import chromium from '@sparticuz/chromium'
import { chromium as browsers } from 'playwright-core'
import { createWorld } from '#harness'
import { installSdk } from './build.ts'

const page = `<!doctype html><meta charset="utf-8"><title>Desk</title><pre id="out"></pre>
<script type="module">
import { createClient, VouchProblem } from '/sdk/index.js'
const vouch = createClient({ baseUrl: location.origin })
const answer = await vouch.evaluate({ amount: '20.00', currency: 'EUR', category: 'groceries', merchantId: 'm_1', userId: 'u_1', metadata: { order_id: 'å' } })
const listed = []
for await (const { traceId } of vouch.decisions.list({ limit: 1 })) listed.push(traceId)
const { event } = await vouch.decisions.get(answer.traceId)
const problem = await vouch.decisions.get('tr_' + '0'.repeat(32)).catch((error) => error)
const isProblem = problem instanceof VouchProblem
document.querySelector('#out').textContent = JSON.stringify({ answer, listed, event, isProblem, status: problem.status, code: problem.code })
</script>`

test('in Chromium a page asks for decisions with the client as it was built, and holds no key', { timeout: 300_000 }, async () => {
  await using world = await createWorld()
  await using sdk = await installSdk()
  const { key } = world.as('tess')
  const files = (await readdir(sdk.dist)).filter((file) => file.endsWith('.js'))
  const modules = new Map<string, string>(await Promise.all(files.map(async (file) => [`/sdk/${file}`, await readFile(join(sdk.dist, file), 'utf8')] as const)))
  const site = createServer((incoming, outgoing) => {
    const { url = '/', method } = incoming
    const module = modules.get(url)
    if (url === '/') send(outgoing, 'text/html', page)
    else if (module !== undefined) send(outgoing, 'text/javascript', module)
    else {
      const onward = ask(new URL(url, world.url), { method, headers: { ...incoming.headers, authorization: `Bearer ${key}` } }, (answer) => {
        outgoing.writeHead(answer.statusCode ?? 0, answer.headers)
        answer.pipe(outgoing)
      })
      incoming.pipe(onward)
    }
  }).listen(0, '127.0.0.1')
  await once(site, 'listening')
  const address = site.address()
  const browser = await browsers.launch({ executablePath: await chromium.executablePath(), args: chromium.args })
  try {
    const tab = await browser.newPage()
    const troubles: string[] = []
    tab.on('pageerror', (error) => troubles.push(String(error)))
    await tab.goto(`http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}/`)
    await tab.waitForFunction("document.querySelector('#out').textContent !== ''", undefined, { timeout: 90_000 }).catch(() => assert.fail(`the page got no answer: ${troubles.join('; ')}`))
    assert.ok(!(await tab.content()).includes('vch_'))
    const seen = JSON.parse((await tab.textContent('#out')) ?? '')
    assert.equal(seen.answer.decision, 'APPROVED')
    assert.deepEqual(seen.listed, [seen.answer.traceId])
    assert.deepEqual(seen.event.metadata, { order_id: 'å' })
    assert.deepEqual([seen.isProblem, seen.status, seen.code], [true, 404, 'not_found'])
  } finally {
    await browser.close()
    site.closeAllConnections()
    site.close()
  }
}) // prettier-ignore

function send(outgoing: ServerResponse, type: string, text: string): void {
  outgoing.writeHead(200, { 'content-type': `${type}; charset=utf-8` }).end(text)
}
