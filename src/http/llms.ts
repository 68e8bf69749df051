/**
 * `/llms.txt` (llmstxt.org): what a program that reads needs in order to begin. Made when it is asked for, from the route
 * tables and the quickstart, so that it says nothing that is not there.
 */
import { readFile } from 'node:fs/promises'
import Type from 'typebox'
import type { Method, OpenRoute } from '#kernel/route'

const docs = new URL('../../docs/', import.meta.url)

/** Pages to begin with, of those that are served below /docs, with what they are about. */
const pages = {
  'quickstart.md': 'sign up, judge a payment, replace the key',
  'testing.md': 'test keys, and merchants that force an outcome',
  'mcp.md': '`vouch mcp`: Vouch as tools of an agent',
  'agents.md': 'agents that sign the payments they make',
  'policy.md': 'what judges: factors, rules, thresholds',
  'policy-reference.md': 'signals and expressions of policies',
  'log/verify.md': 'how to verify the log of decisions without us',
  'operations/limits.md': 'everything that has an end',
  'settings.md': 'settings of an installation',
  'data.md': 'what is stored, and in what form',
  'threat-model.md': 'what is defended, and what is not',
} as const

type Described = { method: Method; path: string; summary: string }

export function llmsRoutes(needs: { routes(): readonly Described[] }): OpenRoute[] {
  return [
    {
      method: 'GET', path: '/llms.txt', tag: 'Docs', summary: 'What a program that reads needs in order to begin (llmstxt.org)', permission: 'public', audit: 'none', rate: 'read',
      reply: Type.String(), contentType: 'text/plain; charset=utf-8',
      run: async () => ({ body: renderLlms(await readFile(new URL('quickstart.md', docs), 'utf8'), needs.routes()) }),
    },
  ] // prettier-ignore
}

function renderLlms(quickstart: string, routes: readonly Described[]): string {
  const scripts = [...quickstart.matchAll(/```sh\n[^]*?\n```/g)].slice(0, 2).map(([block]) => block)
  const links = Object.entries(pages).map(([file, about]) => `- [${file}](/docs/${file}): ${about}`)
  const asked = routes
    .filter(({ path }) => path.startsWith('/v1/') || path === '/signup')
    .map(({ method, path, summary }) => `- \`${method} ${path}\`: ${summary}`)
  return `# Vouch

> Vouch is a self-hosted service that decides whether a payment can be trusted, and says why. You send a payment; it answers APPROVED,
> STEP_UP_REQUIRED or DECLINED, with a score, the factors that add up to it exactly, and the smallest change that would have been approved.

Every request carries an API key: \`Authorization: Bearer vch_live_…\`, or \`vch_test_…\` for the test twin. Bodies are strict JSON with closed
schemas. Refusals are problem documents (RFC 9457) with a stable \`code\`; \`/errors/<code>\` explains each. Send an \`Idempotency-Key\` with a payment, and
the same one when you ask again. Payment card numbers are refused.

An agent can use the tools \`evaluate\`, \`explain\` and \`list_decisions\` over the Model Context Protocol: \`vouch mcp --key-file FILE\`.

To start it, and in another terminal to sign up, judge a payment and replace the key:

${scripts.join('\n\n')}

What can be asked, in full in the OpenAPI document:

${asked.join('\n')}

## Interface

- [OpenAPI 3.1](/openapi.json): every route, with its schemas

## Documentation

${links.join('\n')}

## Optional

- [Retention](/retention.json): what this installation keeps, and how long
- [Health](/healthz): whether the process runs
- [Readiness](/readyz): whether it can answer
`
}
