/** OpenAPI 3.1, generated from the route tables by @fastify/swagger. `openapi.json` is this, committed. */
import type { SwaggerOptions } from '@fastify/swagger'

/** Where a route's schema keeps the body that is shown instead of the one that is validated. */
export const shownBody = 'x-shown-body'

export const describeApi = (version: string): SwaggerOptions => ({
  refResolver: { buildLocalReference: ({ $id }) => (typeof $id === 'string' ? $id : 'unnamed') },
  transform({ schema, url }) {
    const { [shownBody]: body = schema.body, ...rest }: Record<string, unknown> = { ...schema }
    return { schema: body === undefined ? rest : { ...rest, body }, url }
  },
  openapi: {
    openapi: '3.1.0',
    info: {
      title: 'Vouch',
      version,
      summary: 'Decides who and what can be trusted, and proves that it can be trusted itself.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: 'http://127.0.0.1:8787', description: 'As `npm start` serves it.' }],
    components: {
      securitySchemes: {
        key: { type: 'http', scheme: 'bearer', description: 'An API key: vch_live_… or vch_test_….' },
      },
    },
  },
})
