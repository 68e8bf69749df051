/** The in-toto Statement v1 about a claim. docs/trust/attestations.md describes the predicate. */
import { createHash } from 'node:crypto'
import { canonicalJson, type Json } from '#kernel/canonical-json'
import type { ClaimStanding, Standing } from '#assurance/controls'

export const statementType = 'https://in-toto.io/Statement/v1'
/** Names the form of the predicate, for every installation. A name without a place: nobody's domain can change it. */
export const predicateType = 'urn:uuid:5d0b5f8e-3c1e-4a54-9a0c-7f6c2b8d9e41'

/** What the claim says and who keeps it: the subject is the SHA-256 of its canonical JSON. */
export const claimDocument = ({ id, group, sentence, kept_by, check }: ClaimStanding) => ({
  id,
  group,
  sentence: { en: sentence.en, sv: sentence.sv },
  kept_by: [...kept_by],
  check,
})

export const digestOf = (document: Json): string => createHash('sha256').update(canonicalJson(document)).digest('hex')

/** Canonical JSON of the statement. */
export function makeStatement(standing: Standing, claim: ClaimStanding, vkey: string): string {
  const document = claimDocument(claim)
  const statement = {
    _type: statementType,
    subject: [{ name: claim.id, digest: { sha256: digestOf(document) } }],
    predicateType,
    predicate: {
      claim: document,
      installation: standing.installation,
      signer: vkey,
      as_of: standing.asOf,
      state: claim.state,
      since: claim.since,
      why: claim.why && { en: claim.why.en, sv: claim.why.sv },
      /** When the first of its looks turns stale. */
      holds_until: earliest(claim.checks.flatMap(({ last }) => last?.expires_at ?? [])),
      tests: [...claim.tests],
      checks: claim.checks.map(({ id, version, what, sources, source_digest, cadence_ms, timeout_ms, last, planted }) => ({
        id,
        version,
        what: { ...what },
        sources: [...sources],
        source_digest,
        cadence_ms,
        timeout_ms,
        last: last && { ...last, saw: { ...last.saw } },
        planted: planted && { ...planted, what: { ...planted.what } },
      })),
    },
  } // prettier-ignore
  return canonicalJson(statement)
}

const earliest = (times: readonly string[]): string | null => [...times].sort()[0] ?? null
