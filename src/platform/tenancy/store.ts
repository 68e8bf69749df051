import type { Tx } from '#platform/database'

export const insertProfile = async (tx: Tx, name: string): Promise<void> => {
  await tx.query.insertInto('tenant_profile').values({ name }).execute()
}

export const readName = async (tx: Tx): Promise<string> =>
  (await tx.query.selectFrom('tenant_profile').select('name').executeTakeFirstOrThrow()).name
