/**
 * Log: for each tenant a Merkle tree over every row of its trail and every decision.
 * Promises: a row that is durable is in the log once, soon, whatever process dies; what was signed stays true; anybody can
 * verify it without asking us; contents can be erased, and every proof stays valid.
 * Refuses: to sign a tree that does not continue the one it signed before.
 * Needs: the database, encryption, audit, sources to follow, the door out, a clock, the name of this installation.
 */
import { setTimeout } from 'node:timers/promises'
import type { Clock } from '#kernel/clock'
import { Fault } from '#kernel/fault'
import { toWireId } from '#kernel/id'
import type { Audit } from '#platform/audit'
import { type Database, type Page, type Scope, systemScope, tenantLanes, type Tx } from '#platform/database'
import type { Encryption } from '#platform/encryption'
import type { Repeated } from '#platform/loops'
import type { Outbound } from '#platform/outbound'
import type { Log as Logger, Metrics } from '#platform/telemetry'
import { contentErased, logExported, logKeyAnnounced, logVisibilityChanged } from './actions.ts'
import { createBackground, patrolEveryMs, turnEveryMs } from './background.ts'
import { exportLog, type LogExported } from './export.ts'
import { createFollowing, type Following } from './followers/follow.ts'
import { openHead } from './head.ts'
import type { Hints } from './hints.ts'
import { type EntryProof, proveConsistency, proveEntry, proveInclusion } from './prove.ts'
import { type Outcome, sequence } from './sequence.ts'
import { serveCheckpoint, serveTile } from './serve.ts'
import { sign } from './sign.ts'
import { digestOfVkeys, type LogKey, makeKey, readLogKeys } from './signing-keys.ts'
import { type LogSource, start } from './source.ts'
import { readVerification, type Verification } from './verification/store.ts'
import { createWatch, type Watch, watchEveryMs } from './verification/watch.ts'
import { witnessEveryMs } from './witnesses/dispatch.ts'
import { withCosignatures } from './witnesses/quorum.ts'
import { createWitnesses, type Witnesses } from './witnesses/witnesses.ts'
import {
  eraseSalt,
  eraseSalts,
  type Head,
  readCheckpoint,
  readEntryOf,
  readHead,
  type StoredCheckpoint,
  updateVisibility,
} from './store.ts'
import { countWaiting } from './waiting.ts'

export { actions } from './actions.ts'
export { controls } from './controls.ts'
export { createHints, type Hints } from './hints.ts'
export type { LogKey } from './signing-keys.ts'
export { LogForkError } from './sign.ts'
export type { Cursor, LogSource, SourceRow } from './source.ts'
export { openRoutes } from './public-routes.ts'
export { routes } from './routes.ts'
export type { StoredCheckpoint } from './store.ts'
export { toWireWitness, toWireWitnesses } from './witnesses/routes.ts'
export { toWireKeys } from './wire.ts'

/** Longest wait for rows of transactions under way, or for another process, in ms. */
const drainWaitMs = 10_000
const drainStepMs = 25

