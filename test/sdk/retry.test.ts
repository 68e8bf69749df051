/** What the client does when answers are late, lost or refusals. A server that fails as told, over real connections. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createClient, type Vouch, VouchProblem, VouchUnreachable } from '#sdk'
import { pauseBefore } from '../../sdk/src/retry.ts'
import { problem, startFaultServer, type Step } from './fault-server.ts'

const payment = { amount: '20.00', currency: 'EUR', category: 'groceries', merchantId: 'm_1' }
const decided = { status: 200, body: { trace_id: 'tr_1', decision: 'APPROVED', data: [], next_cursor: null } }
const clientOf = (baseUrl: string, more: { retries?: number; timeoutMs?: number } = {}) =>
  createClient({ baseUrl, key: 'vch_test_x', timeoutMs: 10_000, retries: 1, ...more })

const calls: Record<string, { run(vouch: Vouch): Promise<unknown>; isRepeatable: boolean }> = {
  'GET of one': { run: (vouch) => vouch.decisions.get('tr_1'), isRepeatable: true },
  'GET of a list': { run: (vouch) => vouch.decisions.list().next(), isRepeatable: true },
  evaluate: { run: (vouch) => vouch.evaluate(payment), isRepeatable: true },
  'evaluate with a key': { run: (vouch) => vouch.evaluate({ ...payment, idempotencyKey: 'k' }), isRepeatable: true },
  'dry run': { run: (vouch) => vouch.dryRun(payment), isRepeatable: true },
  'POST that adds': {
    run: (vouch) => vouch.lists.addEntry('l', { field: 'user_id', value: 'u' }),
    isRepeatable: false,
  },
  'PUT': { run: (vouch) => vouch.lists.put('l', { kind: 'deny' }), isRepeatable: false },
  'DELETE': { run: (vouch) => vouch.lists.delete('l'), isRepeatable: false },
} // prettier-ignore

/** Fault → whether a repeatable call is sent again, and whether any other is. */
const faults: readonly (readonly [name: string, step: Step, repeatable: boolean, others: boolean])[] = [
  ['no answer', 'hang', true, false],
  ['a broken connection', 'reset', true, false],
  ['half an answer', 'half', true, false],
  ['408', problem(408, 'request_timeout'), true, false],
  ['409 in flight', problem(409, 'idempotency_in_flight'), true, false],
  ['429', problem(429, 'rate_limited'), true, true],
  ...[500, 502, 503, 504].map((status) => [String(status), problem(status, 'unavailable'), true, false] as const),
  ['503 of a proxy', { status: 503, headers: { 'content-type': 'text/html' }, body: '<h1>away' }, true, false],
  ['409', problem(409, 'conflict'), false, false],
  ...[400, 401, 403, 404, 410, 412, 413, 415, 422].map((status) => [String(status), problem(status, 'forbidden'), false, false] as const), // prettier-ignore
  ['302', { status: 302, headers: { location: 'http://127.0.0.1:1/' } }, false, false],
]

test('a call is sent again where that is safe and may help, and nowhere else', async () => {
  let tried = 0
  for (const [what, step, repeatable, others] of faults) {
    await Promise.all(
      Object.entries(calls).map(async ([name, call]) => {
        await using server = await startFaultServer(step, decided)
        const isRetried = call.isRepeatable ? repeatable : others
        const vouch = clientOf(server.url, step === 'hang' ? { timeoutMs: 500 } : {})
        const ended = await call.run(vouch).then(() => 'answered', (error: unknown) => error)
        assert.equal(server.seen.length, isRetried ? 2 : 1, `${name} after ${what}`)
        if (isRetried) assert.equal(ended, 'answered', `${name} after ${what}`)
        else assert.ok(ended instanceof VouchProblem || ended instanceof VouchUnreachable, `${name} after ${what}`)
        tried++
      }),
    ) // prettier-ignore
  }
  assert.equal(tried, faults.length * Object.keys(calls).length)
})

