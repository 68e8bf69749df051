/** Attestations as a stranger verifies them, and what an attacker could change. */
import assert from 'node:assert/strict'
import { createPublicKey, verify } from 'node:crypto'
import { after, before, test } from 'node:test'
import { createWorld, type World } from '#harness'
import { systemScope } from '#platform/database'
import { createSigner, newSeed } from '#platform/tlog'
import { installationTenant } from '#platform/tenancy'
import { register } from '#assurance/claims'
import { signEnvelope } from './dsse.ts'
import { type DsseEnvelope, formatAttestation, predicateType, verifyAttestation } from './index.ts'

let world: World
before(async () => {
  world = await createWorld({ logLevel: 'silent', settings: { VOUCH_NAME: 'vouch.example' } })
  await world.vouch.assurance.runDue()
})
after(() => world[Symbol.asyncDispose]())

const attest = async (claim = 'dat.cards'): Promise<DsseEnvelope> =>
  (await world.vouch.assurance.attestation(claim)) ?? assert.fail()
const currentKey = async (): Promise<string> => (await world.vouch.assurance.publicKeys())[0]?.vkey ?? assert.fail()
const bytesOf = (envelope: DsseEnvelope): Buffer => Buffer.from(formatAttestation(envelope))

test('an attestation verifies with the published key, offline, and with no other; one changed byte anywhere is refused', async () => {
  const file = bytesOf(await attest())
  const vkey = await currentKey()
  const report = verifyAttestation(file, vkey)
  assert.deepEqual(
    { ...report, as_of: '', holds_until: '', key_id: '' },
    { ok: true, claim: 'dat.cards', state: 'verified', installation: 'vouch.example', as_of: '', holds_until: '', why: null, key: 'given', key_id: '' }, // prettier-ignore
  )
  assert.match(verifyAttestation(file).key, /proves nothing about who signed/)
  assert.equal(verifyAttestation(file).ok, true)
  const stranger = createSigner('vouch.example/trust', 'ed25519', newSeed())
  assert.equal(verifyAttestation(file, stranger.vkey).ok, false)
  assert.equal(verifyAttestation(file, `${stranger.vkey}\n${vkey}`).ok, true)

  for (let at = 0; at < file.length; at++) {
    const changed = Buffer.from(file)
    changed[at] = (changed[at] ?? 0) ^ (1 << (at % 8))
    assert.equal(verifyAttestation(changed, vkey).ok, false, `byte ${at} of ${file.length}`)
    assert.equal(verifyAttestation(changed).ok, false, `byte ${at} of ${file.length}, without a key`)
  }
  for (const other of [
    file.subarray(1),
    file.subarray(0, -1),
    Buffer.concat([file, Buffer.from('\n')]),
    Buffer.alloc(0),
  ])
    assert.equal(verifyAttestation(other, vkey).ok, false)
})

test('what is signed anew under another key, or put together of two, is refused by whoever has the key', async () => {
  const [one, other] = [await attest('dat.cards'), await attest('enc.mail')]
  const vkey = await currentKey()
  assert.equal(verifyAttestation(bytesOf({ ...one, payload: other.payload }), vkey).ok, false)
  const body = Buffer.from(other.payload, 'base64').toString()
  const forged = body.replace('"state":"planned"', '"state":"verified"')
  assert.notEqual(forged, body)
  assert.equal(
    verifyAttestation(bytesOf({ ...other, payload: Buffer.from(forged).toString('base64') }), vkey).ok,
    false,
  )
  const stranger = createSigner('vouch.example/trust', 'ed25519', newSeed())
  assert.match(verifyAttestation(bytesOf(signEnvelope(forged, stranger)), vkey).why ?? '', /not a key that was given/)
  // Its own key is not inside: also without a key it does not pass for ours.
  assert.equal(verifyAttestation(bytesOf(signEnvelope(forged, stranger))).ok, false)
  assert.equal(
    verifyAttestation(bytesOf({ ...one, signatures: [...one.signatures, ...one.signatures] }), vkey).ok,
    false,
  )
  assert.equal(verifyAttestation(Buffer.from('{"payload":{}}'), vkey).ok, false)
})

test('it is an in-toto Statement v1 in DSSE, which anybody verifies with the published JWK alone', async () => {
  const envelope = await attest()
  const body = Buffer.from(envelope.payload, 'base64')
  const statement = JSON.parse(body.toString())
  assert.deepEqual([statement._type, statement.predicateType], ['https://in-toto.io/Statement/v1', predicateType])
  assert.deepEqual(statement.subject.length, 1)
  const { predicate } = statement
  assert.deepEqual(predicate.claim.sentence, register.find(({ id }) => id === 'dat.cards')?.sentence)
  const [check] = predicate.checks
  assert.equal(check.planted.caught, true)
  assert.match(check.source_digest, /^sha256:/)
  assert.equal(predicate.holds_until, check.last.expires_at)

  const { body: keySet } = await world.as('nobody').get('/.well-known/jwks.json')
  const jwk = keySet.keys.find(({ kid }: { kid: string }) => kid === envelope.signatures[0]?.keyid)
  assert.ok(jwk && jwk.iat > 0 && jwk.exp === undefined)
  const message = Buffer.concat([
    Buffer.from(`DSSEv1 ${envelope.payloadType.length} ${envelope.payloadType} ${body.length} `),
    body,
  ])
  const key = createPublicKey({ key: jwk, format: 'jwk' })
  assert.ok(verify(null, message, key, Buffer.from(envelope.signatures[0]?.sig ?? '', 'base64')))
})

test('a key that was replaced stays published with its dates, and what it signed still verifies', async () => {
  const { assurance, database } = world.vouch
  const before = bytesOf(await attest())
  const scope = systemScope(database, 'test').asTenant(installationTenant, { kind: 'operator', id: 'test' })
  await assurance.rotate(scope)
  const keys = await assurance.publicKeys()
  assert.deepEqual(keys.map(({ state }) => state), ['current', 'retired']) // prettier-ignore
  assert.ok(keys[1]?.retired_at && keys[1].jwk.exp)
  const all = keys.map(({ vkey }) => vkey).join('\n')
  assert.equal(verifyAttestation(before, all).ok, true)
  const after = bytesOf(await attest())
  assert.equal(verifyAttestation(after, keys[0]?.vkey).ok, true)
  assert.equal(verifyAttestation(after, keys[1]?.vkey).ok, false)
  const { rows } = await world.admin.query(`select actor_kind from audit_event where action = 'attestation_key.made' order by id`) // prettier-ignore
  assert.deepEqual(rows.map(({ actor_kind }) => actor_kind), ['system', 'operator']) // prettier-ignore
  const { rows: stored } = await world.admin.query<{ seed: Buffer }>('select seed from attestation_key')
  assert.ok(stored.length === 2 && stored.every(({ seed }) => seed.length > 100 && seed[0] === 1), 'sealed')
})
