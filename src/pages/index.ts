/**
 * Pages: what people see of an installation in a browser.
 * Promises: English and Swedish alike; no script; all text escaped; readable without the stylesheet; whatever many ask
 * for is answered from memory, also while the database is away, and says how old it is.
 * Refuses: unknown queries, and to show a state that was not handed in.
 * Needs: how promises stand, the health of the process, the document of the interface, whom to ask, a clock.
 */
import type { OpenRoute } from '#kernel/route'
import type { Clock } from '#kernel/clock'
import { languages } from '#kernel/control'
import type { FaultCode } from '#kernel/fault'
import type { DsseEnvelope } from '#assurance/attestations'
import { countStates } from '#assurance/claims'
import type { Change, Standing } from '#assurance/controls'
import { type Guides, readGuides } from './docs/guides.ts'
import { docsRoutes } from './docs/routes.ts'
import { createErrorPages } from './errors.ts'
import { readerOf } from './language.ts'
import type { Health } from './landing.ts'
import type { Site } from './layout.ts'
import { pageHeaders, pageRoutes } from './routes.ts'
import { createSnapshot } from './snapshot.ts'
import { createPress } from './trust/press.ts'
import { trustRoutes } from './trust/routes.ts'

export { negotiate } from './language.ts'
export { catalogues } from './messages.ts'

export type PagesNeeds = {
  site: Site
  clock: Clock
  /** How promises stand. May throw while the database is away; the last answer is then shown, with its age. */
  standing(): Promise<Standing>
  changes(page: { limit: number }): Promise<readonly Change[]>
  /** `undefined`: there is none about this claim. */
  attestation(claim: string): Promise<DsseEnvelope | undefined>
  /** With which signed statements are verified (a vkey); `undefined` while nothing is signed. */
  verifierKey(): Promise<string | undefined>
  health(): Promise<Health>
  /** The document of the interface, once all routes are on the server. */
  openapi(): unknown
}

export type Pages = {
  readonly routes: OpenRoute[]
  /** What is documented, for those who list it. */
  readonly guides: Guides['all']
  /** A problem as a page, for browsers. */
  problemPage(
    problem: { code: FaultCode; request_id: string },
    asked: { url: string; acceptLanguage: string | undefined },
  ): { body: string; headers: Record<string, string> }
}

/** How often what pages show is read anew, at most. */
const everyMs = 2_000
const silentMs = 15_000
/** Changes in the feeds. */
const changesShown = 50

export function createPages(needs: PagesNeeds): Pages {
  const { site, clock } = needs
  const guides = readGuides()
  const errors = createErrorPages(site, guides)
  // By itself: a list that cannot be read keeps no state from turning stale.
  const changes = createSnapshot({ clock, everyMs, load: () => needs.changes({ limit: changesShown }) })
  const press = createPress({
    clock,
    everyMs,
    async load() {
      const [standing, known] = await Promise.all([needs.standing(), changes.read()])
      return { standing, changes: known }
    },
  })
  const health = createSnapshot({
    clock,
    everyMs,
    load: async () => ({ ...(await needs.health()), atMs: clock.now() }),
  })

  return {
    routes: [
      ...pageRoutes({
        site,
        errors,
        clock,
        async landing() {
          const claims = await press
            .known()
            .then(({ standing }) => standing.claims)
            .catch(() => undefined)
          const counts = claims && { total: claims.length, ...countStates(claims) }
          const { atMs, ...seen } = await health.read()
          // Whoever has not answered for that long is away, also if nothing has said so.
          const isSilent = clock.now() - atMs > silentMs
          return { health: isSilent ? { ...seen, database: 'away' } : seen, counts, atMs }
        },
      }),
      ...trustRoutes({ site, press, attestation: needs.attestation, verifierKey: needs.verifierKey }),
      ...docsRoutes({ site, guides, openapi: needs.openapi }),
    ],
    guides: guides.all,
    problemPage({ code, request_id }, { url, acceptLanguage }) {
      const lang = languages.find((known) => url.split('?')[1]?.split('&').includes(`lang=${known}`))
      const reader = readerOf(lang ? { lang } : {}, acceptLanguage)
      return { body: errors.problem({ code, requestId: request_id, reader }), headers: pageHeaders(reader.language) }
    },
  }
}
