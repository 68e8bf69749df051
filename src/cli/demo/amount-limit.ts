/** The simplest policy, to compare with: ask to confirm every payment above 200.00. In cents. */
export const amountLimitMinor = 20_000
