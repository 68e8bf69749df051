/** What a run of the tests saw: written by test/run.ts, read by the test that holds claims against it. */
export type Ran = { name: string; file: string; on: string }
export type RunReport = { passed: Ran[]; failed: Ran[]; skipped: Ran[] }

export const reportFile = new URL('../../.vouch-test/report.json', import.meta.url).pathname
