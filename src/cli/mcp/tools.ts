/**
 * What an agent may do with Vouch. Schemas are those of the routes. Answers have what Vouch made of an event, never the
 * event itself: what others wrote into a payment is not put before an agent.
 */
import { type CallToolResult, fromJsonSchema, McpServer } from '@modelcontextprotocol/server'
import { serveStdio, type StdioServerHandle } from '@modelcontextprotocol/server/stdio'
import Type, { type Static, type TSchema } from 'typebox'
import { type Answer as Decision, DecisionParams, DecisionQuery } from '#engine/decisions'
import { EvaluateBody } from '#products/transactions'
import type { Client, Refusal } from './client.ts'
import { explainDecision, listWords } from './words.ts'

const EvaluateInput = Type.Object(
  {
    ...EvaluateBody.properties,
    dry_run: Type.Optional(Type.Boolean({ description: 'true: judge, and leave no decision. For "what if".' })),
  },
  { additionalProperties: false },
)
/** A route's schema as JSON Schema and no more. */
const inputOf = <S extends TSchema>(schema: S) => fromJsonSchema<Static<S>>(JSON.parse(JSON.stringify(schema)))
const looking = { readOnlyHint: true, openWorldHint: false } as const

export const serveTools = (client: Client, version: string): StdioServerHandle =>
  serveStdio(() => createTools(client, version))

function createTools(client: Client, version: string): McpServer {
  const server = new McpServer(
    { name: 'vouch', version },
    {
      instructions:
        'Vouch decides whether a payment can be trusted. Ask `evaluate` before paying, and keep to its answer: APPROVED, pay; ' +
        'STEP_UP_REQUIRED, have the customer confirm first; DECLINED, do not pay. Changes that would have been approved are for you, not for the customer.',
    },
  )

  server.registerTool(
    'evaluate',
    {
      title: 'Judge a payment',
      description:
        'Judges one payment, stores the decision and says why. Send exactly one of amount (a decimal string) and amount_minor. ' +
        'Send an idempotency_key of your own, and the same one when you ask again: then it is one decision.',
      inputSchema: inputOf(EvaluateInput),
      annotations: { readOnlyHint: false, destructiveHint: false, openWorldHint: false },
    },
    async ({ dry_run = false, ...body }, { mcpReq }) => {
      const answer = await client.post(`/v1/evaluate?dry_run=${dry_run}`, body, mcpReq.signal)
      if (!answer.ok) return refused(answer)
      return isDecision(answer.body) ? said(explainDecision(answer.body, undefined), answer.body) : strange
    },
  )

  server.registerTool(
    'explain',
    {
      title: 'Explain a decision',
      description: 'A stored decision in words: its reason, its factors, what would have been approved, and whether judging it again gives the same bytes.',
      inputSchema: inputOf(DecisionParams),
      annotations: looking,
    },
    async ({ trace_id }, { mcpReq }) => {
      const path = `/v1/decisions/${encodeURIComponent(trace_id)}`
      const found = await client.get(path, mcpReq.signal)
      if (!found.ok) return refused(found)
      const again = await client.get(`${path}/replay`, mcpReq.signal)
      if (!again.ok && again.code !== 'erased') return refused(again)
      const replay = again.ok ? isRecord(again.body) && again.body['same'] === true : 'erased'
      if (!isRecord(found.body)) return strange
      const { event: _, ...decision } = found.body
      return isDecision(decision) ? said(explainDecision(decision, replay), { decision, replay }) : strange
    },
  ) // prettier-ignore

  server.registerTool(
    'list_decisions',
    {
      title: 'List decisions',
      description: 'Decisions, newest first, with filters. Ask `explain` about one of them.',
      inputSchema: inputOf(DecisionQuery),
      annotations: looking,
    },
    async (query, { mcpReq }) => {
      const words = new URLSearchParams(
        Object.entries(query).map(([name, value]): [string, string] => [name, String(value)]),
      )
      const answer = await client.get(`/v1/decisions?${words.toString()}`, mcpReq.signal)
      if (!answer.ok) return refused(answer)
      const page = isRecord(answer.body) ? answer.body : {}
      const { data, next_cursor: next } = page
      if (!Array.isArray(data) || !data.every(isDecision)) return strange
      return said(listWords(data, typeof next === 'string' ? next : null), page)
    },
  )
  return server
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null
/** The server is ours, of this version or a near one: what is read here is looked at, the rest is passed on. */
const isDecision = (value: unknown): value is Decision =>
  isRecord(value) &&
  typeof value['decision'] === 'string' &&
  typeof value['risk_score'] === 'number' &&
  Array.isArray(value['factors']) &&
  Array.isArray(value['counterfactual']) &&
  isRecord(value['agent'])

const said = (text: string, structuredContent: Record<string, unknown>): CallToolResult => ({
  content: [{ type: 'text', text }],
  structuredContent,
})
const refused = ({ text }: Pick<Refusal, 'text'>): CallToolResult => ({
  content: [{ type: 'text', text }],
  isError: true,
})
const strange = refused({ text: 'The answer is not one of Vouch.' }) // prettier-ignore
