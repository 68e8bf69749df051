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
  return version === known.version ? known : readCompiled(run, version)
}

/** Any version that was published. Throws where there is none: decisions name only those that there are. */
export async function readCompiled(run: Run, version: number): Promise<Published> {
  if (version === defaultVersion) return defaultPublished
  const [row] = await run(readVersion, version)
  if (!row) throw new Error(`policy version ${version} is gone`)
  return { version, policy: compileOrThrow(toDocument(row.document)) }
}
