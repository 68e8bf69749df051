/**
 * Limits: how often a key, a tenant and an address may ask.
 * Promises: GCRA (one timestamp for each name, no burst at a window's edge); memory is bounded; a refused request costs
 * the caller nothing of the next allowance.
 * Refuses: nothing itself; it says yes or no and when.
 * Needs: a clock. Counts are of this process: with n processes a caller can reach n times the limit.
 */
export { controls } from './controls.ts'
export {
  addressName,
  createLimiter,
  defaultRates,
  type Limiter,
  type Rate,
  type RateTable,
  strangerRate,
  type Verdict,
} from './limiter.ts'
