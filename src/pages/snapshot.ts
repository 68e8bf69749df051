/**
 * What many ask for and little changes: the last value that was read. One read at a time, and no sooner than
 * `everyMs` after the one before, however many ask. While reading fails, all get the last value.
 */
import type { Clock } from '#kernel/clock'
import { Fault } from '#kernel/fault'

export type Snapshot<T> = {
  /** The last value. Waits where there is none, and shortly where it is old; throws where none can be had. */
  read(): Promise<T>
}

/** A value older than this is worth a short wait, if the read before went well. */
const oldMs = 30_000
const patienceMs = 1_500
/** A read that takes longer has failed, and the next one may begin. */
const longestReadMs = 10_000

export function createSnapshot<T>(needs: { load(): Promise<T>; clock: Clock; everyMs: number }): Snapshot<T> {
  const { load, clock, everyMs } = needs
  let last: { value: T; atMs: number } | undefined
  let reading: Promise<void> | undefined
  let beganMs = -Infinity
  let wentWell = true

  const refresh = async (): Promise<void> => {
    beganMs = clock.elapsed()
    try {
      const value = await Promise.race([load(), tooLate()])
      last = { value, atMs: clock.elapsed() }
      wentWell = true
    } catch (error) {
      wentWell = false
      if (!last) throw error
    } finally {
      reading = undefined
    }
  }

  return {
    async read() {
      const nowMs = clock.elapsed()
      if (!reading && nowMs - beganMs >= everyMs) {
        reading = refresh()
        reading.catch(() => undefined)
      }
      const isOld = last !== undefined && nowMs - last.atMs > oldMs
      if (reading && !last) await reading
      else if (reading && isOld && wentWell && nowMs - beganMs < patienceMs) await Promise.race([reading, pause()])
      if (!last) throw notYet()
      return last.value
    },
  }
}

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, patienceMs).unref())
const tooLate = (): Promise<never> =>
  new Promise((_, reject) => setTimeout(() => reject(notYet()), longestReadMs).unref())
const notYet = (): Fault =>
  new Fault('unavailable', 'The states are not known yet. Ask again in a moment.', { retryAfterSeconds: 2 })
