/** Whether a form takes only what it names. */
type Fields = Readonly<Record<string, unknown>>
const isRecord = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Keywords that hold forms of parts, and those that hold lists of forms. */
const single = ['items', 'not', 'contains'] as const
const several = ['anyOf', 'oneOf', 'allOf'] as const

/**
 * Where an object takes fields without names or bound, as a path of names; undefined if nowhere. An object whose names
 * the caller chooses says how many and how long.
 */
export function findOpenPlace(schema: unknown, path = ''): string | undefined {
  if (!isRecord(schema)) return undefined
  const { properties, patternProperties, additionalProperties, maxProperties, propertyNames } = schema
  const isObject = schema['type'] === 'object' || isRecord(properties) || isRecord(patternProperties)
  const isBounded = typeof maxProperties === 'number' && propertyNames !== undefined
  if (isObject && additionalProperties !== false && !isBounded) return path
  const parts: [string, unknown][] = [
    ...Object.entries(isRecord(properties) ? properties : {}),
    ...Object.entries(isRecord(patternProperties) ? patternProperties : {}),
    ...single.map((name): [string, unknown] => [name, schema[name]]),
    ...several.flatMap((name) => {
      const forms: unknown = schema[name]
      return Array.isArray(forms) ? forms.map((form): [string, unknown] => [name, form]) : []
    }),
  ]
  for (const [name, part] of parts) {
    const found = findOpenPlace(part, `${path}/${name}`)
    if (found !== undefined) return found
  }
  return undefined
}
