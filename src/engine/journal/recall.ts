/**
 * First half of a batch: under the lock of each tenant's head, memory is brought up to what is stored. One round trip when
 * nobody else decided since and nothing else changed; what others did is read after the lock, so that all of it is seen.
 */
import { readBasis } from '#engine/basis'
import type { Brief, Briefing } from '#engine/briefing'
import { matchEntries } from '#engine/lists'
import type { Clock } from '#kernel/clock'
import type { Enter, Segment } from '#platform/database'
import type { SubjectState } from '#engine/windows'
import type { Memory, TenantMemory } from './memory.ts'
import type { Pending } from './request.ts'
import {
  type ClaimRow, insertHead, insertMark, lockHead, readClaims, readCounters, readMark, readTail, type TailRow,
} from './store.ts' // prettier-ignore
import { keyToBytes, seenBy, subjectsOf } from './subject.ts'

export type Batch = { readonly tenantId: string; readonly pendings: readonly Pending[] }
export type MatchRow = Awaited<ReturnType<typeof askLists>>[number]

export type Recalled = {
  readonly batch: Batch
  readonly tenant: TenantMemory
  readonly brief: Brief
  /** The first version that this batch may give out; the last is `head`. */
  readonly first: number
  readonly head: number
  readonly states: ReadonlyMap<string, SubjectState>
  readonly claims: readonly ClaimRow[]
  /** Of all requests together. */
  readonly matches: readonly MatchRow[]
}

type Needs = { memory: Memory; briefing: Briefing; clock: Clock }

/** Behind by more rows than this, a process starts again from the counters. */
const maxBehind = 2_048
/** More than the tail may ever hold, for all processes together. */
const maxTail = 100_000

type Counters = Awaited<ReturnType<typeof askCounters>>
const askCounters = (segment: Segment, keys: readonly string[]) =>
  keys.length > 0 ? segment.run(readCounters, keys.map(keyToBytes)) : Promise.resolve([])
const askLists = (segment: Segment, valueKeys: readonly Buffer[], nowMs: number) =>
  valueKeys.length > 0 ? segment.run(matchEntries, { valueKeys, now: new Date(nowMs) }) : Promise.resolve([])

/** What a brief has the batch ask for. */
function askBy(brief: Brief, { pendings }: Batch, { memory, clock }: Needs, tenant: TenantMemory | undefined) {
  const keys = [...new Set(pendings.flatMap((pending) => pending.by(brief).keys))]
  const warm = new Map<string, SubjectState>()
  for (const key of keys) {
    const state = tenant && memory.stateOf(tenant, key)
    if (state) warm.set(key, state)
  }
  const valueKeys = pendings.flatMap((pending) => pending.by(brief).valueKeys)
  return {
    brief,
    keys,
    warm,
    send: (segment: Segment) =>
      Promise.all([
        askCounters(segment, keys.filter((key) => !warm.has(key))),
        askLists(segment, valueKeys, clock.now()),
      ]),
  } // prettier-ignore
}

