/**
 * Writes a log for its owner to take away: checkpoint, vkey, tile/…, tile/entries/… (C2SP tlog-tiles) and contents.jsonl.
 * The checkpoint is written last, so a half-written export is none. Entries pass through; memory does not grow with them.
 *
 * It refuses a checkpoint that the keys have not signed, and never withholds a log that does not match its checkpoint:
 * that is evidence. Where the tiles come from the log's own storage, verifying the export then names the entry.
 */
import { promises } from 'node:fs'
import { join, resolve } from 'node:path'
import { growTree } from './append.ts'
import { openCheckpoint } from './checkpoint.ts'
import { formatContentLine } from './contents.ts'
import { checkpointFile, contentsFile, createFileWriter, syncFolder, tileFolder, vkeyFile } from './export-files.ts'
import { hashBytes, hashLeaf } from './hash.ts'
import { parseVkeys } from './keys.ts'
import { TlogError } from './malformed.ts'
import { joinBundle, maxEntryBytes, type Tile, tilePath, tileWidth } from './tiles.ts'
import type { HashReader } from './tree.ts'

/** `salt` and `content` are null when erased. */
export type ExportedEntry = {
  readonly entry: Uint8Array
  readonly salt: Uint8Array | null
  readonly content: string | null
}
export type ExportSource = {
  /** The signed note. */
  readonly checkpoint: string
  /** One verifier key a line, the Ed25519 key first. */
  readonly vkey: string
  readonly size: number
  /** In the order of the log, `size` of them. */
  readonly entries: AsyncIterable<ExportedEntry> | Iterable<ExportedEntry>
  /** The log's stored tiles. Without it they are made from the entries. */
  readonly tiles?: HashReader
}
/** `isAsSigned` tells whether the entries have the root that was signed. */
export type Exported = { readonly entries: number; readonly root: string; readonly isAsSigned: boolean }

export async function writeExport(dir: string, source: ExportSource): Promise<Exported> {
  const folder = resolve(dir)
  const vkey = source.vkey.endsWith('\n') ? source.vkey : `${source.vkey}\n`
  const checkpoint = openCheckpoint(source.checkpoint, parseVkeys(vkey))
  if (checkpoint.size !== source.size) throw new TlogError('the checkpoint is not of the size that is to be exported')
  await promises.mkdir(folder, { recursive: true })
  if ((await promises.readdir(folder)).length > 0) throw new TlogError('an export is written to an empty folder')
  try {
    const root = await writeLog(folder, source)
    const last = createFileWriter(folder)
    await last.write(vkeyFile, vkey)
    await last.write(`${checkpointFile}.part`, source.checkpoint)
    await last.finish()
    await promises.rename(join(folder, `${checkpointFile}.part`), join(folder, checkpointFile))
    await syncFolder(folder)
    return { entries: source.size, root: root.toString('base64'), isAsSigned: root.equals(checkpoint.root) }
  } catch (error) {
    for (const name of [checkpointFile, `${checkpointFile}.part`, vkeyFile, contentsFile, tileFolder]) {
      await promises.rm(join(folder, name), { recursive: true, force: true })
    }
    throw error
  }
}

/** The root over the entries. */
async function writeLog(folder: string, { entries, size, tiles }: ExportSource): Promise<Buffer> {
  const files = createFileWriter(folder)
  const full: Tile[] = []
  const tree = growTree(0, [], (tile) => full.push({ ...tile, hashes: Buffer.from(tile.hashes) }))
  const contents = await promises.open(join(folder, contentsFile), 'wx')
  let bundle: Uint8Array[] = []
  let lines: string[] = []
  async function writeTile({ level, index, width, hashes }: Tile): Promise<void> {
    const stored = await tiles?.readTile(level, index, width)
    await files.write(
      tilePath({ level, index, width }),
      stored ? Buffer.from(stored).subarray(0, width * hashBytes) : hashes,
    )
  }
  async function flush(): Promise<void> {
    const index = Math.floor((tree.size() - 1) / tileWidth)
    await files.write(tilePath({ level: 'entries', index, width: bundle.length }), joinBundle(bundle))
    await contents.writeFile(lines.join(''))
    for (const tile of full.splice(0)) await writeTile(tile)
    bundle = []
    lines = []
  }
  try {
    for await (const { entry, salt, content } of entries) {
      if (tree.size() >= size) throw new TlogError('there are more entries than the checkpoint counts')
      if (entry.length > maxEntryBytes) throw new TlogError(`entry ${tree.size()} has more than ${maxEntryBytes} bytes`)
      lines.push(formatContentLine(tree.size(), salt, content))
      bundle.push(entry)
      tree.add(hashLeaf(entry))
      if (bundle.length === tileWidth) await flush()
    }
    if (tree.size() < size) throw new TlogError('there are fewer entries than the checkpoint counts')
    if (bundle.length > 0) await flush()
    for (const tile of tree.partials()) await writeTile(tile)
    await contents.sync()
  } finally {
    await contents.close()
    await files.finish()
  }
  return tree.root()
}
