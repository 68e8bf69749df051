/** Verifies an attestation from its bytes alone: no server, no database, no clock. */
import { canonicalJson } from '#kernel/canonical-json'
import { type LogVerifier, parseVkeys, TlogError } from '#platform/tlog'
import { type DsseEnvelope, isSignedBy, keyIdOf, payloadType } from './dsse.ts'
import { digestOf, predicateType, statementType } from './statement.ts'

export type AttestationReport = {
  readonly ok: boolean
  readonly claim: string | null
  readonly state: string | null
  readonly installation: string | null
  readonly as_of: string | null
  readonly holds_until: string | null
  readonly why: string | null
  readonly key: 'given' | 'from the file: proves nothing about who signed'
  readonly key_id: string | null
}

class Refused extends Error {}

const refuse = (why: string): never => {
  throw new Refused(why)
}

/**
 * `vkeys`: the keys one trusts, one a line; without them the key that the file names is used. The file must be, to the
 * byte, what `formatAttestation` writes, so that there is one spelling of it and no byte is left unsigned.
 */
export function verifyAttestation(bytes: Uint8Array, vkeys?: string): AttestationReport {
  const key = vkeys === undefined ? 'from the file: proves nothing about who signed' : 'given'
  const nothing = { claim: null, state: null, installation: null, as_of: null, holds_until: null, key_id: null }
  try {
    const { body, signature, keyid } = readEnvelope(bytes)
    const { predicate, ...read } = readStatement(body)
    const trusted = parseKeys(vkeys ?? textAt(predicate, 'signer'))
    const signer = trusted.find((one) => keyIdOf(one) === keyid) ?? refuse(`it is signed by ${keyid}, which is not a key that was given`) // prettier-ignore
    if (!isSignedBy(body, signature, signer)) refuse('the signature is not that of its bytes')
    if (textAt(predicate, 'signer') !== signer.vkey) refuse('it names another key than the one that signed it')
    return { ok: true, ...read, why: null, key, key_id: keyid }
  } catch (error) {
    if (!(error instanceof Refused || error instanceof TlogError)) throw error
    return { ok: false, ...nothing, why: error.message, key }
  }
}

/** The one spelling of an attestation as a file. */
export const formatAttestation = ({ payloadType, payload, signatures }: DsseEnvelope): string =>
  `${JSON.stringify({ payloadType, payload, signatures: signatures.map(({ keyid, sig }) => ({ keyid, sig })) })}\n`

function readEnvelope(bytes: Uint8Array): { body: string; signature: Buffer; keyid: string } {
  const envelope = parseObject(decode(bytes), 'the file')
  const [first, ...more] = Array.isArray(envelope['signatures']) ? envelope['signatures'] : []
  if (!isRecord(first) || more.length > 0) return refuse('an attestation has one signature')
  const payload = textAt(envelope, 'payload')
  const [keyid, sig] = [textAt(first, 'keyid'), textAt(first, 'sig')]
  const written = formatAttestation({ payloadType, payload, signatures: [{ keyid, sig }] })
  if (!Buffer.from(written).equals(bytes)) refuse('the file is not written as an attestation is')
  return { body: decode(readBase64(payload)), signature: readBase64(sig), keyid }
}

function readStatement(body: string) {
  const statement = parseObject(body, 'the statement')
  if (canonicalJson(JSON.parse(body)) !== body) refuse('the statement is not canonical JSON')
  if (statement['_type'] !== statementType) refuse('it is no in-toto Statement v1')
  if (statement['predicateType'] !== predicateType) refuse('it is a statement of another kind')
  const predicate = recordAt(statement, 'predicate')
  const claim = recordAt(predicate, 'claim')
  const subject = Array.isArray(statement['subject']) ? statement['subject'] : []
  const [named] = subject
  if (subject.length !== 1 || !isRecord(named)) return refuse('it is not about one claim')
  if (textAt(named, 'name') !== textAt(claim, 'id')) refuse('its subject is another claim than the one it describes')
  const digest = textAt(recordAt(named, 'digest'), 'sha256')
  if (digest !== digestOf(JSON.parse(JSON.stringify(claim))))
    refuse('its subject does not have the digest of the claim')
  const until = predicate['holds_until']
  return {
    predicate,
    claim: textAt(claim, 'id'),
    state: textAt(predicate, 'state'),
    installation: textAt(predicate, 'installation'),
    as_of: textAt(predicate, 'as_of'),
    holds_until: typeof until === 'string' ? until : null,
  }
}

type Fields = Readonly<Record<string, unknown>>
const isRecord = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const recordAt = (fields: Fields, name: string): Fields => {
  const value = fields[name]
  return isRecord(value) ? value : refuse(`it lacks ${name}`)
}
const textAt = (fields: Fields, name: string): string => {
  const value = fields[name]
  return typeof value === 'string' ? value : refuse(`it lacks ${name}`)
}

function parseObject(text: string, what: string): Fields {
  try {
    const value: unknown = JSON.parse(text)
    return isRecord(value) ? value : refuse(`${what} is no JSON object`)
  } catch (error) {
    return error instanceof Refused ? refuse(error.message) : refuse(`${what} is not JSON`)
  }
}

/** One spelling: what decodes must encode to the same text. */
function readBase64(text: string): Buffer {
  const bytes = Buffer.from(text, 'base64')
  return bytes.toString('base64') === text ? bytes : refuse('it holds what is not base64')
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return refuse('it holds what is not UTF-8')
  }
}

/** Apart by white space. */
const parseKeys = (vkeys: string): LogVerifier[] =>
  parseVkeys(
    vkeys
      .trim()
      .split(/\s+/)
      .map((vkey) => `${vkey}\n`)
      .join(''),
  )
