/** Bytes that are not of the form their specification demands, or that do not prove what they claim to. */
export class TlogError extends Error {
  override name = 'TlogError'
}
