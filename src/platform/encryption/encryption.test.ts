import assert from 'node:assert/strict'
import { createCipheriv, createDecipheriv, createHash, createHmac, createSecretKey, hkdfSync, type KeyObject, randomBytes } from 'node:crypto' // prettier-ignore
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { canonicalJson } from '#kernel/canonical-json'
import { systemClock } from '#kernel/clock'
import { openDatabase, systemScope } from '#platform/database'
import { createDatabaseForTest, createWorld, startServer, type TestDatabase } from '#harness'
import { createEncryption, MasterKeyError, SealError } from './index.ts'
import { hkdfSha256, hmacSha256 } from './hmac.ts'
import { keyVersionOf, open, seal, type SealContext } from './seal.ts'

const hex = (text: string): Buffer => Buffer.from(text, 'hex')

/** AES-256-GCM as seal.ts calls it. */
const encrypt = (key: Buffer, nonce: Buffer, aad: Buffer, text: Buffer): Buffer => {
  const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: 16 })
  cipher.setAAD(aad)
  return Buffer.concat([cipher.update(text), cipher.final(), cipher.getAuthTag()])
}
const decrypt = (key: Buffer, nonce: Buffer, aad: Buffer, sealed: Buffer): Buffer => {
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: 16 })
  decipher.setAAD(aad)
  decipher.setAuthTag(sealed.subarray(-16))
  return Buffer.concat([decipher.update(sealed.subarray(0, -16)), decipher.final()])
}

test('AES-256-GCM and HKDF-SHA-256 give the answers of NIST and RFC 5869', () => {
  const zero = Buffer.alloc(32)
  const nonce = Buffer.alloc(12)
  const none = Buffer.alloc(0)
  assert.equal(encrypt(zero, nonce, none, none).toString('hex'), '530f8afbc74536b9a963b4f1c4cb738b')
  assert.equal(
    encrypt(zero, nonce, none, Buffer.alloc(16)).toString('hex'),
    'cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919',
  )
  const made = hkdfSync(
    'sha256',
    Buffer.alloc(22, 0x0b),
    hex('000102030405060708090a0b0c'),
    hex('f0f1f2f3f4f5f6f7f8f9'),
    42,
  )
  assert.equal(
    Buffer.from(made).toString('hex'),
    '3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865',
  )
})

const wycheproof = new URL('../../../../shared/testdata/crypto/wycheproof/', import.meta.url)
const skip = existsSync(new URL('aes_gcm_test.json', wycheproof))
  ? false
  : `Wycheproof is not here: ${wycheproof.pathname}`
type Vector = { tcId: number; result: 'valid' | 'invalid' | 'acceptable'; [field: string]: unknown }
type Group = { keySize: number; ivSize: number; tagSize: number; tests: Vector[] }
const groupsOf = async (name: string): Promise<Group[]> =>
  JSON.parse(await readFile(new URL(name, wycheproof), 'utf8')).testGroups
const bytesOf = (vector: Vector, field: string): Buffer => hex(String(vector[field]))

test('AES-256-GCM as we call it passes every Wycheproof case with our sizes', { skip }, async () => {
  let count = 0
  const groups = (await groupsOf('aes_gcm_test.json')).filter(
    ({ keySize, ivSize, tagSize }) => keySize === 256 && ivSize === 96 && tagSize === 128,
  )
  for (const vector of groups.flatMap(({ tests }) => tests)) {
    const [key = Buffer.alloc(0), nonce = key, aad = key, text = key, cipher = key, tag = key] = [
      'key',
      'iv',
      'aad',
      'msg',
      'ct',
      'tag',
    ].map((field) => bytesOf(vector, field))
    const sealed = Buffer.concat([cipher, tag])
    if (vector.result === 'valid') {
      assert.deepEqual(encrypt(key, nonce, aad, text), sealed, `case ${vector.tcId}`)
      assert.deepEqual(decrypt(key, nonce, aad, sealed), text, `case ${vector.tcId}`)
    } else assert.throws(() => decrypt(key, nonce, aad, sealed), `case ${vector.tcId}`)
    count++
  }
  assert.ok(count >= 33, `only ${count} cases`)
  console.log(`Wycheproof AES-256-GCM: ${count} cases`)
})

