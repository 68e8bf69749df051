import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { after, before, test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { findCardNumber } from '#kernel/card-number'
import { systemClock } from '#kernel/clock'
import type { Decision } from './decision.ts'
import { DemoError, type DemoEvent, readTransactions, runDemo, simulate } from './demo.ts'
import { createLatencies } from './latency.ts'
import { writeCurl } from './render-report.ts'
import { createReport } from './report.ts'

const startMs = Date.parse('2026-11-21T08:00:00Z')
const seeds = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER })

// The simulator

test('the same seed gives the same bytes, another seed gives others', () => {
  fc.assert(
    fc.property(seeds, fc.integer({ min: 1, max: 300 }), (seed, count) => {
      const tell = (seed: number) => JSON.stringify([...simulate({ seed, count, startMs })])
      assert.equal(tell(seed), tell(seed))
      assert.notEqual(tell(seed), tell((seed + 1) % Number.MAX_SAFE_INTEGER))
    }),
    { numRuns: 30 },
  )
})

test('what a seed gives does not change between versions and machines', () => {
  const hash = createHash('sha256')
  for (const event of simulate({ seed: 7, count: 5_000, startMs })) hash.update(`${JSON.stringify(event)}\n`)
  assert.equal(hash.digest('hex'), '4e4a70b564c3e405fc29eafdd0ef108e48131a818cb01fa38022ad575b3f1fda')
})

const documented: Record<string, RegExp | null> = {
  amount: /^\d{1,7}\.\d\d$/, currency: /^EUR$/, category: /^[a-z_]+$/, merchant_id: /^mer_[a-z]{8}$/, merchant_trust_score: null,
  user_id: /^cus_[a-z]{8}$/, card_fingerprint: /^fp_[a-z]{8}$/, user_limits: null, user_balance: /^\d{1,7}\.\d\d$/,
  occurred_at: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/, geo: null, device_id: /^dev_[a-z]{8}$/, agent: null, mandate: null, metadata: null,
} // prettier-ignore

test('every request has documented fields only, nothing like a card number, and nothing of the truth', () => {
  fc.assert(
    fc.property(seeds, (seed) => {
      for (const { request } of simulate({ seed, count: 400, startMs })) {
        assert.equal(findCardNumber(request), undefined)
        assert.doesNotMatch(JSON.stringify(request), /fraud|stolen|leaked|bad_|overspen/)
        for (const [field, value] of Object.entries(request)) {
          const form = documented[field]
          assert.notEqual(form, undefined, `${field} is not documented`)
          if (form) assert.match(typeof value === 'string' ? value : '', form)
        }
        const { amount, merchant_trust_score: trust = 0, user_limits, geo } = request
        assert.ok(Number(amount) > 0 && trust >= 0 && trust <= 1)
        assert.ok(Object.values(user_limits ?? {}).every((limit) => Number(limit) > 0))
        assert.match(geo?.country ?? 'ES', /^[A-Z]{2}$/)
      }
    }),
    { numRuns: 25 },
  )
})

test('events come in time order, within the days before the start', () => {
  fc.assert(
    fc.property(
      seeds,
      fc.integer({ min: 1, max: 30 }),
      fc.integer({ min: 0, max: 86_400_000 }),
      (seed, days, later) => {
        const endMs = startMs + later
        let last = endMs - days * 86_400_000
        for (const { request } of simulate({ seed, count: 200, startMs: endMs, days })) {
          const at = Date.parse(request.occurred_at)
          assert.ok(at >= last && at < endMs, request.occurred_at)
          last = at
        }
      },
    ),
    { numRuns: 40 },
  )
})

test('some two to three payments of a hundred are fraud, of every kind, and amounts alone do not give it away', () => {
  for (const seed of [1, 2, 3]) {
    const events = [...simulate({ seed, count: 20_000, startMs })]
    const fraud = events.filter((event) => event.fraud !== null)
    assert.ok(fraud.length > 380 && fraud.length < 640, `${fraud.length}`)
    assert.deepEqual(new Set(fraud.map((event) => event.fraud)), new Set(['agent_overspend', 'bad_merchant', 'leaked_card', 'stolen_card'])) // prettier-ignore
    const above200 = ({ request }: DemoEvent) => Number(request.amount) > 200
    assert.ok(fraud.filter(above200).length < fraud.length * 0.9)
    assert.ok(events.filter((event) => event.fraud === null && above200(event)).length > fraud.length / 2)
  }
})

