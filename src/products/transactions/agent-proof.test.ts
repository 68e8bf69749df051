import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createHmac, createPrivateKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { calculateJwkThumbprint, compactVerify, EmbeddedJWK, SignJWT } from 'jose'
import { compileOrThrow, compilePolicy, decide, defaultPolicy } from '#engine/decide'
import { checkAgentProof, measureSignature, proofFailures } from './agent-proof.ts'
import type { EvaluateBody } from './contract.ts'
import { readPayment } from './payment.ts'

const now = Date.parse('2026-11-21T12:00:00Z')
const order = { amount_minor: 34_999, currency: 'EUR', merchant_id: 'm_1' }
const claims = { ...order, iat: now / 1_000, jti: 'proof-0123456789' }
const typ = 'vouch-payment+jwt'

type Agent = { id: string; alg: string; jwk: Record<string, string>; key: KeyObject }
async function createAgent(alg: string): Promise<Agent> {
  const pair = alg === 'ES256' ? generateKeyPairSync('ec', { namedCurve: 'P-256' }) : generateKeyPairSync('ed25519')
  const jwk = pair.publicKey.export({ format: 'jwk' }) as Record<string, string>
  return { id: await calculateJwkThumbprint(jwk), alg, jwk, key: pair.privateKey }
}
const agents = await Promise.all(['EdDSA', 'Ed25519', 'ES256'].map(createAgent))
const [agent, twin, secondKind] = agents as [Agent, Agent, Agent]

const encode = (value: unknown) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')
const headerOf = ({ alg, jwk }: Agent, more: object = {}) => ({ alg, typ, jwk, ...more })
/** Signs whatever it is told; a text is sent as it is. */
function issue({ key }: Agent, header: unknown, payload: unknown): string {
  const signed = `${encode(header)}.${encode(payload)}`
  const digest = key.asymmetricKeyType === 'ec' ? 'sha256' : null
  return `${signed}.${sign(digest, Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`
}
const bodyOf = (id: string, value: string, more: Partial<EvaluateBody> = {}): EvaluateBody => ({
  ...order,
  category: 'groceries',
  agent: { id, proof: { type: 'jws', value } },
  ...more,
})
const check = (body: EvaluateBody, atMs = now) => checkAgentProof(body, readPayment(body, now, true), atMs)
/** `verified`, `not_checked`, or why it failed. */
const outcome = (id: string, value: string, atMs = now, more: Partial<EvaluateBody> = {}) => {
  const proof = check(bodyOf(id, value, more), atMs)
  return proof.status === 'failed' ? proof.why : proof.status
}
const outcomeOf = (one: Agent, header: unknown, payload: unknown = claims) =>
  outcome(one.id, issue(one, header, payload))

test('a proof that the agent made for this payment is verified, with every algorithm and with other signers', async () => {
  for (const one of agents) {
    assert.equal(outcomeOf(one, headerOf(one)), 'verified')
    assert.equal(outcomeOf(one, headerOf(one, { kid: 'k1' })), 'verified')
    const value = await new SignJWT(claims).setProtectedHeader(headerOf(one)).sign(one.key)
    assert.equal(outcome(one.id, value), 'verified')
    const major: EvaluateBody = { ...bodyOf(one.id, value), amount: '349.99' }
    delete major.amount_minor
    assert.deepEqual(check(major), { status: 'verified', alg: one.alg })
  }
})

test('the key of RFC 8037 has the id that RFC 8037 says, and no other', () => {
  const x = '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo'
  const jwk = { kty: 'OKP', crv: 'Ed25519', x }
  const key = createPrivateKey({ key: { ...jwk, d: 'nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A' }, format: 'jwk' })
  const published = { id: 'kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k', alg: 'EdDSA', jwk, key }
  assert.equal(outcomeOf(published, headerOf(published)), 'verified')
  assert.equal(outcomeOf({ ...published, id: twin.id }, headerOf(published)), 'wrong_key')
})

test('a token with any one letter changed, left out or added fails', () => {
  for (const one of [agent, secondKind]) {
    const value = issue(one, headerOf(one), claims)
    for (let at = 0; at < value.length; at++) {
      for (const put of ['', 'A', 'B', '_', '.', '=', `${value[at]}A`, String.fromCharCode(value.charCodeAt(at) ^ 1)]) {
        if (put === value[at]) continue
        const changed = value.slice(0, at) + put + value.slice(at + 1)
        assert.equal(check(bodyOf(one.id, changed)).status, 'failed', `${put} at ${at}`)
      }
    }
  }
})

