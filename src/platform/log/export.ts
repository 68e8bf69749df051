/** Reads a log out of the database: for whoever takes it away, and for whoever looks at it again. */
import { toWireId } from '#kernel/id'
import type { Scope, Tx } from '#platform/database'
import { makeEntryBytes, type ExportedEntry, type Exported, writeExport } from '#platform/tlog'
import { keyAt, readLogKeys } from './signing-keys.ts'
import type { LogSource } from './source.ts'
import { readEntries, readErased, type StoredCheckpoint, type StoredEntry } from './store.ts'
import { tileReader } from './tile-reader.ts'

const pageEntries = 1_024

/** The bytes that were hashed. */
export function bytesOf(entry: StoredEntry, sources: readonly LogSource[]): Buffer {
  const idKind = sources.find(({ name }) => name === entry.source)?.idKind
  if (!idKind) throw new Error(`the log has an entry of a source that is not gathered in app.ts: ${entry.source}`)
  const id = toWireId(idKind, entry.id)
  return makeEntryBytes({ id, timeMs: entry.at.getTime(), type: entry.type, commit: entry.commitment.toString('hex') })
}

export type ReadEntry = StoredEntry & { bytes: Buffer; content: string | null }

/** Entries with the contents that their rows have now; null for what was erased. */
export async function readWithContents(
  tx: Tx,
  sources: readonly LogSource[],
  from: number,
  to: number,
): Promise<ReadEntry[]> {
  const entries = await readEntries(tx, from, to)
  const contents = new Map<string, string>()
  for (const source of sources) {
    const ids = entries.filter(({ salt, source: name }) => salt && name === source.name).map(({ id }) => id)
    if (ids.length > 0) for (const [id, content] of await source.readContents(tx, ids)) contents.set(id, content)
  }
  // Salt and content go in one transaction: a content that was read when its salt had gone is not the one that was committed to.
  const erased = await readErased(tx, from, to)
  return entries.map((entry) => {
    const salt = erased.has(entry.id) ? null : entry.salt
    return { ...entry, salt, bytes: bytesOf(entry, sources), content: salt ? (contents.get(entry.id) ?? null) : null }
  })
}

/** `contents` counts those that are not erased. */
export type LogExported = Exported & { checkpoint: StoredCheckpoint; vkeys: string; contents: number }

export async function exportLog(
  scope: Scope,
  dir: string,
  of: {
    sources: readonly LogSource[]
    checkpoint: StoredCheckpoint
    onProgress(done: number, size: number): void
  },
): Promise<LogExported> {
  const { sources, checkpoint, onProgress } = of
  const size = Number(checkpoint.size)
  const keys = await scope.transaction(readLogKeys)
  let contents = 0
  async function* entries(): AsyncGenerator<ExportedEntry> {
    for (let from = 0; from < size; from += pageEntries) {
      const to = Math.min(from + pageEntries, size)
      const page = await scope.transaction((tx) => readWithContents(tx, sources, from, to))
      // A gap moves what follows it, and shows as entries that do not have their hashes.
      for (const { bytes, salt, content } of page) {
        if (content !== null) contents++
        yield { entry: bytes, salt, content }
      }
      onProgress(to, size)
    }
  }
  const { vkeys } = keyAt(keys, size)
  const exported = await writeExport(dir, {
    checkpoint: checkpoint.note,
    vkey: vkeys,
    size,
    entries: entries(),
    tiles: {
      readTile: (level, index, width) => scope.transaction(async (tx) => tileReader(tx).readTile(level, index, width)),
    },
  })
  return { ...exported, checkpoint, vkeys, contents }
}
