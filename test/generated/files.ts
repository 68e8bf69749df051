/** Files of the repository that are made from the code and the database. `npm run generate` writes them; a test compares. */
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { World } from '#harness'
import { renderPolicyReference } from '#engine/decide'
import { renderInventory } from './inventory.ts'
import { renderWire } from './sdk-wire.ts'
import { renderPromises } from './promises.ts'
import { renderSettings } from './settings.ts'

export const root = new URL('../../', import.meta.url).pathname

/** File → its text as it should be. */
export async function generateFiles(world: World): Promise<ReadonlyMap<string, string>> {
  const { rows } = await world.admin.query<{ table: string; column: string; comment: string }>(
    `select c.relname as table, a.attname as column, coalesce(col_description(c.oid, a.attnum), '') as comment
     from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
     where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition and c.relname <> 'schema_migration'
     order by c.relname, a.attnum`,
  )
  const openapi = JSON.stringify(world.vouch.server.swagger(), null, 2)
  return new Map([
    ['openapi.json', `${openapi}\n`],
    ['sdk/src/wire.ts', renderWire(JSON.parse(openapi))],
    ['src/platform/database/schema.ts', await rowTypes(world.database.urls.app)],
    ['docs/settings.md', renderSettings()],
    ['docs/data.md', renderInventory(rows)],
    ['docs/policy-reference.md', renderPolicyReference()],
    ['docs/promises.md', renderPromises(world.vouch.controls)],
  ])
}

/** Types of rows, read off the migrated database by kysely-codegen. */
async function rowTypes(url: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'vouch-types-'))
  const file = join(folder, 'schema.ts')
  const asTcp = url.replace('@/', '@localhost/')
  const args = [
    '--dialect',
    'postgres',
    '--url',
    asTcp,
    '--type-mapping',
    '{"int8":"bigint"}',
    '--out-file',
    file,
    '--log-level',
    'error',
  ]
  try {
    await promisify(execFile)(process.execPath, [`${root}node_modules/kysely-codegen/dist/cli/bin.js`, ...args], {
      cwd: folder,
    })
    return await readFile(file, 'utf8')
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
