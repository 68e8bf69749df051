import { randomBytes } from 'node:crypto'
import type { Clock } from '#kernel/clock'
import { type Control, fail, pass, watch } from '#kernel/control'
import { allowedFields, createLog, errorFields } from './log.ts'

type World = { createLog: typeof createLog }

/** What every line has besides. */
const always = ['level', 'at', 'event']

export const controls = ({ clock }: { clock: Clock }): Control[] => [
  {
    claim: 'aud.logs',
    tests: [
      'no log line, of this process or of another, holds anything a caller sent',
      'the search for leaks finds a payload in a log line, escaped or not, and not our own words',
    ],
    lacks: {
      en: 'That the logs of an installation are gathered in one place is for whoever runs it, and nothing here looks at it.',
      sv: 'Att loggarna samlas på ett ställe är upp till den som driver installationen, och ingenting här kontrollerar det.',
    },
    check: watch<World>({
      id: 'aud.logs.fields',
      version: 1,
      what: {
        en: 'Hands the log a secret in fields that it does not know and in an error: each line is JSON with fields of the closed list, and without the secret.',
        sv: 'Lämnar en hemlighet till loggen i fält den inte känner och i ett fel: varje rad är JSON med fält från den slutna listan, och utan hemligheten.',
      },
      sources: [import.meta.url, new URL('log.ts', import.meta.url).href],
      every: 'quarterHour',
      real: () => ({ createLog }),
      look({ createLog }) {
        const secret = randomBytes(16).toString('hex')
        const lines: string[] = []
        const log = createLog({ clock, level: 'info', write: (line) => void lines.push(line) })
        const unknown = { claim: 'aud.logs', authorization: secret, body: secret, user_id: secret, name: secret }
        log.info('check_of_the_log', unknown)
        log.warn('check_of_the_log', { ...unknown, ...errorFields(new Error(secret)) })
        log.error('check_of_the_log', { claim: 'aud.logs', ...errorFields(secret) })
        const known = new Set<string>([...allowedFields, ...always])
        const strange = lines.flatMap((line) => Object.keys(JSON.parse(line)).filter((name) => !known.has(name)))
        if (strange.length > 0)
          return fail({
            en: `A line with the field ${strange[0]}, which is not of the list.`,
            sv: `En rad med fältet ${strange[0]}, som inte finns på listan.`,
          })
        if (lines.join('').includes(secret))
          return fail({ en: 'A line with the secret in it.', sv: 'En rad som innehåller hemligheten.' })
        return pass({
          en: `${lines.length} lines with fields of a list of ${allowedFields.length}, and the secret in none of them.`,
          sv: `${lines.length} rader med fält från en lista på ${allowedFields.length}, och hemligheten inte i någon av dem.`,
        })
      },
      plant: {
        what: {
          en: 'a log in memory that writes whatever it is handed',
          sv: 'en logg i minnet som skriver vad den än får',
        },
        over: (look) =>
          look({
            createLog({ write = () => {} }) {
              const say = (event: string, fields?: object): void => write(JSON.stringify({ event, ...fields }))
              return { info: say, warn: say, error: say }
            },
          }),
      },
    }),
  },
]
