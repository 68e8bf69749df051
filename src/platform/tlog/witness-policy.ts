/**
 * C2SP tlog-policy: which witnesses must have cosigned a checkpoint.
 *
 *   log <vkey> [<url>]
 *   witness <name> <vkey> [<url>]
 *   group <name> all|any|<k> <name>...        at least k of witnesses and groups that are named above
 *   quorum <name>|none                        exactly once
 *
 * Names mean something in the file alone. No name is a member twice, so a witness counts once. The specification leaves
 * bytes above 127 open; here they are UTF-8. Two keys of one witness are two witnesses to the format.
 */
import { readCount } from './checkpoint-text.ts'
import { type LogVerifier, parseVkey, type SignatureType, spkiOf } from './keys.ts'
import { TlogError } from './malformed.ts'
import { maxNoteBytes, readUtf8 } from './note.ts'
import { readCosignatures } from './witnessed.ts'

export type WitnessPolicy = {
  readonly logs: readonly { readonly key: LogVerifier; readonly url?: string }[]
  readonly witnesses: readonly { readonly name: string; readonly key: LogVerifier; readonly url?: string }[]
  /** Each after those it names. */
  readonly groups: readonly { readonly name: string; readonly threshold: number; readonly members: readonly string[] }[]
  /** A witness, a group, or `none`: no witness is needed. */
  readonly quorum: string
}

const none = 'none'

/** In the order logs, witnesses, groups, quorum. Throws `TlogError` for what would not be read as the same policy. */
export function formatPolicy({ logs, witnesses, groups, quorum }: WitnessPolicy): string {
  const lines = [
    ...logs.map(({ key, url }) => ['log', key.vkey, ...optional(url)]),
    ...witnesses.map(({ name, key, url }) => ['witness', name, key.vkey, ...optional(url)]),
    ...groups.map(({ name, threshold, members }) => ['group', name, `${threshold}`, ...members]),
    ['quorum', quorum],
  ]
  if (!lines.flat().every((word) => /^[^ \t\n]+$/.test(word))) throw new TlogError('a word of a policy has no space')
  const text = lines.map((words) => `${words.join(' ')}\n`).join('')
  parsePolicy(text)
  return text
}

const optional = (url: string | undefined): string[] => (url === undefined ? [] : [url])

type Reading = {
  logs: { key: LogVerifier; url?: string }[]
  witnesses: { name: string; key: LogVerifier; url?: string }[]
  groups: { name: string; threshold: number; members: string[] }[]
  quorum: string | undefined
  names: Set<string>
  members: Set<string>
}

/** Throws `TlogError`, which names the line. */
export function parsePolicy(policy: Uint8Array | string): WitnessPolicy {
  if (policy.length > maxNoteBytes) throw new TlogError('the policy is too long')
  const text = typeof policy === 'string' ? policy : readUtf8(policy)
  if (!text.isWellFormed() || /[^\t\n\x20-\x7e\u0080-\u{10ffff}]/u.test(text))
    throw new TlogError('a policy is UTF-8 text whose only control characters are tab and newline')
  const lines = text.split('\n')
  if (lines.pop() !== '') throw new TlogError('the last line of a policy ends with a newline')
  const reading: Reading = {
    logs: [],
    witnesses: [],
    groups: [],
    quorum: undefined,
    names: new Set(),
    members: new Set(),
  }
  for (const [at, line] of lines.entries()) {
    const [word = '', ...rest] = line.split(/[ \t]+/).filter((word) => word !== '')
    if (word === '' || word.startsWith('#')) continue
    const why = readLine(reading, word, rest)
    if (why !== undefined) throw new TlogError(`line ${at + 1} of the policy: ${why}`)
  }
  const { logs, witnesses, groups, quorum } = reading
  if (quorum === undefined) throw new TlogError('a policy has one quorum line')
  return { logs, witnesses, groups, quorum }
}

/** What is wrong with the line. */
function readLine(reading: Reading, word: string, rest: readonly string[]): string | undefined {
  if (word === 'log') return readLog(reading, rest)
  if (word === 'witness') return readWitness(reading, rest)
  if (word === 'group') return readGroup(reading, rest)
  return word === 'quorum' ? readQuorum(reading, rest) : 'it begins with log, witness, group or quorum'
}

