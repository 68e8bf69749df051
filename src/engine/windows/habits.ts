/** When in the day a subject pays, and where it paid last. Approved payments only. */
import type { WindowEvent } from './event.ts'

export type LastPlace = { readonly lat: number; readonly lon: number; readonly atMs: number }

export type Habits = {
  /** Payments by hour of the day: 24 counts, or none while no hour is known. */
  hours: number[]
  place: LastPlace | undefined
}

export const hoursOfDay = 24
/** Above this sum all counts are halved, so that old habits fade. */
export const maxHours = 1_000

export function addHabits(habits: Habits, { atMs, isApproved, hour, place }: WindowEvent): void {
  if (!isApproved) return
  if (hour !== null) addHour(habits, hour)
  // Of equally late ones the last that is added. Zero has one sign only, or bytes would not give the same place again.
  if (place && atMs >= (habits.place?.atMs ?? 0)) habits.place = { lat: place.lat || 0, lon: place.lon || 0, atMs }
}

/** Approved payments by hour of the day, 0 to 23. */
export const readHours = ({ hours }: Pick<Habits, 'hours'>): readonly number[] =>
  hours.length > 0 ? hours.slice() : noHours()

/** Of the newest approved event that had a place, however old it is. */
export const readPlace = ({ place }: Pick<Habits, 'place'>): LastPlace | undefined => place

const zeros: readonly number[] = Array.from({ length: hoursOfDay }, () => 0)
export const noHours = (): number[] => zeros.slice()

function addHour(habits: Habits, hour: number): void {
  if (habits.hours.length === 0) habits.hours = noHours()
  const { hours } = habits
  hours[hour] = (hours[hour] ?? 0) + 1
  let sum = 0
  for (const count of hours) sum += count
  if (sum > maxHours) for (const [at, count] of hours.entries()) hours[at] = Math.floor(count / 2)
}
