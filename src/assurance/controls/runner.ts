/** Runs checks when they are due, each on one process at a time, and writes down how states change. */
import type { Clock } from '#kernel/clock'
import type { Check, Text } from '#kernel/control'
import type { NewId } from '#kernel/id'
import type { Audit } from '#platform/audit'
import type { Scope, Tx } from '#platform/database'
import { errorFields, type Log } from '#platform/telemetry'
import type { GatheredClaim, Look, State, Verdict } from '#assurance/claims'
import { claimStateChanged } from './actions.ts'
import type { Reader } from './read.ts'
import { fromRow, toRow } from './run.ts'
import { type Outcome, runLook } from './run-check.ts'
import { type Copy, judgeFrom } from './standing.ts'
import { endLease, insertChange, insertRun, readNewestRun, takeLease } from './store.ts'

/** How often a serving process looks for what is due. */
export const checkEveryMs = 15_000
/** What did not pass is looked at again sooner, so that a mended fault does not stand for a day. */
const againMs = 60_000
const checksAtOnce = 2
/** Clocks of two machines may differ by so much. */
const skewMs = 5_000
const longestWhy = 2_000

export type Runner = { runDue(named?: readonly string[]): Promise<void>; stop(): void }

export function createRunner(needs: {
  scope: Scope
  audit: Audit
  newId: NewId
  clock: Clock
  log: Log
  claims(): readonly GatheredClaim[]
  reader: Reader
}): Runner {
  const { scope, audit, newId, clock, log, claims, reader } = needs
  const stopping = new AbortController()
  const isStopping = (): boolean => stopping.signal.aborted
  let underWay: Promise<void> | undefined

  function isDue(check: Check, run: Look | undefined): boolean {
    if (!run) return true
    const ageMs = clock.now() - run.startedMs
    const isGood = run.result === 'pass' && run.planted.caught
    return ageMs < -skewMs || ageMs >= (isGood ? check.cadenceMs : Math.min(check.cadenceMs, againMs))
  }

  async function runOne(check: Check, isNamed: boolean): Promise<void> {
    const { digest } = (await reader.sources()).of(check.id)
    const turn = await takeTurn(check, digest, isNamed)
    if (!turn) return
    const { newest } = turn
    const endTurn = (tx: Tx): Promise<boolean> => endLease(tx, check.id, turn.until, new Date(clock.now()))
    try {
      const noteError = (error: unknown): void =>
        log.warn('check_could_not_look', { claim: check.id, ...errorFields(error) })
      const how = { clock, stopped: stopping.signal, noteError }
      const planted: Outcome = await runLook(check.planted.run, check, how)
      if (isStopping()) return
      const real = await runLook(() => check.run(newest?.seen ?? null), check, how)
      if (isStopping()) return
      const row = toRow(check, digest, { id: newId(), real, planted, before: newest })
      await scope.transaction(async (tx) => {
        // Another process may have looked since, and has the number.
        if (!(await endTurn(tx))) throw new Error('the turn was over before the run was stored')
        await insertRun(tx, row)
      })
    } finally {
      await scope.transaction(endTurn)
    }
  }

  /** The newest run, under a lease until that time; nothing if it is not due any more, or another process is at it. */
  function takeTurn(check: Check, digest: Buffer, isNamed: boolean) {
    return scope.transaction(async (tx) => {
      const now = clock.now()
      const longestMs = 2 * check.timeoutMs + skewMs
      const turn = { now: new Date(now), until: new Date(now + longestMs), voidAfter: new Date(now + 2 * longestMs) }
      if (!(await takeLease(tx, check.id, turn))) return undefined
      const row = await readNewestRun(tx, check.id, digest)
      const newest = row && fromRow(row)
      if (isNamed || isDue(check, newest)) return { newest, until: turn.until }
      await endLease(tx, check.id, turn.until, turn.now)
      return undefined
    })
  }

  /** Writes down each claim that stands otherwise than was written last. */
  async function noteChanges(which: (state: State) => boolean = () => true): Promise<void> {
    await scope.transaction(async (tx) => {
      const copy: Copy = await reader.read(tx)
      const now = new Date(clock.now())
      for (const claim of claims()) {
        if (!isLookedAt(claim, copy)) continue
        const verdict = judgeFrom(claim, copy, now.getTime())
        const [newest] = copy.changes.get(claim.id) ?? []
        const from = newest?.to ?? null
        if (!isNews(from, verdict.state) || !which(verdict.state)) continue
        const why = whyOf(verdict)
        const number = Number(newest?.id.split(':')[1] ?? 0) + 1
        const row = { claim: claim.id, number, at: now, from_state: from, to_state: verdict.state, why_en: why.en, why_sv: why.sv }
        if (!(await insertChange(tx, row))) continue
        const details = { claim: claim.id, from, to: verdict.state, why }
        await audit.append(tx, { action: claimStateChanged, target: claim.id, details })
        tx.afterCommit(() => log.info('claim_state_changed', { claim: claim.id, reason: verdict.state }))
      }
    }) // prettier-ignore
    reader.forget()
  }

  const differs = (copy: Copy, which: (state: State) => boolean = () => true): boolean =>
    claims().some((claim) => {
      if (!isLookedAt(claim, copy)) return false
      const { state } = judgeFrom(claim, copy, clock.now())
      return which(state) && isNews(copy.changes.get(claim.id)?.[0]?.to ?? null, state)
    })

  async function runDueNow(named: readonly string[]): Promise<void> {
    const isNamed = (check: Check): boolean =>
      claims().some(({ id, checks }) => named.includes(id) && checks.includes(check))
    const copy = await scope.transaction(reader.read)
    // What fell silent while nobody served is written down before it is mended.
    if (differs(copy, isStale)) await noteChanges(isStale)
    const due = claims()
      .flatMap(({ checks }) => checks)
      .filter((check) => isNamed(check) || isDue(check, copy.runs.get(check.id)))
    if (due.length === 0 && !differs(copy)) return
    const waiting = due.values()
    const work = async (): Promise<void> => {
      for (const check of waiting) {
        if (isStopping()) return
        await runOne(check, isNamed(check)).catch((error: unknown) =>
          log.warn('check_was_not_stored', { claim: check.id, ...errorFields(error) }),
        )
      }
    }
    await Promise.all(Array.from({ length: checksAtOnce }, work))
    if (!isStopping()) await noteChanges()
  }

  const begin = (named: readonly string[]): Promise<void> =>
    (underWay = runDueNow(named).finally(() => (underWay = undefined)))

  return {
    async runDue(named = []) {
      if (named.length === 0) return underWay ?? begin(named)
      // What is under way may have looked before it was asked.
      while (underWay) await underWay.catch(() => {})
      return begin(named)
    },
    stop: () => stopping.abort(),
  }
}

/** Before that there is nothing to write down: another process may be looking just now. */
const isLookedAt = ({ checks }: GatheredClaim, { runs }: Copy): boolean => checks.every(({ id }) => runs.has(id))
/** That nothing keeps a claim is where every claim begins. */
const isNews = (from: State | null, to: State): boolean => from !== to && !(from === null && to === 'planned')
const isStale = (state: State): boolean => state === 'stale'

const held: Text = {
  en: 'All its checks passed, and each saw the offence that was planted for it.',
  sv: 'Alla kontroller gick igenom, och var och en såg felet som hade planterats för den.',
}
const nothingYet: Text = { en: 'Nothing keeps it yet.', sv: 'Ingenting upprätthåller det ännu.' }
const byRecord: Text = { en: 'It rests on a dated record.', sv: 'Det vilar på en daterad uppgift.' }

function whyOf({ state, why }: Verdict): Text {
  const text = why ?? (state === 'planned' ? nothingYet : state === 'attested' ? byRecord : held)
  return { en: text.en.slice(0, longestWhy).toWellFormed(), sv: text.sv.slice(0, longestWhy).toWellFormed() }
}
