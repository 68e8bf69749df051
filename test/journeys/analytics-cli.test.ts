/** Outcomes and analytics on the command line: what it says is what the server says. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { clientOf, payment } from '#harness'
import { createInstallation } from '../harness/own-installation.ts'

test(
  'an operator says what became of a decision and reads the numbers, beside a running server',
  { timeout: 300_000 },
  async () => {
    await using installation = await createInstallation({ on: 'shared' })
    const { run } = installation
    const server = await installation.serve()
    const client = clientOf(server.url, await installation.createTenant('Acme'))
    const { trace_id: id } = (await client.post('/v1/evaluate', payment({ amount: '1234.50' }))).body
    assert.equal((await client.post('/v1/evaluate', payment({ currency: 'JPY', amount: 7 }))).status, 200)

    const said = await run([
      'outcome',
      id,
      'chargeback',
      '--at',
      '2026-01-01T00:00:00Z',
      '--amount-minor',
      '100',
      '--json',
    ])
    assert.equal(said.code, 0, said.err)
    assert.deepEqual(JSON.parse(said.out), (await client.get(`/v1/decisions/${id}/outcomes`)).body.data[0])
    assert.equal((await run(['outcome', id, 'stolen'])).code, 2)
    assert.equal((await run(['outcome', `tr_${'0'.repeat(32)}`, 'fraud'])).code, 1)

    for (const by of ['day', 'policy_version', 'factor', 'rule']) {
      const read = await run(['analytics', '--by', by, '--json'])
      assert.equal(read.code, 0, read.err)
      const { as_of: _, total, ...parts } = JSON.parse(read.out)
      const { as_of: __, total: served, ...servedParts } = (await client.get(`/v1/analytics?by=${by}`)).body
      // Latencies are in the server's memory until they are counted.
      assert.deepEqual({ ...total, latency_ms: null }, { ...served, latency_ms: null })
      if (by === 'factor' || by === 'rule') assert.deepEqual(parts, servedParts)
      else assert.equal(Object.keys(parts).join(), Object.keys(servedParts).join())
    }
    const text = await run(['analytics'])
    assert.match(text.out, /2 decisions\n/)
    assert.match(text.out, /1234\.50 EUR, 7 JPY/)
    assert.match(text.out, /1 with an outcome: 0 fraud, 1 charged back, 0 legitimate\n +approved, and fraud: 1\.00 EUR/)
    assert.match(text.out, /\d{4}-\d\d-\d\d +2 +\S+ % +\S+ %? +█{40}/)
    assert.equal((await run(['analytics', '--by', 'hour'])).code, 2)
    assert.equal((await run(['analytics', '--from', '2026-02-30'])).code, 1)
  },
)
