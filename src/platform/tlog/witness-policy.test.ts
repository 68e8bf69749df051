import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  cosignCheckpoint,
  createLogSigners,
  createSigner,
  formatCheckpoint,
  formatPolicy,
  isWitnessed,
  parsePolicy,
  type Signer,
  signCheckpoint,
  TlogError,
  type WitnessPolicy,
} from './index.ts'

const origin = 'vouch.example/log/one'
const checkpoint = { origin, size: 42, root: Buffer.alloc(32, 7) }
const text = formatCheckpoint(checkpoint)
const log = createLogSigners(origin, { ed25519: Buffer.alloc(32, 1), mlDsa44: Buffer.alloc(32, 2) })
const note = signCheckpoint(checkpoint, log, 0)
const witnesses = Array.from({ length: 8 }, (_, n) =>
  createSigner(`w${n}.example/x`, n === 7 ? 'ml-dsa-44-cosignature' : 'ed25519-cosignature', Buffer.alloc(32, 10 + n)),
)
const [w0, w1, w2] = witnesses as [Signer, Signer, Signer]
const by = (...cosigners: Signer[]): string => note + cosignCheckpoint(text, cosigners, 1_000)

// The example of tlog-policy.md, with keys.
const example = `# Two organisations
log ${log[0]!.vkey}  https://log.example/

witness X1 ${w0.vkey}
witness X2 ${w1.vkey}\thttps://x2.example/
\twitness   X3 ${w2.vkey} 
group X-witnesses 2 X1 X2 X3

witness Y1 ${witnesses[3]!.vkey}
witness Y2 ${witnesses[4]!.vkey}
  # räksmörgås
witness Y3 ${witnesses[7]!.vkey}
group Y-witnesses any Y1 Y2 Y3

group X-and-Y all X-witnesses Y-witnesses
quorum X-and-Y
`

test('the example of the specification asks for two of the one and any of the other', () => {
  const policy = parsePolicy(Buffer.from(example))
  assert.deepEqual(
    policy.groups.map(({ name, threshold, members }) => [name, threshold, members.length]),
    [
      ['X-witnesses', 2, 3],
      ['Y-witnesses', 1, 3],
      ['X-and-Y', 2, 2],
    ],
  )
  assert.deepEqual(
    policy.witnesses.map(({ url }) => url),
    [undefined, 'https://x2.example/', undefined, undefined, undefined, undefined],
  )
  for (let set = 0; set < 64; set++) {
    const chosen = [0, 1, 2, 3, 4, 7].filter((_, bit) => set & (1 << bit))
    const expected = chosen.filter((n) => n < 3).length >= 2 && chosen.some((n) => n >= 3)
    assert.equal(isWitnessed(by(...chosen.map((n) => witnesses[n]!)), policy), expected, chosen.join())
  }
})

test('k of n is met by k witnesses and by no fewer, and no witness counts twice', () => {
  const names = witnesses.map((_, n) => `n${n}`)
  const lines = witnesses.map(({ vkey }, n) => `witness n${n} ${vkey}\n`).join('')
  for (const k of [1, 3, 8]) {
    const policy = parsePolicy(`${lines}group g ${k} ${names.join(' ')}\nquorum g\n`)
    assert.equal(isWitnessed(by(...witnesses.slice(8 - k)), policy), true)
    assert.equal(isWitnessed(by(...witnesses.slice(0, k - 1)), policy), false)
  }
  const two = parsePolicy(`${lines}group g 2 n0 n1\nquorum g\n`)
  assert.equal(isWitnessed(by(w0) + cosignCheckpoint(text, [w0], 1_000), two), false)
  assert.equal(isWitnessed(by(w0) + cosignCheckpoint(text, [w0], 2_000), two), false)
})

