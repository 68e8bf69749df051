/**
 * sdk/src/wire.ts, made from openapi.json: a type for each schema with a title, and for each route under /v1 what it takes
 * and answers. Names are in camel case, by the function that renames them at run time. *Documents* keep the names they have:
 * what is open (metadata, details of the trail) and policies. The file lists where each route has documents.
 */
import { toCamel } from '../../sdk/src/names.ts'

type Schema = { readonly [keyword: string]: unknown }
/** How a schema is written: where documents are is noted, unless the schema is in one already. */
type Place = { readonly path: string; readonly documents: Set<string> | undefined }

/** Titles of documents that are closed, and yet are the caller's own text. */
const closedDocuments: readonly string[] = ['Policy']
/** Keywords that narrow values and leave their type as it is. */
const silent = /^(title|description|examples?|default|format|pattern|\$id|const|enum|propertyNames|uniqueItems|required|additionalProperties|(min|max)(imum|Length|Items|Properties)|exclusive(Min|Max)imum|multipleOf|readOnly|content(Encoding|MediaType)|x-.*)$/ // prettier-ignore
const structural = [
  'type',
  'anyOf',
  'oneOf',
  'allOf',
  'properties',
  'patternProperties',
  'items',
  'prefixItems',
  '$ref',
]

export function renderWire(openapi: Schema): string {
  const named = new Map<string, string>()
  const components = record(record(openapi['components'])['schemas'])

  function render(schema: Schema, place: Place): string {
    const reference = schema['$ref']
    if (typeof reference === 'string') {
      const name = reference.replace('#/components/schemas/', '')
      const target = components[name]
      if (target === undefined) throw new Error(`openapi.json has no ${reference}.`)
      return render({ title: name, ...record(target) }, place)
    }
    const isDocument = place.documents !== undefined && isFree(schema)
    if (isDocument) place.documents.add(place.path)
    const within: Place = isDocument ? { ...place, documents: undefined } : place
    const title = schema['title']
    const text = renderShape(schema, within)
    if (typeof title !== 'string' || schema['type'] !== 'object') return text
    const declared = `export type ${title} = ${text}\n`
    const before = named.get(title)
    // One has examples where the other has none: OpenAPI keeps those of a body beside it.
    if (before !== undefined && !before.endsWith(declared)) {
      throw new Error(`Two schemas of openapi.json are called ${title} and differ. Give one another title.`)
    }
    named.set(title, `${comment(schema)}${declared}`)
    return title
  }

  function renderShape(schema: Schema, place: Place): string {
    const unknown = Object.keys(schema).filter((word) => !structural.includes(word) && !silent.test(word))
    if (unknown.length > 0) throw new Error(`The client's types know no keyword ${unknown.join(', ')} (${place.path}).`)
    if ('const' in schema) return JSON.stringify(schema['const'])
    if (Array.isArray(schema['enum'])) return union(schema['enum'].map((value) => JSON.stringify(value)))
    const parts: string[] = []
    for (const word of ['anyOf', 'oneOf']) {
      if (word in schema) parts.push(union(list(schema[word]).map((one) => render(narrow(schema, one), place))))
    }
    if ('allOf' in schema) parts.push(list(schema['allOf']).map((one) => `(${render(one, place)})`).join(' & ')) // prettier-ignore
    if (parts.length > 0) return parts.map((part) => (parts.length > 1 ? `(${part})` : part)).join(' & ')
    const types = Array.isArray(schema['type']) ? schema['type'] : [schema['type']]
    return union(types.map((type) => renderType(type, schema, place)))
  }

  function renderType(type: unknown, schema: Schema, place: Place): string {
    switch (type) {
      case 'string':
      case 'boolean':
      case 'null':
        return type
      case 'number':
      case 'integer':
        return 'number'
      case 'array': {
        if ('prefixItems' in schema) return `[${list(schema['prefixItems']).map((one) => render(one, place)).join(', ')}]` // prettier-ignore
        const { minItems, maxItems } = schema
        const item = render(record(schema['items']), place)
        if (minItems === maxItems && (minItems === 2 || minItems === 3))
          return `[${Array.from({ length: minItems }, () => item).join(', ')}]`
        return `${/[ |&]/.test(item) ? `(${item})` : item}[]`
      }
      case 'object':
        return renderObject(schema, place)
      case undefined:
        return 'unknown'
      default:
        throw new Error(`The client's types know no type ${String(type)} (${place.path}).`)
    }
  }

  function renderObject(schema: Schema, place: Place): string {
    const required = Array.isArray(schema['required']) ? schema['required'] : []
    const lines = Object.entries(record(schema['properties'])).map(([name, value]) => {
      const one = record(value)
      const shown = place.documents === undefined ? name : toCamel(name)
      const type = render(one, { ...place, path: `${place.path}/${name}` })
      return `${comment(one)}${key(shown)}${required.includes(name) ? '' : '?'}: ${type}\n`
    })
    const open = [...Object.values(record(schema['patternProperties'])), schema['additionalProperties'] ?? true]
    const values = open
      .filter((one) => one !== false)
      .map((one) => (one === true ? 'unknown' : render(record(one), place)))
    if (lines.length === 0) return values.length === 0 ? 'Record<string, never>' : `Record<string, ${union(values)}>`
    const closed = `{\n${lines.join('')}}`
    return values.length === 0 ? closed : `${closed} & Record<string, ${union(values)}>`
  }

  const routes: string[] = []
  const places: string[] = []
  const plain: string[] = []
  for (const [path, operations] of Object.entries(record(openapi['paths']))) {
    if (!path.startsWith('/v1/')) continue
    for (const [method, value] of Object.entries(record(operations))) {
      const operation = record(value)
      const name = `'${method.toUpperCase()} ${path}'`
      const [inBody, inAnswer] = [new Set<string>(), new Set<string>()]
      const parameters = list(operation['parameters'] ?? [])
      const group = (where: string, rename: (name: string) => string): string => {
        const found = parameters.filter((parameter) => parameter['in'] === where)
        const fields = found.map((parameter) => {
          const type = render(record(parameter['schema']), { path: '', documents: new Set() })
          const needed = parameter['required'] === true
          return `${comment(parameter)}${key(rename(String(parameter['name'])))}${needed ? `: ${type}` : `?: ${type} | undefined`}\n`
        })
        const needed = found.some((parameter) => parameter['required'] === true)
        return found.length === 0 ? '' : `${where}${needed ? '' : '?'}: {\n${fields.join('')}}\n`
      }
      const requested = json(operation['requestBody'])
      const body = requested ? `body: ${render(requested, { path: '', documents: inBody })}\n` : ''
      const answer = answerOf(record(operation['responses']), (schema) =>
        render(schema, { path: '', documents: inAnswer }),
      )
      if (answer === notJson) plain.push(`  ${name},\n`)
      const parts = [
        group('path', toCamel),
        group('query', toCamel),
        group('header', (header) => header),
        body,
        `answer: ${answer}\n`,
      ]
      const words = [operation['summary'], operation['description']].filter((text) => typeof text === 'string')
      routes.push(`${comment({ description: words.join('. ') })}${name}: {\n${parts.join('')}}\n`)
      const lists = Object.entries({ body: inBody, answer: inAnswer }).filter(([, found]) => found.size > 0)
      const shown = lists.map(([side, found]) => `${side}: [${[...found].map((one) => `'${one}'`).join(', ')}]`)
      if (shown.length > 0) places.push(`  ${name}: { ${shown.join(', ')} },\n`)
    }
  }
  const problem = components['Problem']
  if (problem !== undefined) render({ title: 'Problem', ...record(problem) }, { path: '', documents: new Set() })
  const types = [...named.values(), `${comment({ description: 'Every route, what it takes and what it answers' })}export type Routes = {\n${routes.join('')}}\n`] // prettier-ignore
  return [
    '/** Generated from openapi.json by `npm run generate`. */\n',
    ...types.map(indent),
    `/** Where bodies and answers have documents, whose names stay as they are; an array has the place of its items. */\nexport const documents = {\n${places.join('')}} as const\n`,
    `/** Routes that answer text or bytes. All others answer JSON, or nothing. */\nexport const plain: readonly string[] = [\n${plain.join('')}]\n`,
  ].join('\n')
}

