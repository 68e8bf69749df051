/** What a claim is: the public sentence about a promise, who keeps it, and how it is shown to hold. */
import type { Text } from '#kernel/control'

export const groups = [
  'encryption',
  'access',
  'audit',
  'incidents',
  'continuity',
  'software',
  'data-protection',
  'communities',
  'organisation',
] as const
export type ClaimGroup = (typeof groups)[number]

export const keepers = ['software', 'deployment', 'organisation', 'tenant'] as const
export type Keeper = (typeof keepers)[number]

/** `auto`: code that runs and can fail. `record`: a dated record that goes stale. `both`: needs the two of them. */
export const checkKinds = ['auto', 'record', 'both'] as const
export type CheckKind = (typeof checkKinds)[number]

export type Claim = {
  /** `acc.keys`: stable, used in `controls.ts`, in tests and on the trust page. */
  readonly id: string
  readonly group: ClaimGroup
  /** What the public reads. Says no more than the check can show. */
  readonly sentence: Text
  readonly keptBy: readonly Keeper[]
  readonly check: CheckKind
}
