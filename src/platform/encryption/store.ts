import type { HotStatement, Segment, SystemScope, Tx } from '#platform/database'

export type KeyPurpose = 'data' | 'index'

export const insertTenantKey = async (
  tx: Tx,
  row: { purpose: KeyPurpose; version: number; sealed: Buffer; createdAt: Date },
): Promise<void> => {
  await tx.query
    .insertInto('tenant_key')
    .values({ purpose: row.purpose, version: row.version, sealed: row.sealed, created_at: row.createdAt })
    .execute()
}

const tenantKeys: HotStatement<undefined, { purpose: string; version: number; sealed: Buffer }> = {
  name: 'encryption read tenant keys',
  shapeOf: () => 1,
  build: (query) => query.selectFrom('tenant_key').select(['purpose', 'version', 'sealed']).orderBy('version'),
  values: () => [],
}
export const readTenantKeys = ({ run }: Segment) => run(tenantKeys, undefined)

export const readKeyCheck = (system: SystemScope): Promise<Buffer | undefined> =>
  system.global(
    async (query) =>
      (await query.selectFrom('installation').select('master_key_check').executeTakeFirst())?.master_key_check,
  )

/** False when another process was first. */
export const insertKeyCheck = (system: SystemScope, masterKeyCheck: Buffer, createdAt: Date): Promise<boolean> =>
  system.global(async (query) => {
    const row = { id: 1, master_key_check: masterKeyCheck, created_at: createdAt }
    const [result] = await query
      .insertInto('installation')
      .values(row)
      .onConflict((on) => on.doNothing())
      .execute()
    return result?.numInsertedOrUpdatedRows === 1n
  })

/** An offence to be found: a key whose name is not sealed. For a transaction that is taken back. */
export const insertClearName = async (tx: Tx): Promise<void> => {
  const row = {
    id: '00000000-0000-7000-8000-000000000000',
    name: Buffer.from('planted in the clear'),
    secret_hash: Buffer.alloc(32),
    scopes: [],
    allowed_ips: [],
    created_at: new Date(0),
  }
  await tx.query.insertInto('api_key').values(row).execute()
}

/** The newest values of every column that the inventory calls sealed. */
export async function sampleSealed(tx: Tx): Promise<{ column: string; value: Buffer }[]> {
  const newest = 20
  const names = await tx.query
    .selectFrom('api_key')
    .select('name as value')
    .orderBy('id', 'desc')
    .limit(newest)
    .execute()
  const entries = await tx.query
    .selectFrom('list_entry')
    .select(['value', 'note'])
    .orderBy('id', 'desc')
    .limit(newest)
    .execute()
  const events = await tx.query
    .selectFrom('decision')
    .select('event as value')
    .orderBy('id', 'desc')
    .limit(newest)
    .execute()
  const details = await tx.query
    .selectFrom('audit_event')
    .select('details as value')
    .orderBy('id', 'desc')
    .limit(newest)
    .execute()
  const found = [
    ...names.map(({ value }) => ({ column: 'api_key.name', value })),
    ...entries.map(({ value }) => ({ column: 'list_entry.value', value })),
    ...entries.map(({ note }) => ({ column: 'list_entry.note', value: note })),
    ...events.map(({ value }) => ({ column: 'decision.event', value })),
    ...details.map(({ value }) => ({ column: 'audit_event.details', value })),
  ]
  return found.flatMap(({ column, value }) => (value === null ? [] : [{ column, value }]))
}
