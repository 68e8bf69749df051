import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import fc from 'fast-check'
import { type Behaviour, startWitness, type Witness } from '#harness/witness'
import { createOutbound } from '#platform/outbound'
import {
  type AddCheckpoint,
  appendLeaves,
  cosignCheckpoint,
  createLogSigners,
  createSigner,
  emptyRoot,
  formatAddCheckpoint,
  formatCheckpoint,
  hashLeaf,
  makeConsistency,
  newSeed,
  openCheckpoint,
  parseAddCheckpoint,
  parseVkey,
  readCosignatures,
  readWitnessAnswer,
  signCheckpoint,
  TlogError,
} from './index.ts'

const origin = 'vouch.example/log/ten_0123456789abcdef0123456789abcdef'
const timeMs = 1_790_000_000_000
const signers = createLogSigners(origin, { ed25519: Buffer.alloc(32, 1), mlDsa44: Buffer.alloc(32, 2) })
const vkeys = signers.map(({ vkey }) => vkey)
const outbound = createOutbound({ allowedNetworks: ['127.0.0.0/8'] })
after(() => outbound.close())

/** Two logs with the same keys, which part after 100 entries. */
const growth = (name: string) =>
  appendLeaves(0, [], Array.from({ length: 700 }, (_, n) => hashLeaf(Buffer.from(`${n < 100 ? 'both' : name} ${n}`)))) // prettier-ignore
const logs = { honest: growth('honest'), forked: growth('forked') }
type LogName = keyof typeof logs
const readerOf = (name: LogName) => ({
  readTile: (level: number, index: number) =>
    logs[name].tiles.find((tile) => tile.level === level && tile.index === index)!.hashes,
})
const rootAt = (name: LogName, size: number): Buffer =>
  size === 0
    ? emptyRoot()
    : appendLeaves(0, [], Array.from({ length: size }, (_, n) => hashLeaf(Buffer.from(`${n < 100 ? 'both' : name} ${n}`)))).root // prettier-ignore
const checkpointAt = (size: number, name: LogName = 'honest'): string =>
  signCheckpoint({ origin, size, root: rootAt(name, size) }, signers, timeMs)

async function makeRequest(oldSize: number, size: number, name: LogName = 'honest'): Promise<AddCheckpoint> {
  const proof = oldSize > 0 ? await makeConsistency(readerOf(name), oldSize, size) : []
  return { oldSize, proof, checkpoint: checkpointAt(size, name) }
}

async function post(witness: Witness, body: string) {
  const request = { method: 'POST', url: `${witness.url}/add-checkpoint`, body, timeoutMs: 250 } as const
  const result = await outbound.request({ ...request, maxAnswerBytes: 65_536 })
  if (!result.ok) return result
  const type = result.headers['content-type']
  return { ...result, contentType: typeof type === 'string' ? type : undefined }
}

async function ask(witness: Witness, request: AddCheckpoint) {
  const answer = await post(witness, formatAddCheckpoint(request))
  assert.ok(answer.ok, `no answer: ${answer.ok || answer.why}`)
  return readWitnessAnswer(answer, request, witness.vkeys.map(parseVkey))
}

test('the request of the specification is read, and written again byte for byte', () => {
  // From tlog-witness.md.
  const example = `old 20852014
PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=
jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=
5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=
/6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=

example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
— example.com/behind-the-sofa opLqBQsREYCgu6xQkYQwJr9fo45a62DN9EdmHXnZdXNqlcVGlCum2Wks+49/V6267UEjw6QUXTS5Rovnzv++qbSzm9Q=
`
  const request = parseAddCheckpoint(Buffer.from(example))
  assert.equal(request.oldSize, 20_852_014)
  assert.equal(request.proof.length, 4)
  assert.ok(request.checkpoint.startsWith('example.com/behind-the-sofa\n20852163\n'))
  assert.equal(formatAddCheckpoint(request), example)
})

