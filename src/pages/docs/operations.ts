/** The operations of the interface, read from its OpenAPI document: the one that the server itself answers with. */

export type Schema = Readonly<Record<string, unknown>>
export type Parameter = {
  readonly name: string
  readonly in: 'path' | 'query' | 'header'
  readonly isRequired: boolean
  readonly description: string
  readonly schema: Schema
}
export type Operation = {
  /** Below `/docs/api/`: `post-v1-evaluate`. */
  readonly id: string
  readonly method: string
  readonly path: string
  readonly tag: string
  readonly summary: string
  readonly description: string
  /** The scope that a key needs; `undefined`: no key. */
  readonly permission: string | undefined
  readonly parameters: readonly Parameter[]
  readonly body: Schema | undefined
  /** What is answered when it goes well. No schema: not JSON, or nothing. */
  readonly reply: { readonly status: number; readonly schema: Schema | undefined }
}

/** Operations that are pages for people. */
const pageTags = new Set(['Pages', 'Docs'])
const places = ['path', 'query', 'header'] as const

const isSchema = (value: unknown): value is Schema =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
/** The member, or nothing, of whatever that is. */
export const schemaOf = (value: unknown): Schema => (isSchema(value) ? value : {})
export const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])
export const wordsOf = (value: unknown): string => (typeof value === 'string' ? value : '')

/** The example of a body stands beside its schema in OpenAPI. */
const jsonOf = (content: unknown): Schema | undefined => {
  const { schema, example } = schemaOf(schemaOf(content)['application/json'])
  return isSchema(schema) ? { ...schema, ...(example === undefined ? {} : { examples: [example] }) } : undefined
}

const idOf = (method: string, path: string): string =>
  `${method}${path}`.replaceAll(/[^\w]+|_/g, '-').replaceAll(/^-|-$/g, '')

function readParameter(value: unknown): Parameter {
  const { name, required, description, schema, example, ...rest } = schemaOf(value)
  const examples = example === undefined ? {} : { examples: [example] }
  return {
    name: wordsOf(name),
    in: places.find((place) => place === rest['in']) ?? 'query',
    isRequired: required === true,
    description: wordsOf(description),
    schema: { ...schemaOf(schema), ...examples },
  }
}

function readOperation(path: string, method: string, value: unknown): Operation {
  const operation = schemaOf(value)
  const [status = '200', reply] =
    Object.entries(schemaOf(operation['responses'])).find(([word]) => word.startsWith('2')) ?? []
  const permission = operation['x-permission']
  return {
    id: idOf(method, path),
    method: method.toUpperCase(),
    path,
    tag: wordsOf(listOf(operation['tags'])[0]),
    summary: wordsOf(operation['summary']),
    description: wordsOf(operation['description']),
    permission: typeof permission === 'string' ? permission : undefined,
    parameters: listOf(operation['parameters'])
      .map(readParameter)
      .toSorted((a, b) => places.indexOf(a.in) - places.indexOf(b.in)),
    body: jsonOf(schemaOf(operation['requestBody'])['content']),
    reply: { status: Number(status), schema: status === '204' ? undefined : jsonOf(schemaOf(reply)['content']) },
  }
}

/** Operations for programs, in the order of the document: those behind a key first. Throws if two have one address. */
export function readOperations(document: unknown): readonly Operation[] {
  const all = Object.entries(schemaOf(schemaOf(document)['paths']))
    .flatMap(([path, methods]) =>
      Object.entries(schemaOf(methods)).map(([method, value]) => readOperation(path, method, value)),
    )
    .filter(({ tag }) => !pageTags.has(tag))
  if (new Set(all.map(({ id }) => id)).size !== all.length) throw new Error('two operations have one address')
  return [
    ...all.filter(({ permission }) => permission !== undefined),
    ...all.filter(({ permission }) => permission === undefined),
  ]
}