export async function recall(enter: Enter, needs: Needs, batches: readonly Batch[]): Promise<Recalled[]> {
  const { memory, briefing } = needs
  const asked = batches.map((batch) => {
    const { tenantId, pendings } = batch
    const tenant = memory.find(tenantId)
    const remembered = briefing.recall(tenantId)
    const ask = remembered && askBy(remembered, batch, needs, tenant)
    const hashes = pendings.flatMap(({ request }) => request.idempotency?.keyHash ?? [])
    const segment = enter(tenantId)
    const answers = Promise.all([
      segment.run(lockHead, pendings.length),
      segment.run(readBasis, undefined),
      tenant ? Promise.resolve([]) : segment.run(readMark, undefined),
      hashes.length > 0 ? segment.run(readClaims, hashes) : Promise.resolve([]),
      ask ? ask.send(segment) : undefined,
    ])
    // The first that is awaited may not be the first that fails; the transaction tells which was.
    answers.catch(() => {})
    return { batch, tenant, ask, answers }
  })
  const recalled: Recalled[] = []
  for (const { batch, tenant, ask: first, answers } of asked) {
    const [heads, bases, marks, claims, sent] = await answers
    if (!heads[0]) {
      await makeHead(enter, batch)
      // What was read before there was a lock may be old.
      recalled.push(...(await recall(enter, needs, [batch])))
      continue
    }
    const head = Number(heads[0].version)
    const basis = bases[0]?.version ?? 0n
    let [ask, found] = [first, sent]
    if (!ask || !found || ask.brief.basis !== basis) {
      const segment = enter(batch.tenantId)
      ask = askBy(await briefing.read(batch.tenantId, basis, segment.run), batch, needs, tenant)
      found = await ask.send(segment)
    }
    const [counters, matches] = found
    const { brief, keys, warm } = ask
    const versions = { first: head - batch.pendings.length + 1, mark: marks[0]?.version }
    const settled = await catchUp(enter, memory, { batch, ...versions, keys, known: tenant, warm, counters })
    recalled.push({ batch, brief, head, first: versions.first, claims, matches, ...settled })
  }
  return recalled
}

/** The tenant's first batch ever. */
async function makeHead(enter: Enter, { tenantId }: Batch): Promise<void> {
  const segment = enter(tenantId)
  await Promise.all([segment.run(insertHead, 0n), segment.run(insertMark, 0n)])
}

async function catchUp(
  enter: Enter,
  memory: Memory,
  of: {
    batch: Batch
    first: number
    keys: readonly string[]
    known: TenantMemory | undefined
    warm: Map<string, SubjectState>
    counters: Counters
    mark: bigint | undefined
  },
): Promise<{ tenant: TenantMemory; states: ReadonlyMap<string, SubjectState> }> {
  const { batch, first, keys, mark } = of
  let { known: tenant, counters, warm } = of
  if (tenant && tenant.version < first - 1) {
    const missed = await enter(batch.tenantId).run(readTail, { after: BigInt(tenant.version), limit: maxBehind })
    if (missed.length < maxBehind) for (const row of missed) memory.follow(tenant, toEvent(row), warm)
    else {
      memory.forget(batch.tenantId)
      tenant = undefined
    }
  }
  if (!tenant) {
    const segment = enter(batch.tenantId)
    // After the lock as well: what is cold is all of it.
    const again = of.known ? Promise.all([segment.run(readMark, undefined), askCounters(segment, keys)]) : undefined
    const [marks, fresh] = again ? await again : [[{ version: mark ?? 0n }], counters]
    counters = fresh
    warm = new Map()
    tenant = memory.make(batch.tenantId, Number(marks[0]?.version ?? 0n))
    if (tenant.mark < first - 1) {
      const rows = await segment.run(readTail, { after: BigInt(tenant.mark), limit: maxTail })
      if (rows.length === maxTail) throw new Error('the tail of a tenant is longer than it can be')
      for (const row of rows) memory.follow(tenant, toEvent(row), warm)
    }
  }
  tenant.version = first - 1
  const rows = new Map(counters.map((row) => [row.subject.toString('latin1'), row]))
  const states = new Map<string, SubjectState>()
  for (const key of keys) states.set(key, warm.get(key) ?? memory.recall(tenant, key, rows.get(key)))
  return { tenant, states }
}

const toEvent = (row: TailRow) => ({
  version: Number(row.version),
  seen: seenBy(subjectsOf(row), {
    atMs: row.occurred_at.getTime(),
    isApproved: row.decision === 'APPROVED',
    minor: Number(row.amount_minor),
    currency: row.currency,
    hour: row.local_hour,
    place: row.lat_tenths === null || row.lon_tenths === null ? null : { lat: row.lat_tenths, lon: row.lon_tenths },
  }),
})
