import type { Language } from '#kernel/control'
import type { CheckKind, Keeper, State } from '#assurance/claims'
import type { ClaimStanding } from './standing.ts'

/** What `vouch claims --json` prints. */
export type ClaimsDocument = {
  claims: {
    id: string
    sentence: string
    kept_by: readonly Keeper[]
    check: CheckKind
    state: State
    since: string | null
    last_run: string | null
    /** Names of the tests that prove it. */
    test: readonly string[]
  }[]
}

export const toClaimsDocument = (claims: readonly ClaimStanding[], language: Language): ClaimsDocument => ({
  claims: claims.map(({ id, sentence, kept_by, check, state, since, last_run, tests }) => ({
    id,
    sentence: sentence[language],
    kept_by,
    check,
    state,
    since,
    last_run,
    test: tests,
  })),
})
