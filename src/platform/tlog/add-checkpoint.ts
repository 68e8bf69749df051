/**
 * C2SP tlog-witness, add-checkpoint: what a log sends to a witness, and what the witness says.
 *
 *   old <size>                the tree that the witness has cosigned last, 0 if none
 *   <base64 hash>             the consistency proof from there, at most 63; none from 0
 *
 *   <the checkpoint with the log's signatures>
 *
 * A witness is not trusted: a cosignature counts when it is by a key of that witness and fits this very checkpoint.
 * Checkpoints with extension lines are refused, as everywhere here.
 */
import { readBase64 } from './base64.ts'
import { parseCheckpoint, readCount } from './checkpoint-text.ts'
import { hashBytes } from './hash.ts'
import type { LogVerifier } from './keys.ts'
import { TlogError } from './malformed.ts'
import { formatSignature, maxNoteBytes, parseNote, readUtf8 } from './note.ts'
import { type Cosignature, readCosignatures } from './witnessed.ts'

export type AddCheckpoint = {
  readonly oldSize: number
  readonly proof: readonly Uint8Array[]
  /** A signed note. */
  readonly checkpoint: string
}

const maxProofHashes = 63

export function formatAddCheckpoint({ oldSize, proof, checkpoint }: AddCheckpoint): string {
  const hashes = proof.map((hash) => `${Buffer.from(hash).toString('base64')}\n`)
  const body = `old ${oldSize}\n${hashes.join('')}\n${checkpoint}`
  parseAddCheckpoint(body)
  return body
}

/**
 * Throws `TlogError` for what is not of the form. The specification has other answers for a proof from 0 and for an old
 * size above the new one, so both are read.
 */
export function parseAddCheckpoint(body: Uint8Array | string): AddCheckpoint {
  if (body.length > 2 * maxNoteBytes) throw new TlogError('the request is too long')
  const text = typeof body === 'string' ? body : readUtf8(body)
  const split = text.indexOf('\n\n')
  const [first = '', ...lines] = text.slice(0, Math.max(split, 0)).split('\n')
  const oldSize = first.startsWith('old ') ? readCount(first.slice(4)) : undefined
  if (oldSize === undefined) throw new TlogError('a request begins with old and a size')
  if (lines.length > maxProofHashes) throw new TlogError(`a consistency proof has at most ${maxProofHashes} hashes`)
  const checkpoint = text.slice(split + 2)
  parseCheckpoint(parseNote(checkpoint).text)
  return { oldSize, proof: lines.map(readHash), checkpoint }
}

function readHash(line: string): Buffer {
  const hash = readBase64(line)
  if (hash?.length !== hashBytes) throw new TlogError('a hash of the proof is not 32 bytes in base64')
  return hash
}

/**
 * - `cosigned`: `lines` are to be put below the checkpoint; those of keys that were not handed in are left out.
 * - `stale`: the witness has cosigned another size than the request said. Ask again with a proof from `size`. If the
 *   log is not that long, it has lost entries. Nobody signed the number.
 * - `forked`: it has cosigned another root of the same size. Asking again does not help: someone has to look.
 * - `inconsistent`: 422, the proof does not lead from its tree to this one.
 * - `unknown_origin`, `unsigned`, `malformed`: 404, 403, 400.
 * - `lying`: it says that it has cosigned, and has not.
 * - `unusable`: no answer of the protocol, such as 429 or 500. It may be another one later.
 */
export type WitnessAnswer =
  | { readonly kind: 'cosigned'; readonly lines: string; readonly cosignatures: readonly Cosignature[] }
  | { readonly kind: 'stale'; readonly size: number }
  | { readonly kind: 'forked' | 'unknown_origin' | 'unsigned' | 'inconsistent' | 'malformed' }
  | { readonly kind: 'lying'; readonly why: string }
  | { readonly kind: 'unusable'; readonly status: number }

export const sizeContentType = 'text/x.tlog.size'

const refusals = {
  400: 'malformed',
  403: 'unsigned',
  404: 'unknown_origin',
  422: 'inconsistent',
} as const
const isRefusal = (status: number): status is keyof typeof refusals => Object.hasOwn(refusals, status)

/** What the witness with these keys said to the request. Whatever it said, this does not throw. */
export function readWitnessAnswer(
  answer: { readonly status: number; readonly contentType: string | undefined; readonly body: Uint8Array },
  request: AddCheckpoint,
  witness: readonly LogVerifier[],
): WitnessAnswer {
  const { status } = answer
  const { text } = parseNote(request.checkpoint)
  if (status === 200) return readLines(answer.body, text, witness)
  // Of the same size without a proof, only the root can differ. The specification says 409 without a body; the witness
  // of torchwood says 422, and others add the size.
  const isSameSize = request.oldSize === parseCheckpoint(text).size && request.proof.length === 0
  const size = status === 409 && answer.contentType === sizeContentType ? readSize(answer.body) : undefined
  if (size !== undefined && size !== request.oldSize) return { kind: 'stale', size }
  if (isSameSize && (status === 409 || status === 422)) return { kind: 'forked' }
  return isRefusal(status) ? { kind: refusals[status] } : { kind: 'unusable', status }
}

function readSize(body: Uint8Array): number | undefined {
  const text = Buffer.from(body).toString('latin1')
  return text.endsWith('\n') ? readCount(text.slice(0, -1)) : undefined
}

function readLines(body: Uint8Array, text: string, witness: readonly LogVerifier[]): WitnessAnswer {
  try {
    const whole = `${text}\n${readUtf8(body)}`
    const note = parseNote(whole)
    if (note.text !== text) throw new TlogError('the answer is more than signature lines')
    const cosignatures = readCosignatures(whole, witness)
    if (cosignatures.length === 0) throw new TlogError('no key of the witness has cosigned')
    const isKnown = ({ name, id }: { name: string; id: string }): boolean =>
      witness.some((key) => key.name === name && key.id === id)
    return { kind: 'cosigned', lines: note.signatures.filter(isKnown).map(formatSignature).join(''), cosignatures }
  } catch (error) {
    if (error instanceof TlogError) return { kind: 'lying', why: error.message }
    throw error
  }
}