/** Open to any name, or a policy: the names in it are not ours to change. */
function isFree(schema: Schema): boolean {
  if (closedDocuments.includes(String(schema['title']))) return true
  const words = ['type', 'enum', 'const', 'anyOf', 'oneOf', 'allOf', '$ref']
  if (!words.some((word) => word in schema)) return true
  return schema['type'] === 'object' && schema['additionalProperties'] !== false
}

/** A member of a union may leave the type to the schema around it. */
const narrow = (around: Schema, one: Schema): Schema =>
  'type' in around && !('type' in one) && !('$ref' in one) && !('enum' in one) ? { type: around['type'], ...one } : one

const notJson = 'string | Uint8Array'
function answerOf(responses: Schema, render: (schema: Schema) => string): string {
  const [status, success] = Object.entries(responses).find(([code]) => code.startsWith('2')) ?? []
  if (status === '204') return 'undefined'
  const schema = json(success)
  return schema ? render(schema) : notJson
}

function json(message: unknown): Schema | undefined {
  const schema = record(record(record(message)['content'])['application/json'])['schema']
  return schema === undefined ? undefined : record(schema)
}

function record(value: unknown): Schema {
  return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : {}
}
const list = (value: unknown): Schema[] => (Array.isArray(value) ? value.map(record) : [])
const union = (types: readonly string[]): string => [...new Set(types)].join(' | ')
const key = (name: string): string => (/^[a-zA-Z_$][\w$]*$/.test(name) ? name : `'${name}'`)
function comment({ description, examples }: Schema): string {
  const example = Array.isArray(examples) ? ` E.g. \`${JSON.stringify(examples[0])}\`.` : ''
  return typeof description === 'string' ? `/** ${description.replaceAll('*/', '* /').replace(/[^.]$/, '$&.')}${example} */\n` : ''
} // prettier-ignore

/** Two spaces for each brace that is open. */
function indent(text: string): string {
  let depth = 0
  return text.replace(/^.*\n/gm, (line) => {
    if (line.startsWith('/**')) return `${'  '.repeat(depth)}${line}`
    if (line.startsWith('}')) depth--
    const shown = `${'  '.repeat(depth)}${line}`
    if (line.endsWith('{\n')) depth++
    return shown
  })
}
