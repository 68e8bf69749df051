/** How pages are served: to browsers as pages and to programs as problems, kept by caches, and closed to what others write. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { createWorld, type World } from '#harness'

let world: World
before(async () => {
  world = await createWorld({ logLevel: 'silent' })
})
after(() => world[Symbol.asyncDispose]())

const browser = { accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8' }
const get = (path: string, headers: Record<string, string> = {}) => world.as('nobody').send('GET', path, { headers })

test('a browser meets a page where a program meets a problem document, with the same status and request id', async () => {
  for (const [path, status] of [
    ['/no-such-page', 404],
    ['/trustt', 404],
    ['/?unexpected=1', 400],
    ['/errors/nothing', 404],
    ['/%zz', 400],
    [`/errors/${'x'.repeat(101)}`, 414],
  ] as const) {
    const page = await get(path, browser)
    assert.equal(page.status, status)
    assert.match(page.headers.get('content-type') ?? '', /^text\/html/)
    assert.match(page.text, /^<!doctype html>/)
    assert.equal(page.headers.get('cache-control'), 'no-store')
    assert.match(page.headers.get('content-security-policy') ?? '', /style-src 'self'/)
    assert.ok(page.text.includes(page.headers.get('x-request-id') ?? 'none'))
    assert.ok(!page.text.includes('trustt') && !page.text.includes('unexpected'), 'a page repeats what was asked')
    for (const accept of ['*/*', 'application/json', 'application/json, text/html;q=0', 'text/markdown']) {
      const problem = await get(path, { accept })
      assert.equal(problem.status, status)
      assert.match(problem.headers.get('content-type') ?? '', /^application\/problem\+json/, accept)
    }
  }
  const guarded = await get('/v1/lists', browser)
  assert.equal(guarded.status, 401)
  assert.match(guarded.headers.get('content-type') ?? '', /^application\/problem\+json/)
})

test('whoever asks for the head alone gets the head of the page, and no page', async () => {
  for (const path of ['/', '/trust', '/trust.json', '/errors/conflict', '/docs', '/healthz', '/openapi.json']) {
    const [whole, head] = [await get(path), await world.as('nobody').send('HEAD', path, {})]
    assert.deepEqual([head.status, head.text], [200, ''], path)
    for (const name of ['content-type', 'cache-control', 'content-security-policy'])
      assert.equal(head.headers.get(name), whole.headers.get(name), `${path} ${name}`)
  }
  assert.equal((await world.as('nobody').send('HEAD', '/v1/decisions', {})).status, 405)
})

test('the language is that of the address, else that of the browser, and links keep to the address', async () => {
  const langOf = (text: string): string | undefined => /<html lang="(\w+)">/.exec(text)?.[1]
  const asked = await get('/errors', { 'accept-language': 'sv-SE,sv;q=0.9' })
  assert.equal(langOf(asked.text), 'sv')
  assert.equal(asked.headers.get('content-language'), 'sv')
  assert.match(asked.headers.get('vary') ?? '', /accept-language/)
  assert.ok(asked.text.includes('href="/errors/conflict"'))
  const chosen = await get('/errors?lang=en', { 'accept-language': 'sv' })
  assert.equal(langOf(chosen.text), 'en')
  assert.ok(chosen.text.includes('href="/errors/conflict?lang=en"'))
  for (const language of ['en', 'sv', 'x-default']) assert.ok(chosen.text.includes(`hreflang="${language}"`))
  assert.equal(langOf((await get('/nothing?lang=sv', browser)).text), 'sv')
})

test('every page allows itself our stylesheet and nothing else, and has no script', async () => {
  for (const path of ['/', '/errors', '/errors/conflict', '/nothing']) {
    const { text, headers } = await get(path, browser)
    assert.equal(
      headers.get('content-security-policy'),
      "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    )
    assert.doesNotMatch(text, /<script|<style| style=| on\w+=|javascript:/i)
    const sheet = /<link rel="stylesheet" href="([^"]+)"/.exec(text)?.[1] ?? assert.fail('no stylesheet')
    const css = await get(sheet)
    assert.equal(css.status, 200)
    assert.equal(css.headers.get('cache-control'), 'public, max-age=31536000, immutable')
    assert.match(css.headers.get('content-type') ?? '', /^text\/css/)
    assert.doesNotMatch(css.text, /@import|url\((?!"data:)/)
  }
  assert.equal((await get('/assets/0123456789abcdef.css')).status, 404)
})

test('a page about an error is Markdown for who asks for it', async () => {
  const { text, headers } = await get('/errors/conflict', { accept: 'text/markdown, text/html, */*' })
  assert.match(headers.get('content-type') ?? '', /^text\/markdown/)
  assert.match(text, /^# conflict\n/)
  for (const accept of ['text/html, text/markdown;q=0.5', '*/*', 'text/markdown;q=0'])
    assert.match((await get('/errors/conflict', { accept })).text, /^<!doctype html>/, accept)
})
