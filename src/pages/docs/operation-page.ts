/** One operation: who may ask, with what, what is answered, and a command to try it. */
import { isFaultCode, type FaultCode, faults } from '#kernel/fault'
import { isPermission, permissions } from '#kernel/route'
import { html, type Html } from '../html.ts'
import type { Reader } from '../language.ts'
import { localLink } from '../layout.ts'
import { type MessageKey, sayIn } from '../messages.ts'
import { curlOf, variableOf } from './example.ts'
import { described, english, fieldItem, fieldList } from './fields.ts'
import { docsPage, inEnglish, type Library } from './frame.ts'
import { type Operation, type Parameter, schemaOf } from './operations.ts'

/** Refusals that follow from the form of a request. What the verb itself refuses is said in words. */
export function problemsOf({ permission, body, parameters }: Operation): readonly FaultCode[] {
  const codes: readonly FaultCode[] = [
    ...(permission === undefined ? [] : (['unauthenticated', 'forbidden'] as const)),
    ...(body || parameters.some((one) => one.in === 'query') ? (['invalid_request'] as const) : []),
    ...(body ? (['malformed_body', 'unsupported_media_type', 'body_too_large', 'card_number_present'] as const) : []),
    ...(parameters.some((one) => one.in === 'path') ? (['not_found'] as const) : []),
    'rate_limited',
    'overloaded',
    'unavailable',
  ]
  return codes.filter(isFaultCode).toSorted((a, b) => faults[a].status - faults[b].status)
}

/** Variables of the command, and where their values come from. */
function variables(
  {
    command,
    permission,
    parameters,
  }: { command: string; permission: string | undefined; parameters: readonly Parameter[] },
  reader: Reader,
): Html {
  const say = sayIn(reader.language)
  const ofPath = parameters.filter((one) => one.in === 'path' && command.includes(variableOf(one.name)))
  const names = [...(permission === undefined ? [] : ['$KEY']), ...ofPath.map(({ name }) => variableOf(name))]
  return names.length > 0
    ? html`<p>${say('operation.set')} ${names.map((name, at) => html`${at > 0 ? ', ' : ''}<code>${name}</code>`)}</p>`
    : html``
}

const parameterHeads: Readonly<Record<Parameter['in'], MessageKey>> = {
  path: 'operation.in.path',
  query: 'operation.in.query',
  header: 'operation.in.header',
}

export function operationPage(library: Library, operation: Operation, reader: Reader): string {
  const say = sayIn(reader.language)
  const { method, path, permission, parameters, body, reply } = operation
  const command = curlOf(operation, library.site.origin)
  const fact = (name: MessageKey, words: Html): Html =>
    html`<div>
      <dt>${say(name)}</dt>
      <dd>${words}</dd>
    </div>`
  const scope =
    permission && isPermission(permission)
      ? html`<code>${permission}</code>: ${english(permissions[permission], reader)}`
      : html`${say('operation.open')}`
  const given = (['path', 'query', 'header'] as const).flatMap((place) => {
    const here = parameters.filter((one) => one.in === place)
    if (here.length === 0) return []
    const items = here.map(({ name, schema, isRequired, description }) =>
      fieldItem({ name, schema, isRequired, description }, reader),
    )
    return [
      html`<h3>${say(parameterHeads[place])}</h3>
        <ul class="fields">
          ${items}
        </ul>`,
    ]
  })
  const fieldsOf = (schema: Operation['body'], none: MessageKey): Html =>
    schema && Object.keys(schemaOf(schema['properties'])).length > 0
      ? fieldList(schema, reader)
      : html`<p>${say(none)}</p>`
  const problems = problemsOf(operation).map(
    (code) =>
      html`<li>
        <a href="${localLink(`/errors/${code}`, reader)}"><code>${code}</code></a>
        <span>${faults[code].status} ${english(faults[code].title, reader)}</span>
      </li>`,
  )

  return docsPage(
    library,
    {
      title: operation.summary,
      description: `${method} ${path}. ${operation.summary}.`,
      reader,
      path: `/docs/api/${operation.id}`,
    },
    html`<p class="eyebrow">${say('docs.api')} · ${english(operation.tag, reader)}</p>
      <h1>${english(operation.summary, reader)}</h1>
      <p class="address"><code>${method} ${path}</code></p>
      ${inEnglish(reader)} ${operation.description ? html`<p>${described(operation.description, reader)}</p>` : ''}
      <dl class="facts">${fact('operation.scope', scope)} ${fact('operation.answers', html`${reply.status}`)}</dl>
      <h2 id="example">${say('operation.example')}</h2>
      <pre><code>${command}</code></pre>
      ${variables({ command, permission, parameters }, reader)}
      ${
        given.length > 0
          ? html`<h2 id="parameters">${say('operation.parameters')}</h2>
              ${given}`
          : ''
      }
      ${
        body
          ? html`<h2 id="body">${say('operation.body')}</h2>
              ${fieldsOf(body, 'operation.body.none')}`
          : ''
      }
      <h2 id="reply">${say('operation.reply')}</h2>
      ${fieldsOf(reply.schema, reply.status === 204 ? 'operation.reply.none' : 'operation.reply.other')}
      <h2 id="problems">${say('operation.problems')}</h2>
      <p>${say('operation.problems.form')}</p>
      <ul class="ways">
        ${problems}
      </ul>
      <p><a href="${localLink('/errors', reader)}">${say('errors.all')}</a></p>`,
  )
}