test('HKDF-SHA-256 and HMAC-SHA-256 of our own pass every Wycheproof case with our sizes', { skip }, async () => {
  let count = 0
  for (const vector of (await groupsOf('hkdf_sha256_test.json')).flatMap(({ tests }) => tests)) {
    const [key = Buffer.alloc(0), salt = key, info = key] = ['ikm', 'salt', 'info'].map((name) => bytesOf(vector, name))
    const size = Number(vector['size'])
    // Longer ones are not made here.
    if (size > 64 || salt.length > 64) continue
    const made = Buffer.concat(hkdfSha256(key, salt, info)).subarray(0, size)
    assert.deepEqual(made, bytesOf(vector, 'okm'), `case ${vector.tcId}`)
    count++
  }
  assert.ok(count >= 38, `only ${count} cases`)
  for (const vector of (await groupsOf('hmac_sha256_test.json')).flatMap(({ tests }) => tests)) {
    const key = bytesOf(vector, 'key')
    if (key.length > 64) continue
    const tag = bytesOf(vector, 'tag')
    const isSame = hmacSha256(key, bytesOf(vector, 'msg')).subarray(0, tag.length).equals(tag)
    assert.equal(isSame, vector.result === 'valid', `case ${vector.tcId}`)
  }
})

test('HMAC-SHA-256 and HKDF-SHA-256 of our own give the bytes of OpenSSL, whatever the key, the message and its length', () => {
  const long = fc.nat({ max: 9_000 }).map((length) => 'é'.repeat(length))
  const messages = fc.oneof(fc.uint8Array({ maxLength: 300 }), fc.string({ unit: 'binary' }), long)
  const keys = fc.uint8Array({ maxLength: 64 })
  fc.assert(
    fc.property(keys, messages, (key, message) => {
      assert.deepEqual(hmacSha256(key, message), createHmac('sha256', key).update(message).digest())
    }),
    { numRuns: 500 },
  )
  fc.assert(
    fc.property(keys, keys, fc.uint8Array(), (key, salt, info) => {
      assert.deepEqual(Buffer.concat(hkdfSha256(key, salt, info)), Buffer.from(hkdfSync('sha256', key, salt, info, 64)))
    }),
  )
  assert.throws(() => hmacSha256(Buffer.alloc(65), ''), RangeError)
})

const bytes = randomBytes(32)
const key = createSecretKey(bytes)
const otherKey = (size = 32) => createSecretKey(randomBytes(size))
const context: SealContext = { tenant: '0199', table: 'list_entry', column: 'value', row: 'r1', version: 1 }
const refuses = (work: () => unknown, message?: string): void => assert.throws(work, SealError, message)

test('a value sealed by an earlier version opens for ever', () => {
  const fixed = createSecretKey(createHash('sha256').update('a key for a known answer').digest())
  const sealed =
    '0100000003fb6413c0c394efde3a37da4b16e30e3ca9df43323083b8626e56df7a035f94ba67aed47d7135239dcaa1a9d3436648720042b21473ae9d7cd245f3638b61ac0c15bec5607b3a78afb71eec0b5df6ab32a27e22f04a1faaf4894853c23b96da59236f73a2'
  assert.equal(open(fixed, context, hex(sealed)).toString(), 'what was sealed then')
})

test('the sealed form is what its description says, computed by another road', () => {
  const sealed = seal(key, 7, context, Buffer.from('text'))
  const salt = sealed.subarray(5, 37)
  const pseudo = createHmac('sha256', salt).update(bytes).digest()
  const info = Buffer.from(`vouch/seal/1 ${canonicalJson(context)}`)
  const first = createHmac('sha256', pseudo)
    .update(info)
    .update(Buffer.from([1]))
    .digest()
  const second = createHmac('sha256', pseudo)
    .update(first)
    .update(info)
    .update(Buffer.from([2]))
    .digest()
  assert.deepEqual(sealed.subarray(0, 5), hex('0100000007'))
  assert.deepEqual(sealed.subarray(37, 69), second)
  assert.equal(decrypt(first, Buffer.alloc(12), sealed.subarray(0, 5), sealed.subarray(69)).toString(), 'text')
})

