import { readFile } from 'node:fs/promises'
import { readJson } from '#http'
import { type Context, UsageError } from './command.ts'

/** Strict JSON from a file, or from standard input for `-`. */
export async function readJsonFile(context: Context, file: string) {
  const bytes = await (file === '-' ? context.terminal.read() : readFile(file)).catch(
    (error: NodeJS.ErrnoException) => {
      throw new UsageError(`${file} cannot be read (${error.code})`)
    },
  )
  return readJson(bytes)
}
