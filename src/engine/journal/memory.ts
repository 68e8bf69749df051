/**
 * What a process remembers of its tenants: the version it has seen, the decisions that are not yet in the counters (the
 * tail), and the counters of subjects it met lately. Any of it may be forgotten at any time, for rows say it again.
 */
import type { Clock } from '#kernel/clock'
import { addEvent, decodeState, emptyState, type SubjectState, type WindowEvent } from '#engine/windows'
import type { Seen } from './subject.ts'

/** A decision as the counters see it. */
export type TailEvent = { readonly version: number; readonly seen: Seen }
/** As the counters of one subject see it. */
export type SubjectEvent = { readonly version: number; readonly event: WindowEvent }

export type TenantMemory = {
  readonly tenantId: string
  /** Everything up to here is in the tail, in the counters, and in the states that are remembered. */
  version: number
  /** Everything up to here is in the counter rows. */
  mark: number
  /** What came after the mark, in order. */
  tail: TailEvent[]
  tailOf: Map<string, SubjectEvent[]>
  /** When the oldest of the tail came, by `Clock.elapsed`. */
  tailSinceMs: number
  young: Map<string, SubjectState>
  old: Map<string, SubjectState>
}

export type Memory = ReturnType<typeof createMemory>

const maxTenants = 20_000

export function createMemory(needs: { clock: Clock; maxSubjects: number }) {
  const { clock, maxSubjects } = needs
  const tenants = new Map<string, TenantMemory>()
  let young = 0

  /** Two generations: what is not met while the young one fills is forgotten. */
  function keep(tenant: TenantMemory, key: string, state: SubjectState): void {
    if (young >= maxSubjects / 2) {
      for (const one of tenants.values()) {
        one.old = one.young
        one.young = new Map()
      }
      young = 0
    }
    if (!tenant.young.has(key)) young++
    tenant.young.set(key, state)
  }

  function stateOf(tenant: TenantMemory, key: string): SubjectState | undefined {
    const state = tenant.young.get(key)
    if (state) return state
    const old = tenant.old.get(key)
    if (old) keep(tenant, key, old)
    return old
  }

  function addToTail(tenant: TenantMemory, decision: TailEvent): void {
    if (tenant.tail.length === 0) tenant.tailSinceMs = clock.elapsed()
    tenant.tail.push(decision)
    const { version } = decision
    for (const [key, event] of decision.seen) {
      const events = tenant.tailOf.get(key)
      if (events) events.push({ version, event })
      else tenant.tailOf.set(key, [{ version, event }])
    }
  }

  return {
    find(tenantId: string): TenantMemory | undefined {
      const tenant = tenants.get(tenantId)
      if (!tenant) return undefined
      tenants.delete(tenantId)
      tenants.set(tenantId, tenant)
      return tenant
    },

    /** A tenant of whom nothing but the mark is known yet. */
    make(tenantId: string, mark: number): TenantMemory {
      if (tenants.size >= maxTenants) {
        for (const [id, { tail }] of tenants) {
          if (tail.length > 0) continue
          tenants.delete(id)
          break
        }
      }
      const tenant: TenantMemory = {
        tenantId, version: mark, mark, tail: [], tailOf: new Map(), tailSinceMs: 0, young: new Map(), old: new Map(),
      } // prettier-ignore
      tenants.set(tenantId, tenant)
      return tenant
    },

    forget: (tenantId: string): void => void tenants.delete(tenantId),
    tenants: (): Iterable<TenantMemory> => tenants.values(),
    stateOf,
    addToTail,

    /** A decision of another process: into the tail, and into every state that is remembered, or `held` by a batch. */
    follow(tenant: TenantMemory, decision: TailEvent, held: ReadonlyMap<string, SubjectState>): void {
      for (const [key, event] of decision.seen) {
        const state = held.get(key) ?? stateOf(tenant, key)
        if (state) addEvent(state, event)
      }
      addToTail(tenant, decision)
      tenant.version = decision.version
    },

    /** A subject from its counter row, if it has one, and from what in the tail is newer. */
    recall(tenant: TenantMemory, key: string, row: { as_of: bigint; state: Buffer } | undefined): SubjectState {
      const state = recallState(tenant.tailOf.get(key) ?? [], row)
      keep(tenant, key, state)
      return state
    },

    /** Everything up to `mark` is in the counter rows. Not while a batch of the tenant is under way: it may have read older ones. */
    trim(tenant: TenantMemory, mark: number): void {
      if (mark <= tenant.mark) return
      tenant.mark = mark
      const rest = tenant.tail.filter(({ version }) => version > mark)
      tenant.tail = []
      tenant.tailOf = new Map()
      for (const decision of rest) addToTail(tenant, decision)
    },
  }
}

export function recallState(
  tail: readonly SubjectEvent[],
  row: { as_of: bigint; state: Buffer } | undefined,
): SubjectState {
  const state = row ? decodeState(row.state) : emptyState()
  for (const { version, event } of tail) if (!row || version > row.as_of) addEvent(state, event)
  return state
}
