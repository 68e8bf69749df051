/** Enough of a Dockerfile and a .dockerignore to say what would be in the image. */
import { globSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join, matchesGlob } from 'node:path'

export const root = join(import.meta.dirname, '../..')

export type Instruction = { word: string; rest: string }

/** Instructions in order, with continued lines joined. */
export async function readDockerfile(): Promise<Instruction[]> {
  const text = await readFile(join(root, 'Dockerfile'), 'utf8')
  const lines = text.replace(/^#.*\n/gm, '').replace(/\\\n\s*/g, '').split('\n').filter(Boolean) // prettier-ignore
  return lines.map((line) => ({ word: line.split(' ', 1)[0] ?? '', rest: line.slice(line.indexOf(' ') + 1) }))
}

/** Files and folders that are copied out of the repository. */
export function copiedSources(instructions: readonly Instruction[]): string[] {
  const copies = instructions.filter(({ word, rest }) => word === 'COPY' && !rest.startsWith('--from'))
  return [...new Set(copies.flatMap(({ rest }) => rest.split(' ').slice(0, -1)))]
}

/** The last line of .dockerignore that fits a path, or a folder above it, decides. */
export async function isSentToBuilder(): Promise<(path: string) => boolean> {
  const text = await readFile(join(root, '.dockerignore'), 'utf8')
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return (path) => {
    const ends = path.split('/').map((_, n, parts) => parts.slice(0, n + 1).join('/'))
    // A builder's star stands for names with a dot in front too; Node's does not.
    const fits = (line: string) => line === '*' || ends.some((end) => matchesGlob(end, line.replace(/^!/, '')))
    return lines.findLast(fits)?.startsWith('!') ?? true
  }
}

/** Every file of the repository that the image has, relative to the root. */
export async function filesOfImage(): Promise<string[]> {
  const isSent = await isSentToBuilder()
  const sources = copiedSources(await readDockerfile())
  const files = sources.flatMap((source) => globSync([source, `${source}/**/*`], { cwd: root, withFileTypes: true }))
  const paths = files.filter((file) => file.isFile()).map((file) => join(file.parentPath, file.name).slice(root.length + 1)) // prettier-ignore
  return [...new Set(paths)].filter(isSent)
}

/** The command of HEALTHCHECK, as words. */
export function healthCommand(instructions: readonly Instruction[]): string[] {
  const check = instructions.find(({ word }) => word === 'HEALTHCHECK')?.rest ?? ''
  return JSON.parse(check.slice(check.indexOf('CMD ') + 4))
}
