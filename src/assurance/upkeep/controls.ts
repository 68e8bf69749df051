import { readFile } from 'node:fs/promises'
import type { Clock } from '#kernel/clock'
import { type Control, fail, type Finding, noData, pass, type Text, watch } from '#kernel/control'
import type { Database } from '#platform/database'
import { type Part, readOn, supportEndOf } from './support.ts'

type SupportWorld = { node: number; postgresql: number }
/** Package → the version that is asked for. */
type LockWorld = { asked: Readonly<Record<string, string>>; unlocked: readonly string[] }

const root = new URL('../../../', import.meta.url)
/** One version of one package, perhaps under another name: no range, no tag, no address. */
const exact = /^(npm:(@[a-z0-9-]+\/)?[a-z0-9._-]+@)?\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/

type Fields = Readonly<Record<string, unknown>>
const isRecord = (value: unknown): value is Fields => typeof value === 'object' && value !== null
const fieldsOf = (value: unknown, name: string): Fields => {
  const found = isRecord(value) ? value[name] : undefined
  return isRecord(found) ? found : {}
}

async function readLock(): Promise<LockWorld> {
  const [manifest, lock]: unknown[] = await Promise.all(
    ['package.json', 'package-lock.json'].map(async (file): Promise<unknown> =>
      JSON.parse(await readFile(new URL(file, root), 'utf8')),
    ),
  )
  const asked = Object.fromEntries(
    ['dependencies', 'optionalDependencies', 'devDependencies'].flatMap((kind) =>
      Object.entries(fieldsOf(manifest, kind)).map(([name, version]) => [name, String(version)]),
    ),
  )
  const unlocked = Object.entries(fieldsOf(lock, 'packages'))
    // What is not below node_modules is of this repository.
    .filter(([path, entry]) => path.includes('node_modules/') && isRecord(entry) && entry['link'] !== true && typeof entry['integrity'] !== 'string')
    .map(([path]) => path)
  return { asked, unlocked }
} // prettier-ignore

export const upkeepControls = ({ database, clock }: { database: Database; clock: Clock }): Control[] => {
  async function readVersions(): Promise<SupportWorld> {
    const [server] = await database.connections.inspect<{ major: number }>(
      `select current_setting('server_version_num')::int / 10000 as major`,
    )
    return { node: Number(process.versions.node.split('.')[0]), postgresql: server?.major ?? 0 }
  }
  return [
    {
      claim: 'app.deps',
      tests: ['support that has ended, an unknown version, a range and a package without a digest are each caught'],
      lacks: {
        en: 'Known vulnerabilities are not scanned for yet, and the days until a patch are not measured.',
        sv: 'Ingen sökning efter kända sårbarheter görs ännu, och antalet dagar till en uppdatering mäts inte.',
      },
      check: watch<SupportWorld>({
        id: 'app.deps.support',
        version: 1,
        what: {
          en: `Compares the running Node.js and PostgreSQL with the days on which their support ends, as read on ${readOn}.`,
          sv: `Jämför Node.js och PostgreSQL som körs med dagarna då deras support upphör, enligt uppgifter från ${readOn}.`,
        },
        sources: [import.meta.url, new URL('support.ts', import.meta.url).href],
        every: 'day',
        real: readVersions,
        look: (versions) => judgeSupport(versions, clock.now()),
        plant: {
          what: { en: 'a PostgreSQL 14 in memory', sv: 'en PostgreSQL 14 i minnet' },
          over: async (look) => look({ ...(await readVersions()), postgresql: 14 }),
        },
      }),
    },
    {
      claim: 'app.deps',
      tests: ['support that has ended, an unknown version, a range and a package without a digest are each caught'],
      check: watch<LockWorld>({
        id: 'app.deps.pinned',
        version: 1,
        what: {
          en: 'Reads which packages Vouch asks for and which it locks: each is asked for in one exact version, and each that is locked has the digest of its content.',
          sv: 'Läser vilka paket Vouch begär och vilka som låses: vart och ett begärs i en exakt version, och varje låst paket har en kontrollsumma för sitt innehåll.',
        },
        sources: [import.meta.url],
        every: 'day',
        real: readLock,
        look: findUnpinned,
        plant: {
          what: {
            en: 'a copy of the list of packages in which one may be any newer version',
            sv: 'en kopia av paketlistan där ett paket får vara vilken nyare version som helst',
          },
          async over(look) {
            const { asked, unlocked } = await readLock()
            return look({ asked: { ...asked, planted: '^1.0.0' }, unlocked })
          },
        },
      }),
    },
  ]
}

export function judgeSupport(versions: SupportWorld, nowMs: number): Finding {
  const today = new Date(nowMs).toISOString().slice(0, 10)
  const parts = [
    { part: 'node', name: 'Node.js', major: versions.node },
    { part: 'postgresql', name: 'PostgreSQL', major: versions.postgresql },
  ] as const satisfies { part: Part; name: string; major: number }[]
  const said: Text[] = []
  for (const { part, name, major } of parts) {
    const end = supportEndOf(part, major)
    if (end === undefined)
      return noData({
        en: `It is not known when the support of ${name} ${major} ends.`,
        sv: `Det är inte känt när supporten för ${name} ${major} upphör.`,
      })
    if (today > end)
      return fail({
        en: `The support of ${name} ${major} ended on ${end}.`,
        sv: `Supporten för ${name} ${major} upphörde ${end}.`,
      })
    said.push({ en: `${name} ${major} until ${end}`, sv: `${name} ${major} till ${end}` })
  }
  return pass({
    en: `Supported: ${said.map(({ en }) => en).join(', ')}.`,
    sv: `Med support: ${said.map(({ sv }) => sv).join(', ')}.`,
  })
}

export function findUnpinned({ asked, unlocked }: LockWorld): Finding {
  const names = Object.entries(asked)
  const loose = names.find(([, version]) => !exact.test(version))
  if (loose)
    return fail({
      en: `${loose[0]} is not asked for in one exact version.`,
      sv: `${loose[0]} begärs inte i en exakt version.`,
    })
  const [first] = unlocked
  if (first !== undefined)
    return fail({ en: `${first} is locked without a digest.`, sv: `${first} är låst utan kontrollsumma.` })
  if (names.length === 0) return noData({ en: 'No package is asked for.', sv: 'Inget paket begärs.' })
  return pass({
    en: `${names.length} packages asked for, each in one exact version, and all that are locked with a digest.`,
    sv: `${names.length} paket begärs, vart och ett i en exakt version, och alla låsta har en kontrollsumma.`,
  })
}
