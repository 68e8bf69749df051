/** A route that is also taken many at a time: each event alone, as if it had been sent by itself, answers in order. */
import Type from 'typebox'
import { Fault } from '#kernel/fault'
import { type RequestContext, type Route, route } from '#platform/access'
import { problemRef, toFault, toProblem } from './problem.ts'
import { compileValidator } from './validate.ts'

const closed = { additionalProperties: false } as const
/** So many are under way at once; other requests get their turn in between. */
const atOnce = 32

/** The route, and its batch if it has one. */
export function withBatch(each: Route): Route[] {
  if (!each.batch || !each.body) return [each]
  const { summary, atMost, bodyLimitBytes } = each.batch
  const readEvent = compileValidator(each.body, 'body')
  const count = { minItems: 1, maxItems: atMost }

  async function answerOne(context: RequestContext, query: unknown, event: unknown): Promise<unknown> {
    try {
      const read = readEvent(event)
      if ('error' in read) throw read.error
      return (await each.run(context, { params: {}, query, body: read.value, headers: {} })).body
    } catch (error) {
      const fault = toFault(error)
      // One that we cannot explain is logged whole, as it is when it is asked for alone.
      if (fault.code === 'internal') throw error
      return toProblem(fault, context.requestId)
    }
  }

  const batch = route({
    method: each.method,
    path: `${each.path}/batch`,
    tag: each.tag,
    summary,
    description:
      'Each event is taken as if it had been sent alone, after those before it. Results are in the same order: an answer, ' +
      'or the problem of this event, whose pointers begin at the event. Each event counts towards the rate limits.',
    permission: each.permission,
    audit: each.audit,
    rate: each.rate,
    ...(each.query ? { query: each.query } : {}),
    // What each event must be is looked at one by one: one that is wrong does not stop the others.
    body: Type.Object({ events: Type.Array(Type.Unknown(), count) }, closed),
    shownBody: Type.Object({ events: Type.Array(each.body, count) }, { ...closed, title: 'Batch' }),
    bodyLimitBytes,
    headers: Object.fromEntries(Object.keys(each.headers ?? {}).map((name) => [name, 'Refused: it is for one event.'])),
    reply: Type.Object(
      { results: Type.Array(Type.Union([each.reply, problemRef])) },
      { ...closed, title: 'BatchResults' },
    ),
    countOf: ({ events }) => events.length,
    async run(context, { query, body: { events }, headers }) {
      refuseHeaders(headers)
      const results: unknown[] = []
      for (let from = 0; from < events.length; from += atOnce) {
        const some = events.slice(from, from + atOnce)
        // Begun in order. Each waits for the same things, and so they get to the journal in order.
        results.push(...(await Promise.all(some.map((event) => answerOne(context, query, event)))))
      }
      return { body: { results } }
    },
  })
  return [each, batch]
}

function refuseHeaders(headers: Readonly<Record<string, string | undefined>>): void {
  const given = Object.keys(headers).filter((name) => headers[name] !== undefined)
  if (given.length === 0) return
  const message = `the header ${given.join(', ')} is for one event; put it into each event instead`
  throw new Fault('invalid_request', 'The request does not have the documented form.', {
    errors: [{ pointer: '', message }],
  })
}
