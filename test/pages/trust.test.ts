/** The trust pages: what they show, how large they are, how they are kept, and what they show while the database is away. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import Ajv from 'ajv'
import { register } from '#assurance/claims'
import type { ClaimStanding, Standing } from '#assurance/controls'
import { clientOf, createWorld, type Reply } from '#harness'
import { claimIn, mixedClaims, serveSite, someChanges, standingOf } from './site.ts'

const get = ({ url }: { url: string }, path: string, headers: Record<string, string> = {}): Promise<Reply> =>
  clientOf(url, '', 'as it is').send('GET', path, { headers })
const textOf = (html: string): string => html.replaceAll(/<[^>]+>/g, ' ').replaceAll(/\s+/g, ' ')
const everyone = (state: ClaimStanding['state']): ClaimStanding[] => register.map((claim) => claimIn(state, claim))

test('the page of all promises stays below 30 kB in both languages, whatever their states', async () => {
  const cases: Record<string, ClaimStanding[]> = {
    mixed: mixedClaims(),
    verified: everyone('verified'),
    planned: everyone('planned'),
    attested: everyone('attested'),
  }
  for (const [name, claims] of Object.entries(cases)) {
    await using site = await serveSite({ standing: async () => standingOf(claims) })
    for (const path of ['/trust', '/trust?lang=en', '/trust?lang=sv']) {
      const bytes = Buffer.byteLength((await get(site, path)).text)
      assert.ok(bytes < 30_000, `${path} with all ${name} has ${bytes} bytes`)
      assert.ok(bytes > 15_000, 'there is next to nothing on the page')
    }
  }
})

test('every promise of the register is on the page with its state in words, under the heading of its group', async () => {
  await using site = await serveSite()
  for (const language of ['en', 'sv'] as const) {
    const { text } = await get(site, `/trust?lang=${language}`)
    const words = {
      en: { verified: 'Verified', planned: 'Planned', failing: 'Failing' },
      sv: { verified: 'Verifierat', planned: 'Planerat', failing: 'Brister' },
    }[language]
    for (const { id, sentence } of register) {
      const row =
        new RegExp(
          `<details class="(\\w+)"[^>]*><summary>((?:(?!</summary>)[^])*)</summary>((?:(?!</details>)[^])*"/trust/${id}\\?[^]*?)</details>`,
        ).exec(text) ?? assert.fail(id)
      assert.ok(row[2]?.startsWith(sentence[language].replaceAll("'", '&#39;')), id)
      const state = row[1]
      if (state === 'verified' || state === 'planned' || state === 'failing')
        assert.ok(textOf(row[2] ?? '').includes(words[state]), id)
      assert.ok(row[3]?.includes(`/trust/${id}?lang=${language}`), id)
    }
    assert.equal(text.match(/<details /g)?.length, register.length)
    assert.match(
      textOf(text),
      language === 'en' ? /45 of our 65 promises are verified/ : /45 av våra 65 löften är verifierade/,
    )
  }
})

test('a promise that fails is named at the top, says why, and keeps its failures in its history', async () => {
  await using site = await serveSite()
  const { text } = await get(site, '/trust')
  assert.match(text, /class="notice failing">[^]*?<a href="#enc\.backup">/)
  assert.match(text, /id="enc\.backup">[^]*?The newest backup could not be opened/)
  const claim = await get(site, '/trust/enc.backup')
  assert.match(textOf(claim.text), /Verified → Failing/)
  for (const part of [
    'Every hour',
    'Failed',
    'A copy that was not encrypted',
    'sha256sum src/platform/encryption/controls.ts',
    'a stolen copy opens nothing',
    '<time datetime="2026-11-21T09:10:00.000Z">21 November 2026 at 09:10 UTC</time>',
  ])
    assert.ok(claim.text.includes(part), part)
})

test('a promise without code or proof says so on its own page, and claims nothing else', async () => {
  await using site = await serveSite()
  const planned = mixedClaims().find(({ state }) => state === 'planned') ?? assert.fail()
  const { text } = await get(site, `/trust/${planned.id}?lang=sv`)
  for (const part of [
    'Planerat',
    'Utlovat, ännu inte byggt.',
    'Ingen kontroll bevakar detta ännu.',
    'Inget test bevisar det ännu.',
  ])
    assert.ok(text.includes(part), part)
  assert.doesNotMatch(textOf(text), /Verifierat|Godkänt/)
  assert.equal((await get(site, '/trust/no.such')).status, 404)
})

test('what others wrote stays text, and a name that is read from the right turns nothing around it', async () => {
  const bite = `<script>alert(1)</script>"'><img src=x onerror=alert(1)>`
  const [first, ...others] = mixedClaims()
  const claim = claimIn('failing', register[0] ?? assert.fail(), bite)
  await using site = await serveSite({
    standing: async () =>
      standingOf([
        {
          ...claim,
          tests: [bite],
          history: first?.history.map((one) => ({ ...one, why: { en: bite, sv: bite } })) ?? [],
        },
        ...others,
      ]),
    changes: async () => someChanges.map((change) => ({ ...change, why: { en: `${bite}\u0000\u001b`, sv: bite } })),
    site: {
      installation: `متجر ${bite}`,
      origin: 'https://vouch.example.com',
      version: '0',
      contacts: { security: `a${bite}@example.com` },
    },
  })
  for (const path of ['/', '/trust', `/trust/${claim.id}`, '/errors', '/nothing']) {
    const { text } = await get(site, path, { accept: 'text/html' })
    assert.doesNotMatch(text, /<script|<img|"'>/, path)
    assert.match(text, /<bdi>متجر &lt;script&gt;/, path)
  }
  const atom = (await get(site, '/trust/feed.atom')).text
  assert.doesNotMatch(atom, /<script|<img src/)
  assert.ok(![...atom].some((letter) => letter < ' ' && letter !== '\n' && letter !== '\t'), 'not XML')
})

test('an unchanged page is a 304 for who has it, until its state or its minute changes', async () => {
  let claims = mixedClaims()
  await using site = await serveSite({ standing: async () => standingOf(claims) })
  for (const path of [
    '/trust',
    '/trust?lang=sv',
    '/trust/enc.rest',
    '/trust.json',
    '/trust/feed.atom',
    '/trust/feed.json',
  ]) {
    claims = mixedClaims()
    site.clock.advance(10_000)
    await get(site, path)
    const { headers, text } = await get(site, path)
    const etag = headers.get('etag') ?? assert.fail(path)
    assert.equal(headers.get('cache-control'), 'public, max-age=60, stale-while-revalidate=600, stale-if-error=86400')
    for (const known of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
      const reply = await get(site, path, { 'if-none-match': known })
      assert.equal(reply.status, 304, `${path} ${known}`)
      assert.equal(reply.text, '')
      assert.equal(reply.headers.get('etag'), etag)
    }
    assert.equal((await get(site, path, { 'if-none-match': '"other"' })).text, text)
    claims = everyone('planned')
    site.clock.advance(3_000)
    await get(site, path)
    const later = await get(site, path, { 'if-none-match': etag })
    if (!path.includes('feed')) {
      assert.equal(later.status, 200, path)
      assert.notEqual(later.headers.get('etag'), etag)
    }
  }
})

test('many who ask at once cause one reading, and no second within two seconds', async () => {
  let readings = 0
  await using site = await serveSite({
    async standing() {
      readings++
      await new Promise((resolve) => setTimeout(resolve, 20))
      return standingOf(mixedClaims())
    },
  })
  await Promise.all(Array.from({ length: 50 }, () => get(site, '/trust')))
  assert.equal(readings, 1)
  site.clock.advance(2_000)
  await Promise.all(Array.from({ length: 50 }, () => get(site, '/trust.json')))
  assert.equal(readings, 2)
})

/** A source that can go away, in each of the ways it may. */
const failures: Record<string, () => Promise<Standing>> = {
  throws: () => Promise.reject(new Error('the database is away')),
  hangs: () => new Promise(() => {}),
  'answers with the last it knows': async () => standingOf(mixedClaims(), { fresh: false }),
}

