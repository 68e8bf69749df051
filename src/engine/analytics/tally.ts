/**
 * A tally: numbers by name, all of them sums, so that tallies are added in any order and parts of them are taken back. Names
 * are words with a space between; ids of factors and rules have none in them. Pure.
 */
import type { Decided } from '#engine/decisions'

export type Tally = Map<string, bigint>

export const outcomeWords = ['fraud', 'legitimate', 'chargeback'] as const
export type OutcomeWord = (typeof outcomeWords)[number]
/** What became of a decision; `minor` in the decision's currency. */
export type Labelled = { outcome: string; minor: number }

export function count(tally: Tally, by: number | bigint, ...words: readonly string[]): void {
  const name = words.join(' ')
  tally.set(name, (tally.get(name) ?? 0n) + BigInt(by))
}

/** `by` -1 takes `other` back. What is nothing has no name. */
export function addTally(tally: Tally, other: Tally, by: 1n | -1n = 1n): Tally {
  for (const [name, value] of other) {
    const sum = (tally.get(name) ?? 0n) + by * value
    if (sum === 0n) tally.delete(name)
    else tally.set(name, sum)
  }
  return tally
}

/** Points are whole hundredths. */
const hundredths = (points: number): number => Math.round(points * 100)
const ruleOf = (part: string): string | undefined => (part.startsWith('rule:') ? part.slice(5) : undefined)

/** One decision. */
export function countDecision(tally: Tally, { decision, money, document }: Decided): void {
  count(tally, 1, 'decided', decision)
  count(tally, money.minor, 'minor', decision, money.currency)
  for (const { id, status, contribution } of document?.factors ?? []) {
    const rule = ruleOf(id)
    const of = rule === undefined ? ['factor', id] : ['rule', rule]
    count(tally, 1, ...of, status)
    count(tally, hundredths(contribution), ...of, 'points')
  }
  const decider = decidingRule(document)
  if (decider !== undefined) count(tally, 1, 'rule', decider, 'measured')
}

/** The rule that gave the answer, if one did. Of others that decline, approve or ask for more, no decision tells. */
function decidingRule(document: Decided['document']): string | undefined {
  const { id, params } = document?.reason ?? { id: '', params: {} }
  const rule = params['rule']
  return /^rule\.(decline|step_up|approve)$/.test(id) && typeof rule === 'string' ? rule : undefined
}

/** What one decision is counted as when it has this outcome. */
export function tallyOutcome({ decision, money, document }: Decided, { outcome, minor }: Labelled): Tally {
  const tally: Tally = new Map()
  count(tally, 1, 'label', decision, outcome)
  count(tally, minor, 'label_minor', decision, outcome, money.currency)
  const added = (document?.factors ?? []).flatMap(({ id, status }) => (status === 'measured' ? (ruleOf(id) ?? []) : []))
  for (const rule of [...added, decidingRule(document)]) if (rule !== undefined) count(tally, 1, 'rule', rule, outcome)
  return tally
}

export const writeTally = (tally: Tally): string =>
  JSON.stringify(Object.fromEntries([...tally].map(([name, value]) => [name, String(value)])))

export const readTally = (stored: unknown): Tally =>
  new Map(Object.entries(stored ?? {}).map(([name, value]) => [name, BigInt(String(value))]))