// The files

const head = 'TRANSACTION_ID,TX_DATETIME,CUSTOMER_ID,TERMINAL_ID,TX_AMOUNT,TX_TIME_SECONDS,TX_TIME_DAYS,TX_FRAUD,TX_FRAUD_SCENARIO' // prettier-ignore
const good = ['0,2018-04-01T00:00:31Z,596,3156,57.16,31,0,0,0', '1,2018-04-01 00:02:10,4961,3412,81.5,130,0,1,2']
let folder = ''
before(async () => void (folder = await mkdtemp(join(tmpdir(), 'vouch-demo-'))))
after(() => rm(folder, { recursive: true }))

async function read(name: string, content: string | Buffer, limit?: number): Promise<DemoEvent[]> {
  const path = join(folder, name)
  const bytes = name.endsWith('.gz') && typeof content === 'string' ? gzipSync(content) : content
  await writeFile(path, bytes)
  return Array.fromAsync(readTransactions(path, limit))
}

test('a file of transactions becomes events, plain or gzipped', async () => {
  const request = { currency: 'EUR', category: 'card_payment' }
  const expected = [
    { request: { ...request, amount: '57.16', merchant_id: 'terminal_3156', user_id: 'customer_596', occurred_at: '2018-04-01T00:00:31.000Z' }, fraud: null },
    { request: { ...request, amount: '81.50', merchant_id: 'terminal_3412', user_id: 'customer_4961', occurred_at: '2018-04-01T00:02:10.000Z' }, fraud: 'terminal_gone_bad' },
  ] // prettier-ignore
  assert.deepEqual(await read('good.csv.gz', [head, ...good, ''].join('\n')), expected)
  assert.deepEqual(await read('good.csv', `\uFEFF${[head, ...good, '', ''].join('\r\n')}`), expected)
  assert.deepEqual(await read('open-end.csv', [head, ...good].join('\n')), expected)
  assert.deepEqual(await read('limited.csv', [head, ...good, 'never read'].join('\n'), 2), expected)
  assert.deepEqual(await read('none.csv', `${head}\n`), [])
})

