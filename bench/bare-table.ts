/**
 * The peer's table: rows of as many bytes as decisions have, put in by one named prepared statement that commits by itself.
 * The bytes are those of a decision: its document, which PostgreSQL compresses here as there, its sealed event, and random
 * ones for its keys, words and numbers.
 */
import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { systemClock } from '#kernel/clock'
import { createIds } from '#kernel/id'
import type { Installation } from './installation.ts'

export type BareTable = { insert(): Promise<unknown>; close(): Promise<void> }

const newId = createIds(systemClock)
const mostConnections = 80

export async function openBareTable(installation: Installation, connections: number): Promise<BareTable> {
  const { admin, ownerUrl } = installation
  const pool = new pg.Pool({ connectionString: ownerUrl, max: Math.min(connections, mostConnections) })
  await pool.query(
    'create table if not exists bare (id uuid primary key, at timestamptz not null, rest bytea not null, document bytea not null, event bytea not null)',
  )
  const { rows } = await admin.query<{ bytes: number; document: Buffer; event: Buffer }>(
    'select pg_column_size(decision.*) as bytes, document, event from decision order by id desc limit 1',
  )
  const [decision] = rows
  if (!decision) throw new Error('there is no decision to copy')
  let rest = randomBytes(200)
  const insert = (): Promise<unknown> =>
    pool.query({
      name: 'bare',
      text: 'insert into bare (id, at, rest, document, event) values ($1, $2, $3, $4, $5)',
      values: [newId(), new Date(), rest, decision.document, decision.event],
    })
  /** Of one more row. */
  const insertAndWeigh = async (): Promise<number> => {
    await insert()
    const { rows } = await admin.query<{ bytes: number }>(
      'select pg_column_size(bare.*) as bytes from bare order by id desc limit 1',
    )
    return rows[0]?.bytes ?? 0
  }
  rest = randomBytes(rest.length + decision.bytes - (await insertAndWeigh()))
  const bytes = await insertAndWeigh()
  if (Math.abs(bytes - decision.bytes) > 8)
    throw new Error(`a row of the peer has ${bytes} bytes, a decision ${decision.bytes}`)
  return { insert, close: () => pool.end() }
}
