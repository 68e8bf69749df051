/** Plays somebody who has the password of the owner's role, and opens the wall around one table behind Vouch's back. */
import pg from 'pg'

/** Whose wall is opened: rows of it belong to tenants, and the demo reads none meanwhile. */
export const openedTable = 'api_key'

/** Opens the wall. The answer puts it back. `url`: of the owner's role. */
export async function openWall(url: string): Promise<() => Promise<void>> {
  const run = async (what: 'force' | 'no force'): Promise<void> => {
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    try {
      await client.query(`alter table ${openedTable} ${what} row level security`)
    } finally {
      await client.end()
    }
  }
  await run('no force')
  return () => run('force')
}
