/**
 * Who is asked, and when. A witness is asked by one process at a time, never inside a transaction, and nobody waits for it:
 * not sequencing, not signing, not the other witnesses. Those that did not cosign last have a lane of their own, so that
 * waiting for them takes no place from those that do.
 */
import type { Clock } from '#kernel/clock'
import { toWireId } from '#kernel/id'
import type { SystemScope } from '#platform/database'
import type { Outbound } from '#platform/outbound'
import { errorFields, type Log as Logger, type Metrics } from '#platform/telemetry'
import { makeConsistency, parseVkeys } from '#platform/tlog'
import { readCheckpoint } from '../store.ts'
import { tileReader } from '../tile-reader.ts'
import { isDisagreement } from './states.ts'
import { claimWitness, listWitnesses, saveCosignature, updateWitness, type Witness } from './store.ts'
import { answerWithinMs, type Prepared, submit, type Submission } from './submit.ts'

export const witnessEveryMs = 1_000
const mostInLane = { steady: 16, shaky: 4 }
/** Longer than two answers and what is stored after them; after that another process may ask. */
const leaseMs = 6 * answerWithinMs
export const firstRestMs = 15_000
export const longestRestMs = 15 * 60_000
/** After the database did not answer. */
const troubleMs = 5_000

export const restMs = (failures: number): number =>
  Math.min(firstRestMs * 2 ** Math.max(0, failures - 1), longestRestMs)

const isBehind = ({ seenSize }: Witness, size: bigint): boolean => seenSize !== size
const laneOf = ({ state }: Witness): keyof typeof mostInLane => (state === 'cosigned' ? 'steady' : 'shaky')

export type DispatchNeeds = { system: SystemScope; outbound: Outbound; clock: Clock; logger: Logger; metrics: Metrics }

