/**
 * Secrets. Everything a caller can send is planted with words that occur nowhere else, through every route and in every way
 * a request can fail; then every channel is searched for them.
 */
import assert from 'node:assert/strict'
import { randomBytes, randomInt } from 'node:crypto'
import { readdir, readFile, stat } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type pg from 'pg'
import { findCardNumber } from '#kernel/card-number'
import { type Client, clientOf, createWorld, payment, type Reply, type World } from '#harness'

const word = (what: string): string =>
  `planted-${what.toLowerCase().replaceAll(/[^a-z]+/g, '-')}-${randomBytes(9).toString('hex')}`
/** A card number that exists nowhere: a real issuer's range, a right check digit. */
function cardNumber(): string {
  const body = `4539${Array.from({ length: 11 }, () => randomInt(10)).join('')}`
  return (
    [...'0123456789'].map((digit) => body + digit).find((number) => findCardNumber(number) !== undefined) ??
    assert.fail('no check digit')
  )
}
const address = `203.0.113.${randomInt(1, 255)}`
const addressSix = `2001:db8:${randomBytes(2).toString('hex')}:${randomBytes(2).toString('hex')}::7`

/** What is never to be seen again, by name. Each word is used for one thing. */
const secrets: Record<string, string> = {}
const plant = (name: string, value = word(name)): string => (secrets[name] = value)

type Exchange = { route: string; status: number; text: string; headers: string; who: string }
const replies: Exchange[] = []
const urls: string[] = []

let world: World
let strike: string | undefined
let startedMs: number
let child = ''
let metrics = ''

/** A client whose answers are kept for the search, whatever they are. */
function listen(who: string, client: Client): Client {
  const keep = (route: string, reply: Reply): Reply => {
    replies.push({ route, status: reply.status, text: reply.text, headers: JSON.stringify([...reply.headers]), who })
    return reply
  }
  const noisy = {
    'user-agent': secrets['user agent'] ?? '',
    referer: `https://x.example/?${secrets['referer']}`,
    cookie: `a=${secrets['cookie']}`,
    'x-forwarded-for': secrets['forwarded'] ?? '',
  }
  const send: Client['send'] = async (method, path, init = {}) =>
    keep(
      `${method} ${path.replace(/\?.*/, '')}`,
      await client.send(method, path, { ...init, headers: { ...noisy, ...init.headers } }),
    )
  const json = { 'content-type': 'application/json' }
  return {
    key: client.key,
    send,
    get: (path) => send('GET', path),
    post: (path, body, headers) => send('POST', path, { body: JSON.stringify(body), headers: { ...json, ...headers } }),
    put: (path, body) => send('PUT', path, { body: JSON.stringify(body), headers: json }),
    delete: (path) => send('DELETE', path),
  }
}

