/**
 * When support ends, by major version. Read on the day below from nodejs/Release (schedule.json) and from
 * postgresql.org/support/versioning: days on which the last fix is due.
 */
export const readOn = '2026-11-21'

const supportEnds = {
  node: { 20: '2026-04-30', 22: '2027-04-30', 24: '2028-04-30' },
  postgresql: { 14: '2026-11-12', 15: '2027-11-11', 16: '2028-11-09', 17: '2029-11-08', 18: '2030-11-14' },
} as const satisfies Record<string, Readonly<Record<number, string>>>

export type Part = keyof typeof supportEnds

/** `YYYY-MM-DD`; undefined for a version that the table does not know. */
export const supportEndOf = (part: Part, major: number): string | undefined =>
  Object.entries(supportEnds[part]).find(([known]) => Number(known) === major)?.[1]
