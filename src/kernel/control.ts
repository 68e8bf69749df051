/**
 * The words for promises. A *claim* is the public sentence (the register holds all of them); a *control* is what keeps
 * one: declared in a module's `controls.ts` with the tests that prove it and, if it can be watched, the check that does.
 */
export type CheckResult = { ok: true; saw: string } | { ok: false; saw: string }

export type Check = {
  /** One sentence: what is looked at. */
  looks: string
  /** Looks at the running installation. Throws only when it could not look. */
  run(): Promise<CheckResult>
}

export type Control = {
  /** Claim id, as in the register: `acc.keys`. */
  claim: string
  /** Full names of the tests that prove it. Each must have run and passed in the same run. */
  tests: readonly string[]
  check?: Check
}