for (const [how, fail] of Object.entries(failures)) {
  test(`while the database is away (it ${how}), the last known states are shown with their age`, async () => {
    let isAway = false
    await using site = await serveSite({
      standing: () => (isAway ? fail() : Promise.resolve(standingOf(mixedClaims()))),
    })
    assert.doesNotMatch((await get(site, '/trust')).text, /class="notice stale"/)
    isAway = true
    site.clock.advance(12 * 60_000)
    await get(site, '/trust')
    site.clock.advance(2_000)
    const { status, text } = await get(site, '/trust')
    assert.equal(status, 200)
    assert.match(
      textOf(text),
      /Newer states cannot be read right now\. These are the last known ones, from 21 November 2026 at 12:00 UTC ?, 12 minutes ago ?\./,
    )
    assert.match(
      textOf((await get(site, '/trust?lang=sv')).text),
      /Nyare lägen kan inte läsas just nu\. Det här är de senast kända, från 21 november 2026 kl\. 12:00 UTC ?, för 12 minuter sedan/,
    )
    assert.match(text, /45 of our 65 promises/)
    const { body } = await get(site, '/trust.json')
    assert.deepEqual([body.fresh, body.as_of], [false, '2026-11-21T12:00:00.000Z'])
    assert.equal((await get(site, '/trust/enc.rest')).status, 200)
    assert.match((await get(site, '/trust/feed.atom')).text, /enc\.backup/)
  })
}

