/** The register against the list of promises it was written from, and its sentences against the rules for them. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import type { Language } from '#kernel/control'
import { groups, type Claim } from './claim.ts'
import { register } from './index.ts'

const promises = new URL('../../../../shared/design/CLAIMS.md', import.meta.url)

type Promised = { id: string; group: string | undefined; keptBy: string[]; check: string | undefined }

/** Every table row of the list. The n-th heading that has a table is the n-th group. */
const readPromises = (markdown: string): Promised[] => {
  const sections = markdown.split(/^## /m).filter((section) => section.includes('\n| id |'))
  assert.equal(sections.length, groups.length, 'the list has as many tables as the register has groups')
  return sections.flatMap((section, index) =>
    section
      .split('\n')
      .filter((line) => line.startsWith('| ') && !line.startsWith('| id |'))
      .map((line) => line.split('|').map((cell) => cell.trim()))
      .map(([, id = '', , , , keptBy = '', check = '']) => ({
        id,
        group: groups[index],
        keptBy: keptBy.split(', '),
        check: /^(?:auto|record|both)\b/.exec(check)?.[0],
      })),
  )
}

const essence = ({ id, group, keptBy, check }: Claim): Promised => ({ id, group, keptBy: [...keptBy], check })

const banned: Readonly<Record<Language, RegExp>> = {
  en: /end[- ]to[- ]end|\bcertified\b|unbreakable|100 ?%|guarantee/i,
  sv: /änd[- ]till[- ]änd|totalsträck|certifierad|100 ?%|garanter/i,
}

/** Everything that is wrong with the sentences, one line each. */
const findFaults = (claims: readonly Claim[]): string[] => {
  const seen = new Set<string>()
  return claims.flatMap(({ id, sentence }) => {
    const faults: string[] = []
    for (const language of ['en', 'sv'] as const) {
      const text = sentence[language]
      const at = `${id} ${language}`
      const words = text.split(' ').length
      if (text.trim() === '') faults.push(`${at}: no text`)
      else if (words < 8 || words > 30) faults.push(`${at}: ${words} words`)
      if (!/^\p{Lu}/u.test(text)) faults.push(`${at}: no capital letter at the start`)
      if (!/[^.]\.$/.test(text)) faults.push(`${at}: no full stop at the end`)
      if (/\s\s|^\s|\s$|[\n\t]/.test(text)) faults.push(`${at}: stray white space`)
      if (banned[language].test(text)) faults.push(`${at}: says more than we can show`)
      if (seen.has(text)) faults.push(`${at}: duplicate`)
      seen.add(text)
    }
    if (sentence.en === sentence.sv) faults.push(`${id}: the Swedish text is the English one`)
    return faults
  })
}

/** What must not get lost from a promise in either language. A comma is the decimal sign of Swedish. */
const figures: Readonly<Record<string, readonly string[]>> = {
  'enc.transit': ['1.2', '1.3', 'HSTS'],
  'enc.rest': ['AES-256'],
  'enc.backup': ['AES-256'],
  'acc.keys': ['1'],
  'acc.agents': ['Ed25519', 'JWS', 'HMAC'],
  'inc.notify': ['48', '72'],
  'dis.program': ['24', '48'],
  'con.backup': ['30', '99.999'],
  'con.rto': ['4'],
  'app.webhooks': ['HMAC-SHA256'],
  'app.sast': ['OWASP Top 10'],
  'dat.retention': ['1', '30'],
  'org.compliance': ['GDPR', 'CCPA', 'SOC 2', 'ISO 27001'],
}

const readNumbers = (text: string): string[] =>
  (text.match(/\d+(?:[.,]\d+)?/g) ?? []).map((number) => number.replace(',', '.')).sort()

describe('the register of claims', () => {
  test('holds every promise of CLAIMS.md and no other, with its group, keepers and kind of check', (t) => {
    if (!existsSync(promises)) {
      t.skip('CLAIMS.md is not on this machine')
      return
    }
    const promised = readPromises(readFileSync(promises, 'utf8'))
    assert.ok(promised.length > 50, `only ${promised.length} rows were read`)
    assert.deepEqual(register.map(essence), promised)
  })

  test('is told apart from a list with a missing row, another keeper or another check (planted)', (t) => {
    if (!existsSync(promises)) {
      t.skip('CLAIMS.md is not on this machine')
      return
    }
    const markdown = readFileSync(promises, 'utf8')
    const planted = [
      markdown.replace(/^\| acc\.mfa .*\n/m, ''),
      markdown.replace(/^(\| enc\.keys .*)software( \|)/m, '$1tenant$2'),
      markdown.replace(/^(\| dat\.dpa .*)record( \|)$/m, '$1auto$2'),
    ]
    for (const list of planted) {
      assert.notEqual(list, markdown)
      assert.notDeepEqual(register.map(essence), readPromises(list))
    }
  })

  test('has one sound, different sentence per claim in English and in Swedish', () => {
    assert.deepEqual(findFaults(register), [])
  })

  test('refuses a missing, copied, unfinished, bloated or boasting sentence (planted)', () => {
    const [first, second] = register
    assert.ok(first !== undefined && second !== undefined)
    const plant = (sentence: Partial<Claim['sentence']>): string[] =>
      findFaults([{ ...first, sentence: { ...first.sentence, ...sentence } }, second])
    assert.ok(plant({ sv: '' }).includes('enc.transit sv: no text'))
    assert.ok(plant({ sv: first.sentence.en }).includes('enc.transit: the Swedish text is the English one'))
    assert.ok(plant({ en: second.sentence.en }).includes('enc.rest en: duplicate'))
    assert.ok(plant({ en: first.sentence.en.slice(0, -1) }).includes('enc.transit en: no full stop at the end'))
    assert.ok(plant({ en: `${'Word '.repeat(30)}end.` }).includes('enc.transit en: 31 words'))
    for (const boast of [
      'Everything is end-to-end encrypted between you and us.',
      'We are a certified provider of it.',
    ]) {
      assert.ok(plant({ en: boast }).includes('enc.transit en: says more than we can show'), boast)
    }
  })

  test('keeps the numbers and standards of a promise in both languages', () => {
    for (const [id, parts] of Object.entries(figures)) {
      const claim = register.find((claim) => claim.id === id)
      assert.ok(claim !== undefined, id)
      const { en, sv } = claim.sentence
      for (const part of parts) {
        const whole = new RegExp(`(?<![\\d.])${part.replaceAll('.', '[.,]')}(?!\\d)`)
        assert.match(en, whole)
        assert.match(sv, whole)
      }
    }
  })

  test('says the same numbers in English and in Swedish', () => {
    for (const { id, sentence } of register) {
      assert.deepEqual(readNumbers(sentence.sv), readNumbers(sentence.en), id)
    }
  })
})
