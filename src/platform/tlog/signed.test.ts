import assert from 'node:assert/strict'
import { generateKeyPairSync, verify } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { cosignedMessage } from './cosignature.ts'
import {
  appendLeaves,
  commitTo,
  cosignCheckpoint,
  createLogSigners,
  createSigner,
  formatCheckpoint,
  formatProof,
  formatVkeys,
  hashLeaf,
  makeEntry,
  makeInclusion,
  newSalt,
  newSeed,
  openCheckpoint,
  openNote,
  parseCheckpoint,
  parseEntry,
  parseNote,
  parseProof,
  parseVkey,
  parseVkeys,
  readCosignatures,
  signCheckpoint,
  TlogError,
  verifyContent,
  verifyProof,
} from './index.ts'

const origin = 'vouch.example/log/ten_0123456789abcdef0123456789abcdef'
const root = Buffer.alloc(32, 7)
const timeMs = 1_790_000_000_123
const signers = createLogSigners(origin, { ed25519: Buffer.alloc(32, 1), mlDsa44: Buffer.alloc(32, 2) })
const keys = signers.map(({ vkey }) => parseVkey(vkey))
const note = signCheckpoint({ origin, size: 42, root }, signers, timeMs)
const text = formatCheckpoint({ origin, size: 42, root })

// From the signed-note specification and from golang.org/x/mod/sumdb/note.
const quasimodo = `Ognuno sta solo sul cuor della terra
trafitto da un raggio di sole:

ed è subito sera.

— quasimodo.example/salvatore NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc=
`
const neumann = `If you think cryptography is the answer to your problem,
then you don't know what your problem is.

— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=
— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=
`
const neumannKey = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW'

test('notes of other authors are read, and verified with their keys', () => {
  const { text, signatures } = parseNote(quasimodo)
  assert.ok(text.endsWith('\n\ned è subito sera.\n'))
  assert.deepEqual(
    signatures.map(({ name, id }) => [name, id]),
    [['quasimodo.example/salvatore', '367ba04b']],
  )
  const { signedBy } = openNote(neumann, [parseVkey(neumannKey)])
  assert.deepEqual(
    signedBy.map(({ key }) => key.name),
    ['PeterNeumann'],
  )
  assert.throws(
    () => openNote(neumann.replace('cryptography', 'Cryptography'), [parseVkey(neumannKey)]),
    /does not fit/,
  )
})

test('signatures by unknown keys are ignored, also with the name or the id of a known key', () => {
  const stranger = createSigner(origin, 'ed25519', Buffer.alloc(32, 9))
  const [line] = stranger.sign(text, 0) ? [cosignCheckpoint(text, [stranger], 0)] : []
  assert.equal(openCheckpoint(note + line, keys).size, 42)
  const sameId = cosignCheckpoint(
    text,
    [{ ...stranger, sign: () => ({ ...stranger.sign(text, 0), id: keys[0]!.id, name: 'other' }) }],
    0,
  )
  assert.equal(openCheckpoint(note + sameId, keys).size, 42)
  assert.throws(() => openNote(note, [parseVkey(stranger.vkey)]), /no known key/)
})

test('a known key that signed twice, or whose signature does not fit, spoils the note', () => {
  const lines = note.split('\n').filter((line) => line.startsWith('\u2014'))
  for (const line of lines) assert.throws(() => openNote(`${note}${line}\n`, keys), /twice/)
  const wrong = signCheckpoint({ origin, size: 43, root }, signers, timeMs)
    .split('\n')
    .filter((line) => line.startsWith('\u2014'))
  for (const [n, line] of lines.entries())
    assert.throws(() => openNote(note.replace(line, wrong[n]!), keys), /does not fit/)
})

