/** A judge for tests of the journal: so many approvals of one subject in a while, and no more. */
import { createHash, randomUUID } from 'node:crypto'
import type { JournalRequest, Subject, SubjectKind } from '#engine/journal'
import { readWindow } from '#engine/windows'
import type { Clock } from '#kernel/clock'
import { createIds, type NewId } from '#kernel/id'
import type { Scope } from '#platform/database'

export type Asked = {
  user: string
  merchant?: string
  card?: string
  limit?: number
  minor?: number
  currency?: string
  lengthMs?: number
  atMs?: number
  idempotencyKey?: string
}
export type Stubbed = {
  id: string
  decision: 'APPROVED' | 'DECLINED'
  attempts: number
  approved: number
  sum: number | undefined
}

const hash = (text: string): Buffer => createHash('sha256').update(text).digest()
export const subjectOf = (kind: SubjectKind, value: string): Subject => ({ kind, key: hash(`${kind}\0${value}`) })

const newIds = new WeakMap<Clock, NewId>()

/** Counts the user's approvals in the last `lengthMs`, an hour if not said. */
export function askOf(scope: Scope, clock: Clock, asked: Asked): JournalRequest<Stubbed> {
  const newId = newIds.get(clock) ?? createIds(clock)
  newIds.set(clock, newId)
  const { limit = 5, lengthMs = 3_600_000, minor = 100, currency = 'EUR', idempotencyKey } = asked
  const user = subjectOf('user', asked.user)
  const subjects = [user, subjectOf('merchant', asked.merchant ?? 'm')]
  if (asked.card !== undefined) subjects.push(subjectOf('card', asked.card))
  const now = clock.now()
  const id = newId()
  return {
    scope,
    subjectsBy: () => subjects,
    valueKeysBy: () => [],
    hour: null,
    place: null,
    atMs: asked.atMs ?? now,
    money: { minor, currency },
    ...(idempotencyKey === undefined
      ? {}
      : { idempotency: { keyHash: hash(idempotencyKey), bodyHash: hash(JSON.stringify(asked)) } }),
    judge({ stateOf }) {
      const { attempts, approved, attemptedMinor } = readWindow(stateOf(user), {
        lengthMs,
        atMs: asked.atMs ?? now,
        currency,
      })
      const decision = approved < limit ? 'APPROVED' : 'DECLINED'
      return {
        row: {
          id, at: new Date(now), decision, risk_score: 0, policy_version: 1, category: 'test',
          document: Buffer.from('{}'), event: Buffer.from('sealed'),
        }, // prettier-ignore
        answer: { id, decision, attempts, approved, sum: attemptedMinor },
      }
    },
  }
}

export const newRequestId = (): string => randomUUID()
