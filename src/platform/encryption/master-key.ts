/**
 * The master key: 32 bytes from a setting or from a file. It seals the tenants' keys and nothing else. Made once, on the
 * first start of an installation; never replaced by itself, because a new one would make everything stored unreadable.
 */
import { createSecretKey, type KeyObject, randomBytes } from 'node:crypto'
import { link, open as openFile, readFile, rm } from 'node:fs/promises'

export class MasterKeyError extends Error {
  override name = 'MasterKeyError'
}

export type MasterKeySource = { value: string | undefined; file: string }

/** Reads the key, or `undefined` when neither setting nor file exists. */
export async function readMasterKey(source: MasterKeySource): Promise<KeyObject | undefined> {
  if (source.value !== undefined) return decode(source.value, 'VOUCH_MASTER_KEY')
  const text = await readFile(source.file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw new MasterKeyError(`The master key file ${source.file} cannot be read (${error.code}).`)
  })
  return text === undefined ? undefined : decode(text.trim(), source.file)
}

/**
 * Makes the key file, whole or not at all. `undefined` when another process made it first: never overwrites, and nobody
 * reads half a key, because the file gets its name only once it is written.
 */
export async function makeMasterKey(file: string): Promise<KeyObject | undefined> {
  const key = randomBytes(32)
  const draft = `${file}.${randomBytes(6).toString('hex')}`
  try {
    const handle = await openFile(draft, 'wx', 0o600)
    try {
      await handle.writeFile(`${key.toString('base64')}\n`)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await link(draft, file)
    return createSecretKey(key)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    if (code === 'EEXIST') return undefined
    throw new MasterKeyError(`The master key file ${file} cannot be made (${code}).`, { cause: error })
  } finally {
    await rm(draft, { force: true })
  }
}

function decode(text: string, where: string): KeyObject {
  const key = Buffer.from(text, 'base64')
  if (key.length !== 32 || key.toString('base64') !== text) {
    throw new MasterKeyError(`${where} does not hold a master key: it must be 32 bytes in base64 (44 characters).`)
  }
  return createSecretKey(key)
}