test('notes have one form: no other control character, no stray space, no second spelling of base64', () => {
  const [first] = note.split('\n').filter((line) => line.startsWith('\u2014'))
  const bad = [
    '', '\n', text, `${text}\n`, note.slice(0, -1), `${note}\n`, note.replaceAll('\n', '\r\n'), note.replace('42', '4\u00002'), `${note}x\n`,
    note.replace('\u2014 ', '- '), note.replace('\u2014 ', '\u2014  '), note.replace(first!, `${first} `), note.replace(first!, first!.slice(0, -1)),
    note.replace(first!, `\u2014 a b ${'A'.repeat(8)}`), note.replace(first!, `\u2014 a+b ${'A'.repeat(8)}`), note.replace(first!, `\u2014 a AAAAAA==`),
    note.replace(first!, `\u2014 a AAAAAAB=`), note.replace(first!, '\u2014 a\u00a0b AAAAAAAA'), note + '\u2014 x AAAAAAAA\n'.repeat(63), '\ud800'.repeat(9),
  ] // prettier-ignore
  for (const one of bad) assert.throws(() => parseNote(one), TlogError, JSON.stringify(one.slice(-90)))
  assert.throws(() => parseNote(Buffer.concat([Buffer.from(note), Buffer.of(0xff, 10)])), TlogError)
  assert.throws(() => parseNote('x'.repeat(1 << 21)), TlogError)
  assert.equal(parseNote(note + '\u2014 x AAAAAAAA\n'.repeat(14)).signatures.length, 16)
})

test('verifier keys have one form, and their id is that of their key', () => {
  for (const { vkey, id, name, type } of keys) {
    assert.deepEqual([parseVkey(vkey).id, parseVkey(vkey).name, parseVkey(vkey).type], [id, name, type])
    const [, , ...rest] = vkey.split('+')
    const bad = [vkey.replace(id, '00000000'), vkey.replace(id, id.toUpperCase() === id ? `${id}0` : id.toUpperCase()), `${vkey}=`, `${vkey}\n`, vkey.slice(1), `${name}+${id}`, `+${id}+${rest.join('+')}`] // prettier-ignore
    for (const one of bad) assert.throws(() => parseVkey(one), TlogError, one.slice(0, 120))
  }
  assert.deepEqual(
    parseVkeys(formatVkeys(keys)).map(({ vkey }) => vkey),
    keys.map(({ vkey }) => vkey),
  )
  for (const lines of ['', '\n', keys[0]!.vkey, `${keys[0]!.vkey}\n${keys[0]!.vkey}\n`])
    assert.throws(() => parseVkeys(lines), TlogError)
  assert.throws(() => createSigner('a b', 'ed25519', newSeed()), TlogError)
  assert.throws(() => createSigner('a', 'ed25519', Buffer.alloc(31)), TlogError)
})

test('a checkpoint has three lines and one spelling', () => {
  assert.deepEqual(parseCheckpoint(text), { origin, size: 42, root })
  const [, , hash] = text.split('\n')
  const bad = [`${origin}\n042\n${hash}\n`, `${origin}\n-1\n${hash}\n`, `${origin}\n+1\n${hash}\n`, `${origin}\n1e3\n${hash}\n`, `${origin}\n9007199254740992\n${hash}\n`, `${origin}\n\n${hash}\n`, `\n42\n${hash}\n`, `${origin}\n42\n${hash}`, `${origin}\n42\n${hash}\nextension\n`, `${origin}\n42\n${hash}\n\n`, `${origin}\n42\n${hash!.slice(0, -1)}\n`, `${origin}\n42\nAAAA\n`, `${origin}\n42 \n${hash}\n`] // prettier-ignore
  for (const one of bad) assert.throws(() => parseCheckpoint(one), TlogError, one)
  for (const one of [
    { origin: 'a\nb', size: 1, root },
    { origin: '', size: 1, root },
    { origin, size: 1.5, root },
    { origin, size: 1, root: root.subarray(1) },
  ])
    assert.throws(() => formatCheckpoint(one), TlogError)
})

test('a checkpoint must be signed by every given key, and be of the log that they are named after', () => {
  assert.deepEqual(openCheckpoint(note, keys), { origin, size: 42, root })
  assert.equal(openCheckpoint(note, [keys[0]!]).size, 42)
  const classicOnly = signCheckpoint({ origin, size: 42, root }, [signers[0]!], timeMs)
  assert.throws(() => openCheckpoint(classicOnly, keys), /has not signed/)
  assert.throws(() => openCheckpoint(note, []), TlogError)
  const borrowed = signCheckpoint({ origin: 'vouch.example/log/other', size: 42, root }, signers, timeMs)
  assert.throws(() => openCheckpoint(borrowed, keys), /named after/)
})

