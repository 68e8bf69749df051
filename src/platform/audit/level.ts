/** How much of what happens a tenant has in its trail. The floor is fixed: `changes` are in every level. */
import type { AuditAction } from '#kernel/audit-action'
import type { Clock } from '#kernel/clock'
import { Fault } from '#kernel/fault'
import type { Tx } from '#platform/database'
import { lockLevel, readLevel, saveLevel } from './store.ts'

export const levelChanged: AuditAction = { name: 'audit_level.changed', ocsfClass: 3004, ocsfActivity: 3 }

export const levels = ['changes', 'reads'] as const
/** `changes`: changes and refusals. `reads`: also who read what. */
export type Level = (typeof levels)[number]
const unlessSet: Level = 'reads'

/** How long another process may still write by the level before, in ms. */
export const levelRememberedMs = 1_000
const maxRemembered = 10_000

const isLevel = (word: string): word is Level => levels.some((level) => level === word)

/** A word that is no level could only come from a newer version, and is read as the most. */
const toLevel = (word: string | undefined): Level => (word !== undefined && isLevel(word) ? word : unlessSet)

export type Levels = {
  /** As it is now. */
  read(tx: Tx): Promise<Level>
  /** As it was at most `levelRememberedMs` ago. */
  recall(tx: Tx): Promise<Level>
  /** Tells the level before. Nobody else changes it until this transaction ends. */
  set(tx: Tx, level: string): Promise<Level>
}

export function createLevels({ clock }: { clock: Clock }): Levels {
  const remembered = new Map<string, { level: Level; untilMs: number }>()
  const read = async (tx: Tx): Promise<Level> => toLevel(await readLevel(tx))
  return {
    read,
    async recall(tx) {
      const entry = remembered.get(tx.tenantId)
      // Counted from before the look-up, so that its duration is inside the bound.
      const nowMs = clock.elapsed()
      if (entry && entry.untilMs > nowMs) return entry.level
      const level = await read(tx)
      // Not before the commit: what this transaction alone can see may be taken back.
      tx.afterCommit(() => {
        if (remembered.size >= maxRemembered) remembered.clear()
        remembered.set(tx.tenantId, { level, untilMs: nowMs + levelRememberedMs })
      })
      return level
    },
    async set(tx, level) {
      if (!isLevel(level))
        throw new Fault('invalid_request', `A level is one of ${levels.join(', ')}: changes are always written.`, {
          errors: [{ pointer: '/level', message: `must be one of ${levels.join(', ')}` }],
        })
      const changedAt = new Date(clock.now())
      const before = toLevel(await lockLevel(tx, { level: unlessSet, changed_at: changedAt }))
      await saveLevel(tx, { level, changed_at: changedAt })
      tx.afterCommit(() => remembered.delete(tx.tenantId))
      return before
    },
  }
}