test('what turns stale is shown so though the list of changes hangs, and the feeds keep the last', async () => {
  let isSilent = false
  await using site = await serveSite({
    standing: async () => standingOf(isSilent ? everyone('stale') : mixedClaims()),
    changes: () => (isSilent ? new Promise(() => {}) : Promise.resolve(someChanges)),
  })
  for (const path of ['/trust', '/trust/feed.atom']) assert.equal((await get(site, path)).status, 200)
  isSilent = true
  site.clock.advance(3_000)
  for (const path of ['/trust', '/trust/feed.atom']) assert.equal((await get(site, path)).status, 200)
  assert.match((await get(site, '/trust')).text, /None of our 65 promises is verified/)
  assert.match((await get(site, '/trust/feed.atom')).text, /enc\.backup/)
})

test('before anything is known, all is refused as unavailable and the start page still answers', async () => {
  await using site = await serveSite({
    standing: () => Promise.reject(new Error('away')),
    health: async () => ({ database: 'away', logLagSeconds: 7 }),
  })
  for (const path of ['/trust', '/trust.json', '/trust/feed.atom'])
    assert.ok((await get(site, path)).status >= 500, path)
  site.clock.advance(100)
  const second = await get(site, '/trust')
  assert.deepEqual([second.status, second.body.code], [503, 'unavailable'])
  const { text } = await get(site, '/?lang=sv')
  for (const part of ['Är borta.', '7 sekunder efter', 'Ännu inte känt']) assert.ok(text.includes(part), part)
})

test('/trust.json is what openapi.json says it is, in both languages, and holds every promise', async () => {
  await using world = await createWorld({ logLevel: 'silent' })
  const { body } = await world.as('nobody').get('/trust.json')
  const api = (await world.as('nobody').get('/openapi.json')).body
  const schema = api.paths['/trust.json'].get.responses['200'].content['application/json'].schema
  const validate = new Ajv.Ajv({
    strict: false,
    formats: { 'date-time': /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/ },
  }).compile(schema)
  const errorsOf = (document: unknown): unknown => (validate(document) ? [] : validate.errors)
  assert.deepEqual(errorsOf(body), [])
  assert.deepEqual(
    body.claims.map(({ id }: { id: string }) => id),
    register.map(({ id }) => id),
  )
  const total = Object.values<number>(body.counts).reduce((sum, count) => sum + count, 0)
  assert.equal(total, register.length)
  await using site = await serveSite()
  const mixed = (await get(site, '/trust.json')).body
  assert.deepEqual(errorsOf(mixed), [])
  assert.notDeepEqual(
    errorsOf({ ...mixed, claims: [{ ...mixed.claims[0], state: 'fine' }] }),
    [],
    'the schema lets anything pass',
  )
})

