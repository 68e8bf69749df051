/** DSSE 1.0.2: an envelope around bytes, signed with Ed25519 over their pre-authentication encoding. */
import type { LogVerifier, Signer } from '#platform/tlog'

export const payloadType = 'application/vnd.in-toto+json'

export type DsseEnvelope = {
  readonly payloadType: typeof payloadType
  /** Base64 of the statement. */
  readonly payload: string
  readonly signatures: readonly { readonly keyid: string; readonly sig: string }[]
}

/** `DSSEv1 <length> <type> <length> <body>`, lengths in bytes. The body is text: a statement is JSON. */
const preAuth = (body: string): string =>
  `DSSEv1 ${Buffer.byteLength(payloadType)} ${payloadType} ${Buffer.byteLength(body)} ${body}`

export const keyIdOf = ({ name, id }: Pick<LogVerifier, 'name' | 'id'>): string => `${name}+${id}`

export function signEnvelope(body: string, signer: Signer): DsseEnvelope {
  const { signature } = signer.sign(preAuth(body), 0)
  return {
    payloadType,
    payload: Buffer.from(body).toString('base64'),
    signatures: [{ keyid: keyIdOf(signer), sig: signature.toString('base64') }],
  }
}

export const isSignedBy = (body: string, signature: Buffer, key: LogVerifier): boolean =>
  key.type === 'ed25519' && key.verify(preAuth(body), signature)