const hashes = fc.array(fc.uint8Array({ minLength: 32, maxLength: 32 }), { maxLength: 63 })

test('any request is read as it was written, and no two texts are the same request', () => {
  const checkpoint = checkpointAt(7)
  fc.assert(
    fc.property(fc.maxSafeNat(), hashes, (oldSize, proof) => {
      const body = formatAddCheckpoint({ oldSize, proof, checkpoint })
      const read = parseAddCheckpoint(Buffer.from(body))
      assert.deepEqual(
        { ...read, proof: read.proof.map((hash) => [...hash]) },
        { oldSize, proof: proof.map((hash) => [...hash]), checkpoint },
      )
    }),
    { numRuns: 50 },
  )
  const bytes = Buffer.from(formatAddCheckpoint({ oldSize: 3, proof: [Buffer.alloc(32, 5)], checkpoint }))
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
      const changed = Buffer.from(bytes)
      changed[at]! ^= change
      try {
        assert.deepEqual(Buffer.from(formatAddCheckpoint(parseAddCheckpoint(changed))), changed)
      } catch (error) {
        if (!(error instanceof TlogError)) throw error
      }
    }),
    { numRuns: 2_000 },
  )
})

test('a request has one form', () => {
  const checkpoint = checkpointAt(7)
  const hash = Buffer.alloc(32, 5).toString('base64')
  const good = `old 3\n${hash}\n\n${checkpoint}`
  assert.equal(parseAddCheckpoint(good).proof.length, 1)
  const bad = [
    '', '\n', '\n\n', checkpoint, `\n${checkpoint}`, good.replace('old 3', 'old 03'), good.replace('old 3', 'old  3'), good.replace('old 3', 'old -1'), good.replace('old 3', 'old +1'),
    good.replace('old 3', 'old'), good.replace('old 3', 'Old 3'), good.replace('old 3', ' old 3'), good.replace('old 3', 'old 3 '), good.replace('old 3', 'old 1e3'), good.replace('old 3', 'old 9007199254740992'),
    good.replace(hash, hash.slice(0, -1)), good.replace(hash, `${hash} `), good.replace(hash, 'AAAA'), good.replace('BQU=', 'BQV='), good.replaceAll('\n', '\r\n'), good.replace(`${hash}\n`, `${hash}\n`.repeat(64)),
    good.slice(0, -1), `${good}\n`, `old 3\n${hash}\n${checkpoint}`, `old 3\n\n\n${checkpoint}`, `old 3\n${hash}\n\n`, good.replace('\n7\n', '\n07\n'), good.replace('\n\n\u2014', '\nextension\n\n\u2014'), 'x'.repeat(1 << 22),
  ] // prettier-ignore
  for (const one of bad) assert.throws(() => parseAddCheckpoint(one), TlogError, one.slice(0, 300))
  const wrong = [{ oldSize: 1.5 }, { oldSize: -1 }, { proof: [Buffer.alloc(31)] }, { proof: Array.from({ length: 64 }, () => Buffer.alloc(32)) }, { checkpoint: 'x' }] // prettier-ignore
  for (const one of wrong)
    assert.throws(() => formatAddCheckpoint({ oldSize: 3, proof: [], checkpoint, ...one }), TlogError)
})

test('a witness cosigns each step of a log, with both kinds of keys, and its lines stand below the checkpoint', async () => {
  await using witness = await startWitness({
    logs: vkeys,
    types: ['ed25519-cosignature', 'ml-dsa-44-cosignature'],
    now: () => timeMs,
  })
  const keys = witness.vkeys.map(parseVkey)
  let old = 0
  for (const size of [0, 1, 2, 99, 256, 257, 700, 700]) {
    const request = await makeRequest(old, size)
    const answer = await ask(witness, request)
    assert.ok(answer.kind === 'cosigned', `${old} to ${size}: ${answer.kind}`)
    assert.deepEqual(
      answer.cosignatures.map(({ key, timeMs }) => [key.type, timeMs]),
      [
        ['ed25519-cosignature', timeMs],
        ['ml-dsa-44-cosignature', timeMs],
      ],
    )
    const cosigned = request.checkpoint + answer.lines
    assert.equal(openCheckpoint(cosigned, vkeys.map(parseVkey)).size, size)
    assert.equal(readCosignatures(cosigned, keys).length, 2)
    assert.equal(witness.latest(origin)?.size, size)
    old = size
  }
})