test('feeds have the changes with ids that stay, in the language asked for', async () => {
  await using site = await serveSite()
  const feed = (await get(site, '/trust/feed.json')).body
  assert.equal(feed.version, 'https://jsonfeed.org/version/1.1')
  assert.equal(feed.language, 'en')
  assert.match(feed.items[0].content_text, /The key & the copy do not fit\.$/)
  assert.ok(!('content_html' in feed.items[0]), 'a reader of feeds would take words for markup')
  assert.deepEqual(
    feed.items.map(({ id }: { id: string }) => id),
    ['tag:vouch.example.com,2026:trust/enc.backup:2', 'tag:vouch.example.com,2026:trust/enc.backup:1'],
  )
  const atom = await get(site, '/trust/feed.atom?lang=sv')
  assert.match(atom.headers.get('content-type') ?? '', /^application\/atom\+xml/)
  assert.doesNotMatch(atom.text, /&amp;amp;|<!\[CDATA\[/)
  for (const part of [
    'xml:lang="sv"',
    'Nyckeln &amp; kopian passar inte.',
    '<id>tag:vouch.example.com,2026:trust/enc.backup:2</id>',
    'enc.backup: Verifierat → Brister',
    'Nyckeln',
    '<updated>2026-11-21T10:30:00.000Z</updated>',
    'href="https://vouch.example.com/trust/enc.backup?lang=sv"',
  ])
    assert.ok(atom.text.includes(part), `${part}\n${atom.text}`)
})

test('a signed statement is handed out in the bytes that its verifier takes, and how to verify it stands on the page', async () => {
  const signed = {
    signatures: [{ sig: 's', keyid: 'k' }],
    payload: 'e30=',
    payloadType: 'application/vnd.in-toto+json' as const,
  }
  await using site = await serveSite({
    attestation: async (id) => (id === 'enc.rest' ? signed : undefined),
    verifierKey: async () => 'vouch.example.com/trust+0badcafe+AQ==',
  })
  const reply = await get(site, '/trust/attestations/enc.rest')
  assert.match(reply.headers.get('content-type') ?? '', /^application\/vnd\.dsse\.envelope\.v1\+json/)
  assert.equal(
    reply.text,
    '{"payloadType":"application/vnd.in-toto+json","payload":"e30=","signatures":[{"keyid":"k","sig":"s"}]}\n',
  )
  assert.equal((await get(site, '/trust/attestations/enc.mail')).status, 404)
  assert.match(
    (await get(site, '/trust/enc.rest')).text,
    /vouch trust verify enc\.rest\.dsse\.json --key &#39;vouch\.example\.com\/trust\+0badcafe/,
  )
  await using unsigned = await serveSite()
  assert.doesNotMatch((await get(unsigned, '/trust/enc.rest')).text, /vouch trust verify/)
})

test('security.txt names whom to tell as RFC 9116 has it, and is a problem that says how to set it while nobody is named', async () => {
  await using site = await serveSite()
  const reply = await get(site, '/.well-known/security.txt')
  assert.equal(reply.headers.get('content-type'), 'text/plain; charset=utf-8')
  assert.equal(
    reply.text,
    `Contact: mailto:security@example.com\nExpires: 2027-05-22T00:00:00.000Z\nPreferred-Languages: en, sv\nCanonical: https://vouch.example.com/.well-known/security.txt\n`,
  )
  const contacts = { security: 'https://example.com/tell' }
  await using unnamed = await serveSite({
    site: { installation: 'localhost', origin: 'http://127.0.0.1:8787', version: '0', contacts },
  })
  assert.equal(
    (await get(unnamed, '/.well-known/security.txt')).text,
    'Contact: https://example.com/tell\nExpires: 2027-05-22T00:00:00.000Z\nPreferred-Languages: en, sv\n',
    'only https addresses may stand in it',
  )
  await using world = await createWorld({ logLevel: 'silent' })
  const missing = await world.as('nobody').get('/.well-known/security.txt')
  assert.equal(missing.status, 404)
  assert.match(missing.body.detail, /VOUCH_CONTACT_SECURITY/)
  const page = await world.as('nobody').get('/trust?lang=sv')
  assert.match(page.text, /har ännu inte sagt vem man frågar/)
  const partly = (await get(site, '/trust')).text
  assert.match(partly, /<dt>Compliance<\/dt><dd>Not named yet/)
})

test('a database that falls silent is shown as away on the start page, with the time of the last look', async () => {
  let isSilent = false
  await using site = await serveSite({
    health: () => (isSilent ? new Promise(() => {}) : Promise.resolve({ database: 'ok', logLagSeconds: 0 })),
  })
  assert.match(textOf((await get(site, '/')).text), /Database Answers/)
  isSilent = true
  site.clock.advance(20_000)
  const { text } = await get(site, '/')
  assert.match(textOf(text), /Database Is away\. /)
  assert.ok(text.includes('datetime="2026-11-21T12:00:00.000Z"'))
})