/** One tour through every route, with everything planted. `mark` keeps what two tours plant apart. */
async function tour(url: string, mark: string): Promise<void> {
  const p = (name: string, value?: string): string => plant(`${name} (${mark})`, value)
  const ada = listen('ada', clientOf(url, world.as('ada').key))
  const json = { 'content-type': 'application/json' }
  const status = (reply: Reply, expected: number): Reply => {
    assert.equal(reply.status, expected, reply.text)
    return reply
  }
  const event = {
    user_id: p('user_id'), merchant_id: p('merchant_id'), card_fingerprint: p('card_fingerprint'), device_id: p('device_id'), ip: mark === 'in process' ? address : addressSix,
    metadata: { [p('metadata name').replaceAll('-', '_')]: p('metadata value'), order: p('order') }, agent: { id: p('agent'), proof: { type: 'jws', value: p('proof') } },
    mandate: { id: p('mandate') }, sca: { mit: { mandate_ref: p('mit') } },
  } // prettier-ignore
  const made = status(
    await ada.post('/v1/evaluate', payment(event), { 'idempotency-key': p('idempotency header') }),
    200,
  )
  status(await ada.post('/v1/evaluate', payment({ ...event, idempotency_key: p('idempotency body') })), 200)
  status(await ada.post('/v1/evaluate?dry_run=true', payment(event)), 200)
  status(
    await ada.post('/v1/evaluate', payment({ ...event, amount: '21.00' }), {
      'idempotency-key': secrets[`idempotency header (${mark})`] ?? '',
    }),
    422,
  )
  status(await ada.get(`/v1/decisions/${made.body.trace_id}`), 200)
  status(await ada.get(`/v1/decisions?user_id=${secrets[`user_id (${mark})`]}&merchant_id=${p('query')}`), 200)
  status(await ada.get(`/v1/decisions?cursor=${p('cursor')}`), 400)
  status(await ada.get(`/v1/decisions?${p('query name')}=${p('query value')}`), 400)
  status(await ada.get(`/v1/decisions/${p('path')}`), 404)
  status(await ada.get(`/${p('unknown path')}?x=${p('unknown query')}`), 404)

  const list = `/v1/lists/secrets-${mark.replaceAll(' ', '-')}`
  status(await ada.put(list, { kind: 'deny' }), 200)
  const entry = status(
    await ada.post(`${list}/entries`, { field: 'user_id', value: p('list value'), note: p('list note') }),
    201,
  )
  status(await ada.post(`${list}/entries`, { field: 'user_id', value: secrets[`list value (${mark})`] }), 409)
  status(await ada.get(`${list}/entries`), 200)
  const denied = status(await ada.post('/v1/evaluate', payment({ user_id: secrets[`list value (${mark})`] })), 200)
  assert.equal(denied.body.decision, 'DECLINED')
  status(await ada.get('/v1/lists'), 200)
  status(await ada.delete(`${list}/entries/${entry.body.id}`), 204)
  status(
    await ada.post(`${list}/entries`, { field: 'user_id', value: p('kept list value'), note: p('kept list note') }),
    201,
  )

  const key = status(await ada.post('/v1/keys', { name: p('key name'), scopes: ['lists:read'] }), 201)
  p('key', key.body.key)
  const rotated = status(await ada.post(`/v1/keys/${key.body.id}/rotate`, {}), 201)
  p('rotated key', rotated.body.key)
  status(await listen('ada', clientOf(url, key.body.key)).get('/v1/lists'), 200)
  status(await listen('ada', clientOf(url, key.body.key)).get('/v1/keys'), 403)
  status(await ada.get('/v1/keys'), 200)
  status(await ada.delete(`/v1/keys/${key.body.id}`), 200)
  status(await ada.get(`/v1/lists?key=${secrets[`key (${mark})`]}`), 200)
  for (const bad of [p('bearer'), `vch_live_${p('bearer form')}`, `${key.body.key}x`])
    status(await listen('nobody', clientOf(url, bad)).get('/v1/lists'), 401)
  status(
    await listen('nobody', clientOf(url, '')).send('GET', '/v1/lists', {
      headers: { authorization: `Basic ${p('basic')}` },
    }),
    401,
  )

  const who = { name: p('signup name'), email: `${p('signup e-mail')}@${p('signup host')}.example` }
  const newcomer = listen('ada', clientOf(url, ''))
  const signedUp = status(await newcomer.send('POST', '/signup', { body: JSON.stringify(who), headers: json }), 201)
  p('signed up key', signedUp.body.api_key)
  p('signed up test key', signedUp.body.test_api_key)
  const replaced = status(
    await listen('ada', clientOf(url, signedUp.body.api_key)).send('POST', '/v1/auth/rotate'),
    201,
  )
  p('replaced key', replaced.body.api_key)
  for (const body of [
    { ...who, email: who.name },
    { ...who, [who.name]: 1 },
    { name: [who.name], email: who.email },
  ])
    status(await newcomer.send('POST', '/signup', { body: JSON.stringify(body), headers: json }), 400)

  const card = p('card number', cardNumber())
  const spaced = p('card number, spaced', cardNumber().replace(/(.{4})(?=.)/g, '$1 '))
  for (const body of [
    payment({ user_id: card }), payment({ merchant_id: spaced }), payment({ card_fingerprint: card }), payment({ metadata: { note: `paid with ${spaced} today` } }),
    payment({ metadata: { [card]: 1 } }), payment({ metadata: { pan: Number(card) } }), payment({ category: card }), payment({ device_id: card }), payment({ agent: { id: card } }),
    payment({ user_limits: { daily: 1 }, mandate: { id: card } }), payment({ [card]: 1 }), payment({ amount: card }), payment({ idempotency_key: card }),
  ]) status(await ada.post('/v1/evaluate', body), 400) // prettier-ignore
  for (const body of [
    { field: 'card_fingerprint', value: card },
    { field: 'user_id', value: 'u', note: spaced },
    { field: card, value: 'u' },
  ])
    status(await ada.post(`${list}/entries`, body), 400)
  status(await ada.post('/v1/keys', { name: card, scopes: [] }), 400)
  status(await newcomer.post('/signup', { ...who, name: spaced }), 400)
  status(await ada.post('/v1/keys', { name: 'card', scopes: [card], allowed_ips: [card] }), 400)
  status(await ada.put(`/v1/lists/${card}`, { kind: 'deny' }), 400)
  status(await ada.put(`/v1/lists/${spaced.replaceAll(' ', '-')}`, { kind: 'deny' }), 400)
  status(await ada.post('/v1/evaluate', payment(), { 'idempotency-key': card }), 400)
  await ada.get(`/v1/decisions?user_id=${card}`)
  await ada.get(`/v1/decisions/${card}`)

  // Broken in every way: the words stand where the reader stops.
  const w = p('broken')
  for (const body of [
    `{"user_id": "${w}`, `{"user_id": "${w}"`, `{"${w}": }`, `{"user_id": ${w}}`, w, `"${w}"`, `["${w}"]`, `{"a": "${w}", "a": "${w}"}`, `{"${w}": 1, "${w}": 2}`,
    `{"user_id": "\\u00zz${w}"}`, `{"user_id": "${w}\u0001"}`, `{"user_id": "x"} ${w}`, `{"amount": 1e999${w}}`, JSON.stringify(payment({ [w]: w })), JSON.stringify(payment({ currency: w })),
    JSON.stringify(payment({ user_id: { [w]: w } })), JSON.stringify(payment({ user_limits: { [w]: w } })), JSON.stringify(payment({ occurred_at: w })), JSON.stringify(payment({ amount: w })),
    JSON.stringify(payment({ geo: { country: w } })), JSON.stringify(payment({ ip: w })), JSON.stringify(payment({ time_zone: w })), JSON.stringify(payment({ category: w.toUpperCase() })),
  ]) status(await ada.send('POST', '/v1/evaluate', { body, headers: json }), 400) // prettier-ignore
  for (const [method, path] of [
    ['POST', '/v1/keys'],
    ['PUT', `/v1/lists/${w}x`],
    ['POST', `${list}/entries`],
    ['POST', `/v1/keys/${key.body.id}/rotate`],
  ] as const) {
    for (const body of [
      `{"name": "${w}`,
      JSON.stringify({ [w]: w }),
      JSON.stringify({ kind: w, name: [w], scopes: [w], field: w, value: 7, overlap_seconds: w }),
    ])
      status(await ada.send(method, path, { body, headers: json }), 400)
  }
  status(await ada.send('POST', '/v1/evaluate', { body: w, headers: { 'content-type': `text/${w}` } }), 415)
  status(
    await ada.send('POST', '/v1/evaluate', { body: w, headers: { 'content-type': `application/json; charset=${w}` } }),
    415,
  )
  status(await ada.send('POST', '/v1/evaluate', { body: JSON.stringify({ x: w.repeat(2_000) }), headers: json }), 413)
  status(await ada.send('PATCH', `/v1/lists/${w}`), 405)
  status(
    await ada.send('POST', `/v1/evaluate`, {
      body: JSON.stringify(payment(event)),
      headers: { ...json, 'idempotency-key': `${w} ${w}` },
    }),
    400,
  )
  for (const bytes of [
    `GET /${w} HTTP/9\r\n${w}: ${w}\r\n\r\n`,
    `${w}\r\n\r\n`,
    `GET / HTTP/1.1\r\nhost: x\r\nx: ${w.repeat(500)}\r\n\r\n`,
    `GET /%zz${w}?${w} HTTP/1.1\r\nhost: x\r\n\r\n`,
  ]) {
    const text = await exchange(url, bytes)
    replies.push({ route: 'bytes', status: Number(text.split(' ')[1]), text, headers: '', who: 'nobody' })
  }
}

