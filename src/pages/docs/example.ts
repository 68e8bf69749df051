/** A request that works, made from the examples that schemas give. */
import { listOf, type Operation, type Schema, schemaOf } from './operations.ts'

/**
 * A value that the schema takes: its first example, its default, its constant, its first word, or the smallest of its type.
 * Objects have what is required. `undefined` where only the reader can know, such as an id.
 */
export function exampleOf(schema: Schema): unknown {
  const [example] = listOf(schema['examples'])
  const [word] = listOf(schema['enum'])
  const given = [example, schema['default'], schema['const'], word].find((value) => value !== undefined)
  if (given !== undefined) return given
  const [variant] = listOf(schema['anyOf'])
  if (variant !== undefined && schema['type'] !== 'string') return exampleOf(schemaOf(variant))
  if (schema['type'] === 'array') return [exampleOf(schemaOf(schema['items']))].filter((value) => value !== undefined)
  if (schema['type'] === 'integer' || schema['type'] === 'number') return schema['minimum'] ?? 0
  if (schema['type'] === 'boolean') return true
  if (schema['type'] !== 'object') return undefined
  const properties = schemaOf(schema['properties'])
  return Object.fromEntries(
    listOf(schema['required']).map((name) => [String(name), exampleOf(schemaOf(properties[String(name)]))]),
  )
}

/** `{trace_id}` as the shell takes it: the example, or a variable that the reader sets. */
export const variableOf = (name: string): string => `$${name.toUpperCase()}`

function addressOf({ path, parameters }: Operation): string {
  const valueOf = (name: string): string => {
    const parameter = parameters.find((one) => one.name === name)
    const example = parameter && exampleOf(parameter.schema)
    return typeof example === 'string' || typeof example === 'number' ? String(example) : variableOf(name)
  }
  const query = parameters
    .filter((parameter) => parameter.in === 'query' && parameter.isRequired)
    .map(({ name }) => `${name}=${valueOf(name)}`)
  return (
    path.replaceAll(/\{([^}]+)\}/g, (_, name: string) => valueOf(name)) +
    (query.length > 0 ? `?${query.join('&')}` : '')
  )
}

/** JSON over few lines: what fits into one stays there. */
function writeJson(value: unknown, indent = ''): string {
  const flat = JSON.stringify(value, null, 1).replaceAll(/\n\s*/g, ' ')
  if (flat.length + indent.length <= 72 || typeof value !== 'object' || value === null) return flat
  const deeper = `${indent}  `
  const [open, close] = Array.isArray(value) ? '[]' : '{}'
  const parts = Array.isArray(value)
    ? value.map((one) => writeJson(one, deeper))
    : Object.entries(value).map(([name, one]) => `${JSON.stringify(name)}: ${writeJson(one, deeper)}`)
  return `${open}\n${parts.map((part) => deeper + part).join(',\n')}\n${indent}${close}`
}

/** A command for a shell that has the key in `KEY`. */
export function curlOf(operation: Operation, origin: string): string {
  const { method, permission, body } = operation
  const isPlain = method === (body ? 'POST' : 'GET')
  const json = body && writeJson(exampleOf(body)).replaceAll("'", `'\\''`)
  return [
    `curl -sS ${isPlain ? '' : `-X ${method} `}"${origin}${addressOf(operation)}"`,
    ...(permission === undefined ? [] : ['-H "Authorization: Bearer $KEY"']),
    ...(json === undefined ? [] : [`-H 'Content-Type: application/json'`, `-d '${json}'`]),
  ].join(' \\\n  ')
}
