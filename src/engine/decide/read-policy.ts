/** The form of a policy document: every place that is wrong, or a document of which only the meaning is unknown. */
import { pointTo } from '#kernel/json-pointer'
import type { Position } from '#engine/cel'
import type { Curve, PolicyDocument, PolicyFactor, PolicyRule } from './policy.ts'

export type PolicyError = {
  /** RFC 6901, into the document. */
  readonly pointer: string
  readonly message: string
  /** In the text that the pointer names: an expression or a reason. */
  readonly position?: Position
}
export const policyLimits = { factors: 50, rules: 100, lists: 50, corners: 50, weight: 100, points: 100, reason: 200, x: 1e12 } as const // prettier-ignore
export const wordPattern = '^[a-z][a-z0-9_]{0,39}$'
export const listIdPattern = '^[a-z0-9][a-z0-9_-]{0,62}$'

type Note = (pointer: string, message: string) => undefined
type Members = Readonly<Record<string, unknown>>

export function readPolicy(value: unknown): { document: PolicyDocument } | { errors: PolicyError[] } {
  const errors: PolicyError[] = []
  const note: Note = (pointer, message) => void errors.push({ pointer, message })
  const document = readDocument(value, note)
  return document && errors.length === 0 ? { document } : { errors }
}

function readDocument(value: unknown, note: Note): PolicyDocument | undefined {
  const members = readMembers(value, '', ['schema', 'factors', 'rules', 'thresholds', 'lists'], [], note)
  if (!members) return undefined
  if (members['schema'] !== 1 && members['schema'] !== undefined) note('/schema', 'must be 1')
  const factors = readList(members['factors'], '/factors', policyLimits.factors, note, readFactor)
  const rules = readList(members['rules'], '/rules', policyLimits.rules, note, readRule)
  const lists = readList(members['lists'], '/lists', policyLimits.lists, note, (item, at) =>
    readText(item, at, note, new RegExp(listIdPattern), 'must be the id of a list'),
  )
  const limits = readMembers(members['thresholds'], '/thresholds', ['step_up', 'decline'], [], note)
  const readThreshold = (name: string) =>
    limits?.[name] === null ? null : readNumber(limits?.[name], `/thresholds/${name}`, 0, 100, note)
  const [step_up, decline] = [readThreshold('step_up'), readThreshold('decline')]
  if (!factors || !rules || !lists || step_up === undefined || decline === undefined) return undefined
  return { schema: 1, factors, rules, thresholds: { step_up, decline }, lists }
}

function readFactor(value: unknown, at: string, note: Note): PolicyFactor | undefined {
  const members = readMembers(value, at, ['id', 'weight', 'points_if_missing'], ['curve', 'cel', 'reason'], note)
  if (!members) return undefined
  const { points } = policyLimits
  const id = readWord(members['id'], `${at}/id`, note)
  const weight = readNumber(members['weight'], `${at}/weight`, 0, policyLimits.weight, note)
  const points_if_missing = readNumber(members['points_if_missing'], `${at}/points_if_missing`, -points, points, note)
  if ((members['curve'] === undefined) === (members['cel'] === undefined))
    return note(at, 'has exactly one of curve and cel')
  const curve = members['curve'] === undefined ? undefined : readCurve(members['curve'], `${at}/curve`, note)
  const cel = members['cel'] === undefined ? undefined : readExpression(members['cel'], `${at}/cel`, note)
  const reason = members['reason'] === undefined ? undefined : readReason(members['reason'], `${at}/reason`, note)
  if (id === undefined || weight === undefined || points_if_missing === undefined) return undefined
  const shape = { ...(curve && { curve }), ...(cel !== undefined && { cel }), ...(reason !== undefined && { reason }) }
  return { id, weight, points_if_missing, ...shape }
}

