/**
 * Keys that sign checkpoints, and their text form `name+keyid+base64(type ‖ public key)`.
 *
 * A log signs with two keys. Ed25519 over the text (type 0x01) is what every verifier reads, and tlog-tiles demands it of
 * witnessed logs. For ML-DSA-44, signed-note knows one type, 0x06, and no plain signature of the text: it is the timed
 * message of tlog-cosignature, also where the log itself signs, and tlog-checkpoint prefers it. FIPS 204, pure, with an
 * empty context. So the log's second line also says when it signed.
 */
import { createPrivateKey, createPublicKey, type KeyObject, randomBytes, sign, verify } from 'node:crypto'
import { readBase64 } from './base64.ts'
import { packTimed, timedMessage, unpackTimed } from './cosignature.ts'
import { TlogError } from './malformed.ts'
import { isKeyName, keyId, type NoteSignature, type Verifier } from './note.ts'

const ed25519 = { keyBytes: 32, spki: '302a300506032b6570032100', pkcs8: '302e020100300506032b657004220420' }
const mlDsa44 = {
  keyBytes: 1312,
  spki: '30820532300b06096086480165030403110382052100',
  pkcs8: '3034020100300b060960864801650304031104228020',
}
/** The type byte, and the DER that goes before a raw public key and before a seed. */
const types = {
  ed25519: { byte: 0x01, ...ed25519 },
  'ed25519-cosignature': { byte: 0x04, ...ed25519 },
  'ml-dsa-44-cosignature': { byte: 0x06, ...mlDsa44 },
} as const
export type SignatureType = keyof typeof types
export const seedBytes = 32

const isSignatureType = (word: string): word is SignatureType => Object.hasOwn(types, word)
const typeNames = Object.keys(types).filter(isSignatureType)

export type LogVerifier = Verifier & { readonly type: SignatureType; readonly vkey: string }
/** Signs the text of a checkpoint at a time, in ms since 1970. */
export type Signer = LogVerifier & { sign(text: string, timeMs: number): NoteSignature }

/** Throws `TlogError` for anything that is not exactly a key of a known type with its right id. */
export function parseVkey(vkey: string): LogVerifier {
  const [name = '', id = '', encoded = '', ...more] = splitVkey(vkey)
  const bytes = readBase64(encoded)
  const type = typeNames.find((name) => types[name].byte === bytes?.[0])
  if (!bytes || more.length > 0 || !isKeyName(name)) throw new TlogError('a verifier key is name+id+base64')
  if (keyId(name, bytes) !== id) throw new TlogError('the id of the verifier key is not that of its key')
  if (!type) throw new TlogError('the verifier key is of an unknown type')
  const { keyBytes } = types[type]
  if (bytes.length !== 1 + keyBytes) throw new TlogError(`the verifier key does not have ${keyBytes} bytes`)
  const { der } = spkiOf({ type, vkey })
  return createVerifier(name, type, createPublicKey({ key: der, format: 'der', type: 'spki' }), vkey)
}

/** The public key: its bytes, and its SubjectPublicKeyInfo as DER. */
export function spkiOf({ type, vkey }: Pick<LogVerifier, 'type' | 'vkey'>): { raw: Buffer; der: Buffer } {
  const raw = Buffer.from(splitVkey(vkey)[2] ?? '', 'base64').subarray(1)
  return { raw, der: Buffer.concat([Buffer.from(types[type].spki, 'hex'), raw]) }
}

/** Base64 may itself hold a plus. */
function splitVkey(vkey: string): string[] {
  const [name = '', id = '', ...rest] = vkey.split('+')
  return [name, id, rest.join('+')]
}

function createVerifier(name: string, type: SignatureType, key: KeyObject, vkey: string): LogVerifier {
  const check = (message: Buffer, signature: Buffer): boolean => verify(null, message, key, signature)
  return {
    name,
    type,
    vkey,
    id: splitVkey(vkey)[1] ?? '',
    verify(text, signature) {
      if (type === 'ed25519') return check(Buffer.from(text), signature)
      const timed = unpackTimed(signature)
      return timed !== undefined && check(timedMessage[type](name, text, timed.timeS), timed.signature)
    },
  }
}

/** The signer whose private key comes from a seed of 32 random bytes (RFC 8032, FIPS 204). The seed is the secret. */
export function createSigner(name: string, type: SignatureType, seed: Uint8Array): Signer {
  if (!isKeyName(name)) throw new TlogError('a key name has no space and no plus')
  if (seed.length !== seedBytes) throw new TlogError(`a seed has ${seedBytes} bytes`)
  const { byte, keyBytes, pkcs8 } = types[type]
  const der = Buffer.concat([Buffer.from(pkcs8, 'hex'), seed])
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
  const publicKey = createPublicKey(key)
  const raw = publicKey.export({ format: 'der', type: 'spki' }).subarray(-keyBytes)
  const typed = Buffer.concat([Buffer.of(byte), raw])
  const id = keyId(name, typed)
  const vkey = `${name}+${id}+${typed.toString('base64')}`
  return {
    ...createVerifier(name, type, publicKey, vkey),
    sign(text, timeMs) {
      if (type === 'ed25519') return { name, id, signature: sign(null, Buffer.from(text), key) }
      const timeS = BigInt(Math.floor(timeMs / 1000))
      return { name, id, signature: packTimed(timeS, sign(null, timedMessage[type](name, text, timeS), key)) }
    },
  }
}

export const newSeed = (): Buffer => randomBytes(seedBytes)

/** Both keys of a log, in the order of their lines. The name of a log's keys is its origin. */
export const createLogSigners = (origin: string, seeds: { ed25519: Uint8Array; mlDsa44: Uint8Array }): Signer[] => [
  createSigner(origin, 'ed25519', seeds.ed25519),
  createSigner(origin, 'ml-dsa-44-cosignature', seeds.mlDsa44),
]

/** One verifier key a line. */
export const formatVkeys = (keys: readonly LogVerifier[]): string => keys.map(({ vkey }) => `${vkey}\n`).join('')

/** At least one line, each ending with a newline, no key twice. */
export function parseVkeys(text: string): LogVerifier[] {
  const lines = text.split('\n')
  if (lines.pop() !== '' || lines.length === 0) throw new TlogError('verifier keys stand one a line')
  if (new Set(lines).size !== lines.length) throw new TlogError('a verifier key is there twice')
  return lines.map(parseVkey)
}
