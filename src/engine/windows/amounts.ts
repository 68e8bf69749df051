/** How much a subject pays in one currency: a running mean and spread. + - × ÷ and the root are exact on every engine. */

export type Amounts = {
  /** Approved payments. */
  count: number
  mean: number
  /** Squared distances to the mean, summed. */
  m2: number
  maximum: number
}

export type Currency = { readonly code: string; readonly amounts: Amounts }

/** Minor units. The deviation is that of all payments, not of a sample of them. */
export type AmountsRead = { count: number; mean: number; deviation: number; maximum: number }

/** From here on each payment weighs as much as the thousandth, so that old ones fade. */
const maxLearned = 1_000

export const noAmounts = (): Amounts => ({ count: 0, mean: 0, m2: 0, maximum: 0 })

export function learnAmount(amounts: Amounts, minor: number): void {
  amounts.count++
  const learned = Math.min(amounts.count, maxLearned)
  // An average payment is forgotten before one more is learned.
  if (amounts.count > maxLearned) amounts.m2 = (amounts.m2 * (maxLearned - 1)) / maxLearned
  const distance = minor - amounts.mean
  amounts.mean += distance / learned
  amounts.m2 += distance * (minor - amounts.mean)
  amounts.maximum = Math.max(amounts.maximum, minor)
}

/** Of approved payments in that currency. Undefined if there is none, or if the currency has no place. */
export function readAmounts(
  state: { readonly currencies: readonly Currency[] },
  currency: string,
): AmountsRead | undefined {
  const amounts = state.currencies.find(({ code }) => code === currency)?.amounts
  if (!amounts || amounts.count === 0) return undefined
  const { count, mean, m2, maximum } = amounts
  return { count, mean, deviation: Math.sqrt(m2 / Math.min(count, maxLearned)), maximum }
}
