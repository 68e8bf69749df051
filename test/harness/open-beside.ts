/** One more Vouch in this process on a world's installation. It has signed nothing: it knows what is stored, and no more. */
import { openVouch, type Vouch } from '#app'
import { readConfig } from '#config'
import { type Clock, systemClock } from '#kernel/clock'
import { createLog } from '#platform/telemetry'
import type { World } from './index.ts'

export async function openBeside(
  world: World,
  clock: Clock = systemClock,
): Promise<{ vouch: Vouch } & AsyncDisposable> {
  const log = createLog({ clock, level: 'silent' })
  const vouch = await openVouch({ config: readConfig(world.settings), clock, log, as: 'guest' })
  return { vouch, [Symbol.asyncDispose]: () => vouch.close() }
}
