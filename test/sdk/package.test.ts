/** The built package: the README's examples do what their comments say, on the oldest Node that is at hand too; types hold. */
import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { createWorld } from '#harness'
import { installSdk, runFile } from './build.ts'

const readme = await readFile(join(import.meta.dirname, '../../sdk/README.md'), 'utf8')
const example = [...readme.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code]) => code).join('\n')
const expected = [...example.matchAll(/\/\/ → (.*)$/gm)].map(([, line]) => line)

/** The pinned Node, and the one on the path where it is another that the package supports. */
async function findNodes(): Promise<Map<string, string>> {
  const nodes = new Map([[process.version, process.execPath]])
  const { stdout } = await runFile('node', ['--version']).catch(() => ({ stdout: '' }))
  const [major = 0, minor = 0] = stdout.slice(1).split('.').map(Number)
  if (major > 20 || (major === 20 && minor >= 3)) nodes.set(stdout.trim(), 'node')
  return nodes
}

test('the examples of the README type-check and do what they say, from the built package', { timeout: 300_000 }, async (t) => {
  assert.ok(expected.length >= 9, `read only ${expected.length} promises`)
  await using sdk = await installSdk()
  await writeFile(join(sdk.folder, 'example.mts'), example)
  await sdk.checkTypes('example.mts')
  // Erased to the same text: the examples carry no types.
  await writeFile(join(sdk.folder, 'example.mjs'), example)
  for (const [version, node] of await findNodes()) {
    await using world = await createWorld()
    const env = { ...process.env, VOUCH_URL: world.url, VOUCH_KEY: world.as('ada').key }
    const { stdout } = await runFile(node, ['example.mjs'], { cwd: sdk.folder, env })
    assert.deepEqual(stdout.trimEnd().split('\n'), expected, `on Node ${version}`)
    t.diagnostic(`the examples ran on Node ${version}`)
  }
}) // prettier-ignore

const mistakes: Record<string, string> = {
  'a payment without an amount': "vouch.evaluate({ currency: 'EUR', category: 'x', merchantId: 'm' })",
  'a payment with two amounts': "vouch.evaluate({ amount: '1', amountMinor: 100, currency: 'EUR', category: 'x', merchantId: 'm' })",
  'a name of the wire': "vouch.evaluate({ amount: '1', currency: 'EUR', category: 'x', merchant_id: 'm' })",
  'a policy in camel case': "vouch.policy.validate({ schema: 1, factors: [], rules: [], lists: [], thresholds: { stepUp: 1, decline: 2 } })",
  'a decision that there is not': "vouch.decisions.list({ decision: 'MAYBE' })",
  'a route that there is not': "vouch.request('GET /v1/nothing', {})",
  'a parameter left out': "vouch.request('GET /v1/decisions/{trace_id}', {})",
  'a field that answers do not have': "vouch.dryRun({ amount: '1', currency: 'EUR', category: 'x', merchantId: 'm' }).then((one) => one.risk_score)",
} // prettier-ignore

test('types refuse what the server would refuse, and let the right form through', { timeout: 300_000 }, async () => {
  await using sdk = await installSdk()
  const opening = "import { createClient } from '@vouch/sdk'\nconst vouch = createClient({ baseUrl: 'http://localhost' })\n"
  const right = "await vouch.evaluate({ amountMinor: 1, currency: 'EUR', category: 'x', merchantId: 'm' })\n"
  await writeFile(join(sdk.folder, 'right.mts'), `${opening}${right}`)
  const lines = Object.values(mistakes)
  await writeFile(join(sdk.folder, 'wrong.mts'), `${opening}${lines.map((line) => `void ${line}\n`).join('')}`)
  await sdk.checkTypes('right.mts')
  const { stdout } = await sdk.checkTypes('wrong.mts').catch((error: { stdout: string }) => error)
  const refused = new Set([...stdout.matchAll(/wrong\.mts\((\d+),/g)].map(([, line]) => Number(line) - 3))
  const accepted = Object.keys(mistakes).filter((_, n) => !refused.has(n))
  assert.deepEqual(accepted, [], stdout)
}) // prettier-ignore
