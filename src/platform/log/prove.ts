/** Proofs, made from the stored tiles against a checkpoint that was signed. */
import { Fault } from '#kernel/fault'
import type { Tx } from '#platform/database'
import { formatProof, makeConsistency, makeInclusion } from '#platform/tlog'
import { readWithContents, type ReadEntry } from './export.ts'
import { keyAt, readLogKeys } from './signing-keys.ts'
import type { LogSource } from './source.ts'
import { readCheckpoint, readEntryOf, readHead, type StoredCheckpoint } from './store.ts'
import { tileReader } from './tile-reader.ts'
import { readWitnessed, withCosignatures } from './witnesses/quorum.ts'

type Made = { proof: string; index: number; checkpoint: StoredCheckpoint }

/** Against the newest checkpoint, or the newest that satisfies the quorum of witnesses, if that covers the entry. */
async function prove(tx: Tx, id: string): Promise<Made> {
  const entry = await readEntryOf(tx, id)
  if (!entry) throw new Fault('not_found', 'The log has no entry of it. New ones are sequenced within seconds.')
  const witnessed = await readWitnessed(tx)
  const checkpoint = witnessed && witnessed.size > entry.index ? witnessed : await readServed(tx)
  if (!checkpoint || checkpoint.size <= entry.index)
    throw new Fault('not_found', 'No checkpoint covers it yet. One is signed within seconds.')
  const index = Number(entry.index)
  const proof = await makeInclusion(tileReader(tx), index, Number(checkpoint.size))
  return { proof: formatProof({ index, proof, checkpoint: checkpoint.note }), index, checkpoint }
}

async function readServed(tx: Tx): Promise<StoredCheckpoint | undefined> {
  const checkpoint = await readCheckpoint(tx)
  return checkpoint && withCosignatures(tx, checkpoint)
}

/** A `.tlog-proof` that the row with this id is in the log. */
export const proveInclusion = async (tx: Tx, id: string): Promise<string> => (await prove(tx, id)).proof

export type EntryProof = { proof: string; entry: ReadEntry; checkpoint: StoredCheckpoint; vkeys: string }

/** The same with all that a verifier needs beside it. */
export async function proveEntry(tx: Tx, sources: readonly LogSource[], id: string): Promise<EntryProof> {
  const { proof, index, checkpoint } = await prove(tx, id)
  const [entry] = await readWithContents(tx, sources, index, index + 1)
  if (!entry) throw new Fault('not_found', 'The log has no entry of it.')
  return { proof, entry, checkpoint, vkeys: keyAt(await readLogKeys(tx), Number(checkpoint.size)).vkeys }
}

/** That the tree of `from` entries is a beginning of the tree of `to`. The sizes need not be those of checkpoints. */
export async function proveConsistency(tx: Tx, from: number, to: number): Promise<Buffer[]> {
  const size = Number((await readHead(tx))?.size ?? 0n)
  const wrong = (pointer: string, message: string): Fault =>
    new Fault('invalid_request', 'The request does not have the documented form.', { errors: [{ pointer, message }] })
  if (to > size) throw wrong('/to', `is beyond the log, which has ${size} entries`)
  if (from < 1 || from > to) throw wrong('/from', 'is from 1 to the larger size')
  return makeConsistency(tileReader(tx), from, to)
}
