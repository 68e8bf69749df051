import type { Control } from '#kernel/control'

/** As much of the server as the check needs: a request without a socket. */
export type Injectable = {
  inject(request: {
    method: 'GET' | 'POST'
    url: string
  }): Promise<{ statusCode: number; headers: Record<string, unknown> }>
}

/** What every answer carries. */
export const securityHeaders: Readonly<Record<string, RegExp>> = {
  'strict-transport-security': /^max-age=\d{7,}; includeSubDomains$/,
  'x-content-type-options': /^nosniff$/,
  'x-frame-options': /^DENY$/,
  'referrer-policy': /^no-referrer$/,
  'content-security-policy': /^default-src 'none';/,
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')

/** Names of headers that an answer lacks. */
export const missingHeaders = (headers: Readonly<Record<string, unknown>>): string[] =>
  Object.entries(securityHeaders)
    .filter(([name, form]) => !form.test(textOf(headers[name])))
    .map(([name]) => name)

export const controls = ({ server }: { server: Injectable }): Control[] => [
  {
    claim: 'app.headers',
    tests: [
      'every route refuses junk with a problem that says what is wrong, and stores nothing of it',
      'what is not HTTP, too large or too long is a problem document with every security header too',
    ],
    check: {
      looks: 'asks itself for a good page, a missing one, a refused one and a wrong method, and reads the headers',
      async run() {
        const asked = [
          { method: 'GET', url: '/healthz' },
          { method: 'GET', url: '/no-such-address' },
          { method: 'GET', url: '/v1/decisions' },
          { method: 'POST', url: '/healthz' },
        ] as const
        for (const request of asked) {
          const { statusCode, headers } = await server.inject(request)
          const missing = missingHeaders(headers)
          if (missing.length > 0) return { ok: false, saw: `an answer ${statusCode} without ${missing.join(', ')}` }
        }
        return {
          ok: true,
          saw: `${asked.length} kinds of answer, each with all ${Object.keys(securityHeaders).length} headers`,
        }
      },
    },
  },
]
