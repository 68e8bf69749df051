import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { addressName, createLimiter } from './index.ts'

const clockAt = () => {
  let at = 0
  return { now: () => at, elapsed: () => at, advance: (ms: number) => void (at += ms) }
}

test('no stretch of time sees more requests than its share and one burst', () => {
  const rate = { perMinute: 60, burst: 5 }
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 3_000 }), { minLength: 1, maxLength: 200 }), (pauses) => {
      const clock = clockAt()
      const limiter = createLimiter({ clock })
      const taken: number[] = []
      for (const pause of pauses) {
        clock.advance(pause)
        if (limiter.take('a', rate).ok) taken.push(clock.elapsed())
      }
      for (const [first, start] of taken.entries()) {
        for (const [last, end] of taken.entries()) {
          if (last >= first) assert.ok(last - first + 1 <= rate.burst + (end - start) / 1_000 + 1e-6)
        }
      }
    }),
  )
})

test('who waits as long as told gets through, and being refused costs nothing', () => {
  const clock = clockAt()
  const limiter = createLimiter({ clock })
  const rate = { perMinute: 60, burst: 2 }
  assert.deepEqual(
    [1, 2, 3].map(() => limiter.take('a', rate).ok),
    [true, true, false],
  )
  for (let n = 0; n < 100; n++) limiter.take('a', rate)
  const refused = limiter.take('a', rate)
  assert.equal(refused.remaining, 0)
  clock.advance(refused.resetSeconds * 1000)
  assert.ok(limiter.take('a', rate).ok)
  assert.ok(limiter.take('b', rate).ok, 'one name does not spend the allowance of another')
})

test('memory stays bounded when every request has a new name', () => {
  const clock = clockAt()
  const limiter = createLimiter({ clock })
  const rate = { perMinute: 60, burst: 1 }
  const before = process.memoryUsage().heapUsed
  for (let n = 0; n < 400_000; n++) {
    if (n % 100 === 0) clock.advance(1)
    limiter.take(`name ${n}`, rate)
  }
  assert.ok(process.memoryUsage().heapUsed - before < 120e6)
})

test('an IPv6 household is one address, an IPv4-mapped address is the IPv4 one', () => {
  assert.equal(addressName('2001:db8:1:2::1'), addressName('2001:db8:1:2:ffff::9'))
  assert.notEqual(addressName('2001:db8:1:2::1'), addressName('2001:db8:1:3::1'))
  assert.equal(addressName('::ffff:203.0.113.7'), addressName('203.0.113.7'))
  assert.equal(addressName('junk'), 'unknown')
})