test('a token with any bits of its three parts changed fails, and another verifier refuses it too', async () => {
  const change = fc.record({ part: fc.nat(2), at: fc.nat(400), flip: fc.integer({ min: 1, max: 255 }) })
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(agent, secondKind), change, async (one, { part, at, flip }) => {
      const parts = issue(one, headerOf(one), claims).split('.')
      const bytes = Buffer.from(parts[part]!, 'base64url')
      bytes[at % bytes.length]! ^= flip
      parts[part] = bytes.toString('base64url')
      assert.equal(check(bodyOf(one.id, parts.join('.'))).status, 'failed')
      if (part !== 0) await assert.rejects(compactVerify(parts.join('.'), EmbeddedJWK))
    }),
  )
})

test('a proof for another amount, currency or merchant fails', () => {
  const other = fc.record(
    {
      amount_minor: fc.integer({ min: 0, max: 1e12 }),
      currency: fc.constantFrom('EUR', 'SEK', 'USD'),
      merchant_id: fc.oneof(fc.constantFrom('m_1', 'M_1', 'm_1 ', 'm_１'), fc.string({ minLength: 1, maxLength: 8 })),
    },
    { requiredKeys: [] },
  )
  const value = issue(agent, headerOf(agent), claims)
  fc.assert(
    fc.property(other, (more) => {
      const isSame = Object.entries(more).every(([name, given]) => Reflect.get(order, name) === given)
      const expected = isSame ? 'verified' : 'other_payment'
      assert.equal(outcomeOf(agent, headerOf(agent), { ...claims, ...more }), expected)
      assert.equal(outcome(agent.id, value, now, more), expected)
    }),
  )
})

test('a proof signed by any other key fails, whichever key it shows and whoever it says it is', async () => {
  for (const alg of ['EdDSA', 'ES256']) {
    const thief = await createAgent(alg)
    for (const one of [agent, secondKind]) {
      assert.equal(outcome(one.id, issue(thief, headerOf(thief), claims)), 'wrong_key')
      assert.equal(outcome(one.id, issue(thief, headerOf(one), claims)), 'bad_signature')
      assert.equal(outcome(thief.id, issue(one, headerOf(one), claims)), 'wrong_key')
    }
  }
})

test('a proof holds from one minute before it was made until five minutes after, to the millisecond', () => {
  const value = issue(agent, headerOf(agent), claims)
  for (const [ms, expected] of [
    [-60_001, 'stale'], [-60_000, 'verified'], [300_000, 'verified'], [300_001, 'stale'], [-1e15, 'stale'], [1e15, 'stale'],
  ] as const) assert.equal(outcome(agent.id, value, now + ms), expected, `${ms} ms`)
}) // prettier-ignore

test('without an agent, a proof, or a kind of proof that is known, nothing is checked', () => {
  const { agent: _, ...alone } = bodyOf(agent.id, 'x')
  assert.deepEqual(check(alone), { status: 'not_checked' })
  assert.deepEqual(check({ ...alone, agent: { id: agent.id } }), { status: 'not_checked' })
  const value = issue(agent, headerOf(agent), claims)
  assert.deepEqual(check({ ...alone, agent: { id: agent.id, proof: { type: 'sd-jwt', value } } }), { status: 'not_checked' })
}) // prettier-ignore

test('a token is left unchecked only where no key is shown and the id does not promise one', () => {
  const { jwk: _, ...bare } = headerOf(agent)
  const token = (header: object) => issue(agent, header, claims)
  assert.equal(outcome('agt_1', token(bare)), 'not_checked')
  assert.equal(outcome(agent.id, token(bare)), 'no_key')
  assert.equal(outcome('agt_1', token(headerOf(agent))), 'wrong_key')
  for (const [header, expected] of [
    [{ ...bare, alg: 'none' }, 'wrong_algorithm'], [{ ...bare, typ: 'JWT' }, 'wrong_type'], [{ ...bare, crit: [] }, 'malformed'],
  ] as const) assert.equal(outcome('agt_1', token(header)), expected)
  fc.assert(fc.property(fc.string(), (value) => outcome('agt_1', value) === 'malformed'))
}) // prettier-ignore

test('no algorithm but the three is taken, and none of them with a key of another kind', () => {
  const signed = (header: object) => `${encode(header)}.${encode(claims)}`
  for (const alg of ['none', 'None', 'HS256', 'ES384', 'RS256', 'eddsa', 'Ed448', '', '__proto__']) {
    assert.equal(outcomeOf(agent, headerOf(agent, { alg })), 'wrong_algorithm')
  }
  assert.equal(outcome(agent.id, `${signed(headerOf(agent, { alg: 'none' }))}.`), 'wrong_algorithm')
  const text = signed(headerOf(agent, { alg: 'HS256' }))
  const mac = createHmac('sha256', Buffer.from(agent.jwk['x']!, 'base64url')).update(text).digest('base64url')
  assert.equal(outcome(agent.id, `${text}.${mac}`), 'wrong_algorithm')
  assert.equal(outcomeOf(agent, headerOf(agent, { alg: 'ES256' })), 'malformed')
  assert.equal(outcomeOf(secondKind, headerOf(secondKind, { alg: 'EdDSA' })), 'malformed')
})

