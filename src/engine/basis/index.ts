/**
 * Basis: what a tenant's decisions are made on besides the event: its published policy and its lists. A number counts the
 * changes of it.
 * Promises: who reads the number before the policy and the lists has them as they were then, or newer; so a process that
 * knows them as of the same number need not read them.
 * Refuses: nothing.
 * Needs: nothing.
 */
export { countChange, readBasis } from './store.ts'