function readLog({ logs }: Reading, [vkey, url, ...more]: readonly string[]): string | undefined {
  if (vkey === undefined || more.length > 0) return 'a log has a key and perhaps a URL'
  const key = readKey(vkey, ['ed25519', 'ml-dsa-44-cosignature'])
  if (!key) return 'that is not the verifier key of a log'
  if (logs.some((other) => isSameKey(other.key, key))) return 'that log is there already'
  logs.push({ key, ...(url === undefined ? {} : { url }) })
  return undefined
}

function readWitness({ witnesses, names }: Reading, [name, vkey, url, ...more]: readonly string[]): string | undefined {
  if (name === undefined || vkey === undefined || more.length > 0)
    return 'a witness has a name, a key and perhaps a URL'
  const key = readKey(vkey, ['ed25519-cosignature', 'ml-dsa-44-cosignature'])
  if (!key) return 'that is not the verifier key of a witness'
  if (witnesses.some((other) => isSameKey(other.key, key))) return 'that key is there already'
  if (!claimName(names, name)) return 'that name is taken'
  witnesses.push({ name, key, ...(url === undefined ? {} : { url }) })
  return undefined
}

function readGroup(
  { groups, names, members: taken }: Reading,
  [name, count, ...members]: readonly string[],
): string | undefined {
  if (name === undefined || count === undefined || members.length === 0)
    return 'a group has a name, a count and members'
  const threshold = readThreshold(count, members.length)
  if (threshold < 1 || threshold > members.length) return 'the count is all, any, or from 1 to the number of members'
  for (const member of members) {
    if (!names.has(member)) return 'a member is not named above'
    if (taken.has(member)) return 'a name is a member twice'
    taken.add(member)
  }
  if (!claimName(names, name)) return 'that name is taken'
  groups.push({ name, threshold, members })
  return undefined
}

function readThreshold(count: string, members: number): number {
  if (count === 'all') return members
  return count === 'any' ? 1 : (readCount(count) ?? 0)
}

function readQuorum(reading: Reading, [name, ...more]: readonly string[]): string | undefined {
  if (name === undefined || more.length > 0) return 'a quorum is one name'
  if (reading.quorum !== undefined) return 'the quorum is there already'
  if (name !== none && !reading.names.has(name)) return 'the quorum is not named above'
  reading.quorum = name
  return undefined
}

function claimName(names: Set<string>, name: string): boolean {
  if (name === none || names.has(name)) return false
  names.add(name)
  return true
}

function readKey(vkey: string, types: readonly SignatureType[]): LogVerifier | undefined {
  try {
    const key = parseVkey(vkey)
    return types.includes(key.type) ? key : undefined
  } catch (error) {
    if (error instanceof TlogError) return undefined
    throw error
  }
}

/** One key under two names or types is one key. */
const isSameKey = (one: LogVerifier, other: LogVerifier): boolean => spkiOf(one).raw.equals(spkiOf(other).raw)

/**
 * Have enough witnesses cosigned the checkpoint? The log's own signatures are not looked at: open the checkpoint for
 * those. What is no note, or has a line by a known witness that does not fit, is not witnessed.
 */
export function isWitnessed(note: Uint8Array | string, { witnesses, groups, quorum }: WitnessPolicy): boolean {
  if (quorum === none) return true
  const cosigners = readCosigners(
    note,
    witnesses.map(({ key }) => key),
  )
  const agreed = new Set(witnesses.filter(({ key }) => cosigners.has(key)).map(({ name }) => name))
  for (const { name, threshold, members } of groups) {
    if (members.filter((member) => agreed.has(member)).length >= threshold) agreed.add(name)
  }
  return agreed.has(quorum)
}

function readCosigners(note: Uint8Array | string, keys: readonly LogVerifier[]): ReadonlySet<LogVerifier> {
  try {
    return new Set(readCosignatures(note, keys).map(({ key }) => key))
  } catch (error) {
    if (error instanceof TlogError) return new Set()
    throw error
  }
}
