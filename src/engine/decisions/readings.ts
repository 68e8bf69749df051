/** Readings: what a policy needs of the counters, as they are before the event is counted. */
import type { Profile, Reading } from '#engine/decide'
import { kindNumber, type Subject, toPartner } from '#engine/journal'
import {
  countApproved, isEmpty, readAmounts, readHours, readPartner, readPartners, readPlace, readWindow, type SubjectState, type WindowEvent,
} from '#engine/windows' // prettier-ignore

/** By name. What is not here could not be read: nobody was named, or too little is known. */
export type Readings = Readonly<Record<string, number | readonly number[]>>

export type Seen = {
  /** By the name that readings use: `user`, `user_merchant`. */
  subjects: ReadonlyMap<string, Subject>
  country: Subject | undefined
  atMs: number
  currency: string
  place: WindowEvent['place']
  stateOf(subject: Subject): SubjectState
}

export function readCounters(wanted: ReadonlyMap<string, Reading>, seen: Seen): Readings {
  const readings: Record<string, number | readonly number[]> = {}
  for (const [name, { of, is }] of wanted) {
    const subject = seen.subjects.get(of)
    const value = subject && readOne(is, seen.stateOf(subject), seen)
    if (value !== undefined) readings[name] = value
  }
  return readings
}

function readOne(is: Reading['is'], state: SubjectState, seen: Seen): number | readonly number[] | undefined {
  const { atMs, currency } = seen
  if ('profile' in is) return profiles[is.profile](state, seen)
  if ('different' in is) return readPartners(state, kindNumber(is.different), { lengthMs: is.lengthMs, atMs })
  const { attempts, approved, attemptedMinor, approvedMinor } = readWindow(state, { lengthMs: is.lengthMs, atMs, currency })
  if (is.what === 'payments') return is.count === 'attempts' ? attempts : approved
  return is.count === 'attempts' ? attemptedMinor : approvedMinor
} // prettier-ignore

const dayMs = 86_400_000

const profiles: Readonly<Record<Profile, (state: SubjectState, seen: Seen) => number | readonly number[] | undefined>> =
  {
    age_days: (state, { atMs }) => (isEmpty(state) ? undefined : Math.max(0, atMs - state.firstSeenMs) / dayMs),
    payments: (state, { currency }) => readAmounts(state, currency)?.count ?? 0,
    mean_minor: (state, { currency }) => readAmounts(state, currency)?.mean,
    deviation_minor: (state, { currency }) => readAmounts(state, currency)?.deviation,
    maximum_minor: (state, { currency }) => readAmounts(state, currency)?.maximum,
    hours: readHours,
    approved_countries: (state) => countApproved(state, kindNumber('country')),
    country_payments: (state, { country }) => country && (readPartner(state, toPartner(country))?.count ?? 0),
    distance_km: (state, seen) => journey(state, seen)?.km,
    speed_kmh: (state, seen) => journey(state, seen)?.kmh,
  }

/** Two places to a tenth of a degree are known to this, at worst. */
const roundKm = 16
const minuteHours = 1 / 60
const earthKm = 6_371

/** Whole numbers. Sine and root differ between engines in the last bit, so what was read is stored with the decision. */
function journey(state: SubjectState, { place, atMs }: Seen): { km: number; kmh: number } | undefined {
  const last = readPlace(state)
  if (!last || !place) return undefined
  const radians = (tenths: number): number => (tenths * Math.PI) / 1_800
  const [from, to] = [radians(last.lat), radians(place.lat)]
  const chord =
    Math.sin((to - from) / 2) ** 2 + Math.cos(from) * Math.cos(to) * Math.sin(radians(place.lon - last.lon) / 2) ** 2
  const km = Math.round(2 * earthKm * Math.asin(Math.min(1, Math.sqrt(chord))))
  // One that comes late was before the last.
  const hours = Math.max(minuteHours, Math.abs(atMs - last.atMs) / 3_600_000)
  return { km, kmh: Math.round(Math.max(0, km - roundKm) / hours) }
}
