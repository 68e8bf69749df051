import type { HotStatement, Tx } from '#platform/database'

/** In the transaction of the change. From here on others that change something wait until it ends. */
export const countChange = async (tx: Tx): Promise<void> => {
  await tx.query
    .insertInto('decision_basis')
    .values({ version: 1n })
    .onConflict((on) =>
      on.column('tenant_id').doUpdateSet((is) => ({ version: is('decision_basis.version', '+', is.val(1n)) })),
    )
    .execute()
}

/** No row before the first change. */
export const readBasis: HotStatement<undefined, { version: bigint }> = {
  name: 'basis read',
  shapeOf: () => 1,
  build: (query) => query.selectFrom('decision_basis').select('version'),
  values: () => [],
}