const exchange = (url: string, bytes: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1', () => socket.write(bytes))
    let text = ''
    socket.on('data', (data) => {
      text += data.toString()
      if (/\r\n\r\n[^]*\}$/.test(text)) socket.end()
    })
    socket.on('error', reject)
    socket.on('close', () => resolve(text))
  })

before(async () => {
  startedMs = Date.now()
  for (const name of ['user agent', 'referer', 'cookie', 'forwarded']) plant(name)
  world = await createWorld({
    processes: 1,
    settings: { VOUCH_SIGNUP: 'on' },
    hooks: {
      before(statement) {
        // As PostgreSQL would complain: with the value in the message, and in fields of its own.
        if (strike !== undefined && statement.includes(strike))
          throw Object.assign(new Error(`planted fault over ${secrets['failing user']} ${secrets['failing value']}`), {
            detail: secrets['failing value'],
            code: secrets['failing value'],
          })
      },
    },
  })
  plant('master key', world.settings['VOUCH_MASTER_KEY'])
  plant(
    'database password',
    new URL(world.database.urls.app.replace('@/', '@h/').replace('postgres:', 'http:')).password,
  )
  for (const who of ['ada', 'bo', 'eve', 'tess', 'cleo'] as const) plant(`key of ${who}`, world.as(who).key)
  plant('event address', address)
  plant('event address, IPv6', addressSix)
  const [process] = world.processes
  assert.ok(process)
  await tour(world.url, 'in process')
  await tour(process.url, 'a process of its own')

  // 500: what fails inside knows the values, and says none of them.
  const ada = listen('ada', world.as('ada'))
  const failing = [
    [
      'insert into "decision"',
      () =>
        ada.post('/v1/evaluate', payment({ user_id: plant('failing user'), metadata: { x: plant('failing value') } })),
    ],
    ['commit', () => ada.post('/v1/evaluate', payment({ user_id: secrets['failing user'] }))],
    ['insert into "audit_event"', () => ada.put('/v1/lists/failing', { kind: 'deny' })],
    ['insert into "api_key"', () => ada.post('/v1/keys', { name: plant('failing name'), scopes: [] })],
  ] as const
  for (const [statement, ask] of failing) {
    strike = statement
    assert.equal((await ask()).status, 500)
    strike = undefined
  }
  for (const url of [world.url, process.url]) metrics += await (await fetch(`${url}/metrics`)).text()
  urls.push(world.url, process.url)
  child = process.output()
})
after(() => world[Symbol.asyncDispose]())

