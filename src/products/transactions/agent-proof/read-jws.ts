/**
 * The forms of an agent's proof: compact JWS (RFC 7515), its header, key and claims. Read so that no two readers could
 * understand them differently: closed forms, one spelling of base64url, UTF-8, no name twice.
 */
import Type, { type Static, type TSchema } from 'typebox'
import { Check } from 'typebox/value'

/** Of the whole token. An ordinary one has 500; the longest merchant_id, with every character escaped, makes it 3,100. */
const maxLetters = 4_096

const closed = { additionalProperties: false } as const
/** 32 bytes in base64url. The last letter has two bits to spare, and they are zero. */
const bytes32 = /^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/
const coordinate = Type.String({ pattern: bytes32.source })

/** No `crit`: no extension is understood, and RFC 7515 has a reader refuse those that it does not understand. */
const Header = Type.Object(
  {
    alg: Type.String(),
    typ: Type.String(),
    kid: Type.Optional(Type.String({ maxLength: 128 })),
    jwk: Type.Optional(Type.Record(Type.String(), Type.String())),
  },
  closed,
)

export const Ed25519Key = Type.Object({ kty: Type.Literal('OKP'), crv: Type.Literal('Ed25519'), x: coordinate }, closed)
export const P256Key = Type.Object(
  { kty: Type.Literal('EC'), crv: Type.Literal('P-256'), x: coordinate, y: coordinate },
  closed,
)
export type PublicKey = Static<typeof Ed25519Key> | Static<typeof P256Key>

const Claims = Type.Object(
  {
    amount_minor: Type.Integer(),
    currency: Type.String(),
    merchant_id: Type.String(),
    iat: Type.Integer(),
    jti: Type.String({ pattern: '^[!-~]{16,128}$' }),
  },
  closed,
)
export type Claims = Static<typeof Claims>

export type Jws = { header: Static<typeof Header>; signed: string; payload: string; signature: string }

/** The parts of a token, header read; undefined where it has another form. The payload is read once its signature holds. */
export function readJws(token: string): Jws | undefined {
  if (token.length > maxLetters) return undefined
  const [first, payload, signature, ...more] = token.split('.')
  if (first === undefined || payload === undefined || signature === undefined || more.length > 0) return undefined
  const header = readForm(Header, first)
  return header && { header, signed: `${first}.${payload}`, payload, signature }
}

export const readClaims = (payload: string): Claims | undefined => readForm(Claims, payload)

/** RFC 7638: SHA-256 in base64url. */
export const isThumbprint = (id: string): boolean => bytes32.test(id)

/** Bytes, if this is the way to write them: unpadded, no letter that is skipped, no bits to spare. */
export function readBase64url(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64url')
  return bytes.toString('base64url') === text ? bytes : undefined
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function readForm<Form extends TSchema>(form: Form, part: string): Static<Form> | undefined {
  const bytes = readBase64url(part)
  if (!bytes) return undefined
  try {
    const text = utf8.decode(bytes)
    const value: unknown = JSON.parse(text)
    return Check(form, value) && namesKept(value) === namesWritten(text) ? value : undefined
  } catch {
    return undefined
  }
}

/** Outside its strings, a JSON text has one colon for each name. A name given twice is kept once. */
const namesWritten = (text: string): number => text.replaceAll(/"(?:[^"\\]|\\.)*"/g, '').split(':').length - 1

/** Of a value that fits a form, so of two levels at most. */
const namesKept = (value: unknown): number =>
  typeof value === 'object' && value !== null
    ? Object.values(value).reduce((sum: number, member) => sum + 1 + namesKept(member), 0)
    : 0
