import type { Check, Control, Text } from '#kernel/control'
import type { Claim } from './claim.ts'
import { register } from './register.ts'

/** A claim with everything that keeps it. Several controls may serve one claim: their tests and checks are united. */
export type GatheredClaim = Claim & {
  /** Names of the proving tests, each once, in the order declared. */
  readonly tests: readonly string[]
  readonly checks: readonly Check[]
  /** What of the sentence nothing shows yet. */
  readonly lacks: readonly Text[]
}

/**
 * Joins register and controls, in the order of the register. Throws when two claims or two checks share an id, a control
 * names a claim that does not exist, or a check does not begin with its claim: mistakes in the code, found at start.
 */
export const gatherClaims = (
  controls: readonly Control[],
  claims: readonly Claim[] = register,
): readonly GatheredClaim[] => {
  requireOnce(
    'claims',
    claims.map(({ id }) => id),
  )
  requireOnce(
    'checks',
    controls.flatMap(({ check }) => check?.id ?? []),
  )
  const known = new Set(claims.map(({ id }) => id))
  for (const { claim, tests, check } of controls) {
    if (!known.has(claim)) {
      const proof = tests[0] === undefined ? '' : ` (its first test: '${tests[0]}')`
      throw new Error(`A control names the claim '${claim}', which is not in the register${proof}`)
    }
    if (check && !check.id.startsWith(`${claim}.`))
      throw new Error(`The check '${check.id}' does not begin with the claim that it watches, ${claim}`)
  }
  return claims.map((claim) => {
    const serving = controls.filter((control) => control.claim === claim.id)
    return {
      ...claim,
      tests: [...new Set(serving.flatMap(({ tests }) => tests))],
      checks: serving.flatMap(({ check }) => check ?? []),
      lacks: serving.flatMap(({ lacks }) => lacks ?? []),
    }
  })
}

function requireOnce(what: string, ids: readonly string[]): void {
  const seen = new Set<string>()
  for (const id of ids) {
    if (seen.has(id)) throw new Error(`Two ${what} share the id '${id}'`)
    seen.add(id)
  }
}
