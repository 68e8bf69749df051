/** The published policy, compiled, as decisions use it. */
import { compileOrThrow, type CompiledPolicy, defaultPolicy, defaultVersion } from '#engine/decide'
import type { Run } from '#platform/database'
import { toDocument } from './documents.ts'
import { readLatestVersion, readVersion } from './store.ts'

export type Published = { readonly version: number; readonly policy: CompiledPolicy }
export const defaultPublished: Published = { version: defaultVersion, policy: compileOrThrow(defaultPolicy) }

/** A version never changes: `known` is given back where it still is the latest, so that it is compiled once. */
export async function readPublished(run: Run, known: Published = defaultPublished): Promise<Published> {
  const version = (await run(readLatestVersion, undefined))[0]?.version ?? defaultVersion
  const published = version === known.version ? known : await readCompiled(run, version)
  if (!published) throw new Error(`policy version ${version} is gone`)
  return published
}

/** Any version that was published; undefined where there is none. */
export async function readCompiled(run: Run, version: number): Promise<Published | undefined> {
  if (version === defaultVersion) return defaultPublished
  const [row] = await run(readVersion, version)
  return row && { version, policy: compileOrThrow(toDocument(row.document)) }
}
