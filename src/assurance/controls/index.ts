/**
 * Controls: checks that run in turn, what they saw, and how claims stand by it.
 * Promises: every claim is always listed; a state is computed when it is read, from runs that nobody can change or delete;
 * silence turns stale by itself; each check looks at a planted offence too, and one that does not see it proves nothing;
 * a change of state is in the installation's log; what was read last is still told when the database is away.
 * Refuses: to take a look that hung, threw, came late or said nothing for a pass; to run a check twice at once.
 * Needs: the database with the installation's tenant, audit, ids, a clock, a log, the controls of all modules, the name of the installation.
 */
import type { Clock } from '#kernel/clock'
import type { Control } from '#kernel/control'
import { Fault } from '#kernel/fault'
import type { NewId } from '#kernel/id'
import type { Audit } from '#platform/audit'
import { type Database, systemScope } from '#platform/database'
import type { Log } from '#platform/telemetry'
import { installationTenant } from '#platform/tenancy'
import { type Claim, gatherClaims } from '#assurance/claims'
import { createReader } from './read.ts'
import { createRunner } from './runner.ts'
import { type Change, type Standing, toChange, toStanding } from './standing.ts'
import { readChanges } from './store.ts'

export { actions } from './actions.ts'
export { type ClaimsDocument, toClaimsDocument } from './document.ts'
export { markOf, renderClaims } from './render.ts'
export { checkEveryMs } from './runner.ts'
export type { State } from '#assurance/claims'
export type { Change, CheckStanding, ClaimStanding, Standing, Transition } from './standing.ts'

export type Controls = {
  /** From the last copy, marked so, when the database cannot be asked. Throws `unavailable` if there was never one. */
  standing(): Promise<Standing>
  /** Newest first: 50 unless told, at most 200. */
  changes(page?: { limit?: number }): Promise<readonly Change[]>
  /** Runs what is due, and what watches the claims that are named, and writes down what changed. */
  runDue(named?: readonly string[]): Promise<void>
  /** Waits for no look that is under way, and begins none. */
  stop(): void
}

const mostChanges = 200

export function createControls(needs: {
  database: Database
  audit: Audit
  newId: NewId
  clock: Clock
  log: Log
  /** Asked once, when everything is built. */
  controls(): readonly Control[]
  installation: string
  /** The register, unless a test brings its own. */
  claims?: readonly Claim[]
}): Controls {
  const { database, clock, installation } = needs
  const scope = systemScope(database, 'assurance').asTenant(installationTenant)
  let gathered: ReturnType<typeof gatherClaims> | undefined
  const claims = () => (gathered ??= gatherClaims(needs.controls(), needs.claims))
  const reader = createReader({ scope, clock, claims })
  const runner = createRunner({ ...needs, scope, claims, reader })

  return {
    async standing() {
      const { copy, fresh } = await reader.recent()
      const sources = await reader.sources()
      return toStanding(claims(), ({ id }) => sources.of(id), copy, { fresh, nowMs: clock.now(), installation })
    },
    async changes({ limit = 50 } = {}) {
      const atMost = Math.min(Math.max(1, limit), mostChanges)
      try {
        return (await scope.transaction((tx) => readChanges(tx, atMost))).map(toChange)
      } catch (error) {
        if (!(error instanceof Fault)) throw error
        const { copy } = await reader.recent()
        const all = [...copy.changes.values()].flat()
        return all.toSorted((a, b) => (a.at < b.at ? 1 : a.at > b.at ? -1 : 0)).slice(0, atMost)
      }
    },
    runDue: runner.runDue,
    stop: runner.stop,
  }
}
