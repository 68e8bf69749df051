/** From tallies to what people ask: numbers with names. Pure. */
import { rfc3339 } from '#kernel/clock'
import { type Days, dayText } from './days.ts'
import type { Counted } from './index.ts'
import { type Latency, readLatency } from './latency.ts'
import type { Placed } from './store.ts'
import { addTally, type OutcomeWord, outcomeWords, type Tally } from './tally.ts'

export const bys = ['day', 'policy_version', 'factor', 'rule'] as const
export type By = (typeof bys)[number]

const words = ['APPROVED', 'STEP_UP_REQUIRED', 'DECLINED'] as const
type Word = (typeof words)[number]
type ByDecision = Record<Word, number>
type ByOutcome = Record<OutcomeWord, number>

/** `tp` were stopped and are fraud, `fp` were stopped and are legitimate, `fn` passed and are fraud, `tn` passed rightly. */
export type Quality = {
  tp: number
  fp: number
  fn: number
  tn: number
  /** Of those that were stopped, the share that is fraud; null where none was. */
  precision: number | null
  /** Of those that are fraud, the share that was stopped; null where none is. */
  recall: number | null
}

/** Sums of minor units as text: they may pass what a number of JSON holds exactly. */
export type Money = { currency: string; by_decision: Record<Word, string> }
export type OutcomeMoney = { currency: string; by_outcome: Record<OutcomeWord, string>; fraud_approved: string }

export type Summary = {
  evaluations: number
  by_decision: ByDecision
  money: Money[]
  outcomes: { labelled: number; by_outcome: ByOutcome; money: OutcomeMoney[] }
  quality: { declined: Quality; stopped: Quality }
  latency_ms: Latency
}
export type FactorSummary = { factor: string; measured: number; missing: number; points: number; mean: number }
export type RuleSummary = { rule: string; fired: number; missing: number; points: number; by_outcome: ByOutcome }

const read = (tally: Tally, ...name: readonly string[]): bigint => tally.get(name.join(' ')) ?? 0n
const number = (tally: Tally, ...name: readonly string[]): number => Number(read(tally, ...name))
const sumOf = (values: readonly bigint[]): bigint => values.reduce((sum, value) => sum + value, 0n)

const byDecision = <T>(of: (word: Word) => T): Record<Word, T> => ({
  APPROVED: of('APPROVED'),
  STEP_UP_REQUIRED: of('STEP_UP_REQUIRED'),
  DECLINED: of('DECLINED'),
})
const byOutcome = <T>(of: (word: OutcomeWord) => T): Record<OutcomeWord, T> => ({
  fraud: of('fraud'),
  legitimate: of('legitimate'),
  chargeback: of('chargeback'),
})

/** The word at a place in names that begin so: currencies, factors, rules. In order of the alphabet. */
function namesAt(tally: Tally, first: string, at: number): string[] {
  const found = [...tally.keys()].map((name) => name.split(' ')).filter(([word]) => word === first)
  return [...new Set(found.flatMap((parts) => parts[at] ?? []))].sort()
}

export function summarise(tally: Tally): Summary {
  const decisions = byDecision((word) => number(tally, 'decided', word))
  const labels = byOutcome((outcome) => Number(sumOf(words.map((word) => read(tally, 'label', word, outcome)))))
  return {
    evaluations: words.reduce((sum, word) => sum + decisions[word], 0),
    by_decision: decisions,
    money: namesAt(tally, 'minor', 2).map((currency) => ({
      currency,
      by_decision: byDecision((word) => String(read(tally, 'minor', word, currency))),
    })),
    outcomes: {
      labelled: outcomeWords.reduce((sum, outcome) => sum + labels[outcome], 0),
      by_outcome: labels,
      money: namesAt(tally, 'label_minor', 3).map((currency) => outcomeMoney(tally, currency)),
    },
    quality: {
      declined: qualityOf(tally, ['DECLINED']),
      stopped: qualityOf(tally, ['DECLINED', 'STEP_UP_REQUIRED']),
    },
    latency_ms: readLatency(tally),
  }
}