test('what is sealed opens to the same bytes, and is never the same bytes twice', () => {
  const contexts = fc.record({
    tenant: fc.string(),
    table: fc.string(),
    column: fc.string(),
    row: fc.string(),
    version: fc.nat(),
  })
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(), contexts, (plain, version, where) => {
      const sealed = seal(key, version, where, plain)
      assert.deepEqual(open(key, where, sealed), Buffer.from(plain))
      assert.equal(keyVersionOf(sealed), version)
      assert.notDeepEqual(seal(key, version, where, plain), sealed)
    }),
  )
})

test('one flipped bit anywhere, a byte less or a byte more, and nothing opens', () => {
  const sealed = seal(key, 1, context, Buffer.from('a value'))
  for (let bit = 0; bit < sealed.length * 8; bit++) {
    const flipped = Buffer.from(sealed)
    flipped[bit >> 3]! ^= 1 << (bit & 7)
    refuses(() => open(key, context, flipped), `bit ${bit}`)
  }
  for (let length = 0; length < sealed.length; length++)
    refuses(() => open(key, context, sealed.subarray(0, length)), `${length} bytes`)
  refuses(() => open(key, context, Buffer.concat([sealed, Buffer.alloc(1)])))
})

test('a value moved to another tenant, table, column, row or version, or asked with another key, does not open', () => {
  const sealed = seal(key, 1, context, Buffer.from('a value'))
  for (const changed of [{ tenant: '0198' }, { table: 'decision' }, { column: 'note' }, { row: 'r2' }, { version: 2 }])
    refuses(() => open(key, { ...context, ...changed }, sealed))
  // Neighbours that would run together if the parts were only joined.
  refuses(() => open(key, { ...context, table: 'list_entryv', column: 'alue' }, sealed))
  refuses(() => open(key, { ...context, tenant: '0199","x":"' }, sealed))
  refuses(() => open(otherKey(), context, sealed))
  for (const size of [0, 16, 31, 33, 64]) refuses(() => open(otherKey(size), context, sealed))
  refuses(() => seal(otherKey(16), 1, context, Buffer.from('x')))
})

/** GF(2^128) as GCM has it: the first bit is the highest power's. */
const polynomial = 0xe1n << 120n
function multiply(x: bigint, y: bigint): bigint {
  let [product, shifted] = [0n, y]
  for (let bit = 127n; bit >= 0n; bit--) {
    if ((x >> bit) & 1n) product ^= shifted
    shifted = shifted & 1n ? (shifted >> 1n) ^ polynomial : shifted >> 1n
  }
  return product
}
/** x^(2^128 - 2). */
function invert(x: bigint): bigint {
  let [result, square] = [1n << 127n, x]
  for (let at = 1; at < 128; at++) {
    square = multiply(square, square)
    result = multiply(result, square)
  }
  return result
}
const toNumber = (bytes: Buffer): bigint => BigInt(`0x${bytes.toString('hex')}`)
const toBytes = (value: bigint): Buffer => hex(value.toString(16).padStart(32, '0'))
const block = (key: Buffer, input: Buffer): Buffer =>
  createCipheriv('aes-256-ecb', key, null).setAutoPadding(false).update(input)

/** One ciphertext, 16 bytes, that opens under both keys: AES-GCM does not commit to its key. */
function openUnderBoth(first: Buffer, second: Buffer, nonce: Buffer, aad: Buffer): Buffer {
  const counter = Buffer.concat([nonce, hex('00000001')])
  const lengths = Buffer.alloc(16)
  lengths.writeUInt32BE(aad.length * 8, 4)
  lengths.writeUInt32BE(128, 12)
  const padded = toNumber(Buffer.concat([aad, Buffer.alloc(16 - aad.length)]))
  // tag = A·H³ + C·H² + L·H + E(J): with both tags equal, C·(H₁² + H₂²) is all the rest.
  const parts = [first, second].map((one) => {
    const h = toNumber(block(one, Buffer.alloc(16)))
    const squared = multiply(h, h)
    const rest = multiply(padded, multiply(squared, h)) ^ multiply(toNumber(lengths), h) ^ toNumber(block(one, counter))
    return { squared, rest }
  })
  const [a, b] = parts
  if (!a || !b) throw new Error('two keys')
  const cipher = multiply(a.rest ^ b.rest, invert(a.squared ^ b.squared))
  return Buffer.concat([toBytes(cipher), toBytes(multiply(cipher, a.squared) ^ a.rest)])
}

