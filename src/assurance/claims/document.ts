import type { CheckKind, Keeper, Language } from './claim.ts'
import type { ClaimState, State } from './examine.ts'

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

export const toClaimsDocument = (states: readonly ClaimState[], language: Language): ClaimsDocument => ({
  claims: states.map(({ id, sentence, kept_by, check, state, since, last_run, tests }) => ({
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