function readRule(value: unknown, at: string, note: Note): PolicyRule | undefined {
  const members = readMembers(value, at, ['id', 'when', 'then', 'reason'], [], note)
  if (!members) return undefined
  const id = readWord(members['id'], `${at}/id`, note)
  const when = readExpression(members['when'], `${at}/when`, note)
  const then = readThen(members['then'], `${at}/then`, note)
  const reason = readReason(members['reason'], `${at}/reason`, note)
  if (id === undefined || when === undefined || then === undefined || reason === undefined) return undefined
  return { id, when, then, reason }
}

function readThen(value: unknown, at: string, note: Note): PolicyRule['then'] | undefined {
  if (value === undefined || value === 'decline' || value === 'step_up' || value === 'approve') return value
  if (!isRecord(value)) return note(at, 'must be decline, step_up, approve or {"add": points}')
  const members = readMembers(value, at, ['add'], [], note)
  const add = readNumber(members?.['add'], `${at}/add`, -policyLimits.points, policyLimits.points, note)
  return add === undefined ? undefined : { add }
}

function readCurve(value: unknown, at: string, note: Note): Curve | undefined {
  const corners = readList(value, at, policyLimits.corners, note, (corner, place): readonly [number, number] | undefined => {
    if (!Array.isArray(corner) || corner.length !== 2) return note(place, 'must be a corner [x, y]')
    const x = readNumber(corner[0], `${place}/0`, -policyLimits.x, policyLimits.x, note)
    const y = readNumber(corner[1], `${place}/1`, -1, 1, note)
    return x === undefined || y === undefined ? undefined : [x, y]
  }) // prettier-ignore
  if (corners?.length === 0) return note(at, 'must have a corner')
  const turned = corners?.findIndex(([x], n) => n > 0 && x <= (corners[n - 1]?.[0] ?? x)) ?? -1
  if (turned > 0) return note(`${at}/${turned}/0`, 'must be larger than the x before it')
  return corners
}

function readMembers(value: unknown, at: string, required: readonly string[], optional: readonly string[], note: Note): Members | undefined {
  if (value === undefined && at !== '') return undefined
  if (!isRecord(value)) return note(at, 'must be an object')
  for (const name of Object.keys(value))
    if (!required.includes(name) && !optional.includes(name)) note(at + pointTo([name]), 'is not a known field')
  for (const name of required) if (value[name] === undefined) note(`${at}/${name}`, 'is required')
  return value
} // prettier-ignore

function readList<T>(value: unknown, at: string, most: number, note: Note, read: (item: unknown, at: string, note: Note) => T | undefined): T[] | undefined {
  if (value === undefined) return undefined
  if (!Array.isArray(value)) return note(at, 'must be a list')
  if (value.length > most) return note(at, `must not have more than ${most} items`)
  const items = value.map((item: unknown, n) => (item === undefined ? note(`${at}/${n}`, 'is missing') : read(item, `${at}/${n}`, note)))
  return items.every((item) => item !== undefined) ? items : undefined
} // prettier-ignore

function readNumber(value: unknown, at: string, min: number, max: number, note: Note): number | undefined {
  if (value === undefined) return undefined
  if (typeof value !== 'number' || !(value >= min && value <= max))
    return note(at, `must be a number from ${min} to ${max}`)
  return value
}

function readText(value: unknown, at: string, note: Note, form: RegExp, message: string): string | undefined {
  if (value === undefined) return undefined
  return typeof value === 'string' && form.test(value) ? value : note(at, message)
}
const readWord = (value: unknown, at: string, note: Note): string | undefined =>
  readText(value, at, note, new RegExp(wordPattern), 'must be a word of a-z, 0-9 and _, at most 40, a letter first')
const readExpression = (value: unknown, at: string, note: Note): string | undefined =>
  readText(value, at, note, /^[^]{1,4096}$/, 'must be an expression of at most 4096 characters')
const readReason = (value: unknown, at: string, note: Note): string | undefined =>
  readText(value, at, note, /^(?=\S)[^\p{Cc}]{1,200}$/u, 'must be a sentence of 1 to 200 characters on one line')

const isRecord = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
