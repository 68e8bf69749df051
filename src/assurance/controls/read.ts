/** Reads what claims stand on, and keeps what was read last for when the database is away. */
import { setTimeout } from 'node:timers/promises'
import type { Clock } from '#kernel/clock'
import type { Scope, Tx } from '#platform/database'
import type { GatheredClaim } from '#assurance/claims'
import { fromRow, type StoredRun } from './run.ts'
import { digestSources, type SourceDigest } from './source-digest.ts'
import { type Change, type Copy, toChange } from './standing.ts'
import { readChangesOf, readNewestRun } from './store.ts'

const keptMs = 2_000
/** Longer than this nobody waits for a database while there is a copy. */
const patienceMs = 1_000
const historyShown = 20

type Sources = { of(checkId: string): SourceDigest }

export type Reader = {
  /** As it is now. */
  read(tx: Tx): Promise<Copy>
  /** At most two seconds old; older, and not `fresh`, when the database cannot be asked. */
  recent(): Promise<{ copy: Copy; fresh: boolean }>
  /** What was read before is read again. */
  forget(): void
  sources(): Promise<Sources>
}

export function createReader(needs: { scope: Scope; clock: Clock; claims(): readonly GatheredClaim[] }): Reader {
  const { scope, clock, claims } = needs
  let digests: Promise<Sources> | undefined
  let last: { copy: Copy; elapsedMs: number } | undefined
  let reading: Promise<Copy> | undefined
  let awayUntilMs = -Infinity

  const sources = (): Promise<Sources> => (digests ??= readSources(claims()))

  async function read(tx: Tx): Promise<Copy> {
    const { of } = await sources()
    const readMs = clock.now()
    const runs = new Map<string, StoredRun>()
    const changes = new Map<string, readonly Change[]>()
    for (const { id, checks } of claims()) {
      for (const check of checks) {
        const row = await readNewestRun(tx, check.id, of(check.id).digest)
        if (row) runs.set(check.id, fromRow(row))
      }
      changes.set(id, (await readChangesOf(tx, id, historyShown)).map(toChange))
    }
    return { readMs, runs, changes }
  }

  function readOnce(): Promise<Copy> {
    reading ??= scope
      .transaction(read)
      .then((copy) => {
        last = { copy, elapsedMs: clock.elapsed() }
        return copy
      })
      .finally(() => (reading = undefined))
    return reading
  }

  return {
    read,
    sources,
    forget: () => {
      if (last) last = { ...last, elapsedMs: -Infinity }
    },
    async recent() {
      if (last && clock.elapsed() - last.elapsedMs < keptMs) return { copy: last.copy, fresh: true }
      if (last && clock.elapsed() < awayUntilMs) return { copy: last.copy, fresh: false }
      const asked = readOnce()
      try {
        const copy = await (last ? Promise.race([asked, setTimeout(patienceMs, undefined, { ref: false })]) : asked)
        if (copy) return { copy, fresh: true }
      } catch (error) {
        if (!last) throw error
      }
      asked.catch(() => {})
      awayUntilMs = clock.elapsed() + keptMs
      if (!last) throw new Error('nothing was read')
      return { copy: last.copy, fresh: false }
    },
  }
}

async function readSources(claims: readonly GatheredClaim[]): Promise<Sources> {
  const found = new Map<string, SourceDigest>()
  for (const { id, sources } of claims.flatMap(({ checks }) => checks)) found.set(id, await digestSources(sources))
  return {
    of(checkId) {
      const digest = found.get(checkId)
      if (!digest) throw new Error(`there is no check ${checkId}`)
      return digest
    },
  }
}
