/** The report in words and aligned numbers, for people at a terminal. */
import { formatMajor } from '#kernel/currency'
import { amountLimitMinor } from './amount-limit.ts'
import type { Decision } from './decision.ts'
import type { Example } from './examples.ts'
import type { Outcome, Report } from './report.ts'

const euro = (minor: number): string => group(formatMajor(minor, 'EUR'))
/** `1234567.89` → `1,234,567.89`. */
const group = (digits: number | string): string => String(digits).replace(/\B(?<!\.\d*)(?=(\d{3})+(?!\d))/g, ',')
const share = (part: number, whole: number): string => (whole === 0 ? '-' : `${((part / whole) * 100).toFixed(1)} %`)

export function renderReport(
  { summary, outcomes, examples }: Report,
  server: { url: string; key: string; concurrency: number },
): string {
  const { count, approved, step_up, declined, fraud, per_second, latency_ms, problems, repeats } = summary
  const honest = count - fraud.total
  const row = (name: string, { caught, missed, troubled, stoppedMinor }: Outcome): string[] => [
    name, group(caught), share(caught, fraud.total), group(missed), group(troubled), share(troubled, honest), share(caught, caught + troubled), euro(stoppedMinor),
  ] // prettier-ignore
  const table = [
    ['', 'fraud caught', '', 'missed', 'honest troubled', '', 'stopped rightly', 'EUR stopped'],
    row('no policy', outcomes.noPolicy),
    row(`confirm above ${euro(amountLimitMinor)}`, outcomes.amountLimit),
    row('Vouch', outcomes.vouch),
  ]
  return [
    `${group(count)} payments: ${group(approved)} approved, ${group(step_up)} to be confirmed, ${group(declined)} declined.`,
    `${group(fraud.total)} of them were fraud in truth, which the server was not told.`,
    '',
    ...renderTable(table),
    '',
    ...examples.flatMap(renderExample),
    `${group(per_second.toFixed(0))} decisions a second; latency p50 ${latency_ms.p50.toFixed(2)} ms, p99 ${latency_ms.p99.toFixed(2)} ms, over HTTP, ${server.concurrency} at a time.`,
    ...(repeats > 0
      ? [`${group(repeats)} requests were sent again: the server was busy or the connection broke.`]
      : []),
    ...(problems > 0 ? [`${group(problems)} payments got no decision and are in none of these numbers.`] : []),
  ].join('\n')
}

/** A command that works as it is printed: one payment that needs confirmation, with its reasons. */
export function writeCurl({ url, key }: { url: string; key: string }): string {
  const body = {
    amount: '349.99',
    currency: 'EUR',
    category: 'gift_cards',
    merchant_id: 'mer_demo',
    merchant_trust_score: 0.41,
    user_id: 'cus_demo',
    user_limits: { per_payment: '200.00' },
  }
  const lines = [
    `curl -sS '${new URL('/v1/evaluate', url).href}'`,
    `-H 'Authorization: Bearer ${key}'`,
    `-H 'Content-Type: application/json'`,
    `-d '${JSON.stringify(body)}'`,
  ]
  return lines.join(' \\\n  ')
}

/** First column to the left, numbers to the right. */
function renderTable(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, at) => Math.max(...rows.map((row) => row[at]?.length ?? 0)))
  const line = (row: readonly string[]): string =>
    row.map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0))).join('  ')
  const [head = [], ...body] = rows
  return [line(head), '─'.repeat(line(head).length), ...body.map(line)]
}

function renderExample({ event, decision }: Example): string[] {
  const { request, fraud } = event
  const payer = request.agent ? ' by an agent' : ''
  return [
    `${decision.decision}, score ${decision.risk_score.toFixed(2)} (${decision.risk_level}), ${decision.trace_id}`,
    `  ${group(request.amount)} ${request.currency} for ${request.category}${payer}; in truth ${fraud === null ? 'honest' : fraud.replaceAll('_', ' ')}.`,
    `  ${decision.reason_text}`,
    ...renderFactors(decision),
    ...decision.counterfactual.map(({ change, decision }) => `  It would have been ${decision} with: ${change}`),
    '',
  ]
}

/** The factors that moved the score most, and one line for the rest, so that the column adds up to the score. */
function renderFactors({ factors, risk_score }: Decision): string[] {
  const ranked = factors.filter(({ contribution }) => contribution !== 0)
  ranked.sort((a, b) => Math.abs(b.contribution) - Math.abs(a.contribution))
  const top = ranked.slice(0, 4)
  const rest = ranked.slice(4)
  const restPoints = rest.reduce((sum, { contribution }) => sum + Math.round(contribution * 100), 0) / 100
  const lines = top.map(({ contribution, id, explanation }) => ({ points: signed(contribution), id, explanation }))
  if (rest.length > 0) lines.push({ points: signed(restPoints), id: `${rest.length} more`, explanation: '' })
  const pad = Math.max(6, ...lines.map(({ points }) => points.length))
  const idPad = Math.max(5, ...lines.map(({ id }) => id.length))
  return [
    ...lines.map(({ points, id, explanation }) =>
      `  ${points.padStart(pad)}  ${id.padEnd(idPad)}  ${explanation}`.trimEnd(),
    ),
    `  ${risk_score.toFixed(2).padStart(pad)}  score`,
  ]
}

const signed = (points: number): string => `${points < 0 ? '-' : '+'}${Math.abs(points).toFixed(2)}`