test('a ciphertext crafted to open under two keys opens under neither but the one it commits to', () => {
  const other = otherKey()
  const salt = randomBytes(32)
  const header = hex('0100000001')
  const derived = (of: KeyObject): Buffer =>
    Buffer.from(hkdfSync('sha256', of, salt, `vouch/seal/1 ${canonicalJson(context)}`, 64))
  const [mine, theirs] = [derived(key), derived(other)]
  const both = openUnderBoth(mine.subarray(0, 32), theirs.subarray(0, 32), Buffer.alloc(12), header)
  // The attack is real: bare GCM opens it under each.
  const bare = [mine, theirs].map((one) => decrypt(one.subarray(0, 32), Buffer.alloc(12), header, both).toString('hex'))
  assert.equal(new Set(bare).size, 2)

  const committedTo = (commitment: Buffer): Buffer => Buffer.concat([header, salt, commitment, both])
  assert.equal(open(key, context, committedTo(mine.subarray(32))).toString('hex'), bare[0])
  refuses(() => open(other, context, committedTo(mine.subarray(32))))
  assert.equal(open(other, context, committedTo(theirs.subarray(32))).toString('hex'), bare[1])
  refuses(() => open(key, context, committedTo(theirs.subarray(32))))
  refuses(() => open(key, context, committedTo(randomBytes(32))))
})

test('blind keys are equal within a tenant and a kind, and unrelated across tenants and kinds; no tenant opens what is another’s', async () => {
  await using world = await createWorld({ logLevel: 'silent' })
  const { vouch, acme, globex } = world
  const system = systemScope(vouch.database, 'a test')
  const keysOf = (tenantId: string) => system.asTenant(tenantId).transaction((tx) => vouch.encryption.keysOf(tx))
  const [ours, twin, theirs] = [await keysOf(acme.id), await keysOf(acme.twinId), await keysOf(globex.id)]
  vouch.encryption.forget(acme.id)
  const again = await keysOf(acme.id)
  fc.assert(
    fc.property(fc.string(), fc.string(), fc.string(), (kind, otherKind, value) => {
      fc.pre(kind !== otherKind && !kind.includes('\0') && !otherKind.includes('\0'))
      const blind = ours.blind(kind, value).toString('hex')
      assert.equal(blind.length, 64)
      assert.equal(again.blind(kind, value).toString('hex'), blind)
      const unrelated = [
        twin.blind(kind, value),
        theirs.blind(kind, value),
        ours.blind(otherKind, value),
        ours.blind(kind, `${value}x`),
      ]
      assert.equal(new Set([blind, ...unrelated.map((bytes) => bytes.toString('hex'))]).size, 5)
    }),
  )
  const place = { table: 'list_entry', column: 'value', row: 'r1' }
  const sealed = ours.seal(place, 'ours')
  assert.equal(again.open(place, sealed), 'ours')
  refuses(() => theirs.open(place, sealed))
  refuses(() => twin.open(place, sealed))

  // Moved by hand into another tenant's row, or with the keys gone, it stays shut.
  await world.admin.query('delete from tenant_key where tenant_id = $1', [globex.id])
  vouch.encryption.forget(globex.id)
  await assert.rejects(keysOf(globex.id), SealError)
  await world.admin.query(
    `update tenant_key set sealed = (select sealed from tenant_key k where k.tenant_id = $2 and k.purpose = tenant_key.purpose) where tenant_id = $1`,
    [acme.id, acme.twinId],
  )
  vouch.encryption.forget(acme.id)
  await assert.rejects(keysOf(acme.id), SealError)
})

type Start = {
  database: TestDatabase
  file: string
  start(source?: { value?: string; file?: string }): Promise<string[]>
  row(): Promise<string>
  [Symbol.asyncDispose](): Promise<void>
}

