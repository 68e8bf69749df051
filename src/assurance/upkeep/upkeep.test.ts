import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findUnpinned, judgeSupport } from './controls.ts'

const newYear = Date.UTC(2027, 0, 1)

test('support that has ended, an unknown version, a range and a package without a digest are each caught', () => {
  assert.equal(judgeSupport({ node: 24, postgresql: 18 }, newYear).result, 'pass')
  assert.match(judgeSupport({ node: 24, postgresql: 14 }, newYear).saw.en, /PostgreSQL 14 ended on 2026-11-12/)
  assert.equal(judgeSupport({ node: 24, postgresql: 14 }, Date.UTC(2026, 10, 12, 23)).result, 'pass')
  assert.equal(judgeSupport({ node: 24, postgresql: 14 }, Date.UTC(2026, 10, 13)).result, 'fail')
  assert.equal(judgeSupport({ node: 23, postgresql: 18 }, newYear).result, 'no_data')

  const locked = { unlocked: [] }
  for (const version of ['1.2.3', '1.0.0-beta.4', 'npm:@scope/name@15.4.2'])
    assert.equal(findUnpinned({ asked: { one: version }, ...locked }).result, 'pass', version)
  for (const version of [
    '^1.2.3',
    '~1.2.3',
    '1.x',
    'latest',
    '*',
    '',
    '>=1.0.0',
    '1.2.3 || 2.0.0',
    'file:../x',
    'https://x.example/x.tgz',
    'npm:name@^1.0.0',
  ])
    // prettier-ignore
    assert.equal(findUnpinned({ asked: { fine: '1.0.0', one: version }, ...locked }).result, 'fail', version)
  assert.equal(findUnpinned({ asked: { one: '1.0.0' }, unlocked: ['node_modules/one'] }).result, 'fail')
  assert.equal(findUnpinned({ asked: {}, ...locked }).result, 'no_data')
})
