/**
 * C2SP tlog-proof v1: one text file that shows, offline, that an entry is in a log.
 *
 *   c2sp.org/tlog-proof@v1
 *   extra <base64>            only if there is any; authenticated by nothing
 *   index <n>
 *   <base64 hash>             the inclusion proof, from the leaf's sibling up; none in a log of one entry
 *
 *   <the checkpoint with its signatures>
 */
import { readBase64 } from './base64.ts'
import { openCheckpoint } from './checkpoint.ts'
import { type Checkpoint, readCount } from './checkpoint-text.ts'
import { hashBytes, hashLeaf } from './hash.ts'
import type { LogVerifier } from './keys.ts'
import { TlogError } from './malformed.ts'
import { maxNoteBytes, readUtf8 } from './note.ts'
import { verifyInclusion } from './proof.ts'

export type TlogProof = {
  readonly index: number
  readonly proof: readonly Uint8Array[]
  /** A signed note. */
  readonly checkpoint: string
  readonly extra?: Uint8Array
}

const header = 'c2sp.org/tlog-proof@v1'
const maxProofHashes = 64

const toBase64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')

export function formatProof({ index, proof, checkpoint, extra }: TlogProof): string {
  const extraLine = extra ? [`extra ${toBase64(extra)}`] : []
  return [header, ...extraLine, `index ${index}`, ...proof.map(toBase64), '', checkpoint].join('\n')
}

export function parseProof(bytes: Uint8Array | string): TlogProof {
  if (bytes.length > 2 * maxNoteBytes) throw new TlogError('the proof is too long')
  const text = typeof bytes === 'string' ? bytes : readUtf8(bytes)
  const split = text.indexOf('\n\n')
  const lines = text.slice(0, split).split('\n')
  if (split < 0 || lines.shift() !== header) throw new TlogError(`a proof begins with ${header}`)
  const extra = lines[0]?.startsWith('extra ') ? readBase64(lines[0].slice(6)) : null
  if (extra === undefined) throw new TlogError('the extra data of the proof is not base64')
  if (extra) lines.shift()
  const index = /^index (\d+)$/.exec(lines.shift() ?? '')?.[1]
  const count = readCount(index ?? '')
  if (count === undefined) throw new TlogError('the proof has no index')
  if (lines.length > maxProofHashes) throw new TlogError('the proof has too many hashes')
  return { index: count, proof: lines.map(readHash), checkpoint: text.slice(split + 2), ...(extra ? { extra } : {}) }
}

function readHash(line: string): Buffer {
  const hash = readBase64(line)
  if (hash?.length !== hashBytes) throw new TlogError('a hash of the proof is not 32 bytes in base64')
  return hash
}

export type ProofVerdict =
  | { readonly ok: true; readonly index: number; readonly checkpoint: Checkpoint }
  | { readonly ok: false; readonly why: string }

/** Is `entry` in the log whose keys these are? Every one of them must have signed. */
export function verifyProof(proof: Uint8Array | string, entry: Uint8Array, keys: readonly LogVerifier[]): ProofVerdict {
  try {
    const { index, proof: hashes, checkpoint: note } = parseProof(proof)
    const checkpoint = openCheckpoint(note, keys)
    const claim = { index, size: checkpoint.size, leaf: hashLeaf(entry), root: checkpoint.root, proof: hashes }
    if (verifyInclusion(claim)) return { ok: true, index, checkpoint }
    return { ok: false, why: 'the entry is not at that place of the log' }
  } catch (error) {
    if (error instanceof TlogError) return { ok: false, why: error.message }
    throw error
  }
}
