/** Subjects: whoever or whatever is counted. A key is the first half of a blind key, which has the kind in it. */
import { partners, subjectNames } from '#engine/decide'
import type { Partner, WindowEvent } from '#engine/windows'
import { Fault } from '#kernel/fault'
import type { TailRow } from './store.ts'

/** By their places, which are stored. A pair is two of those before it together; a country is only ever a partner. */
const kinds = ['user', 'merchant', 'card', 'agent', 'device', 'ip', 'pair', 'country'] as const
export type SubjectKind = (typeof kinds)[number]
/** `key`: 32 bytes, an HMAC under the tenant's index key. */
export type Subject = { readonly kind: SubjectKind; readonly key: Buffer }

const partnersOf: ReadonlyMap<string, readonly string[]> = new Map(
  subjectNames.map((name) => [name, partners[name].map(([partner]) => partner)]),
)

const keyBytes = 16
/** As keys of maps: a byte a letter. */
export const keyOf = (blind: Buffer): string => blind.toString('latin1', 0, keyBytes)
export const keyToBytes = (key: string): Buffer => Buffer.from(key, 'latin1')
export const kindNumber = (kind: SubjectKind): number => kinds.indexOf(kind)
export const toPartner = ({ kind, key }: Subject): Partner => ({ kind: kindNumber(kind), key: keyOf(key) })

export type Columns = { merchant_key: Buffer; user_key: Buffer | null; subjects: Buffer | null }

/** The columns of a decision from which its subjects are read again. Payee and user have columns of their own. */
export function toColumns(subjects: readonly Subject[]): Columns {
  const only = (kind: SubjectKind): Buffer | undefined => {
    const [first, second] = subjects.filter((subject) => subject.kind === kind)
    if (second) throw new Fault('internal', `A decision has one ${kind}.`)
    return first?.key
  }
  const merchant_key = only('merchant')
  if (!merchant_key) throw new Fault('internal', 'A decision has a merchant.')
  const others = subjects.filter(({ kind }) => kind !== 'merchant' && kind !== 'user')
  const parts = others.flatMap(({ kind, key }) => [Buffer.of(kindNumber(kind)), key.subarray(0, keyBytes)])
  return { merchant_key, user_key: only('user') ?? null, subjects: parts.length > 0 ? Buffer.concat(parts) : null }
}

const rank = ({ kind }: Subject): number => (kind === 'merchant' ? 0 : kind === 'user' ? 1 : 2)
/** In the order in which `subjectsOf` gives them back, so that counters have equal bytes however they were made. */
export const inOrder = (subjects: readonly Subject[]): Subject[] => subjects.toSorted((a, b) => rank(a) - rank(b))

/** As `toColumns` had them; of their keys the first halves. */
export function subjectsOf(row: Pick<TailRow, keyof Columns>): Subject[] {
  const found: Subject[] = [{ kind: 'merchant', key: row.merchant_key }]
  if (row.user_key) found.push({ kind: 'user', key: row.user_key })
  const { subjects } = row
  for (let at = 0; subjects && at < subjects.length; at += keyBytes + 1) {
    const kind = kinds[subjects[at] ?? -1]
    if (!kind) throw new Error('a decision names a subject of no kind')
    found.push({ kind, key: subjects.subarray(at + 1, at + 1 + keyBytes) })
  }
  return found
}

export type Happening = Omit<WindowEvent, 'partners'>
/** What each subject that is counted sees of an event, each once. */
export type Seen = ReadonlyMap<string, WindowEvent>

export function seenBy(subjects: readonly Subject[], happening: Happening): Seen {
  const seen = new Map<string, WindowEvent>()
  for (const { kind, key } of subjects) {
    if (kind === 'country') continue
    const counted = partnersOf.get(kind) ?? []
    const others = counted.length === 0 ? [] : subjects.filter((other) => counted.includes(other.kind))
    seen.set(keyOf(key), { ...happening, partners: others.map(toPartner) })
  }
  return seen
}
