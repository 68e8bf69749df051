/** Decisions as a source of the log: what of a row the log commits to. */
import { canonicalJson } from '#kernel/canonical-json'
import { rfc3339 } from '#kernel/clock'
import { toWireId } from '#kernel/id'
import type { LogSource } from '#platform/log'
import { decisionCreated } from './actions.ts'
import { eraseEvent, type LoggedDecision, readLogged, readLoggedAfter } from './store.ts'

/**
 * Canonical JSON of the row. Not in it: the event, which is sealed so that no change of it opens, and the blind keys, by
 * which rows are found. Both can be erased; the decision and its reasons then still stand in the log.
 *
 * The document is canonical as it is stored, so it is put between the members that sort before and after it: reading it
 * would hide what was done to its bytes.
 */
function toContent(row: LoggedDecision): string {
  const before = canonicalJson({
    actor: { kind: row.actor_kind, id: row.actor_id },
    amount_minor: String(row.amount_minor),
    at: rfc3339(row.at.getTime()),
    category: row.category,
    currency: row.currency,
    decision: row.decision,
  })
  const after = canonicalJson({
    id: toWireId('decision', row.id),
    occurred_at: rfc3339(row.occurred_at.getTime()),
    policy_version: row.policy_version,
    request_id: toWireId('request', row.request_id),
    risk_score: row.risk_score,
  })
  return `${before.slice(0, -1)},"document":${row.document.toString()},${after.slice(1)}`
}

export const source: LogSource = {
  name: 'decision',
  idKind: 'decision',
  async read(tx, after, limit) {
    const rows = await readLoggedAfter(tx, after, limit)
    return rows.map((row) => ({
      xact: row.xact,
      id: row.id,
      at: row.at,
      type: decisionCreated.name,
      content: toContent(row),
    }))
  },
  async readContents(tx, ids) {
    return new Map((await readLogged(tx, ids)).map((row) => [row.id, toContent(row)]))
  },
  erase: eraseEvent,
}
