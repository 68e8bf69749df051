/** Picks the decisions worth reading: of each word and each kind of truth the most telling one. */
import { parseMajor } from '#kernel/currency'
import { amountLimitMinor } from './amount-limit.ts'
import type { Answered } from './client.ts'
import { type Decision, decisionWords } from './decision.ts'
import type { DemoEvent } from './event.ts'

export type Example = { event: DemoEvent; decision: Decision }

type Candidate = Example & { n: number; interest: number }

export function createExamples() {
  const best = new Map<string, Candidate>()
  return {
    consider({ n, event, decision }: Answered): void {
      const kind = `${decision.decision} ${event.fraud}`
      const held = best.get(kind)
      const interest = interestOf(event, decision)
      // Answers come in any order; the earlier event wins a draw, so that the same stream gives the same examples.
      if (held && (held.interest > interest || (held.interest === interest && held.n < n))) return
      best.set(kind, { n, event, decision, interest })
    },

    /** One of each word first, then the next most telling. */
    choose(count: number): Example[] {
      const ranked = [...best.values()].sort((a, b) => b.interest - a.interest || a.n - b.n)
      const firsts = decisionWords.flatMap((word) => ranked.find(({ decision }) => decision.decision === word) ?? [])
      const others = ranked.filter((candidate) => !firsts.includes(candidate))
      return [...firsts, ...others].slice(0, count).map(({ event, decision }) => ({ event, decision }))
    },
  }
}

/**
 * Much was measured, several things speak against it, something could be done about it, and it was right: most of all
 * where the amount alone would have misled.
 */
function interestOf({ request, fraud }: DemoEvent, { decision, factors, counterfactual }: Decision): number {
  const measured = factors.filter(({ id, status }) => status === 'measured' && id !== 'limit')
  const against = measured.filter(({ contribution }) => contribution > 0)
  const isStopped = decision !== 'APPROVED'
  const isRight = (fraud !== null) === isStopped
  const isLarge = (parseMajor(request.amount, request.currency) ?? 0) > amountLimitMinor
  const surprises = isRight && isLarge !== isStopped
  return (
    measured.length + 2 * against.length + (counterfactual.length > 0 ? 4 : 0) + (isRight ? 3 : 0) + (surprises ? 4 : 0)
  )
}
