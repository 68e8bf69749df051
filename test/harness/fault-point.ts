/** Where a process is to throw or to die: around the n-th statement of a kind. */
import type { WriteHooks } from '#platform/database'

/** The n-th statement whose text holds `match`, counted from the first whose text holds `since`. */
export type FaultPoint = {
  match: string
  since?: string
  nth?: number
  when: 'before' | 'after'
  action: 'throw' | 'kill'
}

/** Hooks that strike once at the point that is set; another point is counted from its own beginning. */
export function strikeAt(point: () => FaultPoint | undefined): Required<WriteHooks> {
  let current: FaultPoint | undefined
  let seen = 0
  let isArmed = false
  const strike = (when: 'before' | 'after') => (statement: string) => {
    const fault = point()
    if (fault !== current) [current, seen, isArmed] = [fault, 0, fault?.since === undefined]
    if (!fault) return
    if (fault.since !== undefined && statement.includes(fault.since)) isArmed = true
    if (!isArmed) return
    if (when !== fault.when || !statement.includes(fault.match) || ++seen !== (fault.nth ?? 1)) return
    if (fault.action === 'kill') process.kill(process.pid, 'SIGKILL')
    throw new Error('a planted fault')
  }
  return { before: strike('before'), after: strike('after') }
}
