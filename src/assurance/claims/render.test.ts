/** What people and programs get to see of the claims. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { CheckResult, Control } from '#kernel/control'
import { examineClaims, register, renderClaims, toClaimsDocument, type ClaimState } from './index.ts'

const keep = (claim: string, run: () => Promise<CheckResult>): Control => ({
  claim,
  tests: [`${claim} is kept`],
  check: { looks: 'whether the door is shut', run },
})
const controls = [
  keep('acc.keys', async () => ({ ok: true, saw: 'the door is shut' })),
  keep('acc.mfa', async () => ({ ok: false, saw: 'the door is open' })),
  keep('acc.rbac', () => Promise.reject(new TypeError('no'))),
  keep('enc.mail', async () => ({ ok: false, saw: `\u001b[2J\u202eevil\r\nline ${'x'.repeat(300)}` })),
]
const examine = (): Promise<readonly ClaimState[]> =>
  examineClaims({ controls, clock: { now: () => Date.UTC(2026, 0, 2, 12), elapsed: () => 0 } })

describe('what is shown', () => {
  test('the document has the fields of the contract and nothing else, in the language asked for', async () => {
    const states = await examine()
    const { claims, ...rest } = toClaimsDocument(states, 'sv')
    assert.deepEqual(rest, {})
    assert.equal(claims.length, register.length)
    const fields = ['id', 'sentence', 'kept_by', 'check', 'state', 'since', 'last_run', 'test']
    for (const [index, claim] of claims.entries()) {
      assert.deepEqual(Object.keys(claim), fields)
      assert.equal(claim.sentence, register[index]?.sentence.sv)
    }
    assert.deepEqual(claims.find(({ id }) => id === 'acc.keys')?.test, ['acc.keys is kept'])
    assert.equal(toClaimsDocument(states, 'en').claims[0]?.sentence, register[0]?.sentence.en)
  })

  test('the text has every claim with word and shape, in both languages, and counts them at the end', async () => {
    const states = await examine()
    const english = renderClaims(states, 'en', 100)
    for (const { id } of register) assert.ok(english.includes(` ${id}\n`), id)
    assert.match(english, /^Encryption\n\n○ planned enc\.transit\n {4}Network/)
    assert.match(english, /● verified acc\.keys[\s\S]*checked 2026-01-02T12:00:00\.000Z\n {4}- the door is shut\n/)
    assert.match(english, /✕ failing acc\.mfa/)
    assert.match(english, /◌ unproven acc\.rbac/)
    assert.match(english, /\nClaims 65: ● verified 1, ✕ failing 2, ◌ unproven 5, ○ planned 57\n$/)
    const swedish = renderClaims(states, 'sv', 100)
    assert.match(swedish, /^Kryptering\n\n○ planerat enc\.transit\n {4}Anslutningar/)
    assert.match(swedish, /\nLöften 65: ● verifierat 1, ✕ brister 2, ◌ obevisat 5, ○ planerat 57\n$/)
  })

  test('no line is wider than asked, and nothing a check saw steers the terminal', async () => {
    const states = await examine()
    for (const columns of [24, 33, 80, 120]) {
      const text = renderClaims(states, 'sv', columns)
      for (const line of text.split('\n')) assert.ok(line.length <= columns, line)
      assert.doesNotMatch(text.replaceAll('\n', ''), /[\p{Cc}\p{Cf}]/u)
      assert.match(text, /evil/)
      assert.ok(text.split('x').length > 300, 'nothing it saw is lost')
    }
    assert.equal(renderClaims(states, 'en', 1), renderClaims(states, 'en', 24))
  })
})