test('an evaluation keeps its idempotency key however often it is sent, and two evaluations never share one', async () => {
  await using server = await startFaultServer('reset', problem(503, 'unavailable'), decided)
  const vouch = clientOf(server.url, { retries: 3 })
  await vouch.evaluate(payment)
  await vouch.evaluate(payment)
  const keys = server.seen.map(({ headers }) => headers['idempotency-key'])
  assert.equal(keys.length, 4)
  assert.match(String(keys[0]), /^sdk-[0-9a-f]{32}$/)
  assert.deepEqual(keys.slice(0, 3), [keys[0], keys[0], keys[0]])
  assert.notEqual(keys[3], keys[0])
})

test('the idempotency key of the caller is the only one that is sent', async () => {
  await using server = await startFaultServer(decided)
  await clientOf(server.url).evaluate({ ...payment, idempotencyKey: 'order-1001' })
  assert.equal(JSON.parse(server.seen[0]!.body).idempotency_key, 'order-1001')
  assert.equal(server.seen[0]!.headers['idempotency-key'], undefined)
})

test('retries end, and what is thrown is what the last answer said', async () => {
  await using server = await startFaultServer(problem(503, 'overloaded', { 'retry-after': '0' }))
  const error = await clientOf(server.url, { retries: 2 }).evaluate(payment).catch((thrown: unknown) => thrown) // prettier-ignore
  assert.equal(server.seen.length, 3)
  assert.ok(error instanceof VouchProblem)
  assert.deepEqual(
    { ...error, message: error.message },
    {
      name: 'VouchProblem', status: 503, code: 'overloaded', detail: 'Because of overloaded.', errors: [], requestId: 'req_1',
      retryAfterSeconds: 0, message: '503 overloaded: Because of overloaded.',
    },
  ) // prettier-ignore
})

test('the pause is never shorter than Retry-After, never longer than half a minute, and there is none where the server wants more', () => {
  const asked = fc.option(fc.nat(100), { nil: undefined })
  fc.assert(
    fc.property(asked, fc.integer({ min: 1, max: 20 }), fc.boolean(), (seconds, attempt, isRepeatable) => {
      const pauseMs = pauseBefore(new VouchProblem(429, {}, seconds), attempt, isRepeatable)
      if (seconds !== undefined && seconds > 30) return pauseMs === undefined
      return pauseMs !== undefined && pauseMs >= Math.max((seconds ?? 0) * 1_000, 125) && pauseMs <= 30_000
    }),
    { numRuns: 1_000 },
  )
})

test('what the server says about coming back reaches the caller', async () => {
  await using late = await startFaultServer(problem(429, 'rate_limited', { 'retry-after': '3600' }), decided)
  await assert.rejects(clientOf(late.url).evaluate(payment), { status: 429, retryAfterSeconds: 3600 })
  assert.equal(late.seen.length, 1)
})

test('a date in Retry-After, as proxies write it, counts from the date of the answer', async () => {
  const dates = { date: 'Sat, 21 Nov 2026 10:00:00 GMT', 'retry-after': 'Sat, 21 Nov 2026 11:00:00 GMT' }
  await using late = await startFaultServer(problem(503, 'unavailable', dates), decided)
  await assert.rejects(clientOf(late.url).evaluate(payment), { status: 503, retryAfterSeconds: 3600 })
  assert.equal(late.seen.length, 1)
})

test('a page that a proxy answers with 200 is no answer, and never a decision', async () => {
  for (const type of ['text/html', 'text/plain', 'application/octet-stream']) {
    const page: Step = { status: 200, headers: { 'content-type': type }, body: '<h1>Sign in to this network</h1>' }
    for (const [name, { run }] of Object.entries(calls)) {
      await using server = await startFaultServer(page)
      await assert.rejects(run(clientOf(server.url, { retries: 0 })), VouchUnreachable, `${name}, ${type}`)
    }
  }
})

