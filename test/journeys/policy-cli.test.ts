/** The policy on the command line: checked without an installation, published, compared, rolled back, decided by. */
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { defaultPolicy } from '#engine/decide'
import { createInstallation } from '../harness/own-installation.ts'

test(
  'an operator checks, publishes, compares and rolls back policies, and judges an event by any of them',
  { timeout: 300_000 },
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'vouch-policy-cli-'))
    const write = async (name: string, content: unknown): Promise<string> => {
      const file = join(folder, name)
      await writeFile(file, JSON.stringify(content))
      return file
    }
    try {
      await using installation = await createInstallation({ on: 'shared' })
      const { run } = installation
      const rule = { id: 'gifts', when: "category == 'gift_cards'", then: 'decline', reason: 'No {category}.' }
      const good = await write('good.json', { ...defaultPolicy, rules: [rule] })
      const bad = await write('bad.json', { ...defaultPolicy, rules: [{ ...rule, when: 'categry == 1' }] })
      const event = await write('event.json', { amount: '5.00', currency: 'EUR', category: 'gift_cards', merchant_id: 'm' })

      const checked = await run(['policy', 'validate', good, '--json'])
      assert.deepEqual([checked.code, JSON.parse(checked.out)], [0, { ok: true, errors: [] }])
      const wrong = await run(['policy', 'validate', bad])
      assert.equal(wrong.code, 1)
      assert.match(wrong.out, /\/rules\/0\/when \(line 1, column 1\): There is no signal categry\. Did you mean category\?/)

      const decide = async (...words: string[]) => JSON.parse((await run(['decide', event, '--json', ...words])).out)
      assert.deepEqual([(await decide()).decision, (await decide()).policy_version], ['APPROVED', 1])
      const byFile = await decide('--policy', good)
      assert.deepEqual([byFile.decision, byFile.policy_version], ['DECLINED', 0])
      assert.equal((await run(['decide', event, '--policy', bad])).code, 1)

      await installation.createTenant('Acme')
      const published = await run(['policy', 'publish', good, '--json'])
      assert.deepEqual([published.code, JSON.parse(published.out).version], [0, 2], published.err)
      assert.match(JSON.parse(published.out).published_by, /^uid:\d+$/)
      assert.equal((await run(['policy', 'publish', good, '--version', '2'])).code, 3)
      const refused = await run(['policy', 'publish', bad])
      assert.equal(refused.code, 1)
      assert.match(refused.err, /There is no signal categry/)

      const { tenants } = JSON.parse((await run(['tenant', 'list', '--json'])).out)
      const byTenant = await decide('--tenant', tenants[0].tenant_id)
      assert.deepEqual([byTenant.decision, byTenant.policy_version], ['DECLINED', 2])
      assert.match((await run(['policy', 'diff', '1', '2'])).out, /^\+ \/rules\/0 /)
      const back = await run(['policy', 'rollback', '1', '--json'])
      assert.deepEqual([JSON.parse(back.out).version, JSON.parse(back.out).restores], [3, 1])
      assert.match((await run(['policy', 'versions'])).out, /^ +3 .*restores 1\n +2 .*\n +1  the default policy\n$/)
      assert.equal(JSON.parse((await run(['policy', 'show', '--json'])).out).version, 3)
      assert.deepEqual(JSON.parse((await run(['policy', 'show', '--version', '2'])).out).rules, [rule])

      for (const words of [[], ['eat'], ['show', '1'], ['diff', '1'], ['rollback', 'x'], ['validate', join(folder, 'none')]])
        assert.equal((await run(['policy', ...words])).code, 2, words.join(' '))
      assert.equal((await run(['policy', 'rollback', '77'])).code, 1)
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  },
) // prettier-ignore
