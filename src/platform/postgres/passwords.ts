/** The passwords of PostgreSQL's roles: random, made once, before the data that knows them. */
import { randomBytes } from 'node:crypto'
import { link, open, rm } from 'node:fs/promises'
import { codeOf, readIfThere } from './file-facts.ts'

const roles = ['admin', 'owner', 'app', 'jobs'] as const
export type Passwords = Record<(typeof roles)[number], string>

/** Reads the file, or makes it, mode 0600: whole or absent, and of two makers at once both get the winner's. */
export async function keepPasswords(file: string): Promise<Passwords> {
  const kept = await readPasswords(file)
  if (kept) return kept
  const draft = `${file}.${randomBytes(6).toString('hex')}`
  try {
    const handle = await open(draft, 'wx', 0o600)
    try {
      await handle.writeFile(`${JSON.stringify({ admin: make(), owner: make(), app: make(), jobs: make() })}\n`)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await link(draft, file).catch((error: unknown) => {
      if (codeOf(error) !== 'EEXIST') throw error
    })
  } finally {
    await rm(draft, { force: true })
  }
  const made = await readPasswords(file)
  if (!made) throw new Error(`${file} disappeared while it was made`)
  return made
}

const make = (): string => randomBytes(32).toString('base64url')

export async function readPasswords(file: string): Promise<Passwords | undefined> {
  const text = await readIfThere(file)
  if (text === undefined) return undefined
  const parsed: unknown = JSON.parse(text)
  if (!isPasswords(parsed)) throw new Error(`${file} does not hold the passwords of Vouch's PostgreSQL`)
  return parsed
}

function isPasswords(value: unknown): value is Passwords {
  if (typeof value !== 'object' || value === null) return false
  const entries = new Map<string, unknown>(Object.entries(value))
  return roles.every((role) => typeof entries.get(role) === 'string')
}
