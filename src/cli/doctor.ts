import { statfs } from 'node:fs/promises'
import { version } from '#app'
import { type Command, exit } from './command.ts'
import { withVouch } from './open-guest.ts'

type Finding = { name: string; ok: boolean; saw: string }
const gigabyte = 1e9

function isNodeNewEnough(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return major > 24 || (major === 24 && minor >= 12)
}

export const doctor: Command = {
  form: '',
  more: 'Exit code 1 when something needs care.',
  options: {},
  positionals: { min: 0, max: 0 },
  run: (context) =>
    withVouch(context, async ({ config, database, own }) => {
      const { bavail, bsize } = await statfs(config.home)
      const free = bavail * bsize
      const [server] = await database.connections.inspect<{ version: string; major: number; fsync: string }>(
        `select current_setting('server_version') as version, current_setting('server_version_num')::int / 10000 as major, current_setting('fsync') as fsync`,
      )
      const findings: Finding[] = [
        { name: 'node', ok: isNodeNewEnough(process.versions.node), saw: process.versions.node },
        {
          name: 'postgresql',
          ok: (server?.major ?? 0) >= 15,
          saw: `${server?.version ?? 'unknown'}${own ? ', our own' : ''}`,
        },
        { name: 'durability', ok: server?.fsync === 'on', saw: `fsync ${server?.fsync ?? 'unknown'}` },
        { name: 'database_role', ok: true, saw: 'cannot step over the walls (checked at start)' },
        { name: 'migrations', ok: true, saw: 'up to date (checked at start)' },
        {
          name: 'master_key',
          ok: true,
          saw:
            config.masterKey.value === undefined
              ? `opens; file ${config.masterKey.file}: is it backed up?`
              : 'opens; from VOUCH_MASTER_KEY',
        },
        { name: 'disk', ok: free > gigabyte, saw: `${(free / gigabyte).toFixed(1)} GB free below ${config.home}` },
      ]
      const text = findings.map(({ name, ok, saw }) => `${ok ? '●' : '✕'} ${name.padEnd(14)} ${saw}`).join('\n')
      context.answer({ version, ok: findings.every(({ ok }) => ok), findings }, text)
      return findings.every(({ ok }) => ok) ? exit.ok : exit.failed
    }),
}
