/** Readings: what counters of a subject, or of two together, can be asked for. Declared here; `decisions` reads them. */

export const subjectNames = ['user', 'merchant', 'card', 'agent', 'device', 'ip'] as const
export type SubjectName = (typeof subjectNames)[number]
export type Partner = SubjectName | 'country'

/** A number, or with `hours` 24 of them. */
export type Reading = {
  /** `user`, or a pair, `user_merchant`. */
  of: string
  is:
    | { count: 'attempts' | 'approved'; what: 'payments' | 'sum'; lengthMs: number }
    | { different: Partner; lengthMs: number }
    | { profile: Profile }
}
export type Counter = { name: string; type: string; unit: string; means: string; reading: Reading }

export const windows = [['1m', 60_000], ['5m', 300_000], ['1h', 3_600_000], ['1d', 86_400_000], ['7d', 604_800_000], ['30d', 2_592_000_000]] as const // prettier-ignore

/** Two subjects together, as in how often this user pays this merchant. Counted once a published policy reads it. */
export const pairs: readonly { name: string; one: SubjectName; other: SubjectName }[] = subjectNames.flatMap(
  (one, at) => subjectNames.slice(at + 1).map((other) => ({ name: `${one}_${other}`, one, other })),
)

export const isPair = (of: string): boolean => pairs.some(({ name }) => name === of)

/** Of whom a subject counts how many different ones it was seen with. A merchant sees everybody, and counts nobody. */
export const partners: Readonly<Record<SubjectName, readonly (readonly [partner: Partner, word: string])[]>> = {
  user: [['merchant', 'merchants'], ['card', 'cards'], ['device', 'devices'], ['ip', 'ips'], ['country', 'countries']],
  merchant: [],
  card: [['merchant', 'merchants'], ['user', 'users'], ['device', 'devices'], ['country', 'countries']],
  agent: [['user', 'users'], ['merchant', 'merchants']],
  device: [['user', 'users'], ['card', 'cards']],
  ip: [['user', 'users'], ['card', 'cards'], ['device', 'devices']],
} // prettier-ignore

/** Subjects that have habits; the others are only counted. */
export const habitual = ['user', 'card'] as const

const profiles = [
  ['age_days', 'double', 'days', 'Days since {it} was first seen. Missing at the first time.'],
  ['payments', 'int', 'payments', "Approved payments of {it} in the event's currency."],
  ['mean_minor', 'double', 'minor units', 'Their mean.'],
  ['deviation_minor', 'double', 'minor units', 'Their standard deviation.'],
  ['maximum_minor', 'int', 'minor units', 'The largest of them.'],
  ['approved_countries', 'int', 'countries', 'Different countries that approved payments of {it} came from; 32 stands for more.'],
  ['country_payments', 'int', 'payments', "Approved payments of {it} from the event's country."],
  ['distance_km', 'double', 'km', "From the place of {it}'s last approved payment to the event's, each to a tenth of a degree."],
  ['speed_kmh', 'double', 'km/h', 'That distance, less the 16 km that round places can be off, ÷ the time between them, at least a minute.'],
] as const // prettier-ignore
export type Profile = (typeof profiles)[number][0] | 'hours'

const countsOf = (of: string, it: string): Counter[] =>
  (['attempts', 'approved'] as const).flatMap((count) =>
    windows.flatMap(([window, lengthMs]): Counter[] => {
      const means = `${count === 'attempts' ? 'Payments tried by' : 'Approved payments of'} ${it} in the last ${window}`
      const reading = (what: 'payments' | 'sum'): Reading => ({ of, is: { count, what, lengthMs } })
      return [
        { name: `${of}.${count}_${window}`, type: 'int', unit: 'payments', means: `${means}.`, reading: reading('payments') },
        { name: `${of}.${count}_sum_${window}`, type: 'int', unit: 'minor units', means: `${means}, summed in the event's currency.`, reading: reading('sum') },
      ] // prettier-ignore
    }),
  )

const differentOf = (of: SubjectName): Counter[] =>
  partners[of].flatMap(([different, word]) =>
    windows.slice(2).map(([window, lengthMs]): Counter => {
      const means = `Different ${word} seen with the ${of} in the last ${window}; 32 stands for more.`
      return { name: `${of}.${word}_${window}`, type: 'int', unit: word, means, reading: { of, is: { different, lengthMs } } }
    }),
  ) // prettier-ignore

const profileOf = (of: string, it: string, isHabitual: boolean): Counter[] =>
  profiles.flatMap(([profile, type, unit, means]): Counter[] =>
    isHabitual || profile === 'age_days'
      ? [{ name: `${of}.${profile}`, type, unit, means: means.replace('{it}', it), reading: { of, is: { profile } } }]
      : [],
  )

const isHabitual = (of: string): boolean => habitual.some((one) => one === of)
const ofSubject = (of: SubjectName): Counter[] => [
  ...countsOf(of, `the ${of}`),
  ...differentOf(of),
  ...profileOf(of, `the ${of}`, isHabitual(of)),
]
const ofPair = ({ name, one, other }: (typeof pairs)[number]): Counter[] => [
  ...countsOf(name, `this ${one} with this ${other}`),
  ...profileOf(name, `this ${one} with this ${other}`, false),
]
export const counters: readonly Counter[] = [...subjectNames.flatMap(ofSubject), ...pairs.flatMap(ofPair)]

/** By name. `hours` is no signal: `hour_share` is made from it. */
export const readings: ReadonlyMap<string, Reading> = new Map([
  ...counters.map(({ name, reading }): [string, Reading] => [name, reading]),
  ...habitual.map((of): [string, Reading] => [`${of}.hours`, { of, is: { profile: 'hours' } }]),
])
