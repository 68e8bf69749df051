/**
 * Does a long list make decisions slower? Ours: decisions of a tenant whose deny list has a million entries. Peer: of
 * another tenant in the same installation, whose deny list has none. The entries have the form of a real one.
 */
import { ask } from './ask.ts'
import { createBodies } from './bodies.ts'
import { type Installation, type Tenant, withInstallation } from './installation.ts'
import { latencyInTurns } from './latency-in-turns.ts'
import type { Bench } from './run.ts'

const entries = 1_000_000
const listed = 'u_listed'

export const lists: Bench = async function* ({ full }) {
  if (!full) return
  yield* withInstallation(async function* (installation) {
    const url = await installation.serve()
    const [long, none] = await installation.addTenants(2)
    if (!long || !none) throw new Error('there are no tenants')
    for (const { key } of [long, none]) await ask('PUT', `${url}/v1/lists/blocked`, key, '{"kind":"deny"}')
    const entry = JSON.stringify({ field: 'user_id', value: listed })
    await ask('POST', `${url}/v1/lists/blocked/entries`, long.key, entry)
    await fill(installation, long)
    for (const [tenant, expected] of [
      [long, true],
      [none, false],
    ] as const)
      if ((await isDeclined(url, tenant)) !== expected)
        throw new Error('the list of one tenant was not asked, or that of another')
    const { settle } = installation
    yield* latencyInTurns({
      name: `${entries.toLocaleString('en')} entries in a deny list`,
      payers: { any: 10_000 },
      ours: { url, tenant: long, settle },
      peer: { url, tenant: none, settle },
      peer_name: 'an empty list',
    })
  })
}

async function fill({ admin }: Installation, { id }: Tenant): Promise<void> {
  await admin.query(
    `insert into list_entry (tenant_id, id, list_id, field, value_key, value, note, expires_at, created_at, prefix)
    select tenant_id, gen_random_uuid(), list_id, field, sha256(convert_to('bench ' || n, 'UTF8')), value, note, expires_at, created_at, prefix
    from list_entry, generate_series(2, $2) n where tenant_id = $1`,
    [id, entries],
  )
  await admin.query('vacuum (analyze) list_entry')
  const { rows } = await admin.query<{ count: string }>('select count(*) from list_entry where tenant_id = $1', [id])
  if (Number(rows[0]?.count) !== entries) throw new Error(`the list has ${rows[0]?.count} entries`)
}

async function isDeclined(url: string, { key }: Tenant): Promise<boolean> {
  const payment: object = JSON.parse(createBodies(1, { any: 1 })())
  const body = JSON.stringify({ ...payment, user_id: listed })
  const answer: { decision: string } = JSON.parse(await ask('POST', `${url}/v1/evaluate`, key, body))
  return answer.decision === 'DECLINED'
}