test('a witness that has seen another size says which, and cosigns when it is asked from there', async () => {
  await using witness = await startWitness({ logs: vkeys })
  assert.equal((await ask(witness, await makeRequest(0, 300))).kind, 'cosigned')
  const stale = await ask(witness, await makeRequest(0, 500))
  assert.deepEqual(stale, { kind: 'stale', size: 300 })
  assert.deepEqual(await ask(witness, await makeRequest(200, 500)), stale)
  assert.equal((await ask(witness, await makeRequest(300, 500))).kind, 'cosigned')
  // A log that has lost entries cannot go back.
  assert.deepEqual(await ask(witness, await makeRequest(300, 400)), { kind: 'stale', size: 500 })
  assert.equal(witness.latest(origin)?.size, 500)
})

test('a witness cosigns no second history, neither of the same size nor of a larger one', async () => {
  await using witness = await startWitness({ logs: vkeys })
  assert.equal((await ask(witness, await makeRequest(0, 300))).kind, 'cosigned')
  assert.deepEqual(await ask(witness, await makeRequest(300, 500, 'forked')), { kind: 'inconsistent' })
  assert.deepEqual(await ask(witness, await makeRequest(300, 300, 'forked')), { kind: 'forked' })
  assert.deepEqual(witness.answers.slice(1), [422, 409])
  const request = await makeRequest(300, 500)
  const tampered = { ...request, proof: request.proof.with(0, Buffer.alloc(32)) }
  assert.deepEqual(await ask(witness, tampered), { kind: 'inconsistent' })
  assert.deepEqual(await ask(witness, { ...request, proof: request.proof.slice(1) }), { kind: 'inconsistent' })
  const padded = { ...(await makeRequest(300, 300)), proof: [Buffer.alloc(32)] }
  assert.deepEqual(await ask(witness, padded), { kind: 'inconsistent' })
  assert.equal(witness.latest(origin)?.size, 300)
  assert.equal((await ask(witness, request)).kind, 'cosigned')
})

test('a witness of nothing asks for no proof, and refuses one; the empty tree has one root', async () => {
  await using witness = await startWitness({ logs: vkeys })
  const request = await makeRequest(0, 300)
  assert.deepEqual(await ask(witness, { ...request, proof: [Buffer.alloc(32)] }), { kind: 'inconsistent' })
  const notEmpty = signCheckpoint({ origin, size: 0, root: Buffer.alloc(32) }, signers, timeMs)
  assert.deepEqual(await ask(witness, { oldSize: 0, proof: [], checkpoint: notEmpty }), { kind: 'forked' })
  assert.equal(witness.latest(origin), undefined)
})

test('a witness cosigns for known logs alone, and what one of their keys has signed', async () => {
  await using witness = await startWitness({ logs: [vkeys[0]!] })
  const request = await makeRequest(0, 300)
  const text = formatCheckpoint({ origin, size: 300, root: rootAt('honest', 300) })
  const forgers = createLogSigners(origin, { ed25519: newSeed(), mlDsa44: newSeed() })
  const forged = signCheckpoint({ origin, size: 300, root: rootAt('honest', 300) }, forgers, timeMs)
  assert.deepEqual(await ask(witness, { ...request, checkpoint: forged }), { kind: 'unsigned' })
  const unknown = signCheckpoint({ origin: `${origin}0`, size: 300, root: rootAt('honest', 300) }, signers, timeMs)
  assert.deepEqual(await ask(witness, { ...request, checkpoint: unknown }), { kind: 'unknown_origin' })
  const tooOld = await ask(witness, { ...request, oldSize: 301 })
  assert.deepEqual(tooOld, { kind: 'malformed' })
  const junk = await post(witness, 'junk')
  assert.deepEqual(junk.ok && junk.status, 400)
  assert.deepEqual(witness.answers, [403, 404, 400, 400])
  assert.equal(witness.latest(origin), undefined)
  // The second key of the log is unknown to this witness; so is the other witness, whose line is there already.
  const other = cosignCheckpoint(text, [createSigner('other', 'ed25519-cosignature', newSeed())], timeMs)
  const busy = { ...request, checkpoint: request.checkpoint + other }
  assert.equal((await ask(witness, busy)).kind, 'cosigned')
})

