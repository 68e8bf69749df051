/**
 * What does one evaluation of a rule set cost? Ours, without and with the trace, beside the same rules as hand-written
 * JavaScript and in other engines. One evaluation is the whole set on one payment with 28 fields: the score, cut at 100,
 * and the rules that fired. Every engine's results are compared with a reference before anything is timed. Units are
 * microseconds of processor time (user and system), as other work on the machine counts then for less.
 */
import { Environment } from '@marcbachmann/cel-js'
import { LogicEngine } from 'json-logic-engine'
import { Engine as JsonRules } from 'json-rules-engine'
import { celEnv, CelScalar, parse as parseCel, plan } from '@bufbuild/cel'
import { compile, declare, type Program } from '#engine/cel'
import type { Bench } from './run.ts'
import { fieldTypes, makePayments, makeRules, type Payment, type Rule, toCel, toJavaScript } from './seeded-rules.ts'
import { median, spread } from './statistics.ts'

type Verdict = { score: number; fired: string[] }
type Evaluate = (payment: Payment) => Verdict | Promise<Verdict>
type Engine = { name: string; make: (rules: readonly Rule[]) => Evaluate; upTo: number }

const declarations = declare(
  Object.fromEntries(Object.entries(fieldTypes).map(([name, type]) => [name, { type, means: '' }])),
)
const programsOf = (rules: readonly Rule[]): { rule: Rule; program: Program }[] =>
  rules.map((rule) => {
    const compiled = compile(toCel(rule), declarations, { resultType: 'bool' })
    if (!compiled.ok) throw new Error(`${toCel(rule)}: ${compiled.errors[0]?.message}`)
    return { rule, program: compiled.program }
  })
/** What the trace bench leaves, so that no engine can find that nothing reads it. */
let kept: unknown

const fromTests = (tests: readonly { rule: Rule; test: (payment: Payment) => boolean }[]): Evaluate => {
  return (payment) => {
    let score = 0
    const fired: string[] = []
    for (const { rule, test } of tests) {
      if (!test(payment)) continue
      score += rule.weight
      fired.push(rule.id)
    }
    return { score: Math.min(100, score), fired }
  }
}

const hand: Engine = {
  name: 'hand-written JavaScript',
  upTo: Infinity,
  make: (rules) => {
    // eslint-disable-next-line no-new-func, typescript/no-implied-eval -- it stands for code that someone wrote
    const evaluate: (payment: Payment) => Verdict = new Function('t', toJavaScript(rules)) as never
    return evaluate
  },
}
const ours: Engine = {
  name: 'ours',
  upTo: Infinity,
  make: (rules) => {
    const programs = programsOf(rules)
    return (payment) => {
      const signals = declarations.bind(payment)
      let score = 0
      const fired: string[] = []
      for (const { rule, program } of programs) {
        if (program.evaluate(signals) !== true) continue
        score += rule.weight
        fired.push(rule.id)
      }
      return { score: Math.min(100, score), fired }
    }
  },
}
const oursTraced: Engine = {
  name: 'ours with trace',
  upTo: Infinity,
  make: (rules) => {
    const programs = programsOf(rules)
    return (payment) => {
      const signals = declarations.bind(payment)
      let score = 0
      const fired: string[] = []
      const traces: unknown[] = []
      for (const { rule, program } of programs) {
        const { value, steps } = program.trace(signals)
        traces.push(steps)
        if (value !== true) continue
        score += rule.weight
        fired.push(rule.id)
      }
      kept = traces
      return { score: Math.min(100, score), fired }
    }
  },
}
const peers: readonly Engine[] = [
  {
    name: '@marcbachmann/cel-js',
    upTo: Infinity,
    make: (rules) => {
      const environment = new Environment()
      for (const [name, type] of Object.entries(fieldTypes)) environment.registerVariable(name, type)
      return fromTests(rules.map((rule) => ({ rule, test: environment.parse(toCel(rule)) })))
    },
  },
  {
    name: '@bufbuild/cel',
    upTo: Infinity,
    make: (rules) => {
      const scalars = { double: CelScalar.DOUBLE, bool: CelScalar.BOOL, string: CelScalar.STRING }
      const variables = Object.fromEntries(Object.entries(fieldTypes).map(([name, type]) => [name, scalars[type]]))
      const environment = celEnv({ variables })
      return fromTests(
        rules.map((rule) => {
          const run = plan(environment, parseCel(toCel(rule)))
          return { rule, test: (payment) => run(payment) === true }
        }),
      )
    },
  },
  {
    name: 'json-logic-engine (makes code)',
    upTo: Infinity,
    make: (rules) => {
      const engine = new LogicEngine()
      return fromTests(
        rules.map((rule) => {
          const conditions = rule.all.map(({ field, op, value }) => ({ [op]: [{ var: field }, value] }))
          const run = engine.build({ and: conditions })
          return { rule, test: (payment) => run(payment) === true }
        }),
      )
    },
  },
  {
    name: 'json-rules-engine',
    upTo: 100,
    make: (rules) => {
      const words = { '<': 'lessThan', '<=': 'lessThanInclusive', '>': 'greaterThan', '>=': 'greaterThanInclusive', '==': 'equal', '!=': 'notEqual', in: 'in' } // prettier-ignore
      const engine = new JsonRules()
      for (const rule of rules) {
        const all = rule.all.map(({ field, op, value }) => ({ fact: field, operator: words[op], value }))
        engine.addRule({ conditions: { all }, event: { type: rule.id } })
      }
      const weights = new Map(rules.map(({ id, weight }) => [id, weight]))
      const order = new Map(rules.map(({ id }, at) => [id, at]))
      return async (payment) => {
        const { events } = await engine.run(payment)
        const fired = events.map(({ type }) => type).sort((a, b) => (order.get(a) ?? 0) - (order.get(b) ?? 0))
        return {
          score: Math.min(
            100,
            fired.reduce((sum, id) => sum + (weights.get(id) ?? 0), 0),
          ),
          fired,
        }
      }
    },
  },
]

