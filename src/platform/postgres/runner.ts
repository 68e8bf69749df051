/**
 * Under whose name PostgreSQL runs. It refuses to run as root, so root either maps itself to an ordinary user in a
 * user namespace (files stay root's, nothing needs to be moved) or switches to one.
 */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { userInfo } from 'node:os'

export type Runner = {
  kind: 'direct' | 'namespace' | 'switched'
  /** Owner of PostgreSQL's files, as seen from this process. */
  uid: number
  gid: number
  /** Turns a command into what must be spawned. */
  wrap(command: string, args: readonly string[]): Wrapped
}
export type Wrapped = { command: string; args: string[]; options: { uid?: number; gid?: number } }

/** All that PostgreSQL and the programs around it see of the environment: nothing of ours. */
export const cleanEnvironment = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  LC_ALL: 'C',
  TZ: 'UTC',
} as const

const whatToDo = 'Run Vouch as an ordinary user, or set VOUCH_DATABASE_URL to a PostgreSQL of your own.'

export function chooseRunner(given: {
  unshare: 'auto' | 'never'
  data: string
  /** Who owns the data, if there is any: only its owner can run it. */
  dataOwner: { uid: number; gid: number } | undefined
}): Runner {
  const uid = process.getuid?.()
  const gid = process.getgid?.()
  if (uid === undefined || gid === undefined) {
    throw new Error(`Vouch's own PostgreSQL needs Linux or macOS. ${whatToDo}`)
  }
  const owner = given.dataOwner
  if (uid !== 0) {
    if (owner && owner.uid !== uid) {
      throw new Error(
        `${given.data} belongs to uid ${owner.uid}, and Vouch runs as uid ${uid}. Run Vouch as its owner.`,
      )
    }
    const isNamed = hasName()
    return (isNamed || given.unshare === 'never' ? undefined : tryNamespace(uid, gid)) ?? runDirectly(uid, gid)
  }
  if (owner && owner.uid !== 0) return trySwitch(owner.uid, owner.gid) ?? refuseRoot()
  const namespace = given.unshare === 'never' ? undefined : tryNamespace(uid, gid)
  if (namespace) return namespace
  if (owner) {
    throw new Error(
      `${given.data} belongs to root, and this system does not allow the user namespace that runs it. ` +
        `Give it to an ordinary user (chown -R postgres ${given.data}), or allow user namespaces.`,
    )
  }
  const users = readUsers()
  const user = users.find(({ name }) => name === 'postgres') ?? users.find(({ name }) => name === 'nobody')
  return (user && trySwitch(user.uid, user.gid)) ?? refuseRoot()
}

/** Whether PostgreSQL, as it will run, can read and execute this program or enter this folder. */
export function canReach(runner: Runner, path: string): boolean {
  return succeeds(runner.wrap('/bin/sh', ['-c', 'test -r "$1" && test -x "$1"', 'sh', path]))
}

/** As `canReach`, for a folder that need only be passed through. */
export function canPassThrough(runner: Runner, folder: string): boolean {
  return succeeds(runner.wrap('/bin/sh', ['-c', 'test -x "$1"', 'sh', folder]))
}

function refuseRoot(): never {
  throw new Error(
    `PostgreSQL refuses to run as root, and here root can neither make a user namespace nor switch user. ${whatToDo}`,
  )
}

function runDirectly(uid: number, gid: number): Runner {
  return { kind: 'direct', uid, gid, wrap: (command, args) => ({ command, args: [...args], options: {} }) }
}

/** `initdb` looks its user up by name, so the mapped uid must be one that the system knows. */
function tryNamespace(uid: number, gid: number): Runner | undefined {
  const users = readUsers()
  const user = users.find(({ name }) => name === 'nobody') ?? users[0]
  if (!user) return undefined
  const wrap = (command: string, args: readonly string[]): Wrapped => ({
    command: 'unshare',
    args: ['--user', `--map-user=${user.uid}`, command, ...args],
    options: {},
  })
  const works = succeeds(wrap('/bin/sh', ['-c', 'test "$(id -u)" = "$1"', 'sh', String(user.uid)]))
  return works ? { kind: 'namespace', uid, gid, wrap } : undefined
}

function trySwitch(uid: number, gid: number): Runner | undefined {
  const wrap = (command: string, args: readonly string[]): Wrapped => ({
    command,
    args: [...args],
    options: { uid, gid },
  })
  return succeeds(wrap('/bin/sh', ['-c', 'true'])) ? { kind: 'switched', uid, gid, wrap } : undefined
}

function succeeds({ command, args, options }: Wrapped): boolean {
  const ran = spawnSync(command, args, {
    ...options,
    env: cleanEnvironment,
    cwd: '/',
    stdio: 'ignore',
    timeout: 10_000,
  })
  return ran.status === 0
}

function hasName(): boolean {
  try {
    userInfo()
    return true
  } catch {
    return false
  }
}

/** The users of /etc/passwd that are not root. */
function readUsers(): { name: string; uid: number; gid: number }[] {
  return readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .flatMap((line) => {
      const [name = '', , uid, gid] = line.split(':')
      const user = { name, uid: Number(uid), gid: Number(gid) }
      return user.uid > 0 && Number.isInteger(user.gid) ? [user] : []
    })
}
