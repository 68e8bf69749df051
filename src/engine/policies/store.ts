import type { HotStatement, Tx } from '#platform/database'

export type VersionRow = {
  version: number
  document: Buffer
  restores: number | null
  published_at: Date
  published_by: string
}
export type DraftRow = { revision: number; document: Buffer; updated_at: Date; updated_by: string }
const versionColumns = ['version', 'document', 'restores', 'published_at', 'published_by'] as const
const draftColumns = ['revision', 'document', 'updated_at', 'updated_by'] as const

export const readLatestVersion: HotStatement<undefined, { version: number }> = {
  name: 'policies read latest version',
  shapeOf: () => 1,
  build: (query) => query.selectFrom('policy_version').select('version').orderBy('version', 'desc').limit(1),
  values: () => [1],
}

export const readVersion: HotStatement<number, VersionRow> = {
  name: 'policies read version',
  shapeOf: () => 1,
  build: (query, version) => query.selectFrom('policy_version').select(versionColumns).where('version', '=', version),
  values: (version) => [version],
}

/** Newest first. */
export const listVersions = (tx: Tx, before: number | undefined, limit: number): Promise<VersionRow[]> => {
  const all = tx.query.selectFrom('policy_version').select(versionColumns).orderBy('version', 'desc').limit(limit)
  return (before === undefined ? all : all.where('version', '<', before)).execute()
}

/** False when the version is there already, also when another transaction has just made it. */
export const insertVersion = async (tx: Tx, row: VersionRow): Promise<boolean> => {
  const insert = tx.query
    .insertInto('policy_version')
    .values(row)
    .onConflict((on) => on.columns(['tenant_id', 'version']).doNothing())
  return (await insert.executeTakeFirst()).numInsertedOrUpdatedRows === 1n
}

export const readDraft = (tx: Tx): Promise<DraftRow | undefined> =>
  tx.query.selectFrom('policy_draft').select(draftColumns).executeTakeFirst()

/** As `readDraft`, and nobody else changes the draft before this transaction ends. */
export const lockDraft = (tx: Tx): Promise<DraftRow | undefined> =>
  tx.query.selectFrom('policy_draft').select(draftColumns).forUpdate().executeTakeFirst()

/** False when there is a draft already, also when another transaction has just made it. */
export const insertDraft = async (tx: Tx, row: DraftRow): Promise<boolean> => {
  const insert = tx.query
    .insertInto('policy_draft')
    .values(row)
    .onConflict((on) => on.columns(['tenant_id']).doNothing())
  return (await insert.executeTakeFirst()).numInsertedOrUpdatedRows === 1n
}

export const updateDraft = async (tx: Tx, row: DraftRow): Promise<void> => {
  await tx.query.updateTable('policy_draft').set(row).execute()
}