/** A secret in the forms it could be written in: as it is, escaped, encoded. */
const formsOf = (value: string): string[] => {
  const bytes = Buffer.from(value)
  // Base64 of the middle, at each of the three offsets it could have.
  const encoded = [0, 1, 2]
    .map((skip) => bytes.subarray(skip).toString('base64').slice(2, -4))
    .filter((text) => text.length >= 12)
  const digits = /^[\d ]+$/.test(value) ? [value.replaceAll(' ', ''), value.replaceAll(' ', '-')] : []
  const plainName = value.replaceAll('-', '_')
  return [
    ...new Set([
      value,
      plainName,
      encodeURIComponent(value),
      bytes.toString('hex'),
      ...encoded,
      ...digits,
      value.toUpperCase(),
    ]),
  ].filter((text) => text.length >= 9)
}

/** Names of the secrets that `text` holds. */
const found = (text: string | Buffer, without: readonly RegExp[] = []): string[] =>
  Object.entries(secrets).flatMap(([name, value]) =>
    without.some((form) => form.test(name)) || !formsOf(value).some((form) => text.includes(form)) ? [] : [name],
  )

/** Every row of every table as text, binary columns also as the text they could hold. */
async function dump(admin: pg.Client): Promise<string> {
  const { rows: tables } = await admin.query<{ name: string; bytes: string[] }>(
    `select c.oid::regclass::text as name, (select coalesce(array_agg(attname), '{}')::text[] from pg_attribute where attrelid = c.oid and attnum > 0 and atttypid = 'bytea'::regtype) as bytes
     from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.relkind in ('r', 'm') and n.nspname not like 'pg\\_%' and n.nspname <> 'information_schema'`,
  )
  let text = ''
  for (const { name, bytes } of tables) {
    const more = bytes
      .map((column) => `, coalesce(encode("${column}", 'escape'), '') || coalesce(encode("${column}", 'hex'), '')`)
      .join('')
    const { rows } = await admin.query({ text: `select t::text${more} from ${name} t`, rowMode: 'array' })
    text += rows.map((row: unknown[]) => row.join(' ')).join('\n')
  }
  return text
}