export type Logs = {
  /** Makes the log if there is none. */
  head(tx: Tx): Promise<Head>
  /** Everything that is durable now is sequenced and signed. */
  drain(scope: Scope): Promise<StoredCheckpoint>
  /** Drains, then writes the log to an empty folder. Progress tells entries written. */
  export(scope: Scope, dir: string, onProgress?: (done: number, size: number) => void): Promise<LogExported>
  status(tx: Tx): Promise<{ head: Head; last: StoredCheckpoint | undefined }>
  /** The newest signed note, with the lines of witnesses. */
  checkpoint(tx: Tx): Promise<string>
  /** By its path below `tile/`. */
  tile(tx: Tx, path: string): Promise<Buffer>
  /** A C2SP tlog-proof for the row with this id. */
  proveInclusion(tx: Tx, id: string): Promise<string>
  /** The same, with the entry, its content and the keys that signed. */
  proveEntry(tx: Tx, id: string): Promise<EntryProof>
  proveConsistency(tx: Tx, from: number, to: number): Promise<Buffer[]>
  /** What was signed at exactly this size. */
  checkpointOf(tx: Tx, size: number): Promise<StoredCheckpoint | undefined>
  /** Rows that are durable and not yet sequenced, counted up to a bound. */
  countWaiting(tx: Tx): Promise<{ rows: number; isMore: boolean }>
  readonly following: Following
  readonly witnesses: Witnesses
  keys(tx: Tx): Promise<LogKey[]>
  /** Makes the next key and announces it in the trail. It signs from the next checkpoint on. */
  rotate(tx: Tx): Promise<{ version: number; vkeys: string }>
  /** Erases what of a row can be erased, and the salt of its entry: the commitment stays, and opens no more. */
  eraseContent(tx: Tx, id: string): Promise<void>
  /** Destroys the salts of entries whose ids lie before. Tells of how many. */
  forgetBefore(scope: Scope, id: string): Promise<number>
  isPublic(tx: Tx): Promise<boolean>
  /** For readers without a key, once `isPublic` says so. */
  asSystem(tenantId: string): Scope
  everyTenant(): AsyncGenerator<string>
  readonly tenants: Page
  setVisibility(tx: Tx, isPublic: boolean): Promise<void>
  /** What is stored, without making anything. */
  stored(tx: Tx): Promise<{ head: Head | undefined; last: StoredCheckpoint | undefined }>
  /** What the continuous verification has seen. */
  verification(tx: Tx): Promise<Verification | undefined>
  verifyNewest: Watch['verifyNewest']
  verifyWhole(tenantId: string): Promise<Verification>
  verifyNext(): Promise<void>
  turn(): Promise<void>
  patrol(): Promise<void>
  /** What a serving process repeats. */
  readonly loops: readonly Repeated[]
}

