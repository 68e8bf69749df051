/** What people and programs get to see of the claims. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type Finding, watch } from '#kernel/control'
import { gatherClaims, register } from '#assurance/claims'
import { renderClaims, toClaimsDocument } from './index.ts'
import { type ClaimStanding, toStanding } from './standing.ts'

const at = Date.UTC(2026, 0, 2, 12)
const text = (en: string) => ({ en, sv: `${en} (sv)` })
const looks: [claim: string, result: Finding['result'] | 'error', saw: string][] = [
  ['acc.keys', 'pass', 'the door is shut'],
  ['acc.mfa', 'fail', 'the door is open'],
  ['acc.rbac', 'error', 'nobody could look'],
  ['enc.mail', 'fail', `\u001b[2J\u202eevil\r\nline ${'x'.repeat(300)}`],
]
const what = text('Looks at the door.')
const controls = looks.map(([claim]) => ({
  claim,
  tests: [`${claim} is kept`],
  check: watch<null>({
    id: `${claim}.door`,
    version: 1,
    what,
    sources: [import.meta.url],
    every: 'hour',
    real: () => null,
    look: () => ({ result: 'pass', saw: what }),
    plant: { what: text('an open door'), over: (look) => look(null) },
  }),
}))
const runs = new Map(
  looks.map(([claim, result, saw]) => [
    `${claim}.door`,
    {
      number: 1n,
      result,
      saw: text(saw),
      seen: null,
      startedMs: at,
      expiresMs: at + 7_200_000,
      planted: { caught: true, saw: text('the door is open') },
      plantedAtMs: at - 1,
      evidenceDigest: Buffer.alloc(32),
    },
  ]),
)
const standing = (): readonly ClaimStanding[] =>
  toStanding(
    gatherClaims(controls),
    () => ({ files: ['a.ts'], digest: Buffer.alloc(32) }),
    { readMs: at, runs, changes: new Map() },
    { fresh: true, nowMs: at, installation: 'vouch.example' },
  ).claims

describe('what is shown', () => {
  test('the document has the fields of the contract and nothing else, in the language asked for', () => {
    const { claims, ...rest } = toClaimsDocument(standing(), 'sv')
    assert.deepEqual(rest, {})
    assert.equal(claims.length, register.length)
    const fields = ['id', 'sentence', 'kept_by', 'check', 'state', 'since', 'last_run', 'test']
    for (const [index, claim] of claims.entries()) {
      assert.deepEqual(Object.keys(claim), fields)
      assert.equal(claim.sentence, register[index]?.sentence.sv)
    }
    assert.deepEqual(claims.find(({ id }) => id === 'acc.keys')?.test, ['acc.keys is kept'])
    assert.equal(toClaimsDocument(standing(), 'en').claims[0]?.sentence, register[0]?.sentence.en)
  })

  test('the text has every claim with word and shape, in both languages, and counts them at the end', () => {
    const english = renderClaims(standing(), 'en', 100)
    for (const { id } of register) assert.match(english, new RegExp(` ${id}( since .*)?\n`))
    assert.match(english, /^Encryption\n\n○ planned enc\.transit\n {4}Network/)
    assert.match(english, /● verified acc\.keys since 2026-01-02T12:00:00\.000Z\n[\s\S]*?\n {4}- the door is shut\n {6}Planted offence seen 2026-01-02T11:59:59\.999Z: an open door\n/) // prettier-ignore
    assert.match(english, /✕ failing acc\.mfa[^●]*\n {4}! the door is open\n/)
    assert.match(english, /◌ unproven acc\.rbac/)
    assert.match(
      english,
      /\nClaims 65: ● verified 1, ◍ attested 0, ◔ stale 0, ✕ failing 2, ◌ unproven 5, ○ planned 57\n$/,
    )
    const swedish = renderClaims(standing(), 'sv', 100)
    assert.match(swedish, /^Kryptering\n\n○ planerat enc\.transit\n {4}Anslutningar/)
    assert.match(swedish, /Planterat fel upptäckt 2026-01-02T11:59:59\.999Z: an open door \(sv\)/)
    assert.match(
      swedish,
      /Löften 65: ● verifierat 1, ◍ intygat 0, ◔ inaktuellt 0, ✕ brister 2, ◌ obevisat 5, ○ planerat\s57\n$/,
    )
  })

  test('no line is wider than asked, and nothing a check saw steers the terminal', () => {
    for (const columns of [24, 33, 80, 120]) {
      const text = renderClaims(standing(), 'sv', columns)
      for (const line of text.split('\n')) assert.ok(line.length <= columns, line)
      assert.doesNotMatch(text.replaceAll('\n', ''), /[\p{Cc}\p{Cf}]/u)
      assert.match(text, /evil/)
      assert.ok(text.split('x').length > 300, 'nothing it saw is lost')
    }
    assert.equal(renderClaims(standing(), 'en', 1), renderClaims(standing(), 'en', 24))
  })
})
