/** How claims get their state: nothing but fresh looks of checks that can see makes one `verified`. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { type Check, type Control, pass, watch } from '#kernel/control'
import type { CheckKind, Claim } from './claim.ts'
import { type Attested, gatherClaims, judgeClaim, type Look, register } from './index.ts'

const noon = Date.UTC(2026, 0, 2, 12)
const hourMs = 3_600_000
const text = (en: string) => ({ en, sv: `${en} på svenska` })

const checkOf = (id: string): Check =>
  watch<null>({
    id,
    version: 1,
    what: text('Looks at the door.'),
    sources: [import.meta.url],
    every: 'hour',
    real: () => null,
    look: () => pass(text('The door is shut.')),
    plant: { what: text('an open door'), over: (look) => look(null) },
  })

let made = 0
const keep = (claim: string, count = 1): Control[] =>
  Array.from({ length: count }, () => ({ claim, tests: ['it is shut'], check: checkOf(`${claim}.c${(made += 1)}`) }))

const lookOf = (more: Partial<Look> = {}): Look => ({
  result: 'pass',
  saw: text('The door is shut.'),
  startedMs: noon,
  expiresMs: noon + 2 * hourMs,
  planted: { caught: true, saw: text('The door is open.') },
  ...more,
})
const kinds = {
  passing: lookOf(),
  failing: lookOf({ result: 'fail', saw: text('The door is open.') }),
  error: lookOf({ result: 'error', saw: text('No answer within 10 ms.') }),
  empty: lookOf({ result: 'no_data', saw: text('There is no door.') }),
  blind: lookOf({ planted: { caught: false, saw: text('The door is shut.') } }),
  none: undefined,
} as const
type Kind = keyof typeof kinds
const names = ['passing', 'failing', 'error', 'empty', 'blind', 'none'] as const

function judge(check: CheckKind, looks: readonly (Look | undefined)[], nowMs = noon, record?: Attested) {
  const [model] = register
  assert.ok(model)
  const claim: Claim = { ...model, id: 'c.c', check }
  const [gathered] = gatherClaims(keep('c.c', looks.length), [claim])
  assert.ok(gathered)
  return judgeClaim(gathered, (one) => looks[gathered.checks.indexOf(one)], nowMs, record)
}

describe('gathering', () => {
  test('a control that names an unknown claim is refused (planted)', () => {
    assert.throws(() => gatherClaims(keep('acc.keyz')), /'acc\.keyz', which is not in the register.*it is shut/)
    assert.throws(() => gatherClaims([{ claim: 'ACC.KEYS', tests: [] }]), /'ACC\.KEYS'/)
  })

  test('two claims or two checks with one id, and a check of another claim, are refused (planted)', () => {
    assert.throws(
      () => gatherClaims([], [...register, ...register.slice(3, 4)]),
      /Two claims share the id 'enc\.secrets'/,
    )
    const [control] = keep('acc.keys')
    assert.ok(control)
    assert.throws(() => gatherClaims([control, control]), /Two checks share the id 'acc\.keys/)
    assert.throws(() => gatherClaims([{ ...control, claim: 'acc.mfa' }]), /does not begin with the claim/)
  })

  test('several controls of one claim are united: each test once, and every check', () => {
    const [first, second] = keep('acc.keys', 2)
    const more = { claim: 'acc.keys', tests: ['it is shut', 'it is locked'], lacks: text('There is a window.') }
    const keys = gatherClaims([...keep('acc.mfa'), first!, second!, more]).find(({ id }) => id === 'acc.keys')
    assert.deepEqual(keys?.tests, ['it is shut', 'it is locked'])
    assert.deepEqual(keys?.checks, [first?.check, second?.check])
    assert.deepEqual(keys?.lacks, [more.lacks])
    assert.equal(gatherClaims([]).length, register.length)
  })
})

describe('the state of a claim', () => {
  test('an automatic claim is verified exactly when it has checks, all passed, all caught, all fresh', () => {
    const looks = fc.array(fc.oneof({ weight: 5, arbitrary: fc.constant<Kind>('passing') }, fc.constantFrom(...names)), { minLength: 1, maxLength: 4 }) // prettier-ignore
    const kind = fc.constantFrom<CheckKind>('auto', 'record', 'both')
    const hours = fc.integer({ min: -6, max: 6 })
    let verified = 0
    fc.assert(
      fc.property(kind, looks, hours, (kind, seen, hours) => {
        const { state, why } = judge(
          kind,
          seen.map((name) => kinds[name]),
          noon + hours * hourMs,
        )
        const allPass = seen.every((name) => name === 'passing')
        const isFresh = Math.abs(hours) < 2
        assert.equal(state === 'verified', kind === 'auto' && allPass && isFresh)
        assert.equal(state === 'failing', seen.includes('failing'))
        assert.equal(state === 'stale', kind === 'auto' && allPass && !isFresh)
        assert.equal(why === null, state === 'verified')
        if (why) assert.ok(why.en.length > 3 && why.sv.length > 3)
        verified += state === 'verified' ? 1 : 0
      }),
      { numRuns: 500 },
    )
    assert.ok(verified > 20, `the property met only ${verified} verified claims`)
  })

  test('silence turns a pass stale at the moment it expires, and says since when', () => {
    const end = noon + 2 * hourMs
    assert.equal(judge('auto', [lookOf()], end - 1).state, 'verified')
    const { state, sinceMs, why } = judge('auto', [lookOf(), lookOf({ expiresMs: end + 1 })], end)
    assert.deepEqual([state, sinceMs], ['stale', end])
    assert.match(why?.en ?? '', /since 2026-01-02T14:00:00\.000Z nobody has looked/)
    assert.match(why?.sv ?? '', /sedan 2026-01-02T14:00:00\.000Z/)
  })

  test('a clock that steps back a little changes nothing, and a look from far in the future is stale', () => {
    assert.equal(judge('auto', [lookOf()], noon - hourMs).state, 'verified')
    assert.equal(judge('auto', [lookOf()], noon - 365 * 24 * hourMs).state, 'stale')
  })

  test('a failure stays, however old: silence does not mend it', () => {
    const { state, sinceMs } = judge('auto', [kinds.failing], noon + 1_000 * hourMs)
    assert.deepEqual([state, sinceMs], ['failing', noon])
  })

  test('a check that did not see its planted offence makes the claim unproven, and says so in both languages', () => {
    const { state, why } = judge('auto', [kinds.passing, kinds.blind])
    assert.equal(state, 'unproven')
    assert.match(why?.en ?? '', /did not see the offence that was planted/)
    assert.match(why?.sv ?? '', /såg inte det fel som hade planterats/)
  })

  test('unproven, never verified, while a control says what its claim lacks', () => {
    const controls = keep('acc.keys').map((control) => ({ ...control, lacks: text('There is a window.') }))
    const claim = gatherClaims(controls).find(({ id }) => id === 'acc.keys')
    assert.ok(claim)
    assert.deepEqual(judgeClaim(claim, () => lookOf(), noon).why, text('There is a window.'))
    assert.equal(judgeClaim(claim, () => lookOf(), noon).state, 'unproven')
    assert.equal(judgeClaim(claim, () => kinds.failing, noon).state, 'failing')
  })

  test('planned when nothing keeps it; unproven with tests alone, or without its record', () => {
    for (const claim of gatherClaims([])) {
      const { state, sinceMs } = judgeClaim(claim, () => undefined, noon)
      assert.equal(state, claim.check === 'record' ? 'unproven' : 'planned')
      assert.equal(sinceMs, null)
    }
    const [tested] = gatherClaims([{ claim: 'acc.keys', tests: ['x'] }]).filter(({ id }) => id === 'acc.keys')
    assert.ok(tested)
    assert.match(judgeClaim(tested, () => undefined, noon).why?.en ?? '', /No check watches this/)
    assert.match(judge('both', [lookOf()]).why?.en ?? '', /No record/)
  })

  test('attested by a dated record, stale when that lapses, failing when a check says no all the same', () => {
    const record = { atMs: noon - 5 * hourMs, expiresMs: noon + hourMs }
    assert.deepEqual(judge('record', [], noon, record), { state: 'attested', sinceMs: record.atMs, why: null })
    assert.equal(judge('record', [], record.expiresMs, record).state, 'stale')
    assert.equal(judge('both', [lookOf()], noon, record).state, 'attested')
    assert.equal(judge('both', [kinds.empty], noon, record).state, 'unproven')
    assert.equal(judge('both', [kinds.failing], noon, record).state, 'failing')
    assert.equal(judge('auto', [], noon, record).state, 'planned')
  })
})
