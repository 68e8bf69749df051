/** docs/policy-reference.md: what expressions of a policy can read, and the language they are written in. */
import { declare, renderReference } from '#engine/cel'
import { fuel } from './compile-expression.ts'
import { signals, velocitySubjects, velocityWindows } from './signals.ts'

const isCounter = (name: string): boolean => velocitySubjects.some((subject) => name.startsWith(`${subject}.`))

export function renderPolicyReference(): string {
  const shown = Object.entries(signals).filter(([name]) => !isCounter(name))
  const language = renderReference(declare(Object.fromEntries(shown)))
  const rows = shown.map(
    ([name, { type, unit = '', reads, cost, actionable }]) =>
      `| \`${name}\` | \`${type}\` | ${unit} | \`${reads}\` | ${cost} | ${actionable === true ? 'yes' : ''} |`,
  )
  return `${language.trimEnd()} In a policy, an expression has ${fuel} units.

## Counters

Declared, and missing in this version: for each of ${velocitySubjects.join(', ')} and each window of ${velocityWindows.join(', ')}, as in \`user\` and
\`1h\`:

| Signal | Type | Means |
| --- | --- | --- |
| \`user.attempts_1h\` | \`int\` | payments tried |
| \`user.attempts_sum_1h\` | \`int\` | their sum, in minor units of the event's currency |
| \`user.approved_1h\` | \`int\` | payments approved |
| \`user.approved_sum_1h\` | \`int\` | their sum |

## Of the policy itself

| Signal | Type | Means |
| --- | --- | --- |
| \`lists.<id>\` | \`bool\` | whether the event is in a list that the policy names in \`lists\`; \`-\` is written \`_\`, and \`_\` comes before a digit |
| \`points.<factor>\` | \`double\` | what a factor contributed |

## Where signals come from

Cost is in reads of the database. An actionable signal is one that the payer could choose otherwise: the smallest change is looked for
among these.

| Signal | Type | Unit | Made from | Cost | Actionable |
| --- | --- | --- | --- | --- | --- |
${rows.join('\n')}
`
}