test('a signature of ES256 in the form of DER fails', () => {
  const signed = `${encode(headerOf(secondKind))}.${encode(claims)}`
  const der = sign('sha256', Buffer.from(signed), secondKind.key).toString('base64url')
  assert.equal(outcome(secondKind.id, `${signed}.${der}`), 'bad_signature')
})

test('a key that shows a private member fails, though all else is right', () => {
  for (const one of agents) {
    const jwk = one.key.export({ format: 'jwk' })
    assert.equal(outcomeOf(one, headerOf(one, { jwk })), 'private_key')
  }
})

test('a header, key or claims with anything but the documented members fail', async () => {
  const headers: object[] = [
    { crit: ['exp'] }, { crit: ['b64'], b64: false }, { b64: true }, { jku: 'https://a.example' }, { x5c: ['a'] }, { cty: 'JWT' },
    { typ: undefined }, { alg: undefined }, { typ: 1 }, { alg: null }, { jwk: null }, { jwk: [] }, { jwk: 'x' }, { kid: 7 },
    { jwk: { ...agent.jwk, use: 'sig' } }, { jwk: { ...agent.jwk, y: agent.jwk['x']! } }, { jwk: { ...agent.jwk, crv: 'X25519' } },
    { jwk: { ...agent.jwk, x: `${agent.jwk['x']!}=` } }, { jwk: { ...agent.jwk, x: 'AAAA' } }, { jwk: { ...agent.jwk, 'a\nb': '' } },
  ] // prettier-ignore
  for (const more of headers) assert.equal(outcomeOf(agent, headerOf(agent, more)), 'malformed', JSON.stringify(more))
  const offCurve = { ...secondKind.jwk, y: secondKind.jwk['x']! }
  const id = await calculateJwkThumbprint(offCurve)
  assert.equal(outcome(id, issue(secondKind, headerOf(secondKind, { jwk: offCurve }), claims)), 'malformed')

  const payloads: object[] = [
    { aud: 'x' }, { exp: claims.iat + 9 }, { nbf: 0 }, { amount: '349.99' }, { amount_minor: '34999' }, { amount_minor: 34_999.5 },
    { currency: null }, { merchant_id: undefined }, { iat: undefined }, { iat: claims.iat + 0.5 }, { iat: String(claims.iat) },
    { jti: undefined }, { jti: 'a'.repeat(15) }, { jti: 'a'.repeat(129) }, { jti: 'aaaaaaaaaaaaaaaaaaaaaaé' }, { jti: 1e16 },
  ] // prettier-ignore
  for (const more of payloads) {
    assert.equal(outcomeOf(agent, headerOf(agent), { ...claims, ...more }), 'malformed', JSON.stringify(more))
  }
  for (const payload of [
    '',
    '[]',
    'null',
    '{',
    '"x"',
    `\ufeff${JSON.stringify(claims)}`,
    `${JSON.stringify(claims)}{}`,
  ]) {
    assert.equal(outcomeOf(agent, headerOf(agent), payload), 'malformed', payload)
  }
})

test('a name that is given twice fails, in whatever spelling, and the same text with it once is verified', () => {
  const [header, payload] = [JSON.stringify(headerOf(agent)), JSON.stringify(claims)]
  const spaced = JSON.stringify(claims, null, ' ')
  assert.equal(outcomeOf(agent, header, spaced.replace('"jti"', String.raw`"\u006ati"`)), 'verified')
  for (const twice of [
    '"amount_minor":1,',
    '"amount_minor":34999,',
    String.raw`"amount\u005fminor":34999,`,
    '"jti":":\\":",',
  ]) {
    assert.equal(outcomeOf(agent, header, `{${twice}${payload.slice(1)}`), 'malformed', twice)
  }
  for (const twice of ['"alg":"none",', '"typ":"JWT",', '"jwk":{},']) {
    assert.equal(outcomeOf(agent, `{${twice}${header.slice(1)}`), 'malformed', twice)
  }
  assert.equal(outcomeOf(agent, header.replace('"jwk":{', '"jwk":{"kty":"EC",')), 'malformed')
  const colons = { ...claims, merchant_id: 'a:"b\\":c', jti: '":":":":":":":\\' + 'x'.repeat(9) }
  const value = issue(agent, header, colons)
  assert.equal(outcome(agent.id, value, now, { merchant_id: colons.merchant_id }), 'verified')
})