test('of two requests from the same size, one is cosigned and the other is stale', async () => {
  await using witness = await startWitness({ logs: vkeys })
  await ask(witness, await makeRequest(0, 300))
  const answers = await Promise.all(
    [await makeRequest(300, 400), await makeRequest(300, 500), await makeRequest(300, 600)].map((request) =>
      ask(witness, request),
    ),
  )
  assert.deepEqual(answers.map(({ kind }) => kind).toSorted(), ['cosigned', 'stale', 'stale'])
})

test('what a witness has cosigned is on its disk before its answer, and holds after a start', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'witness-'))
  const options = { logs: vkeys, stateFile: join(folder, 'state'), seed: Buffer.alloc(32, 4) }
  {
    await using witness = await startWitness(options)
    assert.equal((await ask(witness, await makeRequest(0, 300))).kind, 'cosigned')
    assert.equal(readFileSync(options.stateFile, 'utf8'), `${formatCheckpoint({ origin, size: 300, root: rootAt('honest', 300) })}\n`) // prettier-ignore
  }
  await using witness = await startWitness(options)
  assert.deepEqual(await ask(witness, await makeRequest(0, 300, 'forked')), { kind: 'stale', size: 300 })
  assert.deepEqual(await ask(witness, await makeRequest(300, 300, 'forked')), { kind: 'forked' })
  assert.deepEqual(readdirSync(folder), ['state'])
})

test('a witness that lies, stays silent, fails or never ends is found out and not believed', async () => {
  await using witness = await startWitness({ logs: vkeys, delayMs: 1_000 })
  const request = await makeRequest(0, 300)
  const body = formatAddCheckpoint(request)
  for (const behaviour of ['silent', 'slow', 'dripping'] as const) {
    witness.behave(behaviour)
    assert.deepEqual(await post(witness, body), { ok: false, why: 'timeout', code: undefined }, behaviour)
  }
  witness.behave('endless')
  const endless = await post(witness, body)
  assert.equal(endless.ok || endless.why, 'too_large')
  const expected: Partial<Record<Behaviour, string>> = {
    failing: 'unusable',
    other_key: 'lying',
    other_checkpoint: 'lying',
    garbage: 'lying',
    empty: 'lying',
  }
  for (const [behaviour, kind] of Object.entries(expected)) {
    await using liar = await startWitness({ logs: vkeys })
    liar.behave(behaviour as Behaviour)
    assert.equal((await ask(liar, request)).kind, kind, behaviour)
  }
  await using forgetful = await startWitness({ logs: vkeys })
  await ask(forgetful, request)
  forgetful.behave('forgetful')
  assert.deepEqual(await ask(forgetful, await makeRequest(300, 500)), { kind: 'stale', size: 0 })
})

const witness = createSigner('witness.example/w1', 'ed25519-cosignature', Buffer.alloc(32, 6))
const plain = (status: number, body = '', contentType = 'text/plain') => ({ status, body: Buffer.from(body), contentType }) // prettier-ignore

