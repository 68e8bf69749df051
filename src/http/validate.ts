/** Validation: closed schemas, nothing dropped, nothing coerced in bodies; text becomes numbers in queries alone. */
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv'
import ipaddr from 'ipaddr.js'
import type { Static, TSchema } from 'typebox'
import { Fault, type FaultDetail } from '#kernel/fault'
import { pointTo } from '#kernel/json-pointer'

const dateTime = /^(\d{4}-\d\d-\d\d)[Tt]([01]\d|2[0-3]):\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)$/

/**
 * A time that can be stored and given back. JavaScript reads February 30 as March 2, and an offset can carry year 0 or
 * 9999 out of the years that have four digits; a leap second has the form of a time, and none can be stored.
 */
function isTime(text: string): boolean {
  const day = dateTime.exec(text)?.[1]
  const timeMs = Date.parse(text)
  if (day === undefined || Number.isNaN(timeMs)) return false
  return new Date(`${day}T00:00:00Z`).toISOString().startsWith(day) && /^\d{4}-/.test(new Date(timeMs).toISOString())
}

function createAjv(coerceTypes: boolean): Ajv {
  const ajv = new Ajv({
    removeAdditional: false,
    coerceTypes,
    useDefaults: false,
    allErrors: true,
    strict: true,
    strictTypes: false,
    ownProperties: true,
  })
  ajv.addFormat('date-time', isTime)
  ajv.addFormat('ipv4', (text: string) => ipaddr.IPv4.isValidFourPartDecimal(text))
  ajv.addFormat('ipv6', (text: string) => text.length <= 45 && !text.includes('%') && ipaddr.IPv6.isValid(text))
  return ajv
}
const bodies = createAjv(false)
const queries = createAjv(true)

export type Part = 'body' | 'querystring' | 'params' | 'headers'

/** Throws `invalid_request` (or `not_found` for a path that cannot name anything) with every place that is wrong. */
export function compileValidator<S extends TSchema>(
  schema: S,
  part: Part,
): (value: unknown) => { value: Static<S> } | { error: Fault } {
  const isBody = part === 'body'
  // Compiled when the first of its kind comes: a command that serves nothing waits for none of them.
  let compiled: ValidateFunction<Static<S>> | undefined
  const compile = (): ValidateFunction<Static<S>> =>
    (compiled ??= (isBody ? bodies : queries).compile<Static<S>>(schema))
  const numbers = isBody ? [] : numbersOf(schema)
  return (value) => {
    const validate = compile()
    const unreadable = numbers.filter(
      (name) => isRecord(value) && typeof value[name] === 'string' && !decimal.test(value[name]),
    )
    if (unreadable.length === 0 && validate(value)) return { value }
    const errors =
      unreadable.length > 0
        ? unreadable.map((name) => ({ pointer: `/${name}`, message: 'must be a decimal number' }))
        : toDetails(validate.errors ?? [])
    if (part === 'params')
      return {
        error: new Fault('not_found', 'There is nothing at this address: an id in it is not well-formed.', { errors }),
      }
    const what = isBody ? 'The body' : 'The query'
    return { error: new Fault('invalid_request', `${what} does not have the documented form.`, { errors }) }
  }
}

/** Ajv would also take `0x10`, ` 5` and `1e400`, which becomes Infinity and passes every bound. */
const decimal = /^-?\d{1,15}(\.\d{1,15})?$/
const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null

/** Names of the members that are numbers. */
function numbersOf(schema: unknown): string[] {
  const properties = isRecord(schema) && isRecord(schema['properties']) ? schema['properties'] : {}
  return Object.entries(properties).flatMap(([name, of]) =>
    isRecord(of) && (of['type'] === 'number' || of['type'] === 'integer') ? [name] : [],
  )
}

const maxDetails = 20

/** Ajv's messages speak of the schema alone; names that a caller chose are repeated only if they are harmless words. */
function toDetails(found: readonly ErrorObject[]): FaultDetail[] {
  const details = new Map<string, FaultDetail>()
  for (const { instancePath, keyword, params, message = 'is not as documented' } of found) {
    const path = instancePath
      .split('/')
      .slice(1)
      .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    const extra: unknown = params['additionalProperty'] ?? params['missingProperty']
    const pointer = pointTo(typeof extra === 'string' ? [...path, extra] : path)
    const text =
      keyword === 'additionalProperties'
        ? 'is not a known field'
        : keyword === 'required'
          ? 'is required'
          : (allowedValues(params) ?? message)
    if (details.size < maxDetails) details.set(`${pointer} ${text}`, { pointer, message: text })
  }
  return [...details.values()]
}

const allowedValues = (params: Record<string, unknown>): string | undefined =>
  Array.isArray(params['allowedValues']) ? `must be one of ${params['allowedValues'].join(', ')}` : undefined
