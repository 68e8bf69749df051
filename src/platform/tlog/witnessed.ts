/** Who else has seen a checkpoint. */
import { readSignatureTime } from './cosignature.ts'
import type { LogVerifier } from './keys.ts'
import { TlogError } from './malformed.ts'
import { parseNote } from './note.ts'

export type Cosignature = { readonly key: LogVerifier; readonly timeMs: number }

/**
 * Which of the witnesses have cosigned, and when, in ms since 1970: one answer a witness. It says nothing about the
 * log's own signatures. A line by a known witness that does not fit, or stands twice, throws.
 */
export function readCosignatures(note: Uint8Array | string, witnesses: readonly LogVerifier[]): Cosignature[] {
  const { text, signatures } = parseNote(note)
  const seen: Cosignature[] = []
  for (const { name, id, signature } of signatures) {
    const key = witnesses.find((known) => known.name === name && known.id === id)
    if (!key) continue
    if (key.type === 'ed25519') throw new TlogError('a witness signs with a time')
    if (seen.some((earlier) => earlier.key === key)) throw new TlogError(`the witness ${name} cosigned twice`)
    if (!key.verify(text, signature)) throw new TlogError(`the cosignature by ${name} does not fit`)
    seen.push({ key, timeMs: readSignatureTime(signature) })
  }
  return seen
}
