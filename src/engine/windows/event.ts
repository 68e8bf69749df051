/** What happens to a subject: one attempt to pay. */

export type WindowEvent = {
  readonly atMs: number
  readonly isApproved: boolean
  readonly minor: number
  readonly currency: string
  /** Hour of the day where it happened, 0 to 23; null if not known. */
  readonly hour: number | null
  /** Where it happened, in whole tenths of a degree; null if not known. */
  readonly place: { readonly lat: number; readonly lon: number } | null
  /** Others that took part, each once. */
  readonly partners: readonly Partner[]
}

/** `kind`: 0 to 255. `key`: a byte a letter (latin1), of which the first 8 count. */
export type Partner = { readonly kind: number; readonly key: string }

export const maxLat = 900
export const maxLon = 1_800

const isWhole = (number: number, least: number, most: number): boolean =>
  Number.isInteger(number) && number >= least && number <= most

/** Throws for what the bytes of a state cannot say: a state that took it would differ when it is read again. */
export function requireWritable({ hour, place, partners }: WindowEvent): void {
  if (hour !== null && !isWhole(hour, 0, 23)) throw new RangeError('an hour of the day is 0 to 23')
  if (place && !(isWhole(place.lat, -maxLat, maxLat) && isWhole(place.lon, -maxLon, maxLon)))
    throw new RangeError('a place is in whole tenths of a degree')
  for (const { kind } of partners) if (!isWhole(kind, 0, 255)) throw new RangeError('the kind of a partner is 0 to 255')
}