test('a line that does not fit, of another checkpoint, or by a stranger of the same name, is no witness', () => {
  const policy = parsePolicy(`witness a ${w0.vkey}\nquorum a\n`)
  assert.equal(isWitnessed(by(w0), policy), true)
  assert.equal(isWitnessed(by(w1, w0), policy), true)
  const other = cosignCheckpoint(formatCheckpoint({ ...checkpoint, size: 43 }), [w0], 1_000)
  const stranger = createSigner(w0.name, 'ed25519-cosignature', Buffer.alloc(32, 99))
  const untimed = createSigner(w0.name, 'ed25519', Buffer.alloc(32, 10))
  for (const bad of [note, note + other, by(stranger), by(untimed), by(w1), '', 'junk', text, `${by(w0)}\n`, by(w0).replace('42', '43')])
    assert.equal(isWitnessed(bad, policy), false, bad) // prettier-ignore
  assert.equal(isWitnessed(Buffer.of(0xff), policy), false)
  assert.equal(isWitnessed(note, parsePolicy('quorum none\n')), true)
})

test('a policy has the form of the specification, and a wrong line is named', () => {
  const w = `witness a ${w0.vkey}\nwitness b ${w1.vkey}\n`
  const good = ['quorum none\n', `${w}quorum b\n`, `quorum none\n${w}`, `${w}group g 1 a\ngroup h all g b\nquorum h\n`, `${w}group all all a b\nquorum all\n`, `witness a ${w0.vkey} u\n  \t\nquorum a # no\n`.replace(' # no', ''), `witness #a ${w0.vkey}\nquorum #a\n`, `witness \u212a ${w0.vkey}\nwitness K ${w1.vkey}\ngroup g 2 K \u212a\nquorum g\n`] // prettier-ignore
  for (const one of good) parsePolicy(one)
  const sameKeyElsewhere = createSigner('other.example', 'ed25519-cosignature', Buffer.alloc(32, 10)).vkey
  const bad = [
    '', '\n', 'quorum none', 'quorum none\nquorum none\n', `${w}quorum a\nquorum b\n`, 'quorum\n', `${w}quorum a b\n`, `${w}quorum c\n`, `quorum a\n${w}`, `${w}quorum A\n`, `${w}quorum a # comment\n`,
    w, `${w}group g 0 a b\nquorum g\n`, `${w}group g 3 a b\nquorum g\n`, `${w}group g 01 a b\nquorum g\n`, `${w}group g -1 a b\nquorum g\n`, `${w}group g 1.5 a b\nquorum g\n`, `${w}group g constructor a b\nquorum g\n`, `${w}group g ALL a b\nquorum g\n`,
    `${w}group g 1\nquorum g\n`, `${w}group g a\nquorum g\n`, `${w}group g 2 a a\nquorum g\n`, `${w}group g 1 a\ngroup h 2 g a\nquorum h\n`, `${w}group g 1 g\nquorum g\n`, `${w}group g 1 h\ngroup h 1 a\nquorum g\n`, `${w}group a 1 b\nquorum a\n`, `${w}group none 1 b\nquorum none\n`, `${w}group g 1 none\nquorum g\n`,
    `witness none ${w0.vkey}\nquorum none\n`, `${w}witness a ${w2.vkey}\nquorum a\n`, `${w}witness c ${w0.vkey}\nquorum a\n`, `${w}witness c ${sameKeyElsewhere}\nquorum a\n`, `witness a\nquorum none\n`, `witness a ${w0.vkey} url more\nquorum a\n`, `witness a ${w0.vkey.slice(0, -2)}\nquorum a\n`, `witness a ${log[0]!.vkey}\nquorum a\n`,
    `log ${w0.vkey}\nquorum none\n`, `log ${log[0]!.vkey}\nlog ${log[0]!.vkey}\nquorum none\n`, 'log\nquorum none\n', `log ${log[0]!.vkey} a b\nquorum none\n`, 'quorum none\r\n', 'quorum\u00a0none\n', 'quorum\u000bnone\n', '\u0000\nquorum none\n', '\u007f\nquorum none\n', '# \ud800\nquorum none\n', 'Quorum none\n', 'witnesses\nquorum none\n', '#'.repeat(1 << 21),
  ] // prettier-ignore
  for (const one of bad) assert.throws(() => parsePolicy(one), TlogError, JSON.stringify(one))
  assert.throws(() => parsePolicy(Buffer.from([0x23, 0xff, 0x0a])), TlogError)
  assert.throws(() => parsePolicy(`${w}group g 3 a b\nquorum g\n`), /line 3 of the policy/)
})

