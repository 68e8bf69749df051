import { migrate as migrateDatabase } from '#platform/database'
import { openOwnPostgres } from '#platform/postgres'
import { type Command, exit, UsageError } from './command.ts'

export const migrate: Command = {
  form: '',
  options: {},
  positionals: { min: 0, max: 0 },
  async run(context) {
    const config = context.readConfig()
    if (config.databaseUrl && !config.databaseOwnerUrl)
      throw new UsageError('Set VOUCH_DATABASE_OWNER_URL to the role vouch_owner of the same database.')
    const log = await context.createLog(config)
    const own = config.databaseUrl
      ? undefined
      : await openOwnPostgres({ home: config.home, log: (event, fields) => log.info(event, fields) })
    try {
      const applied = await migrateDatabase(own?.urls.owner ?? config.databaseOwnerUrl ?? '')
      context.answer(
        { applied },
        applied.length > 0
          ? `Applied:\n${applied.map((name) => `  ${name}`).join('\n')}`
          : 'The database is up to date.',
      )
    } finally {
      await own?.close()
    }
    return exit.ok
  },
}
