import type { Check, Control } from '#kernel/control'
import type { Claim } from './claim.ts'
import { register } from './register.ts'

/** A claim with everything that keeps it. Several controls may serve one claim: their tests and checks are united. */
export type GatheredClaim = Claim & {
  /** Names of the proving tests, each once, in the order declared. */
  readonly tests: readonly string[]
  readonly checks: readonly Check[]
}

/**
 * Joins register and controls, in the order of the register. Throws when two claims share an id or a control names a
 * claim that does not exist: both are mistakes in the code, found at start.
 */
export const gatherClaims = (
  controls: readonly Control[],
  claims: readonly Claim[] = register,
): readonly GatheredClaim[] => {
  const known = new Set<string>()
  for (const { id } of claims) {
    if (known.has(id)) throw new Error(`Two claims share the id '${id}'`)
    known.add(id)
  }
  for (const { claim, tests } of controls) {
    if (!known.has(claim)) {
      const proof = tests[0] === undefined ? '' : ` (its first test: '${tests[0]}')`
      throw new Error(`A control names the claim '${claim}', which is not in the register${proof}`)
    }
  }
  return claims.map((claim) => {
    const serving = controls.filter((control) => control.claim === claim.id)
    return {
      ...claim,
      tests: [...new Set(serving.flatMap((control) => control.tests))],
      checks: [...new Set(serving.flatMap((control) => control.check ?? []))],
    }
  })
}
