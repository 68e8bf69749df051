/** One tenant's rounds in a process of its own, which dies around one write. Tells each checkpoint it was given, a line each. */
import { writeSync } from 'node:fs'
import { enableCompileCache } from 'node:module'
import pg from 'pg'
import type { WritePoint } from './log-rounds.ts'

// Many are started, one after the other.
enableCompileCache()
const { openVouch } = await import('#app')
const { environment, readConfig } = await import('#config')
const { systemClock } = await import('#kernel/clock')
const { createLog } = await import('#platform/telemetry')
const { isSamePoint, rounds, watchRounds } = await import('./log-rounds.ts')

const { tenantId, adminUrl, point } = JSON.parse(process.argv[2] ?? '{}') as {
  tenantId: string
  adminUrl: string
  point: WritePoint
}
let isArmed = false
const hooks = watchRounds((here) => {
  if (isArmed && isSamePoint(here, point)) process.kill(process.pid, 'SIGKILL')
})
const config = readConfig(environment())
const log = createLog({ clock: systemClock, level: config.logLevel })
const vouch = await openVouch({ config, clock: systemClock, log, as: 'guest', hooks })
const admin = new pg.Client(adminUrl)
await admin.connect()
hooks.reset()
isArmed = true
for (const round of rounds) {
  const shown = await round({ vouch, admin, tenantId })
  // At once: what is left to the stream dies with the process.
  if (shown) writeSync(1, `${JSON.stringify({ size: String(shown.size), note: shown.note })}\n`)
}
await admin.end()
await vouch.close()
