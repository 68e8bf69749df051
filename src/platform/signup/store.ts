import type { Tx } from '#platform/database'

export type ContactRow = { name: Buffer; email: Buffer; created_at: Date }

export const insertContact = async (tx: Tx, row: ContactRow): Promise<void> => {
  await tx.query.insertInto('tenant_contact').values(row).execute()
}

export const readContact = (tx: Tx): Promise<ContactRow | undefined> =>
  tx.query.selectFrom('tenant_contact').select(['name', 'email', 'created_at']).executeTakeFirst()
