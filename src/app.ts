/** The composition root: the only file that knows everything. Builds each part from what it needs, in layer order. */
import { mkdir } from 'node:fs/promises'
import { actions as assuranceActions, createAssurance } from '#assurance/assembly'
import type { Config } from '#config'
import { createAnalytics, actions as analyticsActions, routes as analyticsRoutes } from '#engine/analytics'
import { actions as decisionActions, createDecisions, routes as decisionRoutes } from '#engine/decisions'
import { createJournal } from '#engine/journal'
import { actions as listActions, createLists, routes as listRoutes } from '#engine/lists'
import { createOutcomes, actions as outcomeActions, routes as outcomeRoutes } from '#engine/outcomes'
import { createPolicies, type Policies, actions as policyActions, routes as policyRoutes } from '#engine/policies'
import { createServer, controls as httpControls, llmsRoutes, systemRoutes, withBatch } from '#http'
import type { Clock } from '#kernel/clock'
import type { Control } from '#kernel/control'
import { createIds } from '#kernel/id'
import type { OpenRoute } from '#kernel/route'
import { createPages } from '#pages'
import { authorize } from '#platform/access'
import { createAudit } from '#platform/audit'
import { controls as databaseControls, migrate, openDatabase, type WriteHooks } from '#platform/database'
import { createEncryption, controls as encryptionControls } from '#platform/encryption'
import { createKeys, actions as keyActions, controls as keyControls, routes as keyRoutes } from '#platform/keys'
import {
  controls as logControls, createHints, createLogs, actions as logActions, openRoutes as openLogRoutes, routes as logRoutes,
} from '#platform/log' // prettier-ignore
import { createLimiter, defaultRates, controls as limitControls, type RateTable } from '#platform/limits'
import { startLoop } from '#platform/loops'
import { createOutbound } from '#platform/outbound'
import { openOwnPostgres } from '#platform/postgres'
import {
  createRetention, openRoutes as openRetentionRoutes, actions as retentionActions, controls as retentionControls,
} from '#platform/retention' // prettier-ignore
import { createSignup, actions as signupActions } from '#platform/signup'
import { createMetrics, type Log, controls as telemetryControls } from '#platform/telemetry'
import { createTenancy, actions as tenantActions } from '#platform/tenancy'
import { controls as trailControls, createTrail, actions as trailActions, routes as trailRoutes } from '#platform/trail'
import { createTransactions, type OnDecided, controls as transactionControls } from '#products/transactions'

export const version = '0.1.0'

export type VouchNeeds = {
  config: Config
  clock: Clock
  log: Log
  /** `serve` takes the home for itself; anything else works beside a running server. */
  as: 'server' | 'guest'
  rates?: RateTable
  hooks?: WriteHooks
  /** Settings of the own PostgreSQL; tests turn fsync off. */
  postgresSettings?: Readonly<Record<string, string>>
}
export type Vouch = Awaited<ReturnType<typeof openVouch>>