export const rules: Bench = async function* ({ full }) {
  process.stderr.write(
    'rules: @gorules/zen-engine is left out: its builds for other machines are not all on the registry,\n',
  )
  process.stderr.write('rules: so that no lockfile with it can be installed.\n')
  const payments = makePayments(2_000, 7)
  for (const count of [7, 100, 1_000]) {
    const set = makeRules(count, 42)
    const engines = [hand, ours, oursTraced, ...peers].filter(({ upTo }) => count <= upTo || full)
    const made = engines.map(({ name, make }) => ({ name, evaluate: make(set), samples: [] as number[] }))
    await compareAll(made, payments.slice(0, 500))
    const windowMs = full ? 500 : 150
    const rounds = full ? 9 : 5
    for (const { evaluate } of made) await measure(evaluate, payments, windowMs)
    for (let round = 0; round < rounds; round++)
      for (const one of made) one.samples.push(await measure(one.evaluate, payments, windowMs))
    const base = median(made[0]?.samples ?? [])
    for (const { name, samples } of made.slice(1)) {
      yield {
        case: `${count} rules, ${name}`,
        unit: 'µs CPU',
        ours: median(samples),
        peer: base,
        peer_name: hand.name,
        samples: rounds,
        spread: spread(samples),
      }
    }
  }
  if (kept === undefined) throw new Error('no trace was made')
}

async function compareAll(
  made: readonly { name: string; evaluate: Evaluate }[],
  payments: readonly Payment[],
): Promise<void> {
  const [reference, ...others] = made
  for (const payment of payments) {
    const expected = JSON.stringify(await reference?.evaluate(payment))
    for (const { name, evaluate } of others) {
      const got = JSON.stringify(await evaluate(payment))
      if (got !== expected) throw new Error(`${name} says ${got}, the reference ${expected}`)
    }
  }
}

let sink = 0
/** Microseconds of processor time for one evaluation. */
async function measure(evaluate: Evaluate, payments: readonly Payment[], windowMs: number): Promise<number> {
  let count = 0
  const start = process.cpuUsage()
  const until = performance.now() + windowMs
  while (performance.now() < until) {
    for (let at = 0; at < 64; at++) {
      const verdict = evaluate(payments[count++ % payments.length]!)
      sink += (verdict instanceof Promise ? await verdict : verdict).score
    }
  }
  const { user, system } = process.cpuUsage(start)
  if (Number.isNaN(sink)) throw new Error('a score was not a number')
  return (user + system) / count
}
