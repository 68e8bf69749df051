import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { register } from '#assurance/claims'
import { createWorld } from '#harness'
import { type Control, pass, watch } from '#kernel/control'
import { reportFile, type RunReport } from '../harness/report.ts'

/** What is wrong with the proofs of these controls, given what ran. */
function findUnproven(controls: readonly Control[], report: RunReport): string[] {
  const passed = new Set(report.passed.map(({ name }) => name))
  const failed = new Set(report.failed.map(({ name }) => name))
  const checkKind = new Map(register.map(({ id, check }) => [id, check]))
  return controls.flatMap(({ claim, tests, check }) => {
    if (!checkKind.has(claim)) return [`${claim} is not in the register`]
    const kind = checkKind.get(claim)
    const lacks =
      kind !== 'record' && (tests.length === 0 ? [`${claim} names no test`] : !check ? [`${claim} has no check`] : [])
    const unproven = tests.flatMap((name) => {
      if (failed.has(name)) return [`${claim}: "${name}" failed`]
      return passed.has(name) ? [] : [`${claim}: "${name}" did not run`]
    })
    return [...(lacks || []), ...unproven]
  })
}

test('every control names tests that ran and passed in this very run, and a check that watches it', async (t) => {
  await using world = await createWorld()
  const text = await readFile(reportFile, 'utf8').catch(() => undefined)
  if (text === undefined) {
    t.skip('no report of a whole run; npm test writes it')
    return
  }
  const report: RunReport = JSON.parse(text)
  assert.ok(world.vouch.controls.length > 0)
  assert.deepEqual(findUnproven(world.vouch.controls, report), [])
  t.diagnostic(
    `${world.vouch.controls.length} controls, ${world.vouch.controls.flatMap(({ tests }) => tests).length} proofs`,
  )
})

test('a control with a renamed, failed, missing or unknown proof is caught', () => {
  const ran = (name: string) => ({ name, file: 'x.test.ts', on: 'x' })
  const report: RunReport = { passed: [ran('holds')], failed: [ran('breaks')], skipped: [ran('skipped')] }
  const saw = { en: 'x', sv: 'x' }
  const check = watch<null>({
    id: 'acc.keys.x',
    version: 1,
    what: saw,
    sources: [import.meta.url],
    every: 'day',
    real: () => null,
    look: () => pass(saw),
    plant: { what: saw, over: (look) => look(null) },
  })
  const control = (claim: string, tests: string[]): Control => ({ claim, tests, check })
  assert.deepEqual(findUnproven([control('acc.keys', ['holds'])], report), [])
  assert.deepEqual(findUnproven([control('acc.keys', ['renamed'])], report), ['acc.keys: "renamed" did not run'])
  assert.deepEqual(findUnproven([control('acc.keys', ['breaks'])], report), ['acc.keys: "breaks" failed'])
  assert.deepEqual(findUnproven([control('acc.keys', ['skipped'])], report), ['acc.keys: "skipped" did not run'])
  assert.deepEqual(findUnproven([control('acc.keys', [])], report), ['acc.keys names no test'])
  assert.deepEqual(findUnproven([control('acc.invented', ['holds'])], report), ['acc.invented is not in the register'])
  assert.deepEqual(findUnproven([{ claim: 'acc.keys', tests: ['holds'] }], report), ['acc.keys has no check'])
})
