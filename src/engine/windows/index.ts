/**
 * Windows: how often, and with how much money, one subject paid in the last while, and its profile: what it is used to.
 * Promises: a window of length W at time t is the buckets that touch (t - W, t], of 5 s for lengths up to 1 min, of 1 min up
 * to 1 h, of 1 h up to 1 day, of 1 day up to 30 days; late events go to their own bucket; attempts and approvals are
 * counted apart, money is summed for each currency; amounts, hours and the last place are learned from approved payments,
 * for as long as the subject is remembered; different partners are exact up to 32 of a kind, and 32 stands for more;
 * equal events in equal order give equal bytes; damaged bytes are refused; size is bounded.
 * Refuses: windows longer than 30 days. Events more than 30 days older than the newest count nowhere. Beyond 16
 * currencies, sums and amounts are kept of those that have a place; it goes to another only after 30 days without use,
 * and what was learned in it goes with it.
 * Needs: nothing. Whole windows can be read at any time from 5 minutes before the newest event on; further back, the
 * shorter ones have lost what was too old for them. The profile is read as it stands after the last event.
 */
export { type AmountsRead, readAmounts } from './amounts.ts'
export { decodeState, encodeState } from './codec.ts'
export type { Partner, WindowEvent } from './event.ts'
export { type LastPlace, readHours, readPlace } from './habits.ts'
export { countApproved, readPartner, readPartners } from './partners.ts'
export { lateMs, longestMs } from './rings.ts'
export { addEvent, type Counts, emptyState, isEmpty, readWindow, type SubjectState } from './state.ts'