export async function openVouch(needs: VouchNeeds) {
  const { config, clock, log } = needs
  await mkdir(config.home, { recursive: true, mode: 0o700 })
  const own = config.databaseUrl
    ? undefined
    : await openOwnPostgres({
        home: config.home,
        log: (event, fields) => log.info(event, fields),
        settings: needs.postgresSettings ?? {},
      })
  const closers: (() => Promise<void>)[] = own ? [own.close] : []
  const close = async () => {
    for (const closer of closers.splice(0).toReversed()) await closer()
  }
  try {
    if (needs.as === 'server') await own?.lockForServing()
    if (own) await migrate(own.urls.owner)
    const onError = () => log.warn('database_connection_lost')
    const url = own?.urls.app ?? config.databaseUrl ?? ''
    const database = await openDatabase({ url, clock, onError, ...(needs.hooks ? { hooks: needs.hooks } : {}) })
    closers.push(database.close)

    const newId = createIds(clock)
    const metrics = createMetrics()
    const onMasterKeyMade = (file: string) => log.warn('master_key_made_back_it_up', { path: file })
    const encryption = await createEncryption({ database, clock, masterKey: config.masterKey, onMasterKeyMade })
    const actions = [
      ...tenantActions, ...logActions, ...trailActions, ...retentionActions, ...keyActions, ...signupActions, ...listActions, ...policyActions,
      ...decisionActions, ...analyticsActions, ...outcomeActions, ...assuranceActions,
    ] // prettier-ignore
    const hints = createHints(clock)
    const audit = createAudit({ actions, encryption, newId, clock, onAppend: hints.note })
    const trail = createTrail({ database, encryption, audit, log, version })
    const tenancy = createTenancy({ database, encryption, audit, newId, clock })
    const keys = createKeys({ database, encryption, audit, newId, clock })
    const signup = createSignup({ tenancy, keys, encryption, audit, clock, openTo: config.signup })
    const limiter = createLimiter({ clock })
    const isNamed: Policies['namesList'] = (tx, id) => policies.namesList(tx, id)
    const lists = createLists({ database, encryption, audit, newId, clock, isNamed })
    const policies: Policies = createPolicies({ lists, audit, clock })
    const analytics = createAnalytics({ database, clock, newId })
    const onRecord = (tenantId: string) => [hints, analytics].forEach((one) => one.note(tenantId))
    const journal = createJournal({ database, clock, onRecord })
    closers.push(analytics.close, journal.close)
    const decisions = createDecisions({ database, encryption, journal, newId })
    const outcomes = createOutcomes({ analytics, audit, newId, clock })
    const sources = [audit.source, decisions.source]
    const outbound = createOutbound({ allowedNetworks: config.outboundNetworks })
    const logs = createLogs({
      database, encryption, audit, sources, hints, outbound, clock, logger: log, metrics, host: config.name,
    }) // prettier-ignore
    closers.push(async () => void (await Promise.all([logs.witnesses.close(), outbound.close()])))
    const { retentionMonths: months } = config
    const retention = createRetention({ database, logs, audit, clock, months, beforeDrop: analytics.follow })
    const onDecided: OnDecided = (decided) => {
      metrics.decisions.inc({ decision: decided.decision })
      analytics.noteLatency(decided)
    }
    const transactions = createTransactions({ decisions, clock, onDecided })

    const assurance = createAssurance({
      database, tenancy, encryption, audit, newId, clock, log, installation: config.name, controls: () => controls,
    }) // prettier-ignore
    const pages = createPages({
      openapi: () => server.swagger(),
      clock,
      site: { installation: config.name, origin: config.origin, version, contacts: config.contacts },
      standing: assurance.standing, changes: assurance.changes, attestation: assurance.attestation,
      verifierKey: async () => (await assurance.publicKeys()).find(({ state }) => state === 'current')?.vkey,
      async health() {
        const isUp = await database.ping().then(() => true, () => false)
        return { database: isUp ? 'ok' : 'away', logLagSeconds: hints.lagMs() / 1_000 }
      },
    }) // prettier-ignore

    const guarded = [
      ...transactions.routes, ...decisionRoutes(decisions), ...outcomeRoutes(outcomes), ...analyticsRoutes(analytics, clock),
      ...listRoutes(lists), ...policyRoutes(policies), ...keyRoutes(keys), ...logRoutes(logs), ...trailRoutes(trail),
    ].flatMap(withBatch) // prettier-ignore
    const open: OpenRoute[] = [
      ...llmsRoutes({ routes: () => [...open, ...guarded], guides: pages.guides }),
      ...pages.routes,
      ...openLogRoutes(logs, clock, async () => (await assurance.publicKeys()).map(({ jwk }) => jwk)),
      ...openRetentionRoutes(retention),
      ...signup.routes,
      ...systemRoutes({ version, ping: database.ping, metrics: () => metrics.registry.metrics(), openapi: () => server.swagger() }),
    ] // prettier-ignore
    const server = await createServer({
      guarded, open, newId, log, metrics, version, limiter, rates: needs.rates ?? defaultRates, recordRead: trail.recordRead, recordRefusal: trail.recordRefusal,
      problemPage: pages.problemPage, trustedProxies: config.trustedProxies,
      authenticateKey: keys.authenticate,
      authorize: (principal, permission, requestId) => authorize(database, principal, permission, requestId),
    }) // prettier-ignore
    closers.push(async () => {
      logs.following.close()
      await server.close()
      await keys.flushLastUsed().catch(() => log.warn('last_used_lost'))
    })

    const controls: Control[] = [
      ...telemetryControls({ clock }), ...databaseControls({ database }), ...encryptionControls({ database, encryption, rehearse: tenancy.rehearse }),
      ...logControls({ logs }), ...trailControls({ audit, tenancy, clock }), ...retentionControls({ database, retention, clock }),
      ...keyControls({ keys, tenancy, audit }), ...limitControls({ clock }), ...transactionControls({ clock, decisions }),
      ...httpControls({ server, guarded, open }), ...assurance.ownControls,
    ] // prettier-ignore

    const startLoops = () => {
      const loops = [
        ...logs.loops,
        ...assurance.loops,
        ...journal.loops,
        ...analytics.loops,
        { name: 'last used', everyMs: 30_000, run: keys.flushLastUsed },
        { name: 'partitions', everyMs: 3_600_000, run: database.ensurePartitions },
        { name: 'retention', everyMs: 3_600_000, run: async () => void (await retention.apply()) },
        { name: 'expired list entries', everyMs: 3_600_000, run: lists.expire },
      ]
      closers.push(...loops.map((loop) => startLoop({ ...loop, log }).close), async () => assurance.stop())
    }
    // prettier-ignore
    return {
      config, clock, log, own, database, encryption, audit, tenancy, keys, signup, lists, policies, journal, decisions, outcomes, analytics, logs, hints, trail, retention, server, guarded, open, controls, assurance, startLoops, close,
    }
  } catch (error) {
    await close()
    throw error
  }
}