test('any changed byte of a checkpoint is noticed by whoever knows both keys', () => {
  const bytes = Buffer.from(note)
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
      const changed = Buffer.from(bytes)
      changed[at]! ^= change
      assert.throws(() => openCheckpoint(changed, keys), TlogError)
    }),
    { numRuns: 300 },
  )
})

test('the post-quantum line signs the message of tlog-cosignature, byte for byte', () => {
  // The example of the specification, laid out by hand from its structure.
  const example = parseCheckpoint(
    'example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n',
  )
  const name = `1b${Buffer.from('example.com/behind-the-sofa').toString('hex')}`
  assert.equal(
    cosignedMessage('example.com/behind-the-sofa', example, 1_679_315_147n).toString('hex'),
    `737562747265652f76310a00${name}00000000641850cb${name}000000000000000000000000013e2dc30ac5186a91863e8e1d90c808014aa89bf5da8e3ee1d9f07630f0378f68f1ab62`,
  )
  // And verified by Node alone.
  const { publicKey, privateKey } = generateKeyPairSync('ml-dsa-44')
  const jwk = privateKey.export({ format: 'jwk' }) as { priv: string }
  const signer = createSigner(origin, 'ml-dsa-44-cosignature', Buffer.from(jwk.priv, 'base64url'))
  const { signature } = signer.sign(text, timeMs)
  assert.equal(signature.length, 8 + 2420)
  assert.equal(signature.readBigUInt64BE(), 1_790_000_000n)
  const message = cosignedMessage(origin, parseCheckpoint(text), 1_790_000_000n)
  assert.ok(verify(null, message, publicKey, signature.subarray(8)))
  assert.equal(Buffer.from(signer.vkey.split('+').slice(2).join('+'), 'base64').length, 1 + 1312)
})

test('witnesses cosign with a time, by Ed25519 and ML-DSA-44, and their answers stand beside the log’s own', () => {
  for (const type of ['ed25519-cosignature', 'ml-dsa-44-cosignature'] as const) {
    const witness = createSigner('witness.example/w1', type, newSeed())
    const cosigned = note + cosignCheckpoint(text, [witness], timeMs)
    assert.deepEqual(openCheckpoint(cosigned, keys), { origin, size: 42, root })
    const key = parseVkey(witness.vkey)
    assert.deepEqual(readCosignatures(cosigned, [key]), [{ key, timeMs: 1_790_000_000_000 }])
    assert.deepEqual(readCosignatures(note, [key]), [])
    assert.throws(() => readCosignatures(cosigned + cosignCheckpoint(text, [witness], timeMs), [key]), /twice/)
    const moved = note + cosignCheckpoint(formatCheckpoint({ origin, size: 41, root }), [witness], timeMs)
    assert.throws(() => readCosignatures(moved, [key]), /does not fit/)
    const backdated = { ...witness.sign(text, timeMs) }
    backdated.signature.writeBigUInt64BE(1n)
    assert.ok(!key.verify(text, backdated.signature))
    backdated.signature.writeBigUInt64BE(2n ** 63n)
    assert.ok(!key.verify(text, backdated.signature))
  }
  const { signature } = createSigner('w', 'ed25519-cosignature', Buffer.alloc(32, 5)).sign(text, 0)
  const { sign } = createSigner('w', 'ed25519', Buffer.alloc(32, 5))
  assert.deepEqual(signature.subarray(8), sign(`cosignature/v1\ntime 0\n${text}`, 0).signature)
  assert.throws(() => readCosignatures(note, [keys[0]!]), /with a time/)
})

const salt = Buffer.alloc(32, 3)
const content = '{"decision":"APPROVED","who":"räksmörgås \\u0001"}'
const entry = makeEntry({ id: `tr_${'0a'.repeat(16)}`, timeMs, type: 'decision.recorded', salt, content })
const leaves = Array.from({ length: 300 }, (_, n) => (n === 77 ? entry : Buffer.from(`entry ${n}`))).map(hashLeaf)
const { size, root: grown, tiles } = appendLeaves(0, [], leaves)
const reader = {
  readTile: (level: number, index: number) =>
    tiles.find((tile) => tile.level === level && tile.index === index)!.hashes,
}
const proven = signCheckpoint({ origin, size, root: grown }, signers, timeMs)

