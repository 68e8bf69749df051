/**
 * Verifies an export offline. Every entry is hashed again, never a sample; every tile is computed again, and the root;
 * every content is held against its commitment. One changed byte in any file is found, except in signature lines by keys
 * that neither the caller nor the export knows: witnesses' lines, which prove nothing without their keys.
 *
 * It cannot tell who erased a content: that a content is gone is counted, and is no fault of the log.
 */
import { accessSync, constants, existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { openCheckpoint } from './checkpoint.ts'
import { type Checkpoint, parseCheckpoint } from './checkpoint-text.ts'
import { checkpointFile, createFileReader, findStrayTile, tileFolder, vkeyFile } from './export-files.ts'
import { emptyRoot } from './hash.ts'
import type { Finding } from './judge-tile.ts'
import { type LogVerifier, parseVkey, parseVkeys } from './keys.ts'
import { TlogError } from './malformed.ts'
import { maxNoteBytes, parseNote, readUtf8 } from './note.ts'
import { parseTilePath, tileWidth } from './tiles.ts'
import { type Walked, walkInOrder } from './walk-in-order.ts'
import { usualThreads, walkTogether } from './walk-together.ts'

export type ExportReport = {
  readonly ok: boolean
  /** What the checkpoint says, null if it cannot be read. The root is base64. */
  readonly origin: string | null
  readonly size: number | null
  readonly root: string | null
  /** How many entries were hashed. */
  readonly entries: number
  /** How many contents opened their commitment, and how many are erased. */
  readonly contents: number
  readonly erased: number
  /** `index` is null where no single entry is at fault. */
  readonly first_bad: { readonly index: number | null; readonly why: string } | null
  readonly key: 'given' | 'from export: proves nothing about who signed'
}

export type VerifyOptions = {
  /** The log's verifier key, known from elsewhere; several stand apart by white space, and each must have signed. */
  readonly vkey?: string
  /** How many work at once; if not said, one for a small export, and as many as the machine runs for others, at most 4. */
  readonly threads?: number
  /** Entries so far, of how many the checkpoint claims. Counts again from the start once there is a fault to name. */
  readonly onProgress?: (done: number, size: number) => void
}

/** Throws `TlogError` if there is no readable folder or the given key is not one. Bad data is a report, never a throw. */
export async function verifyExport(dir: string, options: VerifyOptions = {}): Promise<ExportReport> {
  const { vkey } = options
  const given = vkey?.split(/\s+/).filter(Boolean).map(parseVkey)
  if (given?.length === 0) throw new TlogError('the verifier key is empty')
  requireFolder(dir)
  const findings: Finding[] = []
  const claimed = readClaim(dir, given, findings)
  const walked = claimed ? await walkExport(dir, claimed.size, options) : undefined
  findings.push(...(walked?.findings ?? []))
  if (claimed && walked) findings.push(...judgeWhole(dir, claimed, walked.root))
  // If the signed root is that of the entries, it is the tile that was changed.
  const [first] = findings
  const isTile = first?.inTile !== undefined && claimed && walked?.root?.equals(claimed.root)
  return {
    ok: first === undefined,
    origin: claimed?.origin ?? null,
    size: claimed?.size ?? null,
    root: claimed?.root.toString('base64') ?? null,
    entries: walked?.entries ?? 0,
    contents: walked?.contents ?? 0,
    erased: walked?.erased ?? 0,
    first_bad: first
      ? { index: first.index, why: isTile ? `${first.inTile} does not have its hash` : first.why }
      : null,
    key: given ? 'given' : 'from export: proves nothing about who signed',
  }
}

/** Threads only ever find that all is well. Whatever else they meet is named by going through the export in order. */
async function walkExport(dir: string, size: number, { threads, onProgress }: VerifyOptions): Promise<Walked> {
  const walk = { dir, size, onProgress: (done: number) => onProgress?.(done, size) }
  return (await walkTogether(walk, threads ?? usualThreads(size))) ?? (await walkInOrder(walk))
}

function requireFolder(dir: string): void {
  try {
    accessSync(dir, constants.R_OK | constants.X_OK)
    if (statSync(dir).isDirectory()) return
  } catch {}
  throw new TlogError('there is no readable folder with an export at that place')
}

/** What the checkpoint says, whether or not it is signed as it should be. */
function readClaim(
  dir: string,
  given: readonly LogVerifier[] | undefined,
  findings: Finding[],
): Checkpoint | undefined {
  const readFile = createFileReader(maxNoteBytes)
  const attempt = <T>(file: string, read: () => T): T | undefined => {
    try {
      return read()
    } catch (error) {
      if (!(error instanceof TlogError)) throw error
      findings.push({ index: null, why: `${file}: ${error.message}` })
      return undefined
    }
  }
  const readText = (file: string): string => {
    const bytes = readFile(join(dir, file))
    if (!bytes) throw new TlogError('it is missing, too long or cannot be read')
    return readUtf8(bytes)
  }
  const note = attempt(checkpointFile, () => readText(checkpointFile))
  const kept = attempt(vkeyFile, () => parseVkeys(readText(vkeyFile)))
  if (note === undefined) return undefined
  if (given) attempt(checkpointFile, () => openCheckpoint(note, given))
  if (kept) attempt(checkpointFile, () => openCheckpoint(note, kept))
  return attempt(checkpointFile, () => parseCheckpoint(parseNote(note).text))
}

function judgeWhole(dir: string, claimed: Checkpoint, root: Buffer | undefined): Finding[] {
  const findings: Finding[] = []
  if (root && !root.equals(claimed.root)) {
    findings.push({ index: null, why: 'the entries do not have the root that was signed' })
  }
  if (claimed.size === 0 && !claimed.root.equals(emptyRoot()))
    findings.push({ index: null, why: 'an empty log has another root' })
  const stray = existsSync(join(dir, tileFolder)) ? findStrayTile(dir, claimed.size) : undefined
  if (stray !== undefined) {
    const place = parseTilePath(stray)
    const index = place?.level === 'entries' ? Math.max(place.index * tileWidth, claimed.size) : null
    findings.push({ index, why: `${stray} is not part of a log of ${claimed.size} entries` })
  }
  return findings
}
