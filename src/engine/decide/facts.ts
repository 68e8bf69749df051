/** What is known of one event while a policy looks at it. */
import { type Bound, CelError, errorCodes, type Program, type SignalValues, type Step, type Value } from '#engine/cel'
import { formatMajor, type Money } from '#kernel/currency'
import type { CompiledPolicy } from './compile-policy.ts'
import type { Reason, Signals } from './decide.ts'
import { pointsSignal } from './signals.ts'
import { toParameter } from './sentence.ts'

export type Facts = {
  value(name: string): Value | undefined
  evaluate(program: Program): Value | CelError
  /** What the expression read, with values: `signal:amount=349.99`. Texts and numbers alone. */
  evidence(program: Program): string[]
  /** Parameters of a sentence that shows these signals. */
  params(names: readonly string[]): Record<string, string | number>
  /** Tells expressions that are evaluated from now on what a factor contributed, in hundredths. */
  contributed(factor: string, points: number): void
}

const maxEvidence = 20

export function openFacts(policy: CompiledPolicy, event: Money, signals: Signals): Facts {
  const raw = Object.entries(signals.factors).map(([id, measured]) => [id, measured.value] as const)
  let values: SignalValues = { ...signals.values, ...Object.fromEntries(raw) }
  let bound: Bound | undefined
  const bind = (): Bound => (bound ??= policy.declarations.bind(values))
  return {
    value: (name) => values[name],
    evaluate: (program) => program.evaluate(bind()),
    evidence(program) {
      const { steps } = program.trace(bind())
      return [...new Set(steps ? readsIn(steps) : [])].slice(0, maxEvidence)
    },
    params(names) {
      const shown = names.flatMap((name) => {
        const value = name === 'amount' ? formatMajor(event.minor, event.currency) : toParameter(values[name])
        return value === undefined ? [] : [[name, value] as const]
      })
      return Object.fromEntries(shown)
    },
    contributed(factor, points) {
      if (!policy.readsPoints) return
      values = { ...values, [pointsSignal(factor)]: points / 100 }
      bound = undefined
    },
  }
}

const readsIn = ({ at, value, parts }: Step): string[] => {
  const shown = value instanceof CelError ? undefined : toParameter(value)
  return [
    ...(at.is === 'signal' && shown !== undefined ? [`signal:${at.name}=${shown}`] : []),
    ...parts.flatMap(readsIn),
  ]
}

/** Why an expression has no value: the signal that was missing, or what went wrong. */
export const failure = (of: 'rule' | 'factor', { code, signal }: CelError): Reason =>
  code === 'missing' && signal !== undefined
    ? { id: `${of}.missing`, params: { signal } }
    : { id: `${of}.failed`, params: { error: errorCodes[code] } }
