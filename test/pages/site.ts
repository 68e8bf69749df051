/** The real edge with the real pages, over a standing that a test makes up: every state, and names that bite. */
import { createHash } from 'node:crypto'
import { register } from '#assurance/claims'
import type { Change, ClaimStanding, Standing } from '#assurance/controls'
import { createFakeClock, type FakeClock, noLimits } from '#harness'
import { createServer } from '#http'
import { rfc3339 } from '#kernel/clock'
import { createIds } from '#kernel/id'
import { createPages, type PagesNeeds } from '#pages'
import { createLimiter } from '#platform/limits'
import { createLog, createMetrics } from '#platform/telemetry'

export const noon = Date.parse('2026-11-21T12:00:00Z')
const digestOf = (text: string): string => `sha256:${createHash('sha256').update(text).digest('hex')}`
const minutesAgo = (minutes: number): string => rfc3339(noon - minutes * 60_000)

/** A claim of the register as it would stand in that state. */
export function claimIn(state: ClaimStanding['state'], of: (typeof register)[number], why?: string): ClaimStanding {
  const isWatched = state === 'verified' || state === 'failing' || state === 'stale'
  const checkedAt = state === 'stale' ? minutesAgo(4_000) : minutesAgo(170)
  const words = {
    en: why ?? 'The newest backup could not be opened with the key that is in use.',
    sv: why ?? 'Den senaste säkerhetskopian gick inte att öppna med nyckeln som används.',
  }
  return {
    id: of.id,
    group: of.group,
    sentence: of.sentence,
    kept_by: of.keptBy,
    check: of.check,
    state,
    since: state === 'planned' ? null : minutesAgo(60 * 24 * 18),
    last_run: isWatched ? checkedAt : null,
    why: state === 'failing' || state === 'unproven' ? words : null,
    tests: state === 'planned' ? [] : ['a stolen copy opens nothing', 'a backup opens with its key and with no other'],
    checks: isWatched
      ? [
          {
            id: `${of.id}.newest`,
            version: 2,
            what: {
              en: 'Opens the newest copy with the key, and tries to open it without.',
              sv: 'Öppnar den senaste kopian med nyckeln, och försöker öppna den utan.',
            },
            sources: ['src/platform/encryption/controls.ts', 'src/platform/encryption/seal.ts'],
            source_digest: digestOf('source'),
            cadence_ms: 3_600_000,
            timeout_ms: 10_000,
            last: {
              at: checkedAt,
              result: state === 'failing' ? 'fail' : 'pass',
              saw: {
                en: '3 copies, each opened with its key and not without.',
                sv: '3 kopior, var och en öppnad med sin nyckel och inte utan.',
              },
              evidence_digest: digestOf('evidence'),
              expires_at: minutesAgo(-120),
            },
            planted: {
              at: minutesAgo(1_500),
              caught: true,
              what: { en: 'A copy that was not encrypted.', sv: 'En kopia som inte var krypterad.' },
            },
          },
        ]
      : [],
    history: isWatched
      ? [
          { at: minutesAgo(9_000), from: 'failing', to: 'verified', why: { en: 'The key is back.', sv: 'Nyckeln är tillbaka.' } },
          { at: minutesAgo(9_100), from: 'verified', to: 'failing', why: words },
          { at: minutesAgo(26_000), from: null, to: 'verified', why: { en: 'First seen.', sv: 'Först sett.' } },
        ]
      : [],
  } // prettier-ignore
}

/** Every state, most promises kept. */
export const mixedClaims = (): ClaimStanding[] =>
  register.map((claim, at) => {
    if (at === 2) return claimIn('failing', claim)
    if (at === 7 || at === 30) return claimIn('stale', claim)
    if (claim.check === 'record') return claimIn(at % 2 ? 'attested' : 'unproven', claim)
    return claimIn(at % 5 === 4 ? 'planned' : 'verified', claim)
  })

export const standingOf = (claims: readonly ClaimStanding[], more: Partial<Standing> = {}): Standing => ({
  asOf: rfc3339(noon),
  fresh: true,
  installation: 'vouch.example.com',
  claims,
  ...more,
})

export const someChanges: readonly Change[] = [
  { id: 'enc.backup:2', claim: 'enc.backup', at: minutesAgo(90), from: 'verified', to: 'failing', why: { en: 'The key & the copy do not fit.', sv: 'Nyckeln & kopian passar inte.' } },
  { id: 'enc.backup:1', claim: 'enc.backup', at: minutesAgo(9_000), from: null, to: 'verified', why: { en: 'First seen.', sv: 'Först sett.' } },
] // prettier-ignore

export type TestSite = AsyncDisposable & { url: string; clock: FakeClock }

export async function serveSite(more: Partial<PagesNeeds> = {}): Promise<TestSite> {
  const clock = createFakeClock(noon)
  const pages = createPages({
    clock,
    site: {
      installation: 'vouch.example.com',
      origin: 'https://vouch.example.com',
      version: '0.1.0',
      contacts: { security: 'security@example.com', privacy: 'https://example.com/privacy' },
    },
    standing: async () => standingOf(mixedClaims()),
    changes: async () => someChanges,
    attestation: async () => undefined,
    verifierKey: async () => undefined,
    health: async () => ({ database: 'ok', logLagSeconds: 0.2 }),
    openapi: () => ({}),
    ...more,
  })
  const nobody = (): never => {
    throw new Error('nobody has a key here')
  }
  const server = await createServer({
    guarded: [],
    open: pages.routes,
    problemPage: pages.problemPage,
    newId: createIds(clock),
    log: createLog({ clock, level: 'silent', write: () => undefined }),
    metrics: createMetrics(),
    version: '0.1.0',
    limiter: createLimiter({ clock }),
    rates: noLimits,
    trustedProxies: [],
    recordRead: async () => undefined,
    recordRefusal: async () => undefined,
    authenticateKey: async () => nobody(),
    authorize: nobody,
  })
  const url = await server.listen({ host: '127.0.0.1', port: 0 })
  return { url, clock, [Symbol.asyncDispose]: () => server.close() }
}
