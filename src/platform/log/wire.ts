/** Rows of the log as the wire shows them. */
import { rfc3339 } from '#kernel/clock'
import { toWireId } from '#kernel/id'
import { type Jwk, parseEntry, toJwk, toPem } from '#platform/tlog'
import type { ReadEntry } from './export.ts'
import { digestOfVkeys, keyAt, type LogKey } from './signing-keys.ts'
import type { Follower } from './followers/store.ts'

export function toWireEntry({ index, bytes, salt, content }: ReadEntry) {
  const { id, at, type, commit } = parseEntry(bytes)
  return {
    index: Number(index),
    id,
    at,
    type,
    commit,
    salt: content === null ? null : (salt?.toString('hex') ?? null),
    content,
  }
}

export function toWireKeys(origin: string, keys: readonly LogKey[]) {
  const current = keyAt(keys, Number.MAX_SAFE_INTEGER)
  const stateOf = ({ version, firstSize }: LogKey): string =>
    firstSize === null ? 'announced' : version === current.version ? 'current' : 'retired'
  return {
    origin,
    keys: keys.map((key) => ({
      version: key.version,
      state: stateOf(key),
      vkeys: key.vkeys,
      sha256: digestOfVkeys(key.vkeys),
      jwks: key.verifiers.map(toJwk),
      pem: key.verifiers.map(toPem),
      first_size: key.firstSize,
      announced_in: key.announcedIn && toWireId('audit', key.announcedIn),
      created_at: rfc3339(key.createdAt.getTime()),
    })),
  }
}

export const toKeySet = (keys: readonly LogKey[]): { keys: Jwk[] } => ({
  keys: keys.flatMap(({ verifiers }) => verifiers.map(toJwk)),
})

export const toWireFollower = ({ name, position, created_at, moved_at }: Follower) => ({
  name,
  position: Number(position),
  created_at: rfc3339(created_at.getTime()),
  moved_at: rfc3339(moved_at.getTime()),
})
