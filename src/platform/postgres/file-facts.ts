/** What the file system says, without exceptions for the answers that are expected. */
import { access, lstat, readFile } from 'node:fs/promises'
import type { Stats } from 'node:fs'

/** The `code` of a system or PostgreSQL error: `ENOENT`, `57P03`. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}

/** Follows links: a link that leads nowhere does not exist. */
export async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}

/** Of the entry itself, not of what a link leads to. */
export async function statIfThere(path: string): Promise<Stats | undefined> {
  return lstat(path).catch(unlessMissing)
}

export async function readIfThere(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch(unlessMissing)
}

function unlessMissing(error: unknown): undefined {
  if (codeOf(error) !== 'ENOENT') throw error
}
