/** How claims get their state: nothing but checks that ran, in time, and passed makes one `verified`. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import * as fc from 'fast-check'
import type { Clock } from '#kernel/clock'
import type { Check, Control } from '#kernel/control'
import { Fault } from '#kernel/fault'
import type { CheckKind, Claim } from './claim.ts'
import { examineClaims, gatherClaims, register, type ClaimState } from './index.ts'

const noon = Date.UTC(2026, 0, 2, 12)
const stopped: Clock = { now: () => noon, elapsed: () => 0 }

const watch = (run: Check['run']): Check => ({ looks: 'whether the door is shut', run })
const passing = watch(async () => ({ ok: true, saw: 'the door is shut' }))
const failing = watch(async () => ({ ok: false, saw: 'the door is open' }))
const throwing = watch(() => Promise.reject(new TypeError('password=hunter2')))
const throwingAtOnce = watch(() => {
  throw new RangeError('no')
})
const hanging = watch(() => new Promise(() => {}))
const late = watch(() => wait(25, { ok: true, saw: 'the door is shut' }))
const lateAndBroken = watch(async () => {
  await wait(25)
  throw new Error('too late to matter')
})
const silent = watch(async () => ({ ok: true, saw: ' ' }))

const keep = (claim: string, ...checks: (Check | undefined)[]): Control[] =>
  checks.map((check, index) => ({ claim, tests: [`${claim} ${index}`], ...(check === undefined ? {} : { check }) }))

const examine = (controls: readonly Control[]): Promise<readonly ClaimState[]> =>
  examineClaims({ controls, clock: stopped, timeoutMs: 10 })

const examineOne = async (id: string, controls: readonly Control[]): Promise<ClaimState> => {
  const state = (await examine(controls)).find((claim) => claim.id === id)
  assert.ok(state !== undefined)
  return state
}

describe('gathering', () => {
  test('a control that names an unknown claim is refused (planted)', () => {
    assert.throws(
      () => gatherClaims(keep('acc.keyz', passing)),
      /'acc\.keyz', which is not in the register.*acc\.keyz 0/,
    )
    assert.throws(() => gatherClaims([{ claim: 'ACC.KEYS', tests: [] }]), /'ACC\.KEYS'/)
  })

  test('two claims with one id are refused (planted)', () => {
    assert.throws(
      () => gatherClaims([], [...register, ...register.slice(3, 4)]),
      /Two claims share the id 'enc\.secrets'/,
    )
    assert.equal(gatherClaims([]).length, register.length)
  })

  test('an unknown claim stops the examination before any check runs', async () => {
    let runs = 0
    const counted = watch(async () => ({ ok: true, saw: `run ${(runs += 1)}` }))
    await assert.rejects(examine([...keep('acc.keys', counted), ...keep('nobody.knows', passing)]), /nobody\.knows/)
    assert.equal(runs, 0)
  })

  test('several controls of one claim are united: each test and each check once', () => {
    const controls: Control[] = [
      { claim: 'acc.keys', tests: ['one', 'two'], check: passing },
      { claim: 'acc.mfa', tests: ['other'] },
      { claim: 'acc.keys', tests: ['two', 'three'], check: passing },
      { claim: 'acc.keys', tests: [], check: failing },
    ]
    const keys = gatherClaims(controls).find(({ id }) => id === 'acc.keys')
    assert.deepEqual(keys?.tests, ['one', 'two', 'three'])
    assert.deepEqual(keys?.checks, [passing, failing])
  })
})

describe('the state of a claim', () => {
  test('verified when its check passes, with what it saw and when', async () => {
    assert.deepEqual(await examineOne('acc.keys', keep('acc.keys', passing)), {
      id: 'acc.keys',
      group: 'access',
      sentence: register.find(({ id }) => id === 'acc.keys')?.sentence,
      kept_by: ['software'],
      check: 'auto',
      state: 'verified',
      since: '2026-01-02T12:00:00.000Z',
      last_run: '2026-01-02T12:00:00.000Z',
      saw: ['the door is shut'],
      tests: ['acc.keys 0'],
    })
  })

  test('failing when a check says no, whatever the others say and whatever kind of claim it is', async () => {
    for (const others of [[], [passing], [throwing], [hanging], [undefined]]) {
      const { state, since, last_run, saw } = await examineOne('acc.keys', keep('acc.keys', ...others, failing))
      assert.equal(state, 'failing')
      assert.equal(since, last_run)
      assert.ok(saw.includes('the door is open'))
    }
    assert.equal((await examineOne('org.team', keep('org.team', failing))).state, 'failing')
    assert.equal((await examineOne('org.audits', keep('org.audits', failing))).state, 'failing')
  })

  test('unproven, never verified, when a check throws, hangs, answers late or saw nothing', async () => {
    for (const check of [throwing, throwingAtOnce, hanging, late, lateAndBroken, silent]) {
      for (const others of [[], [passing]]) {
        const { state, since, last_run } = await examineOne('acc.keys', keep('acc.keys', ...others, check))
        assert.equal(state, 'unproven')
        assert.equal(since, null)
        assert.equal(last_run, '2026-01-02T12:00:00.000Z')
      }
    }
    await wait(40)
  })

  test('unproven when a check blocked the process for longer than it may take, though its answer came before the timer', async () => {
    let elapsedMs = 0
    const blocking = watch(async () => {
      elapsedMs += 11
      return { ok: true, saw: 'the door is shut' }
    })
    const clock: Clock = { now: () => noon, elapsed: () => elapsedMs }
    const states = await examineClaims({ controls: keep('acc.keys', blocking), clock, timeoutMs: 10 })
    assert.equal(states.find(({ id }) => id === 'acc.keys')?.state, 'unproven')
  })

  test('unproven, and it says so, when no control has a check', async () => {
    const { state, last_run, saw, tests } = await examineOne('acc.keys', keep('acc.keys', undefined))
    assert.deepEqual({ state, last_run, tests }, { state: 'unproven', last_run: null, tests: ['acc.keys 0'] })
    assert.match(saw.join(), /No check watches this/)
  })

  test('planned when nothing keeps it, or a control that has neither test nor check', async () => {
    const states = await examine([])
    for (const { check, state, since, last_run, saw, tests } of states) {
      assert.equal(state, check === 'record' ? 'unproven' : 'planned')
      assert.deepEqual([since, last_run, tests], [null, null, []])
      assert.deepEqual(saw, check === 'record' ? ['No record has been entered yet.'] : [])
    }
    assert.equal((await examineOne('acc.keys', [{ claim: 'acc.keys', tests: [] }])).state, 'planned')
  })

  test('unproven for a record without one, even when a check of it passes', async () => {
    const { state, saw } = await examineOne('org.team', keep('org.team', passing))
    assert.equal(state, 'unproven')
    assert.deepEqual(saw, ['the door is shut', 'No record has been entered yet.'])
  })

  test('unproven when only the code half of "both" holds, and it says which half is missing', async () => {
    const held = await examineOne('org.audits', keep('org.audits', passing))
    assert.equal(held.state, 'unproven')
    assert.equal(held.since, null)
    assert.match(held.saw.join('\n'), /^the door is shut\nThe code half holds, the record half is missing/)
    const unheld = await examineOne('org.audits', keep('org.audits', throwing))
    assert.equal(unheld.state, 'unproven')
    assert.match(unheld.saw.join('\n'), /The code half could not be shown, and the record half is missing/)
  })

  test('cannot be set by hand', async () => {
    const state = await examineOne('acc.keys', keep('acc.keys', throwing))
    assert.throws(() => Object.assign(state, { state: 'verified' }), TypeError)
    assert.equal(state.state, 'unproven')
  })

  test('what a check threw goes to the log, and only its kind to the public', async () => {
    const noted: unknown[] = []
    const away = watch(() => Promise.reject(new Fault('unavailable', 'The log is away', { internal: 'log 7' })))
    const states = await examineClaims({
      controls: [...keep('acc.keys', throwing), ...keep('acc.mfa', away)],
      clock: stopped,
      noteError: (claim, error) => noted.push([claim, error instanceof Error ? error.message : error]),
    })
    assert.deepEqual(noted, [
      ['acc.mfa', 'The log is away'],
      ['acc.keys', 'password=hunter2'],
    ])
    const saw = states.flatMap(({ saw, check }) => (check === 'record' ? [] : saw))
    assert.deepEqual(saw, [
      'Could not look (The log is away): whether the door is shut',
      'Could not look (TypeError): whether the door is shut',
    ])
  })
})

describe('the run', () => {
  test('looks at no more than four things at a time, and at all of them', async () => {
    let [now, most, runs] = [0, 0, 0]
    const busy = (): Check =>
      watch(async () => {
        now += 1
        runs += 1
        most = Math.max(most, now)
        await wait(1)
        now -= 1
        return { ok: true, saw: 'it' }
      })
    const auto = register.filter(({ check }) => check === 'auto')
    const controls = auto.flatMap(({ id }) => keep(id, busy()))
    const states = await examineClaims({ controls, clock: stopped })
    assert.deepEqual([most, runs], [4, auto.length])
    assert.equal(states.filter(({ state }) => state === 'verified').length, auto.length)
    assert.deepEqual(
      states.map(({ id }) => id),
      register.map(({ id }) => id),
    )
  })

  test('hanging checks do not keep the others from being seen', async () => {
    const controls = [...keep('enc.mail', hanging, hanging, hanging, hanging, hanging), ...keep('org.advice', passing)]
    assert.equal((await examineOne('org.advice', controls)).state, 'verified')
  })

  test('the age shown is that of the oldest look', async () => {
    let nowMs = noon
    const slow = watch(async () => {
      nowMs += 5000
      return { ok: true, saw: 'it' }
    })
    const clock: Clock = { now: () => nowMs, elapsed: () => 0 }
    const states = await examineClaims({ controls: keep('acc.keys', slow, { ...slow }), clock })
    assert.equal(states.find(({ id }) => id === 'acc.keys')?.last_run, '2026-01-02T12:00:00.000Z')
  })

  test('a time limit that a timer cannot keep is refused', async () => {
    for (const timeoutMs of [0, -1, Number.NaN, Infinity, 2 ** 31]) {
      await assert.rejects(examineClaims({ controls: [], clock: stopped, timeoutMs }), RangeError)
    }
  })

  test('a claim is verified exactly when it is automatic, has a check, and all its checks passed in time', async () => {
    const looks = { passing, failing, throwing, hanging, late, silent, none: undefined }
    const names = ['passing', 'failing', 'throwing', 'hanging', 'late', 'silent', 'none'] as const
    const name = fc.oneof({ weight: 4, arbitrary: fc.constant('passing' as const) }, fc.constantFrom(...names))
    const kind = fc.constantFrom<CheckKind>('auto', 'record', 'both')
    const cases = fc.array(fc.record({ kind, seen: fc.array(name, { maxLength: 3 }) }), { minLength: 1, maxLength: 5 })
    let verified = 0
    await fc.assert(
      fc.asyncProperty(cases, async (cases) => {
        const [model] = register
        assert.ok(model !== undefined)
        const claims = cases.map(({ kind }, index): Claim => ({ ...model, id: `c.${index}`, check: kind }))
        const controls = cases.flatMap(({ seen }, index) => keep(`c.${index}`, ...seen.map((name) => looks[name])))
        const states = await examineClaims({ controls, clock: stopped, timeoutMs: 3, claims })
        for (const [index, { kind, seen }] of cases.entries()) {
          const ran = seen.filter((name) => name !== 'none')
          const holds = kind === 'auto' && ran.length > 0 && ran.every((name) => name === 'passing')
          assert.equal(states[index]?.state === 'verified', holds)
          assert.equal(states[index]?.state === 'failing', ran.includes('failing'))
          verified += holds ? 1 : 0
        }
      }),
      { numRuns: 150 },
    )
    assert.ok(verified > 20, `the property met only ${verified} verified claims`)
  })
})