/** An installation without a server: its database and the folder of its key. */
async function installation(): Promise<Start> {
  const database = await createDatabaseForTest()
  const home = await mkdtemp(join(tmpdir(), 'vouch-key-'))
  const file = join(home, 'master.key')
  const opened = await openDatabase({ url: database.urls.app, clock: systemClock })
  return {
    database,
    file,
    async start({ value, file: elsewhere } = {}) {
      const made: string[] = []
      await createEncryption({
        database: opened,
        clock: systemClock,
        masterKey: { value, file: elsewhere ?? file },
        onMasterKeyMade: (path) => void made.push(path),
      })
      return made
    },
    row: async () =>
      JSON.stringify(
        await systemScope(opened, 'a test').global((query) => query.selectFrom('installation').selectAll().execute()),
      ),
    async [Symbol.asyncDispose]() {
      await opened.close()
      await rm(home, { recursive: true, force: true })
      await database.drop()
    },
  }
}

test('the first start makes the master key, for its owner alone, and says so; the next use it in silence', async () => {
  await using place = await installation()
  assert.deepEqual(await place.start(), [place.file])
  assert.equal((await stat(place.file)).mode & 0o777, 0o600)
  const [bytes, row] = [await readFile(place.file, 'utf8'), await place.row()]
  assert.match(bytes, /^[A-Za-z0-9+/]{43}=\n$/)
  assert.deepEqual(await place.start(), [])
  assert.deepEqual(await place.start({ value: bytes.trim() }), [], 'the same key as a setting')
  assert.equal(await readFile(place.file, 'utf8'), bytes)
  assert.equal(await place.row(), row)
  assert.deepEqual(await readdir(join(place.file, '..')), ['master.key'], 'drafts stayed')
})

test('a missing, wrong or broken master key stops the start with a clear error, and nothing is overwritten', async () => {
  await using place = await installation()
  await place.start()
  const row = await place.row()
  const good = await readFile(place.file, 'utf8')
  const refusesToStart = (why: RegExp, source?: { value?: string; file?: string }) =>
    assert.rejects(place.start(source), (error: unknown) => {
      assert.ok(error instanceof MasterKeyError, String(error))
      assert.match(error.message, why)
      assert.ok(!error.message.includes(good.trim()))
      return true
    })
  const wrong = `${randomBytes(32).toString('base64')}\n`
  for (const [text, why] of [
    [wrong, /is not the one of this installation/],
    ['', /32 bytes in base64/],
    ['x\n', /32 bytes in base64/],
    [good.slice(0, 30), /32 bytes in base64/],
    [good.replace('=', ''), /32 bytes in base64/],
  ] as const) {
    await writeFile(place.file, text)
    await refusesToStart(why)
    assert.equal(await readFile(place.file, 'utf8'), text)
  }
  await rm(place.file)
  await refusesToStart(/master key is missing/)
  assert.ok(!existsSync(place.file), 'a new key was made over the loss')
  await refusesToStart(/is not the one of this installation/, { value: wrong.trim() })
  await refusesToStart(/32 bytes in base64/, { value: 'short' })
  await refusesToStart(/cannot be read/, { file: join(place.file, '..') })
  assert.equal(await place.row(), row)
  await writeFile(place.file, good)
  assert.deepEqual(await place.start(), [])
})

test('a folder that is not there stops the first start with a clear error', async () => {
  await using place = await installation()
  await assert.rejects(place.start({ file: join(place.file, '..', 'nowhere', 'master.key') }), MasterKeyError)
  assert.equal(await place.row(), '[]')
})

test('many starts at once on an empty installation agree on one key', async () => {
  await using place = await installation()
  const made = await Promise.all(Array.from({ length: 12 }, () => place.start()))
  assert.deepEqual(made.flat(), [place.file])
  assert.deepEqual(await readdir(join(place.file, '..')), ['master.key'], 'drafts stayed')
  assert.deepEqual(await place.start(), [])
})

test('two processes that start at once on an empty installation agree on one key', async () => {
  await using place = await installation()
  const settings = { VOUCH_HOME: join(place.file, '..'), VOUCH_DATABASE_URL: place.database.urls.app }
  const servers = await Promise.all([startServer(settings), startServer(settings)])
  for (const server of servers) assert.equal((await fetch(`${server.url}/readyz`)).status, 200)
  assert.equal(servers.filter((server) => server.output().includes('master_key_made_back_it_up')).length, 1)
  for (const server of servers) server.kill('SIGTERM')
  await Promise.all(servers.map((server) => server.exited))
  assert.deepEqual(await place.start(), [])
})
