/**
 * `/llms.txt` (llmstxt.org): what a program that reads needs in order to begin. Made when it is asked for, from the route
 * tables and the guides, so that it says nothing that is not there.
 */
import Type from 'typebox'
import type { Method, OpenRoute } from '#kernel/route'

type Described = { method: Method; path: string; summary: string }

/** A page of the documentation; `slug` is its address below /docs. */
type Guide = { slug: string; title: string; summary: string; markdown: string }

export function llmsRoutes(needs: { routes(): readonly Described[]; guides: readonly Guide[] }): OpenRoute[] {
  let body: string | undefined
  return [
    {
      method: 'GET', path: '/llms.txt', tag: 'Docs', summary: 'What a program that reads needs in order to begin (llmstxt.org)', permission: 'public', audit: 'none', rate: 'read',
      reply: Type.String(), contentType: 'text/plain; charset=utf-8',
      run: async () => ({ body: (body ??= renderLlms(needs.guides, needs.routes())) }),
    },
  ] // prettier-ignore
}

function renderLlms(guides: readonly Guide[], routes: readonly Described[]): string {
  const quickstart = guides.find(({ slug }) => slug === 'quickstart')?.markdown ?? ''
  const scripts = [...quickstart.matchAll(/```sh\n[^]*?\n```/g)].slice(0, 2).map(([block]) => block)
  const links = guides.map(({ slug, title, summary }) => `- [${title}](/docs/${slug}.md): ${summary}`)
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