function outcomeMoney(tally: Tally, currency: string): OutcomeMoney {
  const minor = (word: Word, outcome: OutcomeWord): bigint => read(tally, 'label_minor', word, outcome, currency)
  return {
    currency,
    by_outcome: byOutcome((outcome) => String(sumOf(words.map((word) => minor(word, outcome))))),
    fraud_approved: String(minor('APPROVED', 'fraud') + minor('APPROVED', 'chargeback')),
  }
}

function qualityOf(tally: Tally, stopping: readonly Word[]): Quality {
  const labelled = (isStopped: boolean, outcomes: readonly OutcomeWord[]): number =>
    words
      .filter((word) => stopping.includes(word) === isStopped)
      .flatMap((word) => outcomes.map((outcome) => number(tally, 'label', word, outcome)))
      .reduce((sum, value) => sum + value, 0)
  const [tp, fp] = [labelled(true, ['fraud', 'chargeback']), labelled(true, ['legitimate'])]
  const [fn, tn] = [labelled(false, ['fraud', 'chargeback']), labelled(false, ['legitimate'])]
  return { tp, fp, fn, tn, precision: share(tp, tp + fp), recall: share(tp, tp + fn) }
}

/** To four places. */
const share = (part: number, whole: number): number | null =>
  whole === 0 ? null : Math.round((part / whole) * 10_000) / 10_000

export type Report = {
  /** First day, and the day after the last. */
  from: string
  to: string
  as_of: string
  total: Summary
  by_day?: ({ day: string } & Summary)[]
  by_policy_version?: ({ policy_version: number } & Summary)[]
  by_factor?: FactorSummary[]
  by_rule?: RuleSummary[]
}

/** All of it, and in the parts that are asked for. */
export function report({ fromDay, toDay }: Days, { asOfMs, placed }: Counted, by?: By): Report {
  const all = addAll(placed)
  const whole = { from: dayText(fromDay), to: dayText(toDay), as_of: rfc3339(asOfMs), total: summarise(all) }
  if (by === 'factor') return { ...whole, by_factor: factorsOf(all) }
  if (by === 'rule') return { ...whole, by_rule: rulesOf(all) }
  if (by === 'day')
    return { ...whole, by_day: groupBy(placed, 'day').map(({ at, summary }) => ({ day: dayText(at), ...summary })) }
  if (by !== 'policy_version') return whole
  const versions = groupBy(placed, 'policyVersion')
  return { ...whole, by_policy_version: versions.map(({ at, summary }) => ({ policy_version: at, ...summary })) }
}

function addAll(placed: readonly Placed[]): Tally {
  const sum: Tally = new Map()
  for (const { tally } of placed) addTally(sum, tally)
  return sum
}

/** Days, or versions, that have decisions, in their order. */
function groupBy(placed: readonly Placed[], key: 'day' | 'policyVersion'): { at: number; summary: Summary }[] {
  const values = [...new Set(placed.map((one) => one[key]))].sort((one, other) => one - other)
  return values.map((at) => ({ at, summary: summarise(addAll(placed.filter((one) => one[key] === at))) }))
}

const factorsOf = (tally: Tally): FactorSummary[] =>
  namesAt(tally, 'factor', 1).map((factor) => {
    const [measured, missing] = [
      number(tally, 'factor', factor, 'measured'),
      number(tally, 'factor', factor, 'missing'),
    ]
    const hundredths = number(tally, 'factor', factor, 'points')
    const mean = Math.round(hundredths / Math.max(1, measured + missing)) / 100
    return { factor, measured, missing, points: hundredths / 100, mean }
  })

const rulesOf = (tally: Tally): RuleSummary[] =>
  namesAt(tally, 'rule', 1).map((rule) => ({
    rule,
    fired: number(tally, 'rule', rule, 'measured'),
    missing: number(tally, 'rule', rule, 'missing'),
    points: number(tally, 'rule', rule, 'points') / 100,
    by_outcome: byOutcome((outcome) => number(tally, 'rule', rule, outcome)),
  }))
