import type { Segment } from '#platform/database'
import { type HashReader, TlogError } from '#platform/tlog'
import { readTile } from './store.ts'

/** The stored tiles, for whoever computes roots and proofs from them. */
export const tileReader = (tx: Segment): HashReader => ({
  async readTile(level, index) {
    const hashes = await readTile(tx, level, index)
    if (!hashes) throw new TlogError(`the log has lost its tile ${level}/${index}`)
    return hashes
  },
})
