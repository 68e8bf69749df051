/** Which code looks: computed from the files themselves, never written down. */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { relative } from 'node:path'

const root = fileURLToPath(new URL('../../../', import.meta.url))

export type SourceDigest = { readonly files: readonly string[]; readonly digest: Buffer }

/** SHA-256 of what `sha256sum FILES` prints at the root of the repository, so that anybody can compute it. */
export async function digestSources(sources: readonly URL[]): Promise<SourceDigest> {
  const files = sources.map((source) => relative(root, fileURLToPath(source)).replaceAll('\\', '/'))
  const lines = await Promise.all(
    sources.map(async (source, at) => {
      const hex = createHash('sha256')
        .update(await readFile(source))
        .digest('hex')
      return `${hex}  ${files[at]}\n`
    }),
  )
  return { files, digest: createHash('sha256').update(lines.join('')).digest() }
}

export const toWireDigest = (digest: Uint8Array): string => `sha256:${Buffer.from(digest).toString('hex')}`