test('the longest merchant fits in any spelling, and a token beyond 4,096 letters fails', () => {
  const merchant_id = '😀'.repeat(128)
  const escaped = JSON.stringify({ ...claims, merchant_id, jti: 'j'.repeat(128) }).replaceAll('😀', String.raw`\ud83d\ude00`)
  assert.equal(outcome(secondKind.id, issue(secondKind, headerOf(secondKind), escaped), now, { merchant_id }), 'verified')
  const padded = (spaces: number) => issue(agent, headerOf(agent), JSON.stringify(claims) + ' '.repeat(spaces))
  for (let spaces = 2_600; spaces < 2_800; spaces++) {
    const value = padded(spaces)
    assert.equal(outcome(agent.id, value), value.length <= 4_096 ? 'verified' : 'malformed')
  }
  assert.ok(padded(2_600).length < 4_096 && padded(2_800).length > 4_096)
  for (const deep of ['['.repeat(3_000), '{"a":'.repeat(600) + '1' + '}'.repeat(600)]) {
    assert.equal(outcomeOf(agent, deep), 'malformed')
  }
}) // prettier-ignore

test('a key of small order, for which anyone could sign anything, is never verified', async () => {
  const points = [
    '00'.repeat(32), `01${'00'.repeat(31)}`, `ec${'ff'.repeat(30)}7f`, `ed${'ff'.repeat(30)}7f`, `ee${'ff'.repeat(30)}7f`,
    '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05', 'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  ].flatMap((hex) => [0, 0x80].map((sign) => { const point = Buffer.from(hex, 'hex'); point[31]! |= sign; return point })) // prettier-ignore
  for (const point of points) {
    const jwk = { kty: 'OKP', crv: 'Ed25519', x: point.toString('base64url') }
    const id = await calculateJwkThumbprint(jwk)
    for (let n = 0; n < 40; n++) {
      const signed = `${encode({ alg: 'EdDSA', typ, jwk })}.${encode({ ...claims, jti: `proof-0123456789-${n}` })}`
      const forgery = Buffer.from(`01${'00'.repeat(63)}`, 'hex')
      assert.equal(outcome(id, `${signed}.${forgery.toString('base64url')}`), 'bad_signature')
    }
  }
})

test('a proof that holds lowers the default score by 5, one that fails raises it by 10, and none leaves it alone', () => {
  const policy = compileOrThrow(defaultPolicy)
  const pointsOf = (value: string | undefined) => {
    const body = bodyOf(agent.id, value ?? 'x', value === undefined ? { agent: { id: agent.id } } : {})
    const signature = measureSignature(check(body))
    const { factors } = decide(policy, { minor: 1, currency: 'EUR' }, { factors: signature ? { signature } : {}, lists: [] })
    return factors.find(({ id }) => id === 'signature')
  }
  const [holds, fails, none] = [issue(agent, headerOf(agent), claims), 'x', undefined].map(pointsOf)
  assert.deepEqual([holds?.points, fails?.points, none?.points], [-500, 1_000, 0])
  assert.deepEqual(holds?.reason, { id: 'signature.verified', params: { algorithm: 'EdDSA' } })
  assert.deepEqual(fails?.reason, { id: 'signature.failed', params: { why: 'malformed' } })
  assert.equal(none?.status, 'missing')
}) // prettier-ignore

const page = readFileSync(new URL('../../../docs/agents.md', import.meta.url), 'utf8')
const blocks = (language: string) =>
  [...page.matchAll(new RegExp(`^ *\`\`\`${language}[^\n]*\n([^]*?)\`\`\``, 'gm'))].map((match) => match[1]!.trim())

test('the programs in docs/agents.md run as they are, and what they print is verified', () => {
  const programs = blocks('js')
  assert.equal(programs.length, 2)
  for (const program of programs) {
    const printed = execFileSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' })
    const body: EvaluateBody = JSON.parse(printed)
    assert.equal(check(body, Date.now()).status, 'verified')
  }
})

test('docs/agents.md has every reason to fail, no other, and rules that are accepted', () => {
  const table = page.slice(page.indexOf('| Word |'), page.indexOf('## What this does not do'))
  assert.deepEqual([...table.matchAll(/^\| `(\w+)`/gm)].map((match) => match[1]), [...proofFailures])
  const rules = blocks('cel').map((when, n) => ({ id: `r${n}`, when, then: 'step_up' as const, reason: 'So.' }))
  assert.equal(rules.length, 2)
  assert.ok(compilePolicy({ ...defaultPolicy, rules, lists: ['known-agents'] }).ok)
}) // prettier-ignore
