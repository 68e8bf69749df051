import type { PageAsk } from '#kernel/page'
import type { Tx } from '#platform/database'

export type OutcomeRow = {
  id: string
  decision_id: string
  at: Date
  outcome: string
  occurred_at: Date
  amount_minor: bigint | null
}

/** Of a decision, newest first. */
export const listOutcomes = (tx: Tx, decisionId: string, page: PageAsk): Promise<OutcomeRow[]> => {
  const all = tx.query
    .selectFrom('outcome')
    .select(['id', 'decision_id', 'at', 'outcome', 'occurred_at', 'amount_minor'])
    .where('decision_id', '=', decisionId)
    .orderBy('id', 'desc')
    .limit(page.limit)
  return (page.before ? all.where('id', '<', page.before) : all).execute()
}

export const insertOutcome = async (tx: Tx, row: OutcomeRow): Promise<void> => {
  await tx.query.insertInto('outcome').values(row).execute()
}
