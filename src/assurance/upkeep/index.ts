/**
 * Upkeep: what Vouch is built on, and how long that is looked after.
 * Promises: the ends of support come from a dated table; a version that the table does not know is no pass.
 * Refuses: nothing.
 * Needs: the database, a clock, the lock file beside the code.
 */
export { upkeepControls } from './controls.ts'