export function createLogs(needs: {
  database: Database
  encryption: Encryption
  audit: Audit
  sources: readonly LogSource[]
  hints: Hints
  outbound: Outbound
  clock: Clock
  logger: Logger
  metrics: Metrics
  /** First part of each log's origin. */
  host: string
}): Logs {
  const { database, encryption, audit, sources, hints, outbound, clock, logger, metrics, host } = needs
  const system = systemScope(database, 'log')
  const remembered = new Map<string, { size: bigint; root: Buffer }>()
  const headNeeds = () => ({ encryption, host, now: new Date(clock.now()) })
  const openHeadOf = (tx: Tx): Promise<Head> => openHead(tx, headNeeds())
  const lanes = tenantLanes(database, 'log')
  const runSequence = (tenantIds: readonly string[]): Promise<ReadonlyMap<string, Outcome>> =>
    sequence({ lanes, sources, openHead: (id) => system.asTenant(id).transaction(openHeadOf) }, tenantIds)
  const runSign = (scope: Scope): Promise<'busy' | StoredCheckpoint> =>
    scope.transaction((tx) => sign(tx, { ...headNeeds(), remembered }))

  const following = createFollowing({ audit, sources, clock })
  metrics.watchLogLag(() => hints.lagMs() / 1_000)
  const witnesses = createWitnesses({ system, outbound, audit, clock, logger, metrics, openHead: openHeadOf })
  const watch = createWatch({ system, sources, clock, logger, metrics })
  const background = createBackground({
    system, hints, clock, logger, metrics,
    sequence: runSequence,
    noteSequenced: following.wake,
    sign: async (tenantId) => (await runSign(system.asTenant(tenantId))) !== 'busy',
    noteSigned: witnesses.note,
    isUnsigned: (tenantId) =>
      system.asTenant(tenantId).transaction(async (tx) => {
        const [head, last] = [await readHead(tx), await readCheckpoint(tx)]
        return head !== undefined && head.size !== (last?.size ?? 0n)
      }),
  }) // prettier-ignore

  async function drain(scope: Scope): Promise<StoredCheckpoint> {
    const untilMs = clock.elapsed() + drainWaitMs
    const pause = async (): Promise<void> => {
      if (clock.elapsed() > untilMs) {
        throw new Fault(
          'unavailable',
          'Rows could not be sequenced: a change has been under way for too long. Try again.',
          {
            retryAfterSeconds: 5,
          },
        )
      }
      await setTimeout(drainStepMs)
    }
    // Rows that are written meanwhile wait for the next time, or under load this would not end.
    let ahead: bigint | undefined
    for (;;) {
      const outcome = (await runSequence([scope.tenantId])).get(scope.tenantId)
      if (!outcome || 'error' in outcome) throw outcome?.error
      const { done } = outcome
      if (typeof done !== 'string') {
        ahead ??= done.ahead
        if (!done.hasMore || done.upTo >= ahead) break
      }
      if (typeof done === 'string' || done.added === 0) await pause()
    }
    for (;;) {
      const checkpoint = await runSign(scope)
      if (checkpoint !== 'busy') return checkpoint
      await pause()
    }
  }

  return {
    head: openHeadOf,
    drain,

    async export(scope, dir, onProgress = () => {}) {
      const drained = await drain(scope)
      await witnesses.askNow(scope.tenantId)
      const checkpoint = await scope.transaction((tx) => withCosignatures(tx, drained))
      const exported = await exportLog(scope, dir, { sources, checkpoint, onProgress })
      await scope.transaction((tx) => audit.append(tx, { action: logExported, target: `size:${checkpoint.size}` }))
      return exported
    },

    async forgetBefore(scope, before) {
      let forgotten = 0
      for (let after: string | undefined = start.id; after !== undefined;) {
        const from: string = after
        const { erased, last } = await scope.transaction((tx) => eraseSalts(tx, from, before, 1_000))
        forgotten += erased
        after = last
      }
      return forgotten
    },

    async status(tx) {
      return { head: await openHead(tx, headNeeds()), last: await readCheckpoint(tx) }
    },
    checkpoint: serveCheckpoint,
    tile: (tx, path) => serveTile(tx, sources, path),
    proveInclusion,
    proveEntry: (tx, id) => proveEntry(tx, sources, id),
    proveConsistency,
    async checkpointOf(tx, size) {
      const checkpoint = await readCheckpoint(tx, BigInt(size))
      return checkpoint?.size === BigInt(size) ? checkpoint : undefined
    },
    countWaiting: (tx) => countWaiting(tx, sources),
    following,
    witnesses,

    keys: readLogKeys,

    async rotate(tx) {
      const head = await openHead(tx, headNeeds())
      const keys = await readLogKeys(tx)
      if (keys.some(({ firstSize }) => firstSize === null))
        throw new Fault('conflict', 'The key that was announced last has not signed yet. Try again in a minute.')
      const version = (keys.at(-1)?.version ?? 0) + 1
      const key = await makeKey(tx, encryption, { origin: head.origin, version, createdAt: new Date(clock.now()) })
      const announcedIn = await audit.append(tx, { action: logKeyAnnounced, target: digestOfVkeys(key.vkeys) })
      if (announcedIn === null) throw new Error('a key is announced at every level of the trail')
      await key.store(announcedIn)
      return { version, vkeys: key.vkeys }
    },

    async eraseContent(tx, id) {
      const entry = await readEntryOf(tx, id)
      const source = sources.find(({ name }) => name === entry?.source)
      if (!entry || !source) throw new Fault('not_found', 'The log has no entry of it.')
      await source.erase(tx, id)
      await eraseSalt(tx, id)
      await audit.append(tx, { action: contentErased, target: toWireId(source.idKind, id) })
    },

    isPublic: async (tx) => (await readHead(tx))?.isPublic ?? false,
    asSystem: (tenantId) => system.asTenant(tenantId),
    everyTenant: system.everyTenant,
    tenants: system.tenants,

    async setVisibility(tx, isPublic) {
      await openHead(tx, headNeeds())
      await updateVisibility(tx, isPublic)
      await audit.append(tx, { action: logVisibilityChanged, details: { public: isPublic } })
    },

    stored: async (tx) => ({ head: await readHead(tx), last: await readCheckpoint(tx) }),
    verification: readVerification,
    verifyNewest: watch.verifyNewest,
    verifyWhole: watch.verifyWhole,
    verifyNext: watch.step,
    turn: background.turn,
    patrol: background.patrol,
    loops: [
      { name: 'log', everyMs: turnEveryMs, run: background.turn },
      { name: 'log patrol', everyMs: patrolEveryMs, run: background.patrol, atOnce: true },
      { name: 'log witnesses', everyMs: witnessEveryMs, run: witnesses.step },
      { name: 'log verification', everyMs: watchEveryMs, run: watch.step },
    ],
  }
}