test('a file that cannot be taken says what, where and how to mend it', async () => {
  const bad: [string, string | Buffer, RegExp][] = [
    ['empty.csv', '', /^empty\.csv is empty\. Its first line is to be: TRANSACTION_ID,/],
    ['header.csv.gz', `a,b\n${good[0]}\n`, /^header\.csv\.gz, line 1 has "a" as column 1 where TRANSACTION_ID belongs\. The first line/],
    ['wide.csv', `${head},MORE\n`, /line 1 has 10 columns where 9 belong/],
    ['short.csv.gz', [head, ...good, '2,2018'].join('\n'), /^short\.csv\.gz, line 4 has 2 fields where 9 belong\. Each row/],
    ['amount.csv', [head, good[0], '1,2018-04-01T00:00:31Z,1,1,"5,1",31,0,0'].join('\n'), /line 3 has "\\"5" as TX_AMOUNT\. Write an amount such as 57\.16/],
    ['date.csv', `${head}\n0,2018-02-30T00:00:31Z,596,3156,57.16,31,0,0,0\n`, /line 2 has .+ as TX_DATETIME, which no calendar knows/],
    ['label.csv', `${head}\n0,2018-02-03T00:00:31Z,596,3156,57.16,31,0,0,1\n`, /line 2 says TX_FRAUD 0 and TX_FRAUD_SCENARIO 1\. Honest rows/],
    ['blank.csv', [head, good[0], '', good[1]].join('\n'), /line 3 is empty\. Remove it/],
    ['long.csv', 'x'.repeat(100_000), /line 1 is longer than 1000 characters/],
    ['false.csv.gz', Buffer.from(head), /^false\.csv\.gz cannot be read: incorrect header check\. Check that/],
    ['cut.csv.gz', gzipSync([head, ...good].join('\n')).subarray(0, -9), /^cut\.csv\.gz cannot be read/],
  ] // prettier-ignore
  for (const [name, content, message] of bad) {
    await assert.rejects(read(name, content), (error) => error instanceof DemoError && message.test(error.message), name)
  }
  await assert.rejects(Array.fromAsync(readTransactions(join(folder, 'absent.csv'))), /^DemoError: absent\.csv cannot be read: ENOENT/)
}) // prettier-ignore

const real = join(import.meta.dirname, '../../../../shared/testdata/fraud/handbook-transactions-2018-04.csv.gz')
test('the first thousand rows of the handbook are read', { skip: !existsSync(real) && `no file ${real}` }, async () => {
  const events = await Array.fromAsync(readTransactions(real, 1_000))
  assert.equal(events.length, 1_000)
  assert.equal(events[0]?.request.occurred_at, '2018-04-01T00:00:31.000Z')
  assert.ok(events.every(({ request }) => findCardNumber(request) === undefined))
})

// The report

function decisionOf(word: Decision['decision'], more: Partial<Decision> = {}): Decision {
  return {
    trace_id: 'tr_1',
    decision: word,
    risk_score: 41.5,
    risk_level: 'MEDIUM',
    reason_text: 'Because.',
    factors: [{ id: 'amount_ratio', status: 'measured', contribution: 41.5, explanation: 'Much.' }],
    counterfactual: [{ change: 'amount <= 120.00', decision: 'APPROVED' }],
    ...more,
  }
}

const answers = fc.array(
  fc.record({
    word: fc.constantFrom('APPROVED' as const, 'STEP_UP_REQUIRED' as const, 'DECLINED' as const),
    fraud: fc.constantFrom(null, null, 'stolen_card', 'leaked_card'),
    minor: fc.integer({ min: 0, max: 60_000 }),
    latencyMs: fc.double({ min: 0.001, max: 5_000, noNaN: true }),
  }),
  { maxLength: 300 },
)
const requestOf = (minor: number): DemoEvent['request'] => ({
  amount: (minor / 100).toFixed(2), currency: 'EUR', category: 'books', merchant_id: 'm', user_id: 'u', occurred_at: '2026-11-20T00:00:00.000Z',
}) // prettier-ignore

test('the report counts what a plain recount counts', () => {
  fc.assert(
    fc.property(answers, (all) => {
      const report = createReport()
      all.forEach(({ word, fraud, minor, latencyMs }, n) => report.add({ n, event: { request: requestOf(minor), fraud }, decision: decisionOf(word), latencyMs })) // prettier-ignore
      const { summary, outcomes, examples } = report.finish({ problems: 0, repeats: 0 }, 2_000)
      const count = (is: (one: (typeof all)[number]) => boolean) => all.filter(is).length
      const sum = (is: (one: (typeof all)[number]) => boolean) => all.filter(is).reduce((total, { minor }) => total + minor, 0) // prettier-ignore
      assert.equal(summary.count, all.length)
      assert.equal(
        summary.approved,
        count(({ word }) => word === 'APPROVED'),
      )
      assert.equal(
        summary.step_up,
        count(({ word }) => word === 'STEP_UP_REQUIRED'),
      )
      assert.equal(
        summary.declined,
        count(({ word }) => word === 'DECLINED'),
      )
      assert.deepEqual(summary.fraud, {
        total: count(({ fraud }) => fraud !== null),
        caught: count(({ fraud, word }) => fraud !== null && word !== 'APPROVED'),
        missed: count(({ fraud, word }) => fraud !== null && word === 'APPROVED'),
        stopped_minor: sum(({ fraud, word }) => fraud !== null && word !== 'APPROVED'),
        currency: 'EUR',
      })
      assert.equal(
        summary.troubled,
        count(({ fraud, word }) => fraud === null && word !== 'APPROVED'),
      )
      assert.equal(summary.per_second, Math.round(all.length * 5) / 10)
      assert.deepEqual(outcomes.noPolicy, { caught: 0, missed: summary.fraud.total, troubled: 0, stoppedMinor: 0 })
      assert.deepEqual(outcomes.amountLimit, {
        caught: count(({ fraud, minor }) => fraud !== null && minor > 20_000),
        missed: count(({ fraud, minor }) => fraud !== null && minor <= 20_000),
        troubled: count(({ fraud, minor }) => fraud === null && minor > 20_000),
        stoppedMinor: sum(({ fraud, minor }) => fraud !== null && minor > 20_000),
      })
      const words = new Set(all.map(({ word }) => word))
      assert.deepEqual(new Set(examples.slice(0, words.size).map(({ decision }) => decision.decision)), words)
    }),
  )
})

test('quantiles of latency are within a sixty-fourth of the exact ones', () => {
  const times = fc.array(fc.double({ min: 0.001, max: 2_000_000, noNaN: true }), { minLength: 1, maxLength: 200 })
  fc.assert(
    fc.property(times, fc.double({ min: 0, max: 1, noNaN: true }), (ms, share) => {
      const latencies = createLatencies()
      for (const one of ms) latencies.add(one)
      const exact = ms.toSorted((a, b) => a - b)[Math.max(1, Math.ceil(ms.length * share)) - 1]!
      assert.ok(
        Math.abs(latencies.quantile(share) - exact) <= exact / 64 + 0.001,
        `${latencies.quantile(share)} ${exact}`,
      )
    }),
  )
  assert.equal(createLatencies().quantile(0.99), 0)
})

// The client, against a server that is busy once and slow always

type Seen = { key: string; body: string; path: string; authorization: string }

async function serve(answer: (seen: Seen, response: ServerResponse) => Promise<void> | void) {
  const seen: Seen[] = []
  const server = createServer((request: IncomingMessage, response) => {
    let body = ''
    request.setEncoding('utf8').on('data', (chunk) => (body += chunk))
    request.on('end', () => {
      const { 'idempotency-key': key = '', authorization = '' } = request.headers
      const one = { key: String(key), body, path: `${request.method} ${request.url}`, authorization }
      seen.push(one)
      void answer(one, response)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return { url, seen, [Symbol.asyncDispose]: async () => void (await new Promise((resolve) => server.close(resolve).closeAllConnections())) } // prettier-ignore
}

function reply(response: ServerResponse, status: number, body: unknown, headers = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))
}
const judge = (body: string): Decision =>
  Number(JSON.parse(body).amount) > 100
    ? decisionOf('STEP_UP_REQUIRED')
    : decisionOf('APPROVED', { counterfactual: [] })

function quiet() {
  const stderr = new PassThrough()
  let text = ''
  stderr.setEncoding('utf8').on('data', (chunk) => (text += chunk))
  return { stderr, isTerminal: false, clock: systemClock, key: 'vch_test_x', written: () => text }
}

test('each payment is decided once: a busy server is asked again with the same key and body, and never too much at once', async () => {
  let open = 0
  let most = 0
  let taken = 0
  let answered = 0
  let mostAhead = 0
  const told = new Set<string>()
  await using server = await serve(async ({ key, body }, response) => {
    most = Math.max(most, ++open)
    await wait(2)
    open--
    const n = Number(key.split('-').at(-1))
    if (n % 10 === 3 && !told.has(key)) {
      told.add(key)
      if (n % 20 === 13) response.destroy()
      else reply(response, n % 40 === 3 ? 503 : 429, { code: 'overloaded', detail: 'Busy.' }, { 'retry-after': '7' })
      return
    }
    answered++
    reply(response, 200, { ...judge(body), extra: 1 })
  })
  function* events() {
    for (const event of simulate({ count: 300, startMs })) {
      mostAhead = Math.max(mostAhead, ++taken - answered)
      yield event
    }
  }
  const pauses: number[] = []
  const terminal = quiet()
  const pause = async (ms: number) => void pauses.push(ms)
  const { summary, examples, text } = await runDemo({ ...terminal, url: server.url, events: events(), total: 300, pause, concurrency: 5, keyPrefix: 'demo-9' }) // prettier-ignore

  assert.equal(summary.count, 300)
  assert.equal(summary.problems, 0)
  assert.equal(summary.repeats, 30)
  assert.deepEqual(new Set(pauses), new Set([100, 7_000]))
  assert.equal(most, 5)
  assert.ok(mostAhead <= 6, `${mostAhead} taken before there was room`)
  const bodies = Map.groupBy(server.seen, ({ key }) => key)
  assert.equal(bodies.size, 300)
  assert.equal(server.seen.length, 330)
  for (const [key, sent] of bodies) {
    assert.match(key, /^demo-9-\d+$/)
    assert.equal(new Set(sent.map(({ body }) => body)).size, 1)
    assert.equal(sent.length, told.has(key) ? 2 : 1)
  }
  assert.ok(server.seen.every(({ path, authorization }) => path === 'POST /v1/evaluate' && authorization === 'Bearer vch_test_x')) // prettier-ignore
  assert.equal(examples.length, 3)
  assert.ok(
    examples.every((example) => Reflect.get(example, 'extra') === 1),
    'examples are whole answers',
  )
  assert.match(text, /300 payments/)
  assert.match(text, /no policy .+\nconfirm above 200\.00 .+\nVouch /)
  assert.match(text, /amount <= 120\.00/)
  assert.equal(terminal.written().trim().split('\n').length, 10)
})

test('a server that refuses stops the demo after ten, with its first reason; the source is closed', async () => {
  await using server = await serve((_, response) => reply(response, 400, { code: 'invalid_request', detail: 'No.', errors: [{ pointer: '/amount', message: 'is wrong' }] })) // prettier-ignore
  let isClosed = false
  function* events() {
    try {
      yield* simulate({ count: 1_000, startMs })
    } finally {
      isClosed = true
    }
  }
  const demo = runDemo({ ...quiet(), url: server.url, events: events(), concurrency: 2 })
  await assert.rejects(
    demo,
    /^DemoError: 10 payments got no decision.+400 invalid_request: No\. \(\/amount is wrong\)$/,
  )
  assert.ok(isClosed)
  assert.ok(server.seen.length <= 11)
})

test('a few problems are counted and shown, and the rest goes on', async () => {
  await using server = await serve(({ key, body }, response) => {
    if (key.endsWith('-1')) reply(response, 200, { hello: 'world' })
    else if (key.endsWith('-2')) reply(response, 503, {})
    else reply(response, 200, judge(body))
  })
  const options = { ...quiet(), url: server.url, pause: async () => {} }
  const { summary, text } = await runDemo({ ...options, events: simulate({ count: 10, startMs }) })
  assert.equal(summary.count, 8)
  assert.equal(summary.problems, 2)
  assert.match(text, /2 payments got no decision/)
})

test('a bad row stops the demo with its message', async () => {
  await using server = await serve(({ body }, response) => reply(response, 200, judge(body)))
  const path = join(folder, 'stops.csv')
  await writeFile(path, [head, ...good, 'x'].join('\n'))
  await assert.rejects(
    runDemo({ ...quiet(), url: server.url, events: readTransactions(path) }),
    /^DemoError: stops\.csv, line 4/,
  )
})

test('the key goes to this machine only', async () => {
  for (const url of ['http://example.com', 'https://127.0.0.1', 'http://127.0.0.1.example.com']) {
    await assert.rejects(runDemo({ ...quiet(), url, events: [] }), /speaks only to a server on this machine/)
  }
})

test('a terminal sees a bar with rate and time left, and an empty stream is no error', async () => {
  await using server = await serve(({ body }, response) => reply(response, 200, judge(body)))
  const terminal = { ...quiet(), isTerminal: true }
  Object.assign(terminal.stderr, { isTTY: true, columns: 100 })
  await runDemo({ ...terminal, url: server.url, events: simulate({ count: 50, startMs }), total: 50 })
  assert.match(terminal.written(), /50 of 50 \| \d+\/s \| /)
  const { summary, examples } = await runDemo({ ...quiet(), url: server.url, events: [] })
  assert.deepEqual([summary.count, summary.per_second, summary.latency_ms.p99, examples.length], [0, 0, 0, 0])
})

test('a demo that is given up leaves the terminal as it was', async () => {
  await using server = await serve(() => {})
  const terminal = { ...quiet(), isTerminal: true }
  Object.assign(terminal.stderr, { isTTY: true, columns: 100 })
  const unlessStopped = () => Promise.reject(new Error('enough'))
  const events = simulate({ count: 1, startMs })
  await assert.rejects(runDemo({ ...terminal, url: server.url, events, total: 1, unlessStopped }), /^Error: enough$/)
  const escape = String.fromCharCode(27)
  const wrapping = terminal
    .written()
    .split(`${escape}[?7`)
    .slice(1)
    .map((rest) => rest[0])
  assert.deepEqual(wrapping, ['l', 'h'])
})

test('the curl that is printed works as it is', async (t) => {
  await using server = await serve(({ body }, response) => reply(response, 200, judge(body)))
  const command = writeCurl({ url: server.url, key: 'vch_test_x' })
  const ran = await promisify(execFile)('sh', ['-c', command]).catch((error) => error)
  if (ran.code === 127) return t.skip('no curl on this machine')
  assert.equal(JSON.parse(ran.stdout).decision, 'STEP_UP_REQUIRED')
  assert.equal(server.seen[0]?.authorization, 'Bearer vch_test_x')
})
