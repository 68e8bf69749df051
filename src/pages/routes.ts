/** Addresses of the pages, except those about trust and of the documentation. */
import Type from 'typebox'
import type { Clock } from '#kernel/clock'
import { Fault, isFaultCode } from '#kernel/fault'
import { type OpenRoute, openRoute } from '#kernel/route'
import { assets } from './assets.ts'
import type { ErrorPages } from './errors.ts'
import { acceptLanguage, LanguageQuery, readAccept, readerOf } from './language.ts'
import { type Health, type Counts, landingPage } from './landing.ts'
import type { Site } from './layout.ts'
import { securityTxt } from './security-txt.ts'

/** A page loads our stylesheet and small drawings, sends forms to us, and nothing else. */
const pagePolicy =
  "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

/** What every page says about itself. */
export const pageHeaders = (language: string): Record<string, string> => ({
  'content-type': 'text/html; charset=utf-8',
  'content-language': language,
  'content-security-policy': pagePolicy,
  vary: 'accept, accept-language',
})

export const page = { method: 'GET', tag: 'Pages', permission: 'public', audit: 'none', query: LanguageQuery, headers: acceptLanguage, reply: Type.String(), contentType: 'text/html; charset=utf-8' } as const // prettier-ignore
/** Texts of this version of Vouch: the same until the next one. */
export const keptAWhile = { 'cache-control': 'public, max-age=300, stale-while-revalidate=86400' }

export function pageRoutes(needs: {
  site: Site
  errors: ErrorPages
  clock: Clock
  landing(): Promise<{ health: Health; counts: Counts | undefined; atMs: number }>
}): OpenRoute[] {
  const { site, errors, landing, clock } = needs
  return [
    openRoute({
      ...page,
      path: '/',
      summary: 'Start page: what this is, how it is, what to do next',
      rate: 'read',
      async run({ query, headers }) {
        const reader = readerOf(query, headers['accept-language'])
        const body = landingPage(site, reader, await landing())
        return { body, headers: { ...pageHeaders(reader.language), 'cache-control': 'no-cache' } }
      },
    }),
    openRoute({
      ...page,
      path: '/errors',
      summary: 'All codes of refusals',
      rate: 'read',
      async run({ query, headers }) {
        const reader = readerOf(query, headers['accept-language'])
        return { body: errors.index(reader), headers: { ...pageHeaders(reader.language), ...keptAWhile } }
      },
    }),
    openRoute({
      ...page,
      path: '/errors/{code}',
      summary: 'What a code means and how to mend it; as Markdown for who accepts text/markdown',
      params: Type.Object({ code: Type.String() }, { additionalProperties: false }),
      headers: { ...acceptLanguage, accept: 'text/markdown gives the page as it is written.' },
      rate: 'read',
      async run({ params: { code }, query, headers }) {
        if (!isFaultCode(code)) throw new Fault('not_found', 'There is no such code. GET /errors lists them.')
        const reader = readerOf(query, headers['accept-language'])
        const more = { ...pageHeaders(reader.language), ...keptAWhile }
        const accepted = readAccept(headers['accept'])
        const weightOf = (type: string): number => accepted.find(({ word }) => word === type)?.weight ?? 0
        // Of equal weights Markdown counts: no browser names it.
        return weightOf('text/markdown') >= Math.max(weightOf('text/html'), 0.001)
          ? {
              body: errors.markdown(code, reader.language),
              headers: { ...more, 'content-type': 'text/markdown; charset=utf-8' },
            }
          : { body: errors.page(code, reader), headers: more }
      },
    }),
    openRoute({
      method: 'GET',
      path: '/.well-known/security.txt',
      tag: 'Trust',
      summary: 'Whom to tell about weaknesses (RFC 9116)',
      permission: 'public',
      audit: 'none',
      rate: 'read',
      reply: Type.String(),
      contentType: 'text/plain; charset=utf-8',
      run: async () => ({ body: securityTxt(site, clock.now()), headers: { 'cache-control': 'max-age=3600' } }),
    }),
    openRoute({
      method: 'GET',
      path: '/assets/{file}',
      tag: 'Pages',
      summary: 'The stylesheet and the icon of the pages; their names change with their bytes',
      permission: 'public',
      audit: 'none',
      // Bytes in memory: sending them costs no more than refusing to.
      rate: 'none',
      params: Type.Object({ file: Type.String() }, { additionalProperties: false }),
      reply: Type.Unsafe<Buffer>(Type.String()),
      contentType: 'text/css; charset=utf-8',
      async run({ params: { file } }) {
        const asset = assets.get(file)
        if (!asset) throw new Fault('not_found', 'There is no such file. The pages name those that there are.')
        const headers = { 'content-type': asset.contentType, 'cache-control': 'public, max-age=31536000, immutable' }
        return { body: asset.bytes, headers }
      },
    }),
  ]
}
