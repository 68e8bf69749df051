/**
 * C2SP tlog-tiles: where a tree's hashes and entries lie. A tile has 256 neighbouring hashes of one level, or fewer at
 * the right edge; hash i of tile n at level l is the root over entries from (n * 256 + i) * 256^l, 256^l of them.
 */
import { TlogError } from './malformed.ts'

export const tileWidth = 256
/** The length of an entry is a uint16 in its bundle. */
export const maxEntryBytes = 65_535
export const maxBundleBytes = tileWidth * (maxEntryBytes + 2)

/** `entries` names the bundle of entries under the tile of level 0. Width is 1 to 256; below 256 it is partial. */
export type TilePlace = { readonly level: number | 'entries'; readonly index: number; readonly width: number }
export type Tile = { readonly level: number; readonly index: number; readonly width: number; readonly hashes: Buffer }

/** 1234067 → `x001/x234/067`, so that no folder has more than 3,000 names. */
export function tilePath({ level, index, width }: TilePlace): string {
  let path = String(index % 1000).padStart(3, '0')
  for (let rest = Math.floor(index / 1000); rest > 0; rest = Math.floor(rest / 1000)) {
    path = `x${String(rest % 1000).padStart(3, '0')}/${path}`
  }
  return `tile/${level}/${path}${width === tileWidth ? '' : `.p/${width}`}`
}

/** The place, or `undefined` if the path is not exactly what `tilePath` gives for one. */
export function parseTilePath(path: string): TilePlace | undefined {
  const match = /^tile\/(entries|\d{1,2})\/((?:x\d{3}\/)*\d{3})(?:\.p\/(\d{1,3}))?$/.exec(path)
  if (!match) return undefined
  const level = match[1] === 'entries' ? 'entries' : Number(match[1])
  const place = {
    level,
    index: Number((match[2] ?? '').replaceAll(/[x/]/g, '')),
    width: match[3] === undefined ? tileWidth : Number(match[3]),
  } as const
  if (place.width < 1 || place.width > tileWidth || (level !== 'entries' && level > 63)) return undefined
  return Number.isSafeInteger(place.index) && tilePath(place) === path ? place : undefined
}

/** How many hashes that tile has in a tree of `size` entries: 0 (there is no such tile) to 256. */
export function widthAt(level: number | 'entries', index: number, size: number): number {
  const count = Math.floor(size / tileWidth ** (level === 'entries' ? 0 : level))
  return Math.min(tileWidth, Math.max(0, count - index * tileWidth))
}

/** Each entry after its length, a big-endian uint16. */
export function joinBundle(entries: readonly Uint8Array[]): Buffer {
  const bytes = Buffer.alloc(entries.reduce((sum, entry) => sum + 2 + entry.length, 0))
  let at = 0
  for (const entry of entries) {
    if (entry.length > maxEntryBytes) throw new TlogError(`an entry has at most ${maxEntryBytes} bytes`)
    at = bytes.writeUInt16BE(entry.length, at)
    bytes.set(entry, at)
    at += entry.length
  }
  return bytes
}

/** The entries of a bundle, as views of it. */
export function splitBundle(bundle: Buffer, width: number): Buffer[] {
  const entries: Buffer[] = []
  let at = 0
  for (let n = 0; n < width; n++) {
    const end = at + 2 <= bundle.length ? at + 2 + bundle.readUInt16BE(at) : Infinity
    if (end > bundle.length) throw new TlogError(`the bundle ends within entry ${n} of ${width}`)
    entries.push(bundle.subarray(at + 2, end))
    at = end
  }
  if (at !== bundle.length) throw new TlogError('the bundle has bytes after its last entry')
  return entries
}
