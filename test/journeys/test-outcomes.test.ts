/** Test keys: the merchants of docs/testing.md force their outcomes there, and nothing with a live key. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { after, before, test } from 'node:test'
import { clientOf, createWorld, payment, type Reply, type World } from '#harness'

type Row = { merchant: string; status: number; outcome: string }
const page = await readFile(new URL('../../docs/testing.md', import.meta.url), 'utf8')
const rows: readonly Row[] = [...page.matchAll(/^\| `(test_\w+)` \| (\d{3}) \| `(\w+)` \|$/gm)].map(
  ([, merchant = '', status, outcome = '']) => ({ merchant, status: Number(status), outcome }),
)

let world: World
before(async () => {
  world = await createWorld({ logLevel: 'silent' })
})
after(() => world[Symbol.asyncDispose]())

/** A payment that the default policy approves, and one that it does not. */
const mild = { amount: '1.00' }
const harsh = { amount: '9000.00', category: 'gift_cards', merchant_trust_score: 0 }
const ask = (who: 'ada' | 'tess', merchant: string, more: object, headers = {}): Promise<Reply> =>
  clientOf(world.url, world.as(who).key, merchant === 'test_unavailable' ? 'as it is' : 'patient').post('/v1/evaluate', payment({ ...more, merchant_id: merchant }), headers) // prettier-ignore

const hundredths = (points: number): number => Math.round(points * 100)

test('each merchant of docs/testing.md forces its outcome with a test key, for mild payments and harsh ones', async () => {
  assert.deepEqual(rows.map(({ outcome }) => outcome).toSorted(), ['APPROVED', 'DECLINED', 'STEP_UP_REQUIRED', 'rate_limited', 'unavailable']) // prettier-ignore
  for (const { merchant, status, outcome } of rows) {
    for (const more of [mild, harsh]) {
      const reply = await ask('tess', merchant, more)
      assert.equal(reply.status, status, reply.text)
      assert.equal(status === 200 ? reply.body.decision : reply.body.code, outcome)
      if (status !== 200) assert.equal(reply.headers.get('retry-after'), '1')
    }
  }
})

test('a forced decision adds up, has its usual score, is judged again to the same bytes, and is logged', async () => {
  for (const { merchant, outcome } of rows.filter(({ status }) => status === 200)) {
    const usual = await world.as('tess').post('/v1/evaluate?dry_run=true', payment({ ...harsh, merchant_id: 'm_1' }))
    const { body } = await ask('tess', merchant, harsh)
    const sum = body.factors.reduce(
      (total: number, { contribution }: { contribution: number }) => total + hundredths(contribution),
      0,
    )
    assert.equal(sum, hundredths(body.risk_score))
    assert.ok(Math.abs(body.risk_score - usual.body.risk_score) < 25, 'the score is not that of the policy')
    assert.match(body.reason_text, new RegExp(`${merchant}, which forces`))
    assert.deepEqual(body.counterfactual, [])
    assert.equal(body.counterfactual_none, outcome === 'APPROVED' ? null : 'forced_by_test')
    const again = await world.as('tess').get(`/v1/decisions/${body.trace_id}/replay`)
    assert.deepEqual(again.body, { same: true })
    const listed = await world.as('tess').get(`/v1/decisions?merchant_id=${merchant}&decision=${outcome}`)
    assert.ok(listed.body.data.some((one: { trace_id: string }) => one.trace_id === body.trace_id))
    await world.vouch.logs.drain(world.vouch.logs.asSystem(world.acme.twinId))
    assert.equal((await world.as('tess').get(`/v1/log/proofs/${body.trace_id}`)).status, 200)
  }
})

test('with a live key the same merchants force nothing: every answer is what the policy says of the payment', async () => {
  for (const { merchant } of rows) {
    for (const more of [mild, harsh]) {
      const [forced, usual] = [await ask('ada', merchant, more), await ask('ada', 'm_1', more)]
      assert.equal(forced.status, 200, forced.text)
      assert.equal(forced.body.decision, more === mild ? 'APPROVED' : usual.body.decision)
      assert.notEqual(usual.body.decision === 'APPROVED', more === harsh, 'the payments do not differ')
      assert.doesNotMatch(forced.text, /forces|forced_by_test|A test/)
      const replay = await world.as('ada').get(`/v1/decisions/${forced.body.trace_id}/replay`)
      assert.deepEqual(replay.body, { same: true })
    }
  }
})

test('a forced refusal stores nothing, also under an idempotency key; a mistake is named first', async () => {
  const count = async () => (await world.admin.query('select count(*)::int as n from decision')).rows[0].n
  const before = await count()
  const headers = { 'idempotency-key': 'forced-1' }
  assert.equal((await ask('tess', 'test_unavailable', mild, headers)).status, 503)
  assert.equal((await ask('tess', 'test_rate_limited', mild, headers)).status, 429)
  const wrong = await ask('tess', 'test_unavailable', { amount: '1.001' })
  assert.equal(wrong.body.errors[0].pointer, '/amount')
  assert.equal(await count(), before)
  assert.equal((await ask('tess', 'test_decline', mild, headers)).body.decision, 'DECLINED')
  const replayed = await ask('tess', 'test_decline', mild, headers)
  assert.equal(replayed.headers.get('idempotent-replayed'), 'true')
})

test('a dry run is forced too, and has no trace id', async () => {
  const dry = await world.as('tess').post('/v1/evaluate?dry_run=true', payment({ merchant_id: 'test_decline' }))
  assert.deepEqual([dry.body.decision, dry.body.trace_id], ['DECLINED', null])
})

test('in a batch each payment is forced alone, and a refusal that is forced stops no other', async () => {
  const events = rows.map(({ merchant }) => payment({ ...mild, merchant_id: merchant }))
  const { body } = await world.as('tess').post('/v1/evaluate/batch', { events })
  const outcomes = body.results.map(({ decision, code }: { decision?: string; code?: string }) => decision ?? code)
  assert.deepEqual(outcomes, rows.map(({ outcome }) => outcome)) // prettier-ignore
})
