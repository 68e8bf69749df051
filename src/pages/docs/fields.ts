/** A schema as a list for reading: each field with its type, its bounds, what it means, and the fields inside of it. */
import { html, type Html } from '../html.ts'
import type { Reader } from '../language.ts'
import { localLink } from '../layout.ts'
import { sayIn } from '../messages.ts'
import { listOf, type Schema, schemaOf, wordsOf } from './operations.ts'

/** Words that are English whatever the reader's language is. */
export const english = (text: string | Html, { language }: Reader): Html =>
  language === 'en' ? html`${text}` : html`<span lang="en">${text}</span>`

/** Words of descriptions: what stands in backticks is code, and pages of docs/ are links. */
export const described = (text: string, reader: Reader): Html => {
  const pieces = text.split(/(`[^`]+`|docs\/[\w/-]+\.md)/).map((piece) => {
    if (piece.startsWith('`')) return html`<code>${piece.slice(1, -1)}</code>`
    const [, slug] = /^docs\/(.+)\.md$/.exec(piece) ?? []
    return slug === undefined ? piece : html`<a href="${localLink(`/docs/${slug}`, reader)}">${slug}</a>`
  })
  return english(html`${pieces}`, reader)
}

const variantsOf = (schema: Schema): readonly Schema[] => listOf(schema['anyOf']).map(schemaOf)

function typeOf(schema: Schema, reader: Reader): string {
  const say = sayIn(reader.language)
  // A text of one of several formats is one type.
  const variants = schema['type'] === undefined ? variantsOf(schema) : []
  if (variants.length > 0)
    return [...new Set(variants.map((variant) => typeOf(variant, reader)))].join(` ${say('fields.or')} `)
  switch (schema['type']) {
    case 'array':
      return say('fields.list', { type: typeOf(schemaOf(schema['items']), reader) })
    case 'string':
      return schema['format'] === 'date-time' ? say('fields.time') : say('fields.string')
    case 'integer':
      return say('fields.integer')
    case 'number':
      return say('fields.number')
    case 'boolean':
      return say('fields.boolean')
    case 'object':
      return say('fields.object')
    case 'null':
      return 'null'
    default:
      return say('fields.any')
  }
}

type Bound = readonly [
  low: string,
  high: string,
  key: 'fields.length' | 'fields.range' | 'fields.items' | 'fields.members',
]
const bounds: readonly Bound[] = [
  ['minLength', 'maxLength', 'fields.length'],
  ['minimum', 'maximum', 'fields.range'],
  ['minItems', 'maxItems', 'fields.items'],
  ['minProperties', 'maxProperties', 'fields.members'],
]

/** `1 to 128 characters`, `at most 50 items`: what of it is bounded. */
function boundsOf(schema: Schema, reader: Reader): readonly Html[] {
  const say = sayIn(reader.language)
  const found = bounds.flatMap(([low, high, key]): Html[] => {
    const [min, max] = [schema[low], schema[high]]
    // The largest whole number is no bound that anybody meets.
    const highest = typeof max === 'number' && max < Number.MAX_SAFE_INTEGER ? max : undefined
    if (typeof min !== 'number' && highest === undefined) return []
    const range =
      typeof min === 'number' && highest !== undefined
        ? say('fields.from.to', { min, max: highest })
        : typeof min === 'number'
          ? say('fields.from', { min })
          : say('fields.to', { max: highest ?? 0 })
    return [html`${say(key, { range })}`]
  })
  const { pattern, const: constant, default: usual } = schema
  const words = listOf(schema['enum'])
  return [
    ...found,
    ...(words.length > 0 ? [html`${say('fields.one')} ${words.map((word, at) => html`${at > 0 ? ', ' : ''}<code>${String(word)}</code>`)}`] : []),
    ...(constant === undefined ? [] : [html`${say('fields.always')} <code>${JSON.stringify(constant)}</code>`]),
    ...(usual === undefined ? [] : [html`${say('fields.default')} <code>${JSON.stringify(usual)}</code>`]),
    ...(typeof pattern === 'string' && words.length === 0 ? [html`${say('fields.pattern')} <code>${pattern}</code>`] : []),
  ] // prettier-ignore
}

/** What is inside: fields by name, those of the elements of a list, those of each variant. */
function insideOf(schema: Schema, reader: Reader): Html | '' {
  const properties = schemaOf(schema['properties'])
  if (Object.keys(properties).length > 0) return fieldList(schema, reader)
  if (schema['type'] === 'array') return insideOf(schemaOf(schema['items']), reader)
  const inside = variantsOf(schema).map((variant) => insideOf(variant, reader))
  return inside.some((one) => one !== '') ? html`${inside}` : ''
}

/** The bounds of a field, of the elements of a list, and of the variants, each once. */
function allBounds(schema: Schema, reader: Reader): readonly Html[] {
  const nested = [...variantsOf(schema), ...(schema['type'] === 'array' ? [schemaOf(schema['items'])] : [])]
  const all = [schema, ...nested].flatMap((one) => boundsOf(one, reader))
  return all.filter((one, at) => all.findIndex((other) => other.toString() === one.toString()) === at)
}

export type Field = { name: string; schema: Schema; isRequired: boolean; description?: string }

export function fieldItem({ name, schema, isRequired, description }: Field, reader: Reader): Html {
  const say = sayIn(reader.language)
  const words = description || wordsOf(schema['description'])
  const [example] = listOf(schema['examples'])
  const limits = allBounds(schema, reader)
  return html`<li>
    <p class="field">
      <code>${name}</code> <span>${typeOf(schema, reader)}</span>
      ${isRequired ? html`<strong>${say('fields.required')}</strong>` : ''}
    </p>
    ${words ? html`<p>${described(words, reader)}</p>` : ''}
    ${limits.length > 0 ? html`<p class="bounds">${limits.map((one, at) => html`${at > 0 ? html` · ` : ''}${one}`)}</p>` : ''}
    ${example === undefined ? '' : html`<p class="bounds">${say('fields.example')} <code>${JSON.stringify(example)}</code></p>`}
    ${insideOf(schema, reader)}
  </li>`
}

/** The fields of an object. One that takes any name says so by the type of its values alone. */
export function fieldList(schema: Schema, reader: Reader): Html {
  const required = new Set(listOf(schema['required']))
  const items = Object.entries(schemaOf(schema['properties'])).map(([name, field]) =>
    fieldItem({ name, schema: schemaOf(field), isRequired: required.has(name) }, reader),
  )
  return html`<ul class="fields">
    ${items}
  </ul>`
}
