/**
 * Ids are UUIDv7 (RFC 9562) made in the app. On the wire they carry a prefix that names their kind:
 * `tr_019a9f2e6d4b7c3f8a51d0c2b4e6f708`. In the database they are plain `uuid`.
 */
import { randomInt, randomUUID } from 'node:crypto'
import type { Clock } from './clock.ts'

export const idPrefixes = {
  tenant: 'ten',
  key: 'key',
  decision: 'tr',
  entry: 'ent',
  audit: 'aud',
  request: 'req',
} as const
export type IdKind = keyof typeof idPrefixes

/** Makes UUIDv7. Later calls sort after earlier ones, also within a millisecond and when the clock steps back. */
export type NewId = () => string

export function createIds(clock: Clock): NewId {
  let lastMs = 0
  let counter = 0
  return () => {
    const now = clock.now()
    if (now > lastMs) {
      lastMs = now
      counter = randomInt(0x800) // starts in the lower half, so a busy millisecond has room to count
    } else if (++counter > 0xfff) {
      lastMs++
      counter = 0
    }
    const time = lastMs.toString(16).padStart(12, '0')
    // A random uuid has its variant and 62 random bits where this one has them.
    return `${time.slice(0, 8)}-${time.slice(8)}-${(0x7000 | counter).toString(16)}${randomUUID().slice(18)}`
  }
}

export const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

/** `tr`, uuid → `tr_` and 32 hex digits. */
export const toWireId = (kind: IdKind, uuid: string): string => `${idPrefixes[kind]}_${uuid.replaceAll('-', '')}`

/** The JSON Schema pattern of a wire id. */
export const wireIdPattern = (kind: IdKind): string => `^${idPrefixes[kind]}_[0-9a-f]{32}$`

/** The uuid of a wire id of that kind, or `undefined` if the text is not one. */
export function fromWireId(kind: IdKind, wire: string): string | undefined {
  const prefix = `${idPrefixes[kind]}_`
  const hex = wire.slice(prefix.length)
  if (!wire.startsWith(prefix) || !/^[0-9a-f]{32}$/.test(hex)) return undefined
  return hexToUuid(hex)
}

export const hexToUuid = (hex: string): string =>
  `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`

/** The moment a UUIDv7 was made, in ms since 1970. */
export const idTimeMs = (uuid: string): number => Number.parseInt(uuid.slice(0, 8) + uuid.slice(9, 13), 16)

/** The smallest UUIDv7 of a moment: ids from it on were made then or later. */
export const firstIdAt = (timeMs: number): string =>
  hexToUuid(
    Math.min(Math.max(0, Math.floor(timeMs)), 0xffff_ffff_ffff)
      .toString(16)
      .padStart(12, '0')
      .padEnd(32, '0'),
  )
