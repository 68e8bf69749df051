/** `vouch serve` with a fault point: the process throws or dies around one chosen write. */
import { openVouch } from '#app'
import { environment, readConfig } from '#config'
import { systemClock } from '#kernel/clock'
import { createLog } from '#platform/telemetry'
import { type FaultPoint, strikeAt } from './fault-point.ts'

const fault = JSON.parse(process.argv[2] ?? '{}') as FaultPoint
const config = readConfig(environment())
const log = createLog({ clock: systemClock, level: config.logLevel })
const vouch = await openVouch({ config, clock: systemClock, log, as: 'server', hooks: strikeAt(() => fault) })
const url = await vouch.server.listen({ host: config.host, port: config.port })
process.stderr.write(`Vouch serves on ${url}\n`)
process.once('SIGTERM', () => void vouch.close())