const word = fc.stringMatching(/^[!-~\u00a1-\u017f]{1,12}$/).filter((name) => name !== 'none')
/** Any policy: a forest of groups over some of the witnesses. */
const policies: fc.Arbitrary<WitnessPolicy> = fc
  .record({
    names: fc.uniqueArray(word, { minLength: 12, maxLength: 12 }),
    count: fc.integer({ min: 1, max: 8 }),
    urls: fc.array(fc.option(word, { nil: undefined }), { minLength: 10, maxLength: 10 }),
    cuts: fc.array(fc.tuple(fc.integer({ min: 1, max: 4 }), fc.nat(3)), { maxLength: 4 }),
    withLog: fc.boolean(),
  })
  .map(({ names, count, urls, cuts, withLog }) => {
    const withUrl = (n: number) => (urls[n] === undefined ? {} : { url: urls[n] })
    const listed = witnesses.slice(0, count).map((key, n) => ({ name: names[n]!, key, ...withUrl(n) }))
    const free = listed.map(({ name }) => name)
    const groups: { name: string; threshold: number; members: string[] }[] = []
    for (const [at, [width, threshold]] of cuts.entries()) {
      const members = free.splice(0, width)
      if (members.length === 0) continue
      const name = names[8 + at]!
      groups.push({ name, threshold: 1 + (threshold % members.length), members })
      free.push(name)
    }
    return {
      logs: withLog ? log.map((key, n) => ({ key, ...withUrl(8 + n) })) : [],
      witnesses: listed,
      groups,
      quorum: free.at(-1) ?? 'none',
    }
  })

const plain = ({ logs, witnesses, groups, quorum }: WitnessPolicy) => ({
  logs: logs.map(({ key, ...rest }) => ({ ...rest, vkey: key.vkey })),
  witnesses: witnesses.map(({ key, ...rest }) => ({ ...rest, vkey: key.vkey })),
  groups,
  quorum,
})

test('any policy is read as it was written, and is judged alike by counting from the quorum down', () => {
  fc.assert(
    fc.property(policies, fc.nat(255), (policy, set) => {
      const text = formatPolicy(policy)
      const read = parsePolicy(text)
      assert.deepEqual(plain(read), plain(policy))
      assert.equal(formatPolicy(read), text)
      const chosen = witnesses.filter((_, bit) => set & (1 << bit))
      const agrees = (name: string): boolean => {
        const group = policy.groups.find((one) => one.name === name)
        if (group) return group.members.filter(agrees).length >= group.threshold
        return policy.witnesses.some((one) => one.name === name && chosen.some(({ vkey }) => vkey === one.key.vkey))
      }
      assert.equal(isWitnessed(by(...chosen), read), policy.quorum === 'none' || agrees(policy.quorum))
    }),
    { numRuns: 60 },
  )
})

test('a changed byte gives another policy or none, never a second spelling without a comment or space', () => {
  const canonical = formatPolicy(parsePolicy(example))
  const bytes = Buffer.from(canonical)
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
      const changed = Buffer.from(bytes)
      changed[at]! ^= change
      try {
        const again = formatPolicy(parsePolicy(changed))
        if (!/[\t#]/.test(changed.toString())) assert.notEqual(again, canonical)
      } catch (error) {
        if (!(error instanceof TlogError)) throw error
      }
    }),
    { numRuns: 1_000 },
  )
})

test('what would be read as another policy is not written', () => {
  const policy = parsePolicy(example)
  const bad: Partial<WitnessPolicy>[] = [
    { quorum: 'nobody' },
    { quorum: '' },
    { quorum: 'X1\nquorum none' },
    { groups: policy.groups.toReversed() },
    { groups: [{ name: 'g', threshold: 0, members: ['X1'] }], quorum: 'g' },
    { groups: [{ name: 'a b', threshold: 1, members: ['X1'] }], quorum: 'X1' },
    { witnesses: [...policy.witnesses, policy.witnesses[0]!] },
    { witnesses: policy.witnesses.map((one) => ({ ...one, url: '' })) },
  ]
  for (const change of bad) assert.throws(() => formatPolicy({ ...policy, ...change }), TlogError)
})