test('only lines by the keys of that witness over that checkpoint are taken, each once', async () => {
  const request = await makeRequest(0, 300)
  const text = formatCheckpoint({ origin, size: 300, root: rootAt('honest', 300) })
  const line = cosignCheckpoint(text, [witness], timeMs)
  const other = cosignCheckpoint(text, [createSigner('witness.example/w2', 'ed25519-cosignature', newSeed())], timeMs)
  const read = (body: string) => readWitnessAnswer(plain(200, body), request, [witness])
  for (const body of [line, other + line, line + other]) {
    const answer = read(body)
    assert.deepEqual(answer.kind === 'cosigned' && answer.lines, line)
  }
  const elsewhere = cosignCheckpoint(formatCheckpoint({ origin, size: 300, root: Buffer.alloc(32) }), [witness], timeMs)
  const notTimed = cosignCheckpoint(text, [createSigner('witness.example/w1', 'ed25519', Buffer.alloc(32, 6))], timeMs)
  const bad = ['', '\n', other, line + line, elsewhere, line + elsewhere, notTimed, line.slice(0, -1), `${line}\n`, `\n${line}`, `${line}\n${line}`, ` ${line}`, line.replace('\u2014', '-'), `${text}\n${line}`, `${line}junk\n`, line.repeat(65), '\ud800'] // prettier-ignore
  for (const body of bad) assert.equal(read(body).kind, 'lying', JSON.stringify(body))
  const padded = read(`${text}\n${line}`)
  assert.ok(padded.kind === 'lying' && padded.why === 'the answer is more than signature lines')
  assert.equal(readWitnessAnswer(plain(200, line), request, []).kind, 'lying')
  assert.equal(readWitnessAnswer({ ...plain(200), body: Buffer.of(0xff, 0x0a) }, request, [witness]).kind, 'lying')

  const bytes = Buffer.from(line)
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
      const body = Buffer.from(bytes)
      body[at]! ^= change
      assert.equal(readWitnessAnswer({ ...plain(200), body }, request, [witness]).kind, 'lying')
    }),
    { numRuns: 500 },
  )
})

test('every other answer has one meaning, and nonsense has none', async () => {
  const [request, same] = [await makeRequest(200, 300), await makeRequest(300, 300)]
  const kindOf = (answer: ReturnType<typeof plain>, of = request) => readWitnessAnswer(answer, of, [witness])
  const sized = (body: string, of = request) => kindOf(plain(409, body, 'text/x.tlog.size'), of)
  assert.deepEqual(sized('250\n'), { kind: 'stale', size: 250 })
  assert.deepEqual(sized('0\n'), { kind: 'stale', size: 0 })
  assert.deepEqual(sized('9000\n'), { kind: 'stale', size: 9000 })
  for (const body of ['', '250', '0250\n', '-1\n', '250\n\n', ' 250\n', '1e3\n', '99999999999999999\n', '200\n'])
    assert.deepEqual(sized(body), { kind: 'unusable', status: 409 }, body)
  assert.deepEqual(kindOf(plain(409, '250\n')), { kind: 'unusable', status: 409 })
  // Other witnesses answer 422, or add the size.
  for (const answer of [plain(409), plain(422), plain(409, '300\n', 'text/x.tlog.size')])
    assert.deepEqual(kindOf(answer, same), { kind: 'forked' })
  assert.deepEqual(sized('250\n', same), { kind: 'stale', size: 250 })
  const kinds = { 400: 'malformed', 403: 'unsigned', 404: 'unknown_origin', 422: 'inconsistent' }
  for (const [status, kind] of Object.entries(kinds)) assert.deepEqual(kindOf(plain(Number(status))), { kind })
  for (const status of [0, 100, 201, 204, 301, 302, 401, 405, 410, 429, 500, 503])
    assert.deepEqual(kindOf(plain(status)), { kind: 'unusable', status })
  fc.assert(
    fc.property(
      fc.nat(600),
      fc.uint8Array(),
      fc.option(fc.string(), { nil: undefined }),
      (status, body, contentType) => {
        assert.notEqual(readWitnessAnswer({ status, body, contentType }, request, [witness]).kind, 'cosigned')
      },
    ),
  )
})
