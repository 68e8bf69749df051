/** Makes the data. An interrupted first start leaves a draft, never half a database. */
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmod, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { exists } from './file-facts.ts'
import { keepPasswords, type Passwords, readPasswords } from './passwords.ts'
import { giveTo, type Place } from './place.ts'
import { cleanEnvironment } from './runner.ts'

const draftPrefix = 'first-start-'

/** After it the data exists, made by us or by another process at the same time. */
export async function makeData(place: Place, options: { sync: boolean }): Promise<Passwords> {
  if (!(await exists(place.data))) {
    if (await exists(place.made)) {
      throw new Error(
        `The database of this home is gone: it was in ${place.data}. Put it back from a backup, ` +
          `or remove ${place.own} to start with an empty one.`,
      )
    }
    const passwords = await keepPasswords(place.passwords)
    await makeDraftAndRename(place, passwords, options)
  }
  const passwords = await readPasswords(place.passwords)
  if (!passwords) throw new Error(`${place.passwords} is missing. Put it back from a backup.`)
  const version = await readMajor(place)
  if (version !== place.major) {
    throw new Error(`${place.data} was made by PostgreSQL ${version}, and this Vouch brings ${place.major}`)
  }
  await writeFile(place.made, '', { flag: 'a', mode: 0o600 })
  for (const name of await readdir(place.root)) {
    if (name.startsWith(draftPrefix)) await removeDraft(join(place.root, name))
  }
  return passwords
}

async function makeDraftAndRename(place: Place, passwords: Passwords, options: { sync: boolean }): Promise<void> {
  const draft = join(place.root, `${draftPrefix}${randomBytes(6).toString('hex')}`)
  const passwordFile = join(draft, 'password')
  const data = join(draft, 'data')
  try {
    await mkdir(draft, { mode: 0o700 })
    await writeFile(passwordFile, `${passwords.admin}\n`, { mode: 0o600 })
    await giveTo(place.runner, passwordFile)
    await giveTo(place.runner, draft)
    await runInitdb(place, [
      `--pgdata=${data}`,
      `--pwfile=${passwordFile}`,
      '--username=vouch_admin',
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--data-checksums',
      ...(place.major === 15
        ? ['--locale=C.UTF-8']
        : ['--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--locale=C']),
      ...(options.sync ? [] : ['--no-sync']),
    ])
    await chmod(data, 0o700)
    await rename(data, place.data)
  } catch (error) {
    // Another process was first: its data is as good, made with the same passwords.
    if (!(await exists(place.data))) throw error
  } finally {
    await removeDraft(draft)
  }
}

/** A draft may be written by another process at this moment; what cannot be removed now goes at the next start. */
const removeDraft = (draft: string): Promise<void> =>
  rm(draft, { recursive: true, force: true, maxRetries: 5 }).catch(() => undefined)

async function readMajor(place: Place): Promise<number> {
  return Number(await readFile(join(place.data, 'PG_VERSION'), 'utf8'))
}

async function runInitdb(place: Place, args: readonly string[]): Promise<void> {
  const wrapped = place.runner.wrap(place.binaries.initdb, args)
  const child = spawn(wrapped.command, wrapped.args, {
    ...wrapped.options,
    cwd: '/',
    env: { ...cleanEnvironment, ...place.binaries.environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 300_000,
  })
  let said = ''
  const hear = (chunk: Buffer): void => {
    said = (said + chunk.toString()).slice(-2000)
  }
  child.stdout.on('data', hear)
  child.stderr.on('data', hear)
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  child.on('error', reject)
  child.on('close', (code, signal) => {
    if (code === 0) resolve()
    else reject(new Error(`PostgreSQL's initdb failed (${code ?? signal}): ${said.trim()}`))
  })
  return promise
}
