/**
 * The master key: 32 bytes from a setting or from a file. It seals the tenants' keys and nothing else. Made once, on the
 * first start of an installation; never replaced by itself, because a new one would make everything stored unreadable.
 */
import { randomBytes } from 'node:crypto'
import { open as openFile, readFile } from 'node:fs/promises'

export class MasterKeyError extends Error {
  override name = 'MasterKeyError'
}

export type MasterKeySource = { value: string | undefined; file: string }

/** Reads the key, or `undefined` when neither setting nor file exists. */
export async function readMasterKey(source: MasterKeySource): Promise<Buffer | undefined> {
  if (source.value !== undefined) return decode(source.value, 'VOUCH_MASTER_KEY')
  const text = await readFile(source.file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw new MasterKeyError(`The master key file ${source.file} cannot be read (${error.code}).`)
  })
  return text === undefined ? undefined : decode(text.trim(), source.file)
}

/** Makes the key file. Fails if one has appeared in the meantime; never overwrites. */
export async function makeMasterKey(file: string): Promise<Buffer> {
  const key = randomBytes(32)
  const handle = await openFile(file, 'wx', 0o600)
  try {
    await handle.writeFile(`${key.toString('base64')}\n`)
    await handle.sync()
  } finally {
    await handle.close()
  }
  return key
}

function decode(text: string, where: string): Buffer {
  const key = Buffer.from(text, 'base64')
  if (key.length !== 32 || key.toString('base64') !== text) {
    throw new MasterKeyError(`${where} does not hold a master key: it must be 32 bytes in base64 (44 characters).`)
  }
  return key
}
