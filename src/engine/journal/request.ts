/** What is asked of the journal, and what it answers. */
import type { Brief } from '#engine/briefing'
import type { ListMatch } from '#engine/lists'
import type { SubjectState } from '#engine/windows'
import type { Money } from '#kernel/currency'
import type { Scope } from '#platform/database'
import type { DecisionRow } from './store.ts'
import { type Columns, type Happening, inOrder, keyOf, type Subject, toColumns } from './subject.ts'

/** What a request is judged with. */
export type Given = {
  readonly brief: Brief
  readonly matches: readonly ListMatch[]
  /** Of one of the request's subjects as it was before this request: its own attempt is not in it. Not to be kept. */
  stateOf(subject: Subject): SubjectState
}

/** The row without what the journal fills in from the request, so that the two cannot differ. */
export type JudgedRow = Pick<
  DecisionRow,
  'id' | 'at' | 'decision' | 'risk_score' | 'policy_version' | 'category' | 'document' | 'event'
>

export type JournalRequest<Answer> = {
  /** In whose name, and in which tenant. */
  readonly scope: Scope
  /** One merchant, at most one user, and any of the others. What a policy reads may add some. */
  subjectsBy(brief: Brief): readonly Subject[]
  /** What the tenant's lists are asked for. */
  valueKeysBy(brief: Brief): readonly Buffer[]
  /** Time of the event: where windows end, and which bucket it is counted in. */
  readonly atMs: number
  readonly money: Money
  readonly hour: number | null
  readonly place: Happening['place']
  readonly idempotency?: { readonly keyHash: Buffer; readonly bodyHash: Buffer }
  /** Judged as the next one would be, and neither stored nor counted. */
  readonly isDry?: boolean
  /** Pure and synchronous; may be asked again if the transaction is. `APPROVED` is what counts as approved. */
  judge(given: Given): { row: JudgedRow; answer: Answer }
}

/** `replayed`: the same request was answered before, with that decision. */
export type Outcome<Answer> = { kind: 'decided'; answer: Answer } | { kind: 'replayed'; decisionId: string }

/** What of a request depends on the brief. */
export type Briefed = {
  readonly subjects: readonly Subject[]
  /** Of those that are counted, each once. */
  readonly keys: readonly string[]
  readonly columns: Columns
  readonly valueKeys: readonly Buffer[]
}

/** A request that waits. It knows the type of its answer, and nobody else needs to. */
export type Pending = {
  readonly request: Omit<JournalRequest<unknown>, 'judge' | 'subjectsBy' | 'valueKeysBy'>
  by(brief: Brief): Briefed
  /** Judges, and keeps the answer until the transaction is durable. */
  judge(given: Given): JudgedRow
  replay(decisionId: string): void
  /** The outcome is durable. */
  settle(): void
  reject(error: unknown): void
}

export function toPending<Answer>(request: JournalRequest<Answer>): {
  pending: Pending
  outcome: Promise<Outcome<Answer>>
} {
  const { promise, resolve, reject } = Promise.withResolvers<Outcome<Answer>>()
  let outcome: Outcome<Answer> | undefined
  let last: { brief: Brief; briefed: Briefed } | undefined
  const pending: Pending = {
    request,
    by(brief) {
      if (last?.brief !== brief) last = { brief, briefed: readBrief(request, brief) }
      return last.briefed
    },
    judge(given) {
      const { row, answer } = request.judge(given)
      outcome = { kind: 'decided', answer }
      return row
    },
    replay: (decisionId) => void (outcome = { kind: 'replayed', decisionId }),
    settle: () => (outcome ? resolve(outcome) : reject(new Error('a request was settled without an outcome'))),
    reject,
  }
  return { pending, outcome: promise }
}

function readBrief<Answer>(request: JournalRequest<Answer>, brief: Brief): Briefed {
  const subjects = inOrder(request.subjectsBy(brief))
  const counted = subjects.filter(({ kind }) => kind !== 'country')
  return {
    subjects,
    keys: [...new Set(counted.map(({ key }) => keyOf(key)))],
    columns: toColumns(subjects),
    valueKeys: request.valueKeysBy(brief),
  }
}
