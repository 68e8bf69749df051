import { openVouch, version } from '#app'
import { type Command, type Context, exit } from './command.ts'

export const serve: Command = {
  form: '',
  options: {},
  positionals: { min: 0, max: 0 },
  async run(context: Context) {
    const config = context.readConfig()
    const log = await context.createLog(config)
    const stopped = context.terminal.stopped()
    const vouch = await openVouch({ config, clock: context.clock, log, as: 'server' })
    try {
      const url = await vouch.server.listen({ host: config.host, port: config.port })
      vouch.startLoops()
      log.info('serving', { url, home: config.home, version })
      context.terminal.err(`Vouch serves on ${url}\n`)
      const signal = await stopped
      log.info('stopping', { signal })
    } finally {
      await vouch.close()
    }
    return exit.ok
  },
}
