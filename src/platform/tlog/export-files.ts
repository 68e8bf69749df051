/** The files of an export: where they are, how they are read and written to last. */
import { closeSync, constants, type Dir, fstatSync, openSync, opendirSync, promises, readSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parseTilePath, widthAt } from './tiles.ts'

export const checkpointFile = 'checkpoint'
export const vkeyFile = 'vkey'
export const contentsFile = 'contents.jsonl'
export const tileFolder = 'tile'

/** A regular file; `undefined` for anything else. Opening does not wait, also not for whoever writes to a pipe. */
export function openPlainFile(path: string): { fd: number; bytes: number } | undefined {
  try {
    const fd = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
    const facts = fstatSync(fd)
    if (facts.isFile()) return { fd, bytes: facts.size }
    closeSync(fd)
  } catch {}
  return undefined
}

/** Reads whole files into memory it keeps: a file's bytes are valid until the next call. */
export function createFileReader(maxBytes: number): (path: string) => Buffer | undefined {
  let kept = Buffer.allocUnsafe(1 << 16)
  return (path) => {
    const file = openPlainFile(path)
    if (!file) return undefined
    try {
      if (file.bytes > maxBytes) return undefined
      if (kept.length < file.bytes) kept = Buffer.allocUnsafe(2 * file.bytes)
      let end = 0
      while (end < file.bytes) {
        const got = readSync(file.fd, kept, end, file.bytes - end, null)
        if (got === 0) return undefined
        end += got
      }
      return kept.subarray(0, end)
    } catch {
      return undefined
    } finally {
      closeSync(file.fd)
    }
  }
}

/** The first path under `tile/` that a tree of `size` entries does not have, or that cannot be read, or `undefined`. */
export function findStrayTile(dir: string, size: number, folder = tileFolder): string | undefined {
  let open: Dir | undefined
  try {
    open = opendirSync(join(dir, folder))
    for (let found = open.readSync(); found; found = open.readSync()) {
      const path = `${folder}/${found.name}`
      const place = found.isFile() ? parseTilePath(path) : undefined
      const isOurs = place !== undefined && widthAt(place.level, place.index, size) === place.width
      const stray = found.isDirectory() ? findStrayTile(dir, size, path) : isOurs ? undefined : path
      if (stray !== undefined) return stray
    }
    return undefined
  } catch {
    return folder
  } finally {
    open?.closeSync()
  }
}

const maxPending = 32

/** Writes files that are on the disk when `finish` returns, many at once: their waits for the disk are shared. */
export function createFileWriter(dir: string) {
  const folders = new Set<string>()
  const pending = new Set<Promise<void>>()
  let failure: unknown
  async function save(path: string, bytes: Uint8Array | string): Promise<void> {
    const file = await promises.open(path, 'wx')
    try {
      await file.writeFile(bytes)
      await file.sync()
    } finally {
      await file.close()
    }
  }
  async function makeFolder(path: string): Promise<void> {
    if (folders.has(path)) return
    await promises.mkdir(path, { recursive: true })
    for (let folder = path; folder.startsWith(dir) && !folders.has(folder); folder = dirname(folder))
      folders.add(folder)
  }
  return {
    /** `bytes` must not change until `finish`. */
    async write(name: string, bytes: Uint8Array | string): Promise<void> {
      const path = join(dir, name)
      await makeFolder(dirname(path))
      if (pending.size >= maxPending) await Promise.race(pending)
      if (failure !== undefined) throw failure
      const saved: Promise<void> = save(path, bytes)
        .catch((error: unknown) => void (failure ??= error))
        .finally(() => pending.delete(saved))
      pending.add(saved)
    },
    async finish(): Promise<void> {
      await Promise.all(pending)
      if (failure !== undefined) throw failure
      for (const folder of folders) await syncFolder(folder)
    },
  }
}

export async function syncFolder(path: string): Promise<void> {
  const folder = await promises.open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
