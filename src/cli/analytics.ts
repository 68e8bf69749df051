import { analyticsRead, bys, maxDays, readDays, type Report, report, type Summary } from '#engine/analytics'
import { formatMajor } from '#kernel/currency'
import { type Command, exit, textOf, UsageError } from './command.ts'
import { chooseTenant, withVouch } from './open-guest.ts'

export const analytics: Command = {
  form: '[--from DAY] [--to DAY] [--by WORD]',
  more:
    `Days are UTC; at most ${maxDays}. docs/analytics.md defines every number. Latencies that a running server has not written\n` +
    'yet, of half a minute at most, are not in the answer. Reading leaves a row in the trail.',
  options: {
    tenant: { type: 'string', value: 'ID', means: 'whose; not needed while there is only one' },
    test: { type: 'boolean', means: "the tenant's test twin" },
    from: { type: 'string', value: 'DAY', means: 'first day, e.g. 2026-11-01; 30 days unless told' },
    to: { type: 'string', value: 'DAY', means: 'the day after the last; up to today unless told' },
    by: { type: 'string', value: 'WORD', means: `in parts: ${bys.join(', ')}; day unless told` },
  },
  positionals: { min: 0, max: 0 },
  async run(context) {
    const word = textOf(context, 'by') ?? 'day'
    const by = bys.find((one) => one === word)
    if (!by) throw new UsageError(`--by is one of ${bys.join(', ')}`)
    const [from, to] = [textOf(context, 'from'), textOf(context, 'to')]
    const range = { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) }
    const days = readDays(range, context.clock.now())
    return withVouch(context, async (vouch) => {
      const { scope } = await chooseTenant(context, vouch)
      await vouch.trail.recordRead(scope, analyticsRead, undefined)
      const read = report(days, await vouch.analytics.read(scope, days), by)
      context.answer(read, render(read))
      return exit.ok
    })
  },
}

const barWidth = 40
const bar = (value: number, most: number): string => '█'.repeat(most === 0 ? 0 : Math.round((value / most) * barWidth))
const percent = (share: number | null): string => (share === null ? '-' : `${(share * 100).toFixed(1)} %`)
const money = (minor: string, currency: string): string => `${formatMajor(BigInt(minor), currency)} ${currency}`

function render(read: Report): string {
  const { total } = read
  const parts = partsOf(read)
  return [
    `From ${read.from} up to ${read.to}, UTC, as of ${read.as_of}`,
    '',
    ...renderTotal(total),
    ...(parts.length > 0 ? ['', ...parts] : []),
  ].join('\n')
}

function renderTotal({ evaluations, by_decision, money: sums, outcomes, quality, latency_ms }: Summary): string[] {
  const names = { APPROVED: 'approved', STEP_UP_REQUIRED: 'to be confirmed', DECLINED: 'declined' } as const
  const words = ['APPROVED', 'STEP_UP_REQUIRED', 'DECLINED'] as const
  const { stopped, declined } = quality
  return [
    `${evaluations} decisions`,
    ...aligned(
      words.map((word) => {
        const count = by_decision[word]
        const share = evaluations === 0 ? null : count / evaluations
        const sum = sums.map(({ currency, by_decision }) => money(by_decision[word], currency)).join(', ')
        return [names[word], String(count), percent(share), bar(count, evaluations), sum]
      }),
    ),
    '',
    `${outcomes.labelled} with an outcome: ${outcomes.by_outcome.fraud} fraud, ${outcomes.by_outcome.chargeback} charged back, ${outcomes.by_outcome.legitimate} legitimate`,
    ...outcomes.money.map(({ currency, fraud_approved }) => `  approved, and fraud: ${money(fraud_approved, currency)}`),
    `  stopped or asked for more: precision ${percent(stopped.precision)}, recall ${percent(stopped.recall)}`,
    `  declined alone: precision ${percent(declined.precision)}, recall ${percent(declined.recall)}`,
    ...(latency_ms.p50 === null ? [] : [`latency: p50 ${latency_ms.p50} ms, p99 ${latency_ms.p99} ms, of ${latency_ms.count}`]),
  ] // prettier-ignore
}

function partsOf({ by_day, by_policy_version, by_factor, by_rule }: Report): string[] {
  if (by_factor)
    return aligned([
      ['factor', 'mean points', 'missing'],
      ...by_factor.map(({ factor, mean, missing }) => [factor, mean.toFixed(2), String(missing), bar(Math.max(0, mean), 100)]),
    ]) // prettier-ignore
  if (by_rule)
    return aligned([
      ['rule', 'fired', 'fraud', 'charged back', 'legitimate'],
      ...by_rule.map(({ rule, fired, by_outcome: of }) => [rule, fired, of.fraud, of.chargeback, of.legitimate].map(String)),
    ]) // prettier-ignore
  const rows = [
    ...(by_day ?? []).map((one) => ({ name: one.day, one })),
    ...(by_policy_version ?? []).map((one) => ({ name: `version ${one.policy_version}`, one })),
  ]
  if (rows.length === 0) return []
  const most = Math.max(...rows.map(({ one }) => one.evaluations))
  return aligned([
    ['', 'decisions', 'stopped', 'recall'],
    ...rows.map(({ name, one }) => {
      const { evaluations, by_decision, quality } = one
      const stopped = percent((evaluations - by_decision.APPROVED) / Math.max(1, evaluations))
      return [name, String(evaluations), stopped, percent(quality.stopped.recall), bar(evaluations, most)]
    }),
  ])
}

/** The first column to the left, numbers to the right; bars and what follows them to the left. */
function aligned(rows: readonly (readonly string[])[]): string[] {
  const width = (at: number): number => Math.max(...rows.map((row) => row[at]?.length ?? 0))
  return rows.map((row) =>
    `  ${row
      .map((cell, at) => (at === 0 || /^█|^$|[A-Z]{3}$/.test(cell) ? cell.padEnd(width(at)) : cell.padStart(width(at))))
      .join('  ')}`.trimEnd(),
  )
}
