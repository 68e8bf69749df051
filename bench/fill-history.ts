/** A past of millions of decisions: real ones first, then copies of them by SQL, further back in time. */
import { ask } from './ask.ts'
import { createBodies } from './bodies.ts'
import { type Installation, openInstallation, type Tenant } from './installation.ts'
import { sendLoad } from './send-load.ts'

export type Filled = { decisions: number; subjects: number }

const pastMs = 29 * 86_400_000
/** Payments of one user over the time that counters look back: what its counters then are, all subjects get. */
const busyPayments = 50

/** Each of so many users pays once, by real requests; one pays often. */
export async function makePast(home: string, users: number): Promise<Tenant> {
  const installation = await openInstallation(home)
  try {
    const url = await installation.serve()
    const [tenant] = await installation.addTenants(1)
    if (!tenant) throw new Error('there is no tenant')
    const until = { count: users }
    await sendLoad({ url, keys: [tenant.key], connections: 64, seed: 1, payers: { each: true, from: 0 }, until })
    await payOften(url, tenant)
    // The log goes by the number of the transaction: copies that have one which is done are nothing new to it.
    await installation.settle()
    return tenant
  } finally {
    await installation.close()
  }
}

async function payOften(url: string, { key }: Tenant): Promise<void> {
  const nextBody = createBodies(2, { any: 1 })
  for (let nth = busyPayments - 1; nth >= 0; nth--) {
    const occurred_at = new Date(Date.now() - (pastMs * nth) / busyPayments).toISOString()
    const payment: object = JSON.parse(nextBody())
    await ask('POST', `${url}/v1/evaluate`, key, JSON.stringify({ ...payment, occurred_at }))
  }
}

/** Each decision so many times more, evenly over the past month. Nothing may serve meanwhile. */
export async function fillHistory(installation: Installation, { id }: Tenant, copies: number): Promise<Filled> {
  const { admin } = installation
  const real = await readFilled(installation)
  const client = await admin.connect()
  try {
    // Months of the past have no partitions yet.
    await client.query(`select ensure_partitions((now() - interval '31 days')::date, 2)`)
    // What is copied refers to what is there: foreign keys need not be looked at again.
    await client.query('set session_replication_role = replica; set synchronous_commit = off')
    const copyOnce = await copyStatement(installation)
    for (let nth = 1; nth <= copies; nth++)
      await client.query(copyOnce, [id, real.firstAt, (nth * pastMs) / copies, nth * real.head])
    await client.query('update tenant_head set version = $2 where tenant_id = $1', [id, real.head * (copies + 1)])
    await client.query('update counter_mark set version = $2 where tenant_id = $1', [id, real.head * (copies + 1)])
    await client.query(
      `update subject_counter set as_of = $2, state =
        (select state from subject_counter where tenant_id = $1 order by length(state) desc limit 1)
      where tenant_id = $1`,
      [id, real.head * (copies + 1)],
    )
    await client.query('reset session_replication_role; reset synchronous_commit')
    await client.query('vacuum (analyze)')
  } finally {
    client.release()
  }
  const filled = await readFilled(installation)
  if (
    filled.decisions !== real.decisions * (copies + 1) ||
    filled.head !== filled.newest ||
    filled.head !== filled.mark
  )
    throw new Error(`what was filled in is not whole: ${JSON.stringify(filled)}`)
  return filled
}

/** One copy of each real decision, so much earlier and with versions so much later. */
async function copyStatement({ admin }: Installation): Promise<string> {
  const other: Record<string, string> = {
    id: `(lpad(to_hex((extract(epoch from at - $3 * interval '1 ms') * 1000)::bigint), 12, '0') || substr(replace(id::text, '-', ''), 13))::uuid`,
    at: `at - $3 * interval '1 ms'`,
    occurred_at: `occurred_at - $3 * interval '1 ms'`,
    version: 'version + $4',
  }
  const { rows } = await admin.query<{ name: string }>(
    `select column_name as name from information_schema.columns where table_name = 'decision' order by ordinal_position`,
  )
  const names = rows.map(({ name }) => name)
  const values = names.map((name) => other[name] ?? name)
  return `insert into decision (${names.join()}) select ${values.join()} from decision where tenant_id = $1 and at >= $2`
}

type Versions = { firstAt: Date; head: number; newest: number; mark: number }
async function readFilled({ admin }: Installation): Promise<Filled & Versions> {
  const { rows } = await admin.query<Filled & Versions>(
    `select count(*)::integer as decisions, min(at) as "firstAt", max(version)::integer as newest,
      (select count(*)::integer from subject_counter) as subjects,
      (select sum(version)::integer from tenant_head) as head, (select sum(version)::integer from counter_mark) as mark
    from decision`,
  )
  const [filled] = rows
  if (!filled) throw new Error('nothing could be counted')
  return filled
}
