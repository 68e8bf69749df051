/** Looks that go round by all tenants, a bounded part of them at each call. */
import type { Json } from '#kernel/canonical-json'
import type { Text } from '#kernel/control'

export type Page = (page: { after?: string; limit: number }) => Promise<readonly { id: string }[]>

/** Nothing to look at in this tenant, so many things that were in order, or what is wrong. */
export type Seen = { things: number } | { wrong: Text }

export type Round = {
  /** Tenants in which there was something to look at. */
  tenants: number
  things: number
  wrong: Text | undefined
  /** For the next call: where to go on, and where something was wrong. Ids of tenants only. */
  next: Json
}

const mostRemembered = 100

/**
 * Looks first where something was wrong the last time, so that a fault is not forgotten because the round moved on; then
 * at the next `atMost` tenants. `before` is `next` of the call before, on whatever process that was.
 */
export async function goRound(
  tenants: Page,
  before: Json,
  atMost: number,
  look: (tenantId: string) => Promise<Seen>,
): Promise<Round> {
  const { after, wrong: wrongBefore } = readPlace(before)
  const rows = await tenants({ ...(after === undefined ? {} : { after }), limit: atMost })
  const atEnd = rows.length < atMost
  // What is new is looked at soon: a short rest of the round is filled from its beginning.
  const more = atEnd && after !== undefined ? await tenants({ limit: atMost - rows.length }) : []
  const page = [...rows, ...more].map(({ id }) => id)
  const wrong = new Map<string, Text>()
  let [seen, things] = [0, 0]
  for (const tenantId of new Set([...wrongBefore, ...page])) {
    const found = await look(tenantId)
    if ('wrong' in found) wrong.set(tenantId, found.wrong)
    else things += found.things
    if ('wrong' in found || found.things > 0) seen++
  }
  const last = more.at(-1)?.id ?? (atEnd ? undefined : rows.at(-1)?.id)
  const next = { after: last ?? null, wrong: [...wrong.keys()].slice(0, mostRemembered) }
  return { tenants: seen, things, wrong: wrong.values().next().value, next }
}

function readPlace(before: Json): { after: string | undefined; wrong: readonly string[] } {
  if (before === null || typeof before !== 'object' || !('after' in before)) return { after: undefined, wrong: [] }
  const { after, wrong } = before
  const ids = Array.isArray(wrong) ? wrong : []
  return {
    after: typeof after === 'string' ? after : undefined,
    wrong: ids.filter((id): id is string => typeof id === 'string'),
  }
}