test('a proof file convinces offline, of that entry alone', async () => {
  const proof = await makeInclusion(reader, 77, size)
  const file = formatProof({ index: 77, proof, checkpoint: proven })
  assert.ok(file.startsWith('c2sp.org/tlog-proof@v1\nindex 77\n'))
  assert.deepEqual(verifyProof(file, entry, keys), { ok: true, index: 77, checkpoint: { origin, size, root: grown } })
  assert.deepEqual(parseProof(file), { index: 77, proof, checkpoint: proven })
  assert.equal(verifyProof(file, Buffer.from('entry 76'), keys).ok, false)
  assert.equal(verifyProof(file, entry, createLogSigners(origin, { ed25519: newSeed(), mlDsa44: newSeed() })).ok, false)
  const extra = formatProof({ index: 77, proof, checkpoint: proven, extra: Buffer.from('hint') })
  assert.equal(parseProof(extra).extra?.toString(), 'hint')
  assert.equal(verifyProof(extra, entry, keys).ok, true)

  const bytes = Buffer.from(file)
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
      const changed = Buffer.from(bytes)
      changed[at]! ^= change
      assert.equal(verifyProof(changed, entry, keys).ok, false)
    }),
    { numRuns: 300 },
  )
})

test('the only entry of a log needs no hashes in its proof', () => {
  const one = signCheckpoint({ origin, size: 1, root: hashLeaf(entry) }, signers, timeMs)
  const file = formatProof({ index: 0, proof: [], checkpoint: one })
  assert.ok(file.startsWith(`c2sp.org/tlog-proof@v1\nindex 0\n\n${origin}\n1\n`))
  assert.equal(verifyProof(file, entry, keys).ok, true)
})

test('an entry commits to its content without telling it, and opens to nothing else', () => {
  const read = parseEntry(entry)
  assert.deepEqual(read, {
    v: 1,
    id: `tr_${'0a'.repeat(16)}`,
    at: '2026-09-21T14:13:20.123Z',
    type: 'decision.recorded',
    commit: commitTo(salt, content),
  })
  assert.ok(verifyContent(read, salt, content))
  assert.ok(!verifyContent(read, salt, `${content} `))
  assert.ok(!verifyContent(read, newSalt(), content))
  // Bytes do not move between salt and content.
  assert.ok(!verifyContent(read, Buffer.concat([salt, Buffer.from(content[0]!)]), content.slice(1)))
  assert.ok(!verifyContent(read, salt.subarray(0, 31), String.fromCharCode(3) + content))
  assert.throws(() => commitTo(salt, '\ud800'), TlogError)
  assert.ok(!entry.includes('APPROVED'))
})

test('entries have one form', () => {
  const json = entry.toString()
  const bad = [json.replace('":1', '":2'), json.replace('"v":1', '"v": 1'), `${json} `, json.replace('at":"2026-09', 'at":"2026-13'), json.replace('T14', 'T24'), json.replace('tr_', 't_'), json.replace('tr_0a', 'tr_0A'), json.replace('decision.', 'decision..'), json.replace('recorded', 'recorded.'), json.replace('recorded', '9'), json.replace('decision', ''), json.replace('"commit":"', '"commit":"A').replace(/.","id/, '","id'), '{}', '', json.replace('"v":1', '"commit":"","v":1'), json.replace('recorded', 'rec"orded')] // prettier-ignore
  for (const one of bad) assert.throws(() => parseEntry(Buffer.from(one)), TlogError, one)
  for (const type of ['a', 'key.issued', 'a_1.b_2.c'])
    assert.equal(parseEntry(makeEntry({ id: `ent_${'0'.repeat(32)}`, timeMs, type, salt, content })).type, type)
  assert.throws(() => makeEntry({ id: 'x', timeMs, type: 'a', salt, content }), TlogError)
})
