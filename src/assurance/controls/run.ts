/** One run as it is stored: the look, and the same look over the planted offence. */
import { createHash } from 'node:crypto'
import { canonicalJson, type Json } from '#kernel/canonical-json'
import { rfc3339 } from '#kernel/clock'
import type { Check, Text } from '#kernel/control'
import { type Look, results } from '#assurance/claims'
import type { Outcome } from './run-check.ts'
import type { RunRow } from './store.ts'

export type StoredRun = Look & {
  readonly number: bigint
  readonly seen: Json
  readonly plantedAtMs: number
  /** SHA-256 of the document. */
  readonly evidenceDigest: Buffer
}

type RunDocument = {
  saw: Text
  seen: Json
  planted: { at: string; result: Outcome['result']; what: Text; saw: Text }
}

export function toRow(
  check: Check,
  sourceDigest: Buffer,
  { id, real, planted, before }: { id: string; real: Outcome; planted: Outcome; before: StoredRun | undefined },
): RunRow {
  const expiresMs = real.startedMs + 2 * check.cadenceMs
  const document = {
    v: 1,
    check: check.id,
    version: check.version,
    what: check.what,
    source_digest: sourceDigest.toString('hex'),
    started_at: rfc3339(real.startedMs),
    ended_at: rfc3339(real.endedMs),
    expires_at: rfc3339(expiresMs),
    result: real.result,
    saw: real.saw,
    // Who could not look does not lose the place.
    seen: real.result === 'error' ? (before?.seen ?? null) : real.seen,
    planted: { at: rfc3339(planted.startedMs), result: planted.result, what: check.planted.what, saw: planted.saw },
  }
  return {
    id,
    check_id: check.id,
    source_digest: sourceDigest,
    started_at: new Date(real.startedMs),
    ended_at: new Date(Math.max(real.startedMs, real.endedMs)),
    expires_at: new Date(expiresMs),
    result: real.result,
    caught: planted.result === 'fail',
    number: (before?.number ?? 0n) + 1n,
    document: Buffer.from(canonicalJson(document)),
  }
}

/** Documents are written by `toRow` alone. */
export function fromRow(row: RunRow): StoredRun {
  const document: RunDocument = JSON.parse(row.document.toString())
  return {
    number: row.number,
    // A word that is none could only come from a newer version.
    result: results.find((word) => word === row.result) ?? 'error',
    saw: document.saw,
    seen: document.seen,
    startedMs: row.started_at.getTime(),
    expiresMs: row.expires_at.getTime(),
    planted: { caught: row.caught, saw: document.planted.saw },
    plantedAtMs: Date.parse(document.planted.at),
    evidenceDigest: createHash('sha256').update(row.document).digest(),
  }
}
