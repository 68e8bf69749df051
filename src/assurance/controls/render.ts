import type { Language, Text } from '#kernel/control'
import { countStates, groupNames, groups, keeperNames, type State, stateNames, states } from '#assurance/claims'
import type { CheckStanding, ClaimStanding } from './standing.ts'

/** Beside the word, so that nobody needs to see colours. */
const shapes: Readonly<Record<State, string>> = {
  verified: '●',
  attested: '◍',
  stale: '◔',
  failing: '✕',
  unproven: '◌',
  planned: '○',
}
const wordOf = (state: State, language: Language): string => stateNames[state][language].toLowerCase()

/** How a state is shown to people: its shape and its word. */
export const markOf = (state: State, language: Language): string => `${shapes[state]} ${wordOf(state, language)}`

const labels = {
  keptBy: { en: 'Kept by', sv: 'Ansvar' },
  lastRun: { en: 'checked', sv: 'kontrollerat' },
  since: { en: 'since', sv: 'sedan' },
  caught: { en: 'Planted offence seen', sv: 'Planterat fel upptäckt' },
  missed: { en: 'Planted offence not seen', sv: 'Planterat fel inte upptäckt' },
  total: { en: 'Claims', sv: 'Löften' },
} as const satisfies Record<string, Text>

const narrowestColumns = 24

/** What a check saw may hold anything: nothing in it may steer the terminal or turn the direction of the text. */
const disarm = (text: string): string => text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ')

const letters = new Intl.Segmenter('en', { granularity: 'grapheme' })

/** Cuts a word that is longer than a line, between letters: no line is ever wider than asked. */
const cut = (word: string, width: number): string[] => {
  const parts: string[] = []
  let part = ''
  for (const { segment } of letters.segment(word)) {
    if (part !== '' && part.length + segment.length > width) {
      parts.push(part)
      part = ''
    }
    part += segment
  }
  return [...parts, part]
}

/** Breaks text into lines of at most `columns`, the first behind `lead`, the others below where its text began. */
const wrap = (text: string, columns: number, lead: string): string[] => {
  const width = columns - lead.length
  const words = disarm(text)
    .split(/\s+/u)
    .filter((word) => word !== '')
    .flatMap((word) => cut(word, width))
  const lines: string[] = []
  let line = ''
  for (const word of words) {
    if (line === '') line = word
    else if (line.length + 1 + word.length <= width) line += ` ${word}`
    else {
      lines.push(line)
      line = word
    }
  }
  if (line !== '') lines.push(line)
  return lines.map((text, index) => (index === 0 ? lead : ' '.repeat(lead.length)) + text)
}

/** What it saw, and beside it what it saw of the planted offence. */
function renderCheck({ last, planted }: CheckStanding, language: Language, columns: number): string[] {
  if (!last || !planted) return []
  const { caught, missed } = labels
  return [
    ...wrap(last.saw[language], columns, '    - '),
    ...wrap(
      `${(planted.caught ? caught : missed)[language]} ${planted.at}: ${planted.what[language]}`,
      columns,
      '      ',
    ),
  ]
}

function renderClaim(claim: ClaimStanding, language: Language, columns: number): string[] {
  const kept = `${labels.keptBy[language]}: ${claim.kept_by.map((keeper) => keeperNames[keeper][language]).join(', ')}`
  const run = claim.last_run === null ? '' : `; ${labels.lastRun[language]} ${claim.last_run}`
  const since = claim.since === null ? '' : ` ${labels.since[language]} ${claim.since}`
  return [
    ...wrap(`${wordOf(claim.state, language)} ${claim.id}${since}`, columns, `${shapes[claim.state]} `),
    ...wrap(claim.sentence[language], columns, '    '),
    ...wrap(`${kept}${run}`, columns, '    '),
    ...(claim.why === null ? [] : wrap(claim.why[language], columns, '    ! ')),
    ...claim.checks.flatMap((check) => renderCheck(check, language, columns)),
  ]
}

/** The claims for people at a terminal of that many columns (at least 24): by group, with the counts at the end. */
export const renderClaims = (claims: readonly ClaimStanding[], language: Language, columns: number): string => {
  const width = Math.max(narrowestColumns, Math.floor(columns))
  const lines: string[] = []
  for (const group of groups) {
    const members = claims.filter((claim) => claim.group === group)
    if (members.length === 0) continue
    lines.push(...wrap(groupNames[group][language], width, ''), '')
    for (const claim of members) lines.push(...renderClaim(claim, language, width), '')
  }
  const counts = countStates(claims)
  const parts = states.map((state) => `${markOf(state, language)} ${counts[state]}`)
  lines.push(...wrap(`${labels.total[language]} ${claims.length}: ${parts.join(', ')}`, width, ''))
  return `${lines.join('\n')}\n`
}
