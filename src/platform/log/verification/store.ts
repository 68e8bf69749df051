import type { Tx } from '#platform/database'

const verificationColumns = [
  'next_index',
  'looked_at',
  'whole_at',
  'whole_size',
  'found_index',
  'found',
  'found_at',
] as const
export type Verification = {
  next_index: bigint
  looked_at: Date
  whole_at: Date | null
  whole_size: bigint | null
  found_index: bigint | null
  found: string | null
  found_at: Date | null
}

export const readVerification = (tx: Tx): Promise<Verification | undefined> =>
  tx.query.selectFrom('log_verification').select(verificationColumns).executeTakeFirst()

export const saveVerification = async (tx: Tx, verification: Verification): Promise<void> => {
  await tx.query
    .insertInto('log_verification')
    .values(verification)
    .onConflict((on) => on.column('tenant_id').doUpdateSet(verification))
    .execute()
}
