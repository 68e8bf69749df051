/** What the demo found out, counted while the answers come; memory does not grow with them. */
import { parseMajor } from '#kernel/currency'
import { amountLimitMinor } from './amount-limit.ts'
import type { Answered, Sent } from './client.ts'
import { createExamples, type Example } from './examples.ts'
import { createLatencies } from './latency.ts'

/** How one way of deciding did on the stream. To catch is to ask for confirmation or to decline. */
export type Outcome = { caught: number; missed: number; troubled: number; stoppedMinor: number }

/** Fields as `vouch demo --json` gives them. */
export type Summary = {
  count: number
  approved: number
  step_up: number
  declined: number
  fraud: { total: number; caught: number; missed: number; stopped_minor: number; currency: string }
  /** Honest payments that were not simply approved. */
  troubled: number
  per_second: number
  latency_ms: { p50: number; p99: number }
  /** Payments that got no decision; they are in none of the numbers above. */
  problems: number
  /** Requests that were sent again. */
  repeats: number
}

export type Report = {
  summary: Summary
  /** The same stream without Vouch, and with it. */
  outcomes: { noPolicy: Outcome; amountLimit: Outcome; vouch: Outcome }
  examples: readonly Example[]
}

const currency = 'EUR'

export function createReport() {
  const latencies = createLatencies()
  const examples = createExamples()
  const words = { APPROVED: 0, STEP_UP_REQUIRED: 0, DECLINED: 0 }
  const [noPolicy, amountLimit, vouch] = [nothing(), nothing(), nothing()]

  return {
    add(answered: Answered): void {
      const { event, decision, latencyMs } = answered
      const minor = parseMajor(event.request.amount, currency) ?? 0
      const isFraud = event.fraud !== null
      words[decision.decision]++
      latencies.add(latencyMs)
      judge(noPolicy, isFraud, false, minor)
      judge(amountLimit, isFraud, minor > amountLimitMinor, minor)
      judge(vouch, isFraud, decision.decision !== 'APPROVED', minor)
      examples.consider(answered)
    },

    finish({ problems, repeats }: Pick<Sent, 'problems' | 'repeats'>, elapsedMs: number): Report {
      const count = words.APPROVED + words.STEP_UP_REQUIRED + words.DECLINED
      const { caught, missed, troubled, stoppedMinor } = vouch
      const summary = {
        count,
        approved: words.APPROVED,
        step_up: words.STEP_UP_REQUIRED,
        declined: words.DECLINED,
        fraud: { total: caught + missed, caught, missed, stopped_minor: stoppedMinor, currency },
        troubled,
        per_second: elapsedMs > 0 ? Math.round((count / elapsedMs) * 10_000) / 10 : 0,
        latency_ms: { p50: toHundredths(latencies.quantile(0.5)), p99: toHundredths(latencies.quantile(0.99)) },
        problems,
        repeats,
      }
      return { summary, outcomes: { noPolicy, amountLimit, vouch }, examples: examples.choose(3) }
    },
  }
}

const nothing = (): Outcome => ({ caught: 0, missed: 0, troubled: 0, stoppedMinor: 0 })
const toHundredths = (n: number): number => Math.round(n * 100) / 100

function judge(outcome: Outcome, isFraud: boolean, isStopped: boolean, minor: number): void {
  if (!isFraud) outcome.troubled += isStopped ? 1 : 0
  else if (!isStopped) outcome.missed++
  else {
    outcome.caught++
    outcome.stoppedMinor += minor
  }
}
