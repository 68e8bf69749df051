/** Where everything lies: the data, the socket, the passwords; and who may touch it. */
import { createHash, randomBytes } from 'node:crypto'
import { chmod, lchown, link, mkdir, realpath, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Binaries, prepareBinaries } from './binaries.ts'
import { codeOf, readIfThere, statIfThere } from './file-facts.ts'
import { canPassThrough, canReach, chooseRunner, type Runner } from './runner.ts'

export type Place = {
  home: string
  /** `<home>/postgres`: ours alone. Passwords and log are here, whoever runs PostgreSQL. */
  own: string
  passwords: string
  log: string
  /** Says that the data was made: if it is then missing, it was lost, and is not silently made anew. */
  made: string
  /** Holds the data; equals `own` unless PostgreSQL's user can't reach that. */
  root: string
  data: string
  /** Locked by PostgreSQL's processes for as long as one of them lives. */
  lock: string
  socketFolder: string
  runner: Runner
  binaries: Binaries
  major: 15 | 18
}

export async function choosePlace(needs: {
  home: string
  major: 15 | 18
  unshare: 'auto' | 'never'
  log: (event: string, fields?: Record<string, string | number | boolean>) => void
}): Promise<Place> {
  await mkdir(needs.home, { recursive: true, mode: 0o700 })
  const home = await realpath(needs.home)
  const hash = createHash('sha256').update(home).digest('hex').slice(0, 16)
  const own = join(home, 'postgres')
  await makeFolder(own)
  const note = join(own, 'LOCATION')
  const noted = (await readIfThere(note))?.split('\n')[0]
  const stats = await statIfThere(join(noted ?? own, 'data'))
  const runner = chooseRunner({ unshare: needs.unshare, data: join(noted ?? own, 'data'), dataOwner: stats })
  const root = noted ?? (canPassThrough(runner, home) ? own : await noteElsewhere(note, hash))
  if (root !== own) {
    await makeElsewhere(root)
    if (noted === undefined) needs.log('postgres_data_elsewhere', { path: root })
  }
  // A user switched to must pass through the folder. It stays ours, so that nothing we open as root in it can be
  // replaced by a link to something else.
  if (runner.kind === 'switched') await chmod(root, 0o711)
  const lock = join(root, 'postgres.lock')
  await writeFile(lock, '', { flag: 'a', mode: 0o600 })
  await giveTo(runner, lock)
  return {
    home,
    own,
    passwords: join(own, 'passwords.json'),
    log: join(own, 'postgres.log'),
    made: join(own, 'MADE'),
    root,
    data: join(root, 'data'),
    lock,
    socketFolder: await makeSocketFolder(`/tmp/vouch-${hash}-${runner.uid}`, runner),
    runner,
    binaries: await prepareBinaries({
      major: needs.major,
      folder: root,
      canReach: (path) => canReach(runner, path),
    }),
    major: needs.major,
  }
}

/** Hands a file or folder of ours to PostgreSQL's user. */
export async function giveTo(runner: Runner, path: string): Promise<void> {
  if (runner.kind === 'switched') await lchown(path, runner.uid, runner.gid)
}

async function makeFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 })
  const stats = await statIfThere(path)
  const uid = process.getuid?.()
  if (!stats?.isDirectory() || stats.uid !== uid) {
    throw new Error(
      `${path} must be a folder of uid ${uid}, as which Vouch runs, and is uid ${stats?.uid}'s. Run as that.`,
    )
  }
}

/**
 * Chooses a place outside of the home and writes it down, whole or not at all; of two processes at once the first decides.
 * Each choice is new: what an earlier home at the same path left behind is not this home's.
 */
async function noteElsewhere(note: string, hash: string): Promise<string> {
  const nonce = randomBytes(4).toString('hex')
  const root = join('/var/lib/vouch', `${hash}-${nonce}`)
  const draft = `${note}.${nonce}`
  await writeFile(draft, `${root}\nPostgreSQL's user can't reach the home, so its data is there.\n`, { mode: 0o600 })
  try {
    await link(draft, note)
    return root
  } catch (error) {
    const first = codeOf(error) === 'EEXIST' ? (await readIfThere(note))?.split('\n')[0] : undefined
    if (first === undefined) throw error
    return first
  } finally {
    await rm(draft, { force: true })
  }
}

async function makeElsewhere(root: string): Promise<void> {
  try {
    await mkdir('/var/lib/vouch', { recursive: true, mode: 0o711 })
    await makeFolder(root)
  } catch (cause) {
    throw new Error(
      `PostgreSQL's user can't reach Vouch's home, and ${root} can't be made instead. ` +
        'Run Vouch as an ordinary user, or set VOUCH_DATABASE_URL to a PostgreSQL of your own.',
      { cause },
    )
  }
}

/**
 * A socket's path ends at 107 bytes, so it can't lie below a home of any length. The name is the same for every process
 * whatever its TMPDIR. Threat: everybody may write in /tmp, and whoever owned this folder could stand in for
 * PostgreSQL; so it must be a real folder, closed to others, and owned by us or by PostgreSQL's user.
 */
async function makeSocketFolder(path: string, runner: Runner): Promise<string> {
  await mkdir(path, { mode: 0o700 }).catch((error: unknown) => {
    if (codeOf(error) !== 'EEXIST') throw error
  })
  const stats = await statIfThere(path)
  const isOurs = stats !== undefined && (stats.uid === runner.uid || stats.uid === process.getuid?.())
  if (!isOurs || !stats.isDirectory() || (stats.mode & 0o077) !== 0) {
    throw new Error(`${path} was made by someone else, and Vouch would keep its PostgreSQL socket there. Remove it.`)
  }
  await giveTo(runner, path)
  return path
}
