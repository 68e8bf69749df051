/** Laws about what a file says: environment, clock, network, gates, silenced types. Tests are free of them. */
import { clockHome, environmentHome, gates, generatedFiles, network } from '../../architecture.ts'
import type { Law, Note } from './laws.ts'
import { isIn } from './places.ts'
import type { Source } from './read-source.ts'

type Word = { law: Law; pattern: RegExp; isAllowed(path: string): boolean; message: string }

const inClock = (path: string): boolean => path === clockHome
const inNetwork = (path: string): boolean => isIn(path, network.home) || path in network.exceptions

const words: readonly Word[] = [
  {
    law: 'environment',
    pattern: /\bprocess\s*(?:\??\.\s*env\b|(?:\?\.)?\s*\[)|=\s*(?:globalThis\s*\.\s*)?process\b(?!\s*[.?([])/g,
    isAllowed: (path) => path === environmentHome,
    message: `The environment is read in ${environmentHome}. Take the setting as an argument.`,
  },
  {
    law: 'wall-clock',
    pattern:
      /\bDate\s*\??\.\s*now\b|\bnew\s+Date\b(?!\s*\(\s*[^\s)])|(?<!new\s+)(?<![.\w$])Date\s*\(|\}\s*=\s*Date\b|\bperformance\s*\??\.\s*(?:now|timeOrigin)\b|\}\s*=\s*performance\b|\bprocess\s*\.\s*hrtime\b|\bTemporal\s*\.\s*Now\b/g,
    isAllowed: inClock,
    message: `The clock is read in ${clockHome}. Take a \`Clock\` as an argument.`,
  },
  {
    law: 'network',
    pattern: /(?:(?<![.\w$])|\bglobalThis\s*\??\.\s*)(?:fetch|WebSocket|EventSource|XMLHttpRequest)\b(?!\s*\??:)/g,
    isAllowed: inNetwork,
    message: `Outgoing calls are made in ${network.home}. Ask it, or name your own function otherwise.`,
  },
  {
    law: 'types',
    pattern: /(?:[:<|&,=(]|\bas|\bextends|\bkeyof|\breadonly|=>)\s*any\b(?!\s*\??[:(])|\bas\s+unknown\s+as\b/g,
    isAllowed: (path) => generatedFiles.includes(path),
    message: 'Say the type, or read an `unknown` step by step.',
  },
  ...gates.map(({ name, madeIn, usedIn }): Word => ({
    law: 'gates',
    pattern: new RegExp(`(?<![\\w$])${name}(?![\\w$])`, 'g'),
    isAllowed: (path) => [madeIn, ...usedIn].some((place) => isIn(path, place)),
    message: `${name} is for ${usedIn.join(', ')}. Take a scope from whoever authorised the work.`,
  })),
]

const silencers = /@ts-(?:ignore|expect-error|nocheck)\b/

export function judgeWords(path: string, source: Source, note: Note): void {
  for (const { law, pattern, isAllowed, message } of words) {
    if (isAllowed(path)) continue
    for (const match of source.code.matchAll(pattern)) note(law, match.index, message)
  }
  for (const { at, text } of source.comments) {
    if (silencers.test(text)) note('types', at, 'The compiler is not silenced. Mend the type.')
  }
}
