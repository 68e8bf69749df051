/** Holds a stored tile against the hashes that the entries give. */
import { join } from 'node:path'
import { createFileReader } from './export-files.ts'
import { hashBytes } from './hash.ts'
import { type Tile, tilePath, tileWidth } from './tiles.ts'

/** `inTile` names the tile that holds another hash than the entries give: one of the two was changed. */
export type Finding = {
  /** The first entry that it may be about, of `span` entries, one if not said; null for none in particular. */
  readonly index: number | null
  readonly span?: number
  readonly why: string
  readonly inTile?: string
}
export type Find = (finding: Finding) => void

/** The first few are enough: later ones often follow from them. */
const maxFindings = 16

export function collectFindings(): { findings: readonly Finding[]; find: Find } {
  const findings: Finding[] = []
  return { findings, find: (finding) => void (findings.length < maxFindings && findings.push(finding)) }
}

export type TileJudge = {
  judge(tile: Tile): void
  /** The stored tile, if it has as many hashes as it should. */
  read(place: Omit<Tile, 'hashes'>): Buffer | undefined
}

export function judgeTiles(dir: string, find: Find): TileJudge {
  const readFile = createFileReader(tileWidth * hashBytes)
  const read: TileJudge['read'] = (place) => {
    const stored = readFile(join(dir, tilePath(place)))
    return stored?.length === place.width * hashBytes ? stored : undefined
  }
  return {
    read,
    judge({ level, index, width, hashes }) {
      const path = tilePath({ level, index, width })
      const first = index * tileWidth ** (level + 1)
      const stored = read({ level, index, width })
      if (!stored) {
        find({ index: first, why: `${path} is missing, cannot be read or does not have ${width} hashes` })
        return
      }
      if (hashes.compare(stored, 0, stored.length, 0, stored.length) === 0) return
      let at = 0
      while (hashes.compare(stored, at, at + hashBytes, at, at + hashBytes) === 0) at += hashBytes
      const span = tileWidth ** level
      const why = level === 0 ? `it does not have the hash in ${path}` : `${path} has another hash`
      find({ index: first + (at / hashBytes) * span, span, inTile: path, why })
    },
  }
}
