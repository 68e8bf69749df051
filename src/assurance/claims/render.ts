import { groups, type ClaimGroup, type Keeper, type Language, type Text } from './claim.ts'
import type { ClaimState, State } from './examine.ts'

const headings: Readonly<Record<ClaimGroup, Text>> = {
  encryption: { en: 'Encryption', sv: 'Kryptering' },
  access: { en: 'Access', sv: 'Åtkomst' },
  audit: { en: 'Audit and monitoring', sv: 'Loggning och övervakning' },
  incidents: { en: 'Incidents, disclosure and contact', sv: 'Incidenter, sårbarheter och kontakt' },
  continuity: { en: 'Continuity', sv: 'Kontinuitet' },
  software: { en: 'Software', sv: 'Programvara' },
  'data-protection': { en: 'Data protection', sv: 'Dataskydd' },
  communities: { en: 'Communities', sv: 'Gemenskaper' },
  organisation: { en: 'Organisation', sv: 'Organisation' },
}

/** Word and shape, so that nobody needs to see colours. */
const marks: Readonly<Record<State, { shape: string; word: Text }>> = {
  verified: { shape: '●', word: { en: 'verified', sv: 'verifierat' } },
  failing: { shape: '✕', word: { en: 'failing', sv: 'brister' } },
  unproven: { shape: '◌', word: { en: 'unproven', sv: 'obevisat' } },
  planned: { shape: '○', word: { en: 'planned', sv: 'planerat' } },
}
const statesShown = ['verified', 'failing', 'unproven', 'planned'] as const satisfies readonly State[]

const keepers: Readonly<Record<Keeper, Text>> = {
  software: { en: 'software', sv: 'programvaran' },
  deployment: { en: 'deployment', sv: 'driftmiljön' },
  organisation: { en: 'organisation', sv: 'organisationen' },
  tenant: { en: 'tenant', sv: 'kunden' },
}

const labels = {
  keptBy: { en: 'Kept by', sv: 'Ansvar' },
  lastRun: { en: 'checked', sv: 'kontrollerat' },
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

const renderClaim = (claim: ClaimState, language: Language, columns: number): string[] => {
  const { shape, word } = marks[claim.state]
  const kept = `${labels.keptBy[language]}: ${claim.kept_by.map((keeper) => keepers[keeper][language]).join(', ')}`
  const run = claim.last_run === null ? '' : `; ${labels.lastRun[language]} ${claim.last_run}`
  return [
    ...wrap(`${word[language]} ${claim.id}`, columns, `${shape} `),
    ...wrap(claim.sentence[language], columns, '    '),
    ...wrap(`${kept}${run}`, columns, '    '),
    ...claim.saw.flatMap((saw) => wrap(saw, columns, '    - ')),
  ]
}

/** The claims for people at a terminal of that many columns (at least 24): by group, with the counts at the end. */
export const renderClaims = (states: readonly ClaimState[], language: Language, columns: number): string => {
  const width = Math.max(narrowestColumns, Math.floor(columns))
  const lines: string[] = []
  for (const group of groups) {
    const members = states.filter((claim) => claim.group === group)
    if (members.length === 0) continue
    lines.push(...wrap(headings[group][language], width, ''), '')
    for (const claim of members) lines.push(...renderClaim(claim, language, width), '')
  }
  const counts = statesShown.map((state) => {
    const count = states.filter((claim) => claim.state === state).length
    return `${marks[state].shape} ${marks[state].word[language]} ${count}`
  })
  lines.push(...wrap(`${labels.total[language]} ${states.length}: ${counts.join(', ')}`, width, ''))
  return `${lines.join('\n')}\n`
}