test('a call that its caller gives up ends at once with the caller’s reason, while it waits for an answer or for its turn', async () => {
  for (const step of ['hang', problem(429, 'rate_limited', { 'retry-after': '20' })] as const) {
    await using server = await startFaultServer(step)
    const giveUp = new AbortController()
    const call = clientOf(server.url, { timeoutMs: 60_000 }).evaluate(payment, { signal: giveUp.signal })
    setTimeout(() => giveUp.abort(new Error('enough')), 100)
    await assert.rejects(call, /^Error: enough$/)
    assert.equal(server.seen.length, 1)
  }
  await assert.rejects(clientOf('http://127.0.0.1:1').evaluate(payment, { signal: AbortSignal.abort(new Error('never')) }), /never/) // prettier-ignore
})

test('an answer that is no problem document is a problem all the same', async () => {
  await using server = await startFaultServer({ status: 404, headers: { 'content-type': 'text/html' }, body: '<h1>?' })
  await assert.rejects(clientOf(server.url).policy.get(), { name: 'VouchProblem', status: 404, code: 'unrecognised' })
  await using liar = await startFaultServer({ status: 400, body: 'no JSON' })
  await assert.rejects(clientOf(liar.url).policy.get(), { name: 'VouchProblem', status: 400, code: 'unrecognised' })
  await using garbled = await startFaultServer({ status: 200, body: '{"half":' })
  await assert.rejects(clientOf(garbled.url, { retries: 0 }).policy.get(), { name: 'VouchUnreachable' })
})

test('what no request can be made of is a TypeError at once, and nothing is sent', async () => {
  await using server = await startFaultServer(decided)
  const request = clientOf(server.url).request
  await assert.rejects(request('GET /v1/policy', { header: { 'x-y': 'a\nb' } } as object), TypeError)
  assert.throws(() => createClient({ baseUrl: 'vouch.example.com' }), TypeError)
  assert.equal(server.seen.length, 0)
})

test('no parameter of an address leads to another route', async () => {
  await using server = await startFaultServer(decided)
  const vouch = clientOf(server.url)
  const hostile = fc.oneof(fc.string(), fc.constantFrom('.', '..', '../keys', 'a/../../keys', '%2e%2e', '?x', '#x', '', 'a b'), fc.string({ unit: 'grapheme' })) // prettier-ignore
  await fc.assert(
    fc.asyncProperty(hostile, async (id) => {
      const before = server.seen.length
      try {
        await vouch.lists.delete(id)
      } catch (error) {
        assert.ok(error instanceof TypeError || error instanceof URIError, String(error))
        assert.equal(server.seen.length, before)
        return
      }
      const { pathname, search } = new URL(server.seen.at(-1)!.url, 'http://x')
      assert.match(pathname, /^\/v1\/lists\/[^/]+$/)
      assert.equal(search, '')
      assert.equal(decodeURIComponent(pathname.slice('/v1/lists/'.length)), id)
    }),
    { numRuns: 300 },
  )
})

test('the key is in one header, and in nothing that a program may print', async () => {
  await using server = await startFaultServer(problem(401, 'unauthenticated'))
  const vouch = createClient({ baseUrl: `${server.url}/below/`, key: 'vch_live_secret', retries: 0 })
  const error = await vouch.keys.list().next().catch((thrown: unknown) => thrown) // prettier-ignore
  const { inspect } = await import('node:util')
  assert.doesNotMatch(inspect([vouch, error], { depth: 9, showHidden: true }), /secret/)
  assert.equal(server.seen[0]!.url, '/below/v1/keys')
  assert.equal(server.seen[0]!.headers.authorization, 'Bearer vch_live_secret')

  await createClient({ baseUrl: server.url, retries: 0 }).policy.get().catch(() => {}) // prettier-ignore
  assert.equal(server.seen[1]!.headers.authorization, undefined)
})
