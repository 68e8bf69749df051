import type { Tx } from '#platform/database'

export type Follower = { name: string; position: bigint; created_at: Date; moved_at: Date }
const followerColumns = ['name', 'position', 'created_at', 'moved_at'] as const

export const insertFollower = async (tx: Tx, follower: Follower): Promise<void> => {
  await tx.query
    .insertInto('log_follower')
    .values(follower)
    .onConflict((on) => on.doNothing())
    .execute()
}

export const listFollowers = (tx: Tx): Promise<Follower[]> =>
  tx.query.selectFrom('log_follower').select(followerColumns).orderBy('name').execute()

export const readFollower = (tx: Tx, name: string): Promise<Follower | undefined> =>
  tx.query.selectFrom('log_follower').select(followerColumns).where('name', '=', name).executeTakeFirst()

/** Locked for this transaction; `undefined` when another has it, or there is none. */
export const lockFollower = (tx: Tx, name: string): Promise<Follower | undefined> =>
  tx.query
    .selectFrom('log_follower')
    .select(followerColumns)
    .where('name', '=', name)
    .forUpdate()
    .skipLocked()
    .executeTakeFirst()

export const moveFollower = async (
  tx: Tx,
  name: string,
  to: Pick<Follower, 'position' | 'moved_at'>,
): Promise<void> => {
  await tx.query
    .updateTable('log_follower')
    .set({ position: to.position, moved_at: to.moved_at })
    .where('name', '=', name)
    .execute()
}

/** True if there was one. */
export const deleteFollower = async (tx: Tx, name: string): Promise<boolean> =>
  (await tx.query.deleteFrom('log_follower').where('name', '=', name).executeTakeFirst()).numDeletedRows === 1n
