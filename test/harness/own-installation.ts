/** An installation as a user has it: a home, `vouch serve` with its own PostgreSQL (fsync on), and the command line. */
import { type ChildProcess, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { openOwnPostgres } from '#platform/postgres'
import { createDatabaseForTest } from './databases.ts'
import { type ServerProcess, startServer } from './server-process.ts'

const root = new URL('../../', import.meta.url).pathname

const alive = new Set<ChildProcess>()
process.on('exit', () => alive.forEach((child) => child.kill('SIGKILL')))

export type Ran = { code: number; out: string; err: string }

const isOwnSetting = (name: string): boolean => name.startsWith('VOUCH_')

let last: Promise<unknown> = Promise.resolve()

/**
 * Runs `vouch …words` to its end in this process, for of a command's second nearly all is the start of a process. One at a
 * time, for the settings are the process's environment. What waits for a signal is for `spawnVouch`.
 */
export function runVouch(
  words: readonly string[],
  settings: Readonly<Record<string, string>>,
  input = '',
  { isTerminal = false }: { isTerminal?: boolean } = {},
): Promise<Ran> {
  const run = async (): Promise<Ran> => {
    const { main } = await import('#cli')
    const kept = Object.entries(process.env).filter(([name]) => isOwnSetting(name))
    const clear = (): void => {
      for (const name of Object.keys(process.env)) if (isOwnSetting(name)) delete process.env[name]
    }
    const said = { out: '', err: '' }
    clear()
    Object.assign(process.env, settings)
    try {
      const code = await main(words, {
        out: (text) => void (said.out += text),
        err: (text) => void (said.err += text),
        read: () => Promise.resolve(Buffer.from(input)),
        isTerminal,
        columns: 100,
        stopped: () => new Promise(() => {}),
      })
      return { code, ...said }
    } finally {
      clear()
      Object.assign(process.env, Object.fromEntries(kept))
    }
  }
  const running = last.then(run)
  last = running.catch(() => {})
  return running
}

/** Runs `vouch …words` to its end as a process of its own. */
export async function spawnVouch(
  words: readonly string[],
  settings: Readonly<Record<string, string>>,
  input?: string,
): Promise<Ran> {
  const inherited = Object.entries(process.env).filter(([name]) => !isOwnSetting(name) && !name.startsWith('NODE_TEST'))
  const env = { ...Object.fromEntries(inherited), ...settings }
  const child = spawn(process.execPath, [`${root}src/main.ts`, ...words], { env, stdio: ['pipe', 'pipe', 'pipe'] })
  alive.add(child)
  // A command that refuses its words does not wait for its input.
  child.stdin.on('error', () => {})
  child.stdin.end(input ?? '')
  let out = ''
  let err = ''
  child.stdout.on('data', (data) => (out += data))
  child.stderr.on('data', (data) => (err += data))
  const code = await new Promise<number>((resolve) => void child.once('close', (status) => resolve(status ?? -1)))
  alive.delete(child)
  return { code, out, err }
}

export type Installation = AsyncDisposable & {
  readonly home: string
  readonly settings: Readonly<Record<string, string>>
  /** Starts `vouch serve`; ended with the installation. */
  serve(more?: Readonly<Record<string, string>>): Promise<ServerProcess>
  /** A command, in this process. */
  run(words: readonly string[], more?: Readonly<Record<string, string>>, input?: string): Promise<Ran>
  /** A command, in a process of its own. */
  spawn(words: readonly string[], more?: Readonly<Record<string, string>>, input?: string): Promise<Ran>
  /** A tenant's live key. */
  createTenant(name: string): Promise<string>
  postmasterPid(): number | undefined
  /** All processes of this home's PostgreSQL. */
  postgresPids(): number[]
  /** Opens the database beside the server for as long as `work` takes, as its superuser. */
  withAdminUrl<T>(work: (adminUrl: string) => Promise<T>): Promise<T>
}

/** `on: 'shared'`: on a database in the run's PostgreSQL, for tests to which its own makes no difference. */
export async function createInstallation(
  options: { home?: string; on?: 'own' | 'shared' } = {},
): Promise<Installation> {
  const home = options.home ?? (await mkdtemp(join(tmpdir(), 'vouch-own-')))
  const database = options.on === 'shared' ? await createDatabaseForTest() : undefined
  const settings = {
    VOUCH_HOME: home,
    VOUCH_PORT: '0',
    VOUCH_LOG_LEVEL: 'info',
    ...(database ? { VOUCH_DATABASE_URL: database.urls.app } : {}),
  }
  const servers: ServerProcess[] = []
  const run: Installation['run'] = (words, more = {}, input) => runVouch(words, { ...settings, ...more }, input)
  const installation: Installation = {
    home,
    settings,
    async serve(more = {}) {
      const server = await startServer({ ...settings, ...more })
      servers.push(server)
      return server
    },
    run,
    spawn: (words, more = {}, input) => spawnVouch(words, { ...settings, ...more }, input),
    async createTenant(name) {
      const { code, out, err } = await run(['tenant', 'create', name, '--json'])
      if (code !== 0) throw new Error(`vouch tenant create ended with ${code}: ${err}`)
      return JSON.parse(out).key
    },
    postmasterPid: () => Number(readIfThere(join(dataOf(home), 'postmaster.pid')).split('\n')[0]) || undefined,
    postgresPids: () => pidsIn(dataOf(home)),
    async withAdminUrl(work) {
      if (database) return work(database.urls.admin)
      const own = await openOwnPostgres({ home, log: () => {} })
      try {
        return await work(own.urls.admin)
      } finally {
        await own.close()
      }
    },
    async [Symbol.asyncDispose]() {
      for (const server of servers) server.kill('SIGKILL')
      await Promise.all(servers.map((server) => server.exited))
      await database?.drop()
      for (let tries = 0; tries < 50 && pidsIn(dataOf(home)).length > 0; tries++) {
        for (const pid of pidsIn(dataOf(home))) killIfThere(pid)
        await sleep(20)
      }
      const data = dataOf(home)
      await rm(socketFolderOf(home), { recursive: true, force: true })
      if (!data.startsWith(home)) await rm(join(data, '..'), { recursive: true, force: true })
      if (options.home === undefined) await rm(home, { recursive: true, force: true })
    },
  }
  return installation
}

const readIfThere = (path: string): string => {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
const dataOf = (home: string): string =>
  join(readIfThere(join(home, 'postgres', 'LOCATION')).split('\n')[0] || join(home, 'postgres'), 'data')

/** As platform/postgres/place.ts names it; left behind when it is not removed here, for it lies outside of the home. */
export const socketFolderOf = (home: string): string =>
  `/tmp/vouch-${createHash('sha256').update(home).digest('hex').slice(0, 16)}-${process.getuid?.()}`

/** Processes whose working folder is `folder`: all of PostgreSQL's are in their data. */
export function pidsIn(folder: string): number[] {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(Number).filter((pid) => {
    try {
      return readlinkSync(`/proc/${pid}/cwd`) === folder
    } catch {
      return false
    }
  }) // prettier-ignore
}

export function killIfThere(pid: number | undefined, signal: NodeJS.Signals = 'SIGKILL'): void {
  try {
    if (pid !== undefined) process.kill(pid, signal)
  } catch {
    // It is gone already.
  }
}
