/** Addresses about trust. All are answered from memory; caches may keep them, and show them while we are away. */
import Type from 'typebox'
import { Fault } from '#kernel/fault'
import { type OpenRoute, openRoute } from '#kernel/route'
import { type DsseEnvelope, formatAttestation } from '#assurance/attestations'
import { LanguageQuery, type Reader, readerOf } from '../language.ts'
import type { Site } from '../layout.ts'
import { page, pageHeaders } from '../routes.ts'
import { claimPage } from './claim-page.ts'
import { toTrustDocument, TrustDocument } from './document.ts'
import { type FeedForm, feedForms, trustFeed } from './feed.ts'
import { trustPage } from './page.ts'
import type { Press, Printed } from './press.ts'

const kept = { 'cache-control': 'public, max-age=60, stale-while-revalidate=600, stale-if-error=86400' }
const ClaimParams = Type.Object({ claim: Type.String() }, { additionalProperties: false })
const Bytes = Type.Unsafe<Buffer>(Type.String())
const nameOf = (word: string, { language, chosen }: Reader): string => `${word} ${language} ${chosen}`
const reply = ({ body, etag }: Printed, headers: Record<string, string>) => ({ body, headers: { ...headers, ...kept, etag } }) // prettier-ignore

export function trustRoutes(needs: {
  site: Site
  press: Press
  attestation(claim: string): Promise<DsseEnvelope | undefined>
  verifierKey(): Promise<string | undefined>
}): OpenRoute[] {
  const { site, press, attestation, verifierKey } = needs
  // No rate: to send bytes from memory costs no more than to refuse them, and a cache in front is one address for many.
  const open = { method: 'GET', tag: 'Trust', permission: 'public', audit: 'none', rate: 'none' } as const

  const feed = (form: FeedForm, summary: string): OpenRoute =>
    openRoute({
      ...open,
      path: feedForms[form].path,
      summary,
      query: LanguageQuery,
      headers: page.headers,
      reply: Bytes,
      contentType: feedForms[form].contentType,
      async run({ query, headers }) {
        const reader = readerOf(query, headers['accept-language'])
        const bytes = await press.print(nameOf(form, reader), (known) => trustFeed(site, reader, form, known))
        return reply(bytes, { vary: 'accept-language', 'content-language': reader.language })
      },
    })

  return [
    openRoute({
      ...page,
      ...open,
      path: '/trust',
      summary: 'Every promise, its state, and how old that is, for people',
      reply: Bytes,
      async run({ query, headers }) {
        const reader = readerOf(query, headers['accept-language'])
        const bytes = await press.print(nameOf('page', reader), ({ standing }, nowMs) => trustPage(site, reader, standing, nowMs)) // prettier-ignore
        return reply(bytes, pageHeaders(reader.language))
      },
    }),
    openRoute({
      ...page,
      ...open,
      path: '/trust/{claim}',
      summary: 'One promise with its checks, evidence and history, for people',
      rate: 'read',
      params: ClaimParams,
      reply: Bytes,
      async run({ params, query, headers }) {
        const { standing } = await press.known()
        const claim = standing.claims.find(({ id }) => id === params.claim)
        if (!claim) throw new Fault('not_found', 'There is no such promise. GET /trust.json lists them.')
        const reader = readerOf(query, headers['accept-language'])
        const bytes = await press.print(nameOf(claim.id, reader), async (known, nowMs) => {
          const key = await verifierKey().catch(() => undefined)
          const current = known.standing.claims.find(({ id }) => id === claim.id) ?? claim
          return claimPage(site, reader, { claim: current, key, nowMs })
        })
        return reply(bytes, pageHeaders(reader.language))
      },
    }),
    openRoute({
      ...open,
      path: '/trust.json',
      summary: 'Every promise with its state, checks, evidence digests and history, in both languages',
      reply: Type.Unsafe<Buffer>(TrustDocument),
      async run() {
        const bytes = await press.print('document', ({ standing }, nowMs) => JSON.stringify(toTrustDocument(standing, nowMs))) // prettier-ignore
        return reply(bytes, { 'content-type': 'application/json; charset=utf-8' })
      },
    }),
    feed('atom', 'Changes of state, as Atom (RFC 4287)'),
    feed('json', 'Changes of state, as JSON Feed 1.1'),
    openRoute({
      ...open,
      path: '/trust/attestations/{claim}',
      summary: 'The signed statement about a promise (DSSE envelope around an in-toto statement)',
      rate: 'read',
      params: ClaimParams,
      reply: Type.String(),
      contentType: 'application/vnd.dsse.envelope.v1+json',
      async run({ params }) {
        const signed = await attestation(params.claim)
        if (!signed) throw new Fault('not_found', 'There is no signed statement about this promise.')
        return { body: formatAttestation(signed), headers: kept }
      },
    }),
  ]
}