export function createDispatch(needs: DispatchNeeds) {
  const { system, outbound, clock, logger, metrics } = needs
  /** When to look at a tenant's witnesses next; nothing for those whose witnesses have all that is signed. */
  const looks = new Map<string, number>()
  const underWay = new Map<string, Promise<void>>()
  const inLane = { steady: 0, shaky: 0 }
  let isClosed = false

  const lookAt = (tenantId: string, elapsedMs: number): void =>
    void looks.set(tenantId, Math.min(elapsedMs, looks.get(tenantId) ?? Infinity))
  const isDue = ({ dueAt }: Witness, nowMs: number): boolean =>
    dueAt.getTime() <= nowMs || dueAt.getTime() > nowMs + longestRestMs

  const readBehind = (tenantId: string): Promise<Witness[]> =>
    system.asTenant(tenantId).transaction(async (tx) => {
      const witnesses = await listWitnesses(tx)
      const newest = witnesses.length > 0 ? await readCheckpoint(tx) : undefined
      return newest ? witnesses.filter((witness) => isBehind(witness, newest.size)) : []
    })

  async function look(tenantId: string): Promise<void> {
    const nowMs = clock.now()
    for (const witness of await readBehind(tenantId)) {
      const waitMs = isDue(witness, nowMs) ? 0 : witness.dueAt.getTime() - nowMs
      if (waitMs > 0 || !start(tenantId, witness)) lookAt(tenantId, clock.elapsed() + waitMs)
    }
  }

  /** False if its lane is full. */
  function start(tenantId: string, witness: Witness): boolean {
    const key = `${tenantId} ${witness.name}`
    if (underWay.has(key)) return true
    const lane = laneOf(witness)
    if (inLane[lane] >= mostInLane[lane]) return false
    inLane[lane]++
    const work = ask(tenantId, witness.name)
      .catch((error: unknown) => trouble(tenantId, error))
      .finally(() => {
        inLane[lane]--
        underWay.delete(key)
        // What was signed meanwhile, or when it is due again.
        lookAt(tenantId, clock.elapsed())
      })
    underWay.set(key, work)
    return true
  }

  function trouble(tenantId: string, error: unknown): void {
    metrics.logFailures.inc({ what: 'witness' })
    const fields = { tenant_id: toWireId('tenant', tenantId), reason: 'witness', ...errorFields(error) }
    logger.warn('log_step_failed', fields)
    lookAt(tenantId, clock.elapsed() + troubleMs)
  }

  async function ask(tenantId: string, name: string): Promise<void> {
    const scope = system.asTenant(tenantId)
    const nowMs = clock.now()
    const until = new Date(nowMs + leaseMs)
    const times = { now: new Date(nowMs), until, horizon: new Date(nowMs + longestRestMs) }
    const taken = await scope.transaction((tx) => claimWitness(tx, name, times))
    if (!taken) return
    const said = await submit(taken, { outbound, clock, prepare: (from) => prepare(tenantId, from) })
    const at = new Date(clock.now())
    // Cut off by ourselves: the next process asks it at once.
    const isCutOff = isClosed && said.state !== 'cosigned'
    const after = isCutOff ? { ...taken, dueAt: at } : next(taken, said, at)
    const isHad = await scope.transaction(async (tx) => {
      const isKept = await updateWitness(tx, taken, after)
      if (isKept && said.state === 'cosigned')
        await saveCosignature(tx, { size: said.size, witness: name, lines: said.lines, at })
      return isKept
    })
    if (isHad && !isCutOff) report(tenantId, taken, said)
  }

  const prepare = (tenantId: string, from: number): Promise<Prepared | undefined> =>
    system.asTenant(tenantId).transaction(async (tx) => {
      const newest = await readCheckpoint(tx)
      const size = Number(newest?.size ?? 0n)
      if (!newest || from > size) return undefined
      const proof = from > 0 && from < size ? await makeConsistency(tileReader(tx), from, size) : []
      return { size: newest.size, note: newest.note, proof }
    })

  function report(tenantId: string, before: Witness, { state }: Submission): void {
    metrics.witnessAnswers.inc({ state })
    const [key] = parseVkeys(before.vkeys)
    // Its name and address are words of the tenant's. The id of its key is a digest.
    const fields = { tenant_id: toWireId('tenant', tenantId), reason: state, code: key?.id }
    if (isDisagreement(state)) logger.error('witness_disagrees', fields)
    else if (state !== 'cosigned' && state !== before.state) logger.warn('witness_did_not_cosign', fields)
  }

  return {
    /** There may be something for the witnesses of a tenant to see. */
    note: (tenantId: string): void => lookAt(tenantId, clock.elapsed()),

    /** Begins what is due, and waits for none of it. */
    async step(): Promise<void> {
      const noted = [...looks]
      for (const [tenantId, atMs] of noted) {
        if (isClosed) return
        if (atMs > clock.elapsed()) continue
        looks.delete(tenantId)
        await look(tenantId).catch((error: unknown) => trouble(tenantId, error))
      }
    },

    /** Asks those of a tenant that are due, and waits for their answers, each no longer than its time. */
    async askNow(tenantId: string): Promise<void> {
      const nowMs = clock.now()
      const due = (await readBehind(tenantId)).filter((witness) => isDue(witness, nowMs))
      await Promise.all(due.map((witness) => ask(tenantId, witness.name).catch((error) => trouble(tenantId, error))))
    },

    /** Waits for what is under way. */
    async settled(): Promise<void> {
      while (underWay.size > 0) await Promise.all(underWay.values())
    },

    /** Begins nothing more, and waits for what is under way, which ends once the door out is closed. */
    async close(): Promise<void> {
      isClosed = true
      await Promise.all(underWay.values())
    },
  }
}

function next(before: Witness, said: Submission, at: Date): Omit<Witness, 'createdAt'> {
  const isDone = said.state === 'cosigned'
  const failures = isDone ? 0 : Math.min(before.failures + 1, 1_000)
  return {
    ...before,
    seenSize: isDone ? said.size : before.seenSize,
    state: said.state,
    detail: said.detail,
    since: said.state === before.state ? before.since : at,
    askedAt: at,
    failures,
    dueAt: isDone ? at : new Date(at.getTime() + restMs(failures)),
  }
}
