/** docs/policy-reference.md: what expressions of a policy can read, and the language they are written in. */
import { declare, renderReference } from '#engine/cel'
import { fuel } from './compile-expression.ts'
import { counters, pairs, subjectNames, windows } from './counters.ts'
import { signals } from './signals.ts'

const isCounter = (name: string): boolean => counters.some((counter) => counter.name === name)
const isWindowed = (name: string): boolean => /_(1m|5m|1h|1d|7d|30d)$/.test(name)
const isOfPair = (name: string): boolean => pairs.some((pair) => name.startsWith(`${pair.name}.`))

export function renderPolicyReference(): string {
  const shown = Object.entries(signals).filter(([name]) => !isCounter(name))
  const language = renderReference(declare(Object.fromEntries(shown)))
  const rows = shown.map(
    ([name, { type, unit = '', reads, cost, actionable }]) =>
      `| \`${name}\` | \`${type}\` | ${unit} | \`${reads}\` | ${cost} | ${actionable === true ? 'yes' : ''} |`,
  )
  const single = counters.filter(({ name }) => !isOfPair(name))
  const shownCounters = single.filter(
    ({ name, reading: { is } }) =>
      !isWindowed(name) || ('different' in is ? name.endsWith('_1d') : /^user\.\w+_1h$/.test(name)),
  )
  const counterRows = shownCounters.map(
    ({ name, type, unit, means }) => `| \`${name}\` | \`${type}\` | ${unit} | ${means} |`,
  )
  return `${language.trimEnd()} In a policy, an expression has ${fuel} units.

## Counters

Of ${subjectNames.join(', ')}, as far as the event names them; over the windows ${windows.map(([window]) => window).join(', ')} (numbers of different partners: ${windows
    .slice(2)
    .map(([window]) => window)
    .join(', ')}).
The event itself is not counted: the first payment of a customer sees 0 before it. A counter of somebody whom the event does not
name is missing. A window is what [the journal](../ARCHITECTURE.md) says: buckets of 5 s, 1 min, 1 h and 1 day.

Two subjects together are counted as one, as in \`user_merchant.attempts_1h\` or \`card_device.age_days\`: ${pairs.map(({ name }) => `\`${name}\``).join(', ')}.
They are counted from the first decision on after a policy that reads them was published.

| Signal | Type | Unit | Means |
| --- | --- | --- | --- |
${counterRows.join('\n')}

Numbers and sums of payments are shown for \`user\` and 1 h, numbers of different partners for 1 d; the other subjects and windows have
the same words.

## Of the policy itself

| Signal | Type | Means |
| --- | --- | --- |
| \`lists.<id>\` | \`bool\` | whether the event is in a list that the policy names in \`lists\`; \`-\` is written \`_\`, and \`_\` comes before a digit |
| \`points.<factor>\` | \`double\` | what a factor contributed |

## Where signals come from

Cost is in reads of the database, where nothing is remembered. An actionable signal is one that the payer could choose otherwise: the
smallest change is looked for among these.

| Signal | Type | Unit | Made from | Cost | Actionable |
| --- | --- | --- | --- | --- | --- |
${rows.join('\n')}
`
}