/** The bytes on the disk: this database's files, the log of changes written meanwhile, the server's own log. */
async function diskFiles(admin: pg.Client): Promise<string[]> {
  await admin.query('checkpoint')
  const { rows } = await admin.query<{ folder: string; base: string }>(
    `select current_setting('data_directory') as folder, 'base/' || oid as base from pg_database where datname = current_database()`,
  )
  const { folder = '', base = '' } = rows[0] ?? {}
  const files: string[] = []
  for (const place of [base, 'pg_wal', '.', '..', 'log']) {
    for (const name of await readdir(join(folder, place)).catch(() => [])) {
      const file = join(folder, place, name)
      const facts = await stat(file).catch(() => undefined)
      // Passwords of the test cluster's roles are kept by the harness, beside the data.
      if (facts?.isFile() && facts.mtimeMs >= startedMs - 1_000 && name !== 'passwords.json') files.push(file)
    }
  }
  return files
}

test('no log line, of this process or of another, holds anything a caller sent', () => {
  const lines = world.logLines.join('\n')
  assert.ok(world.logLines.length > 100 && child.split('\n').length > 100, 'nothing was logged')
  assert.match(lines, /"event":"failed"/)
  assert.deepEqual(found(lines), [])
  assert.deepEqual(found(child), [])
})

test('the metrics hold nothing a caller sent', () => {
  assert.match(metrics, /vouch_requests_total\{[^}]*status="500"/)
  assert.deepEqual(found(metrics), [])
})

