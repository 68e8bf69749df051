/** Checkpoints, signed and opened. */
import { type Checkpoint, formatCheckpoint, parseCheckpoint } from './checkpoint-text.ts'
import type { LogVerifier, Signer } from './keys.ts'
import { TlogError } from './malformed.ts'
import { formatNote, formatSignature, openNote } from './note.ts'

/** The note, one signature line for each signer. `timeMs` is when, in ms since 1970. */
export function signCheckpoint(checkpoint: Checkpoint, signers: readonly Signer[], timeMs: number): string {
  const text = formatCheckpoint(checkpoint)
  return formatNote({ text, signatures: signers.map((signer) => signer.sign(text, timeMs)) })
}

/**
 * What a log signed. Every key that is handed in must have signed, and bear the log's origin as its name: a checkpoint
 * that lost its post-quantum line is not taken for one, nor that of one log for another's.
 */
export function openCheckpoint(note: Uint8Array | string, keys: readonly LogVerifier[]): Checkpoint {
  const { text, signedBy } = openNote(note, keys)
  const checkpoint = parseCheckpoint(text)
  for (const key of keys) {
    if (key.name !== checkpoint.origin)
      throw new TlogError('the checkpoint is not of the log that the key is named after')
    if (!signedBy.some((by) => by.key === key)) throw new TlogError(`the key ${key.name} ${key.id} has not signed`)
  }
  return checkpoint
}

/** The lines that a witness adds to a checkpoint it has seen to be consistent. It has checked the log's own first. */
export function cosignCheckpoint(text: string, witness: readonly Signer[], timeMs: number): string {
  return witness.map((signer) => formatSignature(signer.sign(text, timeMs))).join('')
}
