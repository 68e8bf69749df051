import { canonicalJson, type Json } from '#kernel/canonical-json'
import type { Clock } from '#kernel/clock'
import type { Check, Finding, Text } from '#kernel/control'
import { Fault } from '#kernel/fault'

/** What became of one look. `error`: nobody could look, so it shows nothing, good or bad. Times in ms since 1970. */
export type Outcome = {
  readonly result: Finding['result'] | 'error'
  readonly saw: Text
  readonly seen: Json
  /** What was seen is no younger than this. */
  readonly startedMs: number
  readonly endedMs: number
}

type RunNeeds = {
  clock: Clock
  /** Ends waiting for a look, e.g. because the process stops. */
  stopped?: AbortSignal
  /** Told of everything that a check threw, for the log: `saw` names only the kind of error. */
  noteError(error: unknown): void
}

const longestSaw = 2_000
const mostEvidenceBytes = 65_536

/** As it can be stored anywhere: of bounded length, well-formed, without NUL. */
const toStorable = (text: string): string => text.slice(0, longestSaw).toWellFormed().replaceAll('\0', ' ')

function canBeKept(seen: Json): boolean {
  try {
    return Buffer.byteLength(canonicalJson(seen)) <= mostEvidenceBytes
  } catch {
    return false
  }
}

/** What may be said of an error in public: our own message, or its kind. Messages of others may carry values. */
function describeError(error: unknown): Text {
  if (error instanceof Fault) return { en: error.message, sv: error.code }
  const name =
    error instanceof Error && 'code' in error && typeof error.code === 'string'
      ? `${error.name} ${error.code}`
      : error instanceof Error
        ? error.name
        : 'error'
  return { en: name, sv: name }
}

/**
 * Runs one look of a check and never throws. A pass counts only if it came in time, says what it saw and can be written
 * down; a no always counts. A look that hangs is left behind: its slot is free again, and its later answer is not heard.
 */
export async function runLook(
  look: () => Promise<Finding>,
  { what, timeoutMs }: Pick<Check, 'what' | 'timeoutMs'>,
  { clock, noteError, stopped }: RunNeeds,
): Promise<Outcome> {
  const startedMs = clock.now()
  const startedElapsedMs = clock.elapsed()
  const about = (result: Outcome['result'], saw: Text, seen: Json = null): Outcome => ({
    result,
    saw,
    seen,
    startedMs,
    endedMs: clock.now(),
  })
  const tooLate = (): Outcome =>
    about('error', {
      en: `No answer within ${timeoutMs} ms. ${what.en}`,
      sv: `Inget svar inom ${timeoutMs} ms. ${what.sv}`,
    })
  const deadline = Promise.withResolvers<null>()
  const giveUp = (): void => deadline.resolve(null)
  const timer = setTimeout(giveUp, timeoutMs)
  stopped?.addEventListener('abort', giveUp, { once: true })
  try {
    const found = await Promise.race([look(), deadline.promise])
    if (found === null) return tooLate()
    const { result, seen = null } = found
    const saw = { en: toStorable(found.saw.en), sv: toStorable(found.saw.sv) }
    const isSilent = saw.en.trim() === '' || saw.sv.trim() === ''
    const isKept = canBeKept(seen)
    const silence = {
      en: `An answer that does not say what was seen. ${what.en}`,
      sv: `Ett svar som inte säger vad som sågs. ${what.sv}`,
    }
    if (result === 'fail') return about('fail', isSilent ? silence : saw, isKept ? seen : null)
    // A check that blocks the process delays the timer as well, so the time it took is looked at once more.
    if (clock.elapsed() - startedElapsedMs > timeoutMs) return tooLate()
    if (isSilent) return about('error', silence)
    if (!isKept)
      return about('error', {
        en: `An answer with evidence that cannot be kept. ${what.en}`,
        sv: `Ett svar vars bevis inte kan sparas. ${what.sv}`,
      })
    return about(result, saw, seen)
  } catch (error) {
    noteError(error)
    const { en, sv } = describeError(error)
    return about('error', {
      en: `Could not look (${en}). ${what.en}`,
      sv: `Kunde inte kontrollera (${sv}). ${what.sv}`,
    })
  } finally {
    clearTimeout(timer)
    stopped?.removeEventListener('abort', giveUp)
  }
}
