/** `vouch serve` with a fault point: the process throws or dies around one chosen write. */
import { openVouch } from '#app'
import { environment, readConfig } from '#config'
import { systemClock } from '#kernel/clock'
import { createLog } from '#platform/telemetry'
import type { FaultPoint } from './server-process.ts'

const fault = JSON.parse(process.argv[2] ?? '{}') as FaultPoint
let seen = 0
let isArmed = fault.since === undefined
const strike = (when: 'before' | 'after') => (statement: string) => {
  if (fault.since !== undefined && statement.includes(fault.since)) isArmed = true
  if (!isArmed) return
  if (when !== fault.when || !statement.includes(fault.match) || ++seen !== (fault.nth ?? 1)) return
  if (fault.action === 'kill') process.kill(process.pid, 'SIGKILL')
  throw new Error('a planted fault')
}
const config = readConfig(environment())
const log = createLog({ clock: systemClock, level: config.logLevel })
const vouch = await openVouch({
  config,
  clock: systemClock,
  log,
  as: 'server',
  hooks: { before: strike('before'), after: strike('after') },
})
const url = await vouch.server.listen({ host: config.host, port: config.port })
process.stderr.write(`Vouch serves on ${url}\n`)
process.once('SIGTERM', () => void vouch.close())