/** Where a caller's own words come back, as documented; nowhere else. */
const documented: readonly { reply: (of: Exchange) => boolean; secrets: RegExp }[] = [
  {
    reply: ({ route }) => route.startsWith('GET /v1/decisions/tr_'),
    secrets:
      /^(user_id|merchant_id|card_fingerprint|device_id|metadata name|metadata value|order|agent|proof|mandate|mit) \(|^event address/,
  },
  { reply: ({ route }) => /^(GET|POST) \/v1\/lists\/[^/]+\/entries$/.test(route), secrets: /list (value|note) \(/ },
  { reply: ({ route }) => /^(GET|POST|DELETE) \/v1\/keys/.test(route), secrets: /^key name \(/ },
  { reply: ({ route }) => route === 'POST /v1/keys', secrets: /^key \(/ },
  { reply: ({ route }) => /^POST \/v1\/keys\/key_\w+\/rotate$/.test(route), secrets: /^rotated key \(/ },
  { reply: ({ route }) => route === 'POST /signup', secrets: /^signed up (test )?key \(/ },
  { reply: ({ route }) => route === 'POST /v1/auth/rotate', secrets: /^replaced key \(/ },
]

test('no answer repeats a secret, but for a tenant’s own words where the documentation says so, and a key once', () => {
  assert.ok(replies.length > 150 && replies.filter(({ status }) => status >= 500).length >= 4)
  const offences: string[] = []
  const shown = new Map<string, number>()
  for (const reply of replies) {
    const isGood = reply.status < 300 && reply.who === 'ada'
    const may = isGood ? documented.filter((one) => one.reply(reply)).map((one) => one.secrets) : []
    offences.push(...found(reply.text + reply.headers, may).map((name) => `${reply.route} ${reply.status}: ${name}`))
    for (const name of Object.keys(secrets).filter((name) =>
      /^((rotated|signed up|signed up test|replaced) )?key \(/.test(name),
    ))
      if (reply.text.includes(secrets[name] ?? '')) shown.set(name, (shown.get(name) ?? 0) + 1)
  }
  assert.deepEqual(offences, [])
  assert.deepEqual(
    [...shown.values()],
    Array.from({ length: 10 }, () => 1),
    'each key is shown once',
  )
  // The scanner sees where it may.
  for (const one of documented) {
    const seen = replies
      .filter((reply) => reply.status < 300 && one.reply(reply))
      .flatMap(({ text }) => found(text))
      .filter((name) => one.secrets.test(name))
    assert.ok(seen.length > 0, `nothing comes back where ${one.secrets} may`)
  }
})

test('no row of any table holds a caller’s word, a key or a card number in the clear', async () => {
  const text = await dump(world.admin)
  assert.ok(
    text.includes('key.issued') && text.includes('list_entry.added') && text.length > 20_000,
    'nothing was dumped',
  )
  assert.deepEqual(found(text), [])
})

test('no file of the database, its log of changes or its server’s log holds them either', async () => {
  // One more word, in a table of its own, shows that the search would see.
  const control = word('control')
  await world.admin.query('create table planted (note text, bytes bytea)')
  await world.admin.query('insert into planted values ($1, $2)', [control, Buffer.from(`${control}-in-bytes`)])
  const files = await diskFiles(world.admin)
  const seen = new Set<string>()
  const offences: string[] = []
  for (const file of files) {
    const bytes = await readFile(file).catch(() => Buffer.alloc(0))
    if (bytes.includes(`${control}-in-bytes`))
      seen.add(/pg_wal/.test(file) ? 'log of changes' : /base/.test(file) ? 'table' : 'other')
    offences.push(...found(bytes).map((name) => `${file}: ${name}`))
  }
  await world.admin.query('drop table planted')
  assert.ok(seen.has('table') && seen.has('log of changes'), `the search is blind: ${[...seen].join()}`)
  assert.deepEqual(offences, [])
  console.log(
    `searched ${files.length} files for ${Object.keys(secrets).length} secrets in ${Object.values(secrets).flatMap(formsOf).length} forms; ${replies.length} answers, ${world.logLines.length} log lines`,
  )
})

test('the search is not blind: a secret planted in each channel is found, in each form', async () => {
  const [name, value] = Object.entries(secrets).find(([name]) => name.startsWith('user_id')) ?? assert.fail()
  for (const form of formsOf(value)) assert.ok(found(`{"x":"${form}"}`).includes(name))
  for (const [other, secret] of Object.entries(secrets))
    assert.ok(formsOf(secret).length > 0 && found(`x${secret}x`).includes(other), other)
  const before = world.logLines.length
  world.vouch.log.info('planted', { reason: value })
  assert.deepEqual(found(world.logLines.slice(before).join()), [name])
  // A field that is not listed never reaches the line.
  world.vouch.log.error('planted', { user_id: value, message: value, err: value, body: value } as never)
  assert.deepEqual(found(world.logLines.slice(before + 1).join()), [])

  await world.admin.query('create table planted (note text, bytes bytea)')
  for (const [text, bytes] of [
    [value, null],
    [null, Buffer.from(value)],
    [null, Buffer.from(Buffer.from(value).toString('base64'))],
    [encodeURIComponent(value), null],
  ]) {
    await world.admin.query('insert into planted values ($1, $2)', [text, bytes])
    assert.deepEqual(found(await dump(world.admin)), [name])
    await world.admin.query('truncate planted')
  }
  await world.admin.query('drop table planted')
})
