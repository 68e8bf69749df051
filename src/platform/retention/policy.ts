/** What is kept how long. */

/** A year, and the month that is not over. */
export const fewestMonths = 13

export type Rule = { what: string; table: string; months: number; afterwards: string }

/** The one table of what is kept how long: carried out below, and published as it is. */
export const policyOf = (months: number): readonly Rule[] => [
  {
    what: 'Rows of the trail: who did what',
    table: 'audit_event',
    months,
    afterwards: 'The month is deleted. In the log the commitments stay, and open no more.',
  },
  {
    what: 'Decisions, with the events they judged',
    table: 'decision',
    months,
    afterwards: 'The month is deleted. In the log the commitments stay, and open no more.',
  },
  {
    what: 'Outcomes of decisions',
    table: 'outcome',
    months,
    afterwards: 'Deleted with the decisions. What was counted stays: numbers, and nothing of anybody.',
  },
  {
    what: 'Runs of the checks behind public claims',
    table: 'check_run',
    months,
    afterwards: 'The month is deleted. How each claim stood, and when that changed, stays.',
  },
]
