/**
 * Claims: every promise that Vouch makes in public, beside what shows that it is kept.
 *
 * Promises: the register holds all claims from the first day, each with a sentence in English and Swedish. Its state
 * is computed from checks that ran just now; whatever could not be looked at is never `verified`.
 *
 * Refuses: a control for a claim that does not exist, two claims with one id, and any way to set a state by hand.
 * A pass that came too late or does not say what it saw is no pass. What others' errors say is not repeated in public.
 *
 * Needs: the controls of all modules (gathered in `app.ts`) and a clock. Keeps nothing: history and records belong to
 * other modules, so `record` and `both` claims cannot be `verified` here yet.
 */
export type { CheckKind, Claim, ClaimGroup, Keeper, Language, Text } from './claim.ts'
export { toClaimsDocument, type ClaimsDocument } from './document.ts'
export { examineClaims, type ClaimState, type Examination, type State } from './examine.ts'
export { gatherClaims, type GatheredClaim } from './gather.ts'
export { register } from './register.ts'
export { renderClaims } from './render.ts'
