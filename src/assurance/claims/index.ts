/**
 * Claims: every promise that Vouch makes in public, and how what was seen makes a state of it. Pure.
 *
 * Promises: the register holds all claims from the first day, each with a sentence in English and Swedish; a state follows
 * from what checks saw and when, and from nothing else; silence, errors and blind checks never make one `verified`.
 *
 * Refuses: a control for a claim that does not exist, two claims or checks with one id, a check that is not of its claim.
 *
 * Needs: nothing.
 */
export { type CheckKind, checkKinds, type Claim, type ClaimGroup, groups, type Keeper, keepers } from './claim.ts'
export { gatherClaims, type GatheredClaim } from './gather.ts'
export {
  type Attested,
  countStates,
  judgeClaim,
  type Look,
  results,
  type State,
  states,
  type Verdict,
} from './judge.ts'
export { register } from './register.ts'
export { groupNames, keeperNames, stateNames } from './words.ts'
