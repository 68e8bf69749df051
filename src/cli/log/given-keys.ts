import { readdirSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { type Context, textOf, UsageError } from '../command.ts'

/** The keys after --key, apart by white space; `@FILE` stands for what the file holds. */
export async function readGivenKeys(context: Context): Promise<string | undefined> {
  const given = textOf(context, 'key')
  if (given === undefined) return undefined
  const texts = given.split('\n').map(async (text) => (text.startsWith('@') ? readText(text.slice(1)) : text))
  return (await Promise.all(texts)).join('\n')
}

export const readBytes = (file: string): Promise<Buffer> =>
  readFile(file).catch(() => {
    throw new UsageError(`There is no readable file ${file}`)
  })

export const readText = async (file: string): Promise<string> => (await readBytes(file)).toString()

/** As a shell reads it back as one word. */
export const quote = (word: string): string =>
  /^[\w./:@+-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`

/** Told before anything is opened. */
export function requireFree(dir: string): void {
  try {
    if (readdirSync(dir).length === 0) return
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return
    throw new UsageError(`${dir} is not a folder that can be written to`)
  }
  throw new UsageError(`${dir} is not empty: an export is written to an empty folder, or to a new one`)
}
