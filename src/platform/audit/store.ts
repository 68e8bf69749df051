import type { Tx } from '#platform/database'

export const insertEvent = async (
  tx: Tx,
  event: {
    id: string
    at: Date
    action: string
    target: string | null
    on_behalf_of: string | null
    outcome: string
    details: Buffer | null
  },
): Promise<void> => {
  await tx.query
    .insertInto('audit_event')
    .values({ ...event, actor_kind: tx.actor.kind, actor_id: tx.actor.id, request_id: tx.requestId })
    .execute()
}
