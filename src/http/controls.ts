import { type Control, fail, pass, type Text, watch } from '#kernel/control'
import { Fault } from '#kernel/fault'
import { isPermission } from '#kernel/route'
import type { OpenRoute } from '#kernel/route'
import type { Route } from '#platform/access'
import { findOpenPlace } from './closed-schema.ts'
import { readJson } from './read-json.ts'

/** As much of the server as the checks need: a request without a socket. */
export type Injectable = {
  inject(request: {
    method: 'GET' | 'POST' | 'PUT' | 'DELETE'
    url: string
    remoteAddress?: string
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

/** Texts that two readers could understand differently, or that are no JSON. */
const malformed: readonly Uint8Array[] = [
  '',
  '{',
  '{"a":1,"a":2}',
  '{"a":1}{}',
  '[1,]',
  "{'a':1}",
  '{"a":01}',
  '{"a":9007199254740993}',
  '{"a":1e999}',
  '"\\ud800"',
  `${'['.repeat(40)}${']'.repeat(40)}`,
  '\ufeff{}',
].map((text) => Buffer.from(text))
const notUtf8 = Uint8Array.of(0x22, 0xff, 0x22)

type RouteTable = { guarded: readonly Route[]; open: readonly OpenRoute[] }
type InputWorld = RouteTable & { readJson: typeof readJson }
type RoleWorld = { guarded: readonly Route[]; server: Injectable }

const here = (file: string): string => new URL(file, import.meta.url).href

export const controls = ({ server, guarded, open }: RouteTable & { server: Injectable }): Control[] => [
  {
    claim: 'app.headers',
    tests: [
      'every route refuses junk with a problem that says what is wrong, and stores nothing of it',
      'what is not HTTP, too large or too long is a problem document with every security header too',
    ],
    check: watch<Injectable>({
      id: 'app.headers.answers',
      version: 2,
      what: {
        en: 'Asks itself for a page, for data, for what is missing, what is refused and a wrong method, and reads the headers of each answer.',
        sv: 'Anropar sig själv: en sida, data, en adress som saknas, en som nekas och en metod som inte stöds, och läser huvudena i varje svar.',
      },
      sources: [import.meta.url, here('server.ts')],
      every: 'quarterHour',
      real: () => server,
      async look(server) {
        const asked = [
          { method: 'GET', url: '/' },
          { method: 'GET', url: '/healthz' },
          { method: 'GET', url: '/no-such-address' },
          { method: 'GET', url: '/v1/decisions' },
          { method: 'POST', url: '/healthz' },
        ] as const
        for (const request of asked) {
          const { statusCode, headers } = await server.inject(request)
          const missing = missingHeaders(headers).join(', ')
          if (missing !== '')
            return fail({
              en: `An answer ${statusCode} without ${missing}.`,
              sv: `Ett svar ${statusCode} utan ${missing}.`,
            })
        }
        const count = Object.keys(securityHeaders).length
        return pass({
          en: `${asked.length} kinds of answer, each with all ${count} headers.`,
          sv: `${asked.length} slags svar, alla med samtliga ${count} huvuden.`,
        })
      },
      plant: {
        what: {
          en: 'an answer in memory without a content security policy',
          sv: 'ett svar i minnet utan content security policy',
        },
        over: (look) =>
          look({
            async inject(request) {
              const { statusCode, headers } = await server.inject(request)
              const { 'content-security-policy': _, ...rest } = headers
              return { statusCode, headers: request.method === 'POST' ? rest : headers }
            },
          }),
      },
    }),
  },
  {
    claim: 'app.input',
    tests: [
      'a body that is not exactly JSON is refused at every route, and one that is JSON but no request too',
      'no bytes make the reader throw anything but a Fault',
      'every route refuses junk with a problem that says what is wrong, and stores nothing of it',
    ],
    lacks: {
      en: 'That output is made safe for the place where it appears, such as a spreadsheet or a chat, is not checked yet.',
      sv: 'Att utdata görs säkra för platsen där de visas, till exempel ett kalkylblad eller en chatt, kontrolleras inte ännu.',
    },
    check: watch<InputWorld>({
      id: 'app.input.schemas',
      version: 1,
      what: {
        en: 'Reads the form of every body, query and address that a route takes: each object names its fields and takes no other. Then offers texts that two readers could understand differently: each is refused.',
        sv: 'Läser formen på varje kropp, frågesträng och adress som tas emot: varje objekt anger sina fält och godtar inga andra. Lämnar sedan in texter som två läsare kan uppfatta olika: alla nekas.',
      },
      sources: [import.meta.url, here('closed-schema.ts'), here('read-json.ts')],
      every: 'hour',
      real: () => ({ guarded, open, readJson }),
      look({ guarded, open, readJson }) {
        const routes = [...guarded, ...open]
        for (const { method, path, body, query, params } of routes) {
          for (const schema of [body, query, params]) {
            const place = schema && findOpenPlace(schema)
            if (place !== undefined)
              return fail({
                en: `${method} ${path} takes unknown fields at ${place || 'the top'}.`,
                sv: `${method} ${path} godtar okända fält vid ${place || 'toppen'}.`,
              })
          }
        }
        const texts = [...malformed, notUtf8]
        const read = texts.findIndex((text) => !isRefused(() => readJson(text)))
        if (read !== -1)
          return fail({ en: `The malformed text ${read} was read.`, sv: `Felaktig text nummer ${read} godtogs.` })
        return pass({
          en: `${routes.length} routes, none of which takes an unknown field; ${texts.length} malformed texts, each refused.`,
          sv: `${routes.length} adresser, varav ingen godtar ett okänt fält; ${texts.length} felaktiga texter, alla nekade.`,
        })
      },
      plant: {
        what: {
          en: 'a table of routes in memory whose last body takes fields that it does not name',
          sv: 'en tabell över adresser i minnet där den sista kroppen godtar fält som den inte anger',
        },
        over(look) {
          const last = guarded.findLast(({ body }) => body !== undefined)
          const opened = last && { ...last, body: { ...last.body, additionalProperties: true } }
          return look({ guarded: opened ? [...guarded, opened] : [], open, readJson })
        },
      },
    }),
  },
  {
    claim: 'acc.rbac',
    tests: [
      'every route says what protects it, in words that fit what it does',
      'every guarded route refuses no key, a bad key, a wrong secret (as an unknown key) and a key without the scope',
    ],
    lacks: {
      en: 'There are scopes of keys, and no roles of people yet; a grant has no reason and no end date.',
      sv: 'Det finns behörigheter för nycklar, men ännu inga roller för personer; en tilldelning har inget skäl och inget slutdatum.',
    },
    check: watch<RoleWorld>({
      id: 'acc.rbac.routes',
      version: 1,
      what: {
        en: 'Goes through every route behind a key: it names a permission of the closed list, a rate and what it leaves in the trail or why nothing, and asked without a key it answers 401.',
        sv: 'Går igenom varje adress som kräver nyckel: den anger en behörighet från den slutna listan, en hastighetsgräns och vad den lämnar i loggen eller varför inget, och utan nyckel svarar den 401.',
      },
      sources: [import.meta.url, here('mount.ts')],
      every: 'hour',
      timeoutMs: 30_000,
      real: () => ({ guarded, server }),
      async look({ guarded, server }) {
        for (const [number, route] of guarded.entries()) {
          const { method, path, permission, rate, audit } = route
          const at = `${method} ${path}`
          if (!isPermission(permission) || rate === 'none') return fail(unprotected(at))
          if (audit === 'none' && !route.unrecorded) return fail(unprotected(at))
          const url = path.replaceAll(/\{\w+\}/g, 'x').replace('*', 'x')
          // Each from a network of its own (RFC 3849): strangers of one address are told to wait.
          const remoteAddress = `2001:db8:0:${number.toString(16)}::1`
          const { statusCode } = await server.inject({ method, url, remoteAddress })
          if (statusCode !== 401)
            return fail({
              en: `${at} answers ${statusCode} to whoever has no key.`,
              sv: `${at} svarar ${statusCode} den som inte har någon nyckel.`,
            })
        }
        return pass({
          en: `${guarded.length} routes, each with a permission, a rate and a trail, and each closed to strangers.`,
          sv: `${guarded.length} adresser, alla med behörighet, hastighetsgräns och logg, och alla stängda för utomstående.`,
        })
      },
      plant: {
        what: {
          en: 'a server in memory that answers one route without a key',
          sv: 'en server i minnet som svarar på en adress utan nyckel',
        },
        over: (look) => {
          const last = guarded.at(-1)
          return look({
            guarded: last ? [last] : [],
            server: { inject: async () => ({ statusCode: 200, headers: {} }) },
          })
        },
      },
    }),
  },
]

const unprotected = (at: string): Text => ({
  en: `${at} does not say what protects it, or what it leaves in the trail.`,
  sv: `${at} säger inte vad som skyddar den, eller vad den lämnar i loggen.`,
})

function isRefused(read: () => unknown): boolean {
  try {
    read()
    return false
  } catch (error) {
    return error instanceof Fault && error.code === 'malformed_body'
  }
}
