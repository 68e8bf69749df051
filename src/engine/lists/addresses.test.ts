import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import ipaddr from 'ipaddr.js'
import { networksOf, parseNetwork } from './addresses.ts'

test('an address is in a range exactly if the range is among its networks', () => {
  const anyAddress = fc.oneof(fc.ipV4(), fc.ipV6())
  fc.assert(
    fc.property(anyAddress, anyAddress, fc.integer({ min: 0, max: 128 }), (one, other, length) => {
      const base = ipaddr.process(other)
      const prefix = Math.min(length, base.kind() === 'ipv4' ? 32 : 128)
      const [, range = ''] =
        prefix === (base.kind() === 'ipv4' ? 32 : 128) ? ['', networksOf(other, [])[0]] : networksOf(other, [prefix])
      assert.ok(parseNetwork(range), range)
      const asked = ipaddr.process(one)
      const isIn = asked.kind() === base.kind() && asked.match(base, prefix)
      assert.equal(networksOf(one, [prefix]).includes(parseNetwork(range)?.network ?? ''), isIn)
      assert.ok(networksOf(other, [prefix]).includes(parseNetwork(range)?.network ?? ''))
    }),
  )
})

test('every spelling of an address is one, and what is no address or names two networks is refused', () => {
  for (const same of ['2001:DB8::7', '2001:db8:0:0:0:0:0:7', '2001:db8::0007/128'])
    assert.deepEqual(parseNetwork(same), parseNetwork('2001:db8::7'))
  assert.deepEqual(parseNetwork('::ffff:203.0.113.7'), parseNetwork('203.0.113.7'))
  for (const wrong of [
    '203.0.113.7/24',
    '203.0.113.0/33',
    '203.0.113.0/',
    '1.2.3.4/8/8',
    '1',
    '0x7f000001',
    'fe80::1%eth0',
    'x',
    '',
    '203.0.113.0/+8',
  ])
    assert.equal(parseNetwork(wrong), undefined, wrong)
})
