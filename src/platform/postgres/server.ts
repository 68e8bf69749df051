/** The postmaster as a process: found, launched, stopped. It outlives us, so that a killed Vouch loses nothing. */
import { spawn, spawnSync } from 'node:child_process'
import { closeSync, openSync, readFileSync, readlinkSync } from 'node:fs'
import { open, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Clock } from '#kernel/clock'
import { readIfThere, statIfThere } from './file-facts.ts'
import type { Place } from './place.ts'
import { cleanEnvironment } from './runner.ts'

export const socketPort = 5432
const largestLogBytes = 10 * 1024 * 1024

/** A Vouch that closed, or a second one that started, holds the lock; try again. */
const lockHeld = 75

const settings = {
  listen_addresses: '',
  port: String(socketPort),
  unix_socket_permissions: '0700',
  shared_buffers: '128MB',
  max_connections: '100',
  wal_compression: 'on',
  timezone: 'UTC',
  log_timezone: 'UTC',
  // What callers send must never reach the log. Messages of errors quote values ("invalid input syntax ... "), so only
  // what the server says about itself is written: LOG, FATAL, PANIC, without details, statements or parameters.
  log_min_messages: 'log',
  log_min_error_statement: 'panic',
  log_error_verbosity: 'terse',
  log_statement: 'none',
  log_parameter_max_length: '0',
  log_parameter_max_length_on_error: '0',
  log_checkpoints: 'off',
} as const

/**
 * Takes the lock and hands it, as file 9, to the postmaster and all its processes: while one of them lives, in this or
 * another container on the same files, no second postmaster starts. Under the lock a postmaster.pid can only be a
 * leftover; it goes if it still names the process ($3) that was seen not to be PostgreSQL on this data, for a number
 * that some other program got meanwhile, or that a dead process keeps because nobody asked how it ended (common in
 * containers), would keep PostgreSQL from starting. The lock beside the socket ($4, $5) is the same once more. Without
 * `flock` PostgreSQL's own guard remains.
 */
const launchScript = `
if command -v flock >/dev/null 2>&1; then
  exec 9>>"$1" || exit 1
  flock -n 9 || exit ${lockHeld}
  if [ -n "$3" ] && [ "$(head -n 1 "$2/postmaster.pid" 2>/dev/null)" = "$3" ]; then rm -f "$2/postmaster.pid"; fi
  if [ -n "$5" ] && [ "$(head -n 1 "$4" 2>/dev/null)" = "$5" ]; then rm -f "$4"; fi
fi
shift 5
exec "$@"
`

export type Postmaster = { pid: number; isReady: boolean }
export type Launched = { ended(): 'no' | 'lock held' | 'stopped' | 'failed' }

/** The live postmaster of this data, whoever started it. */
export async function findPostmaster(place: Place): Promise<Postmaster | undefined> {
  const lines = (await readIfThere(join(place.data, 'postmaster.pid')))?.split('\n')
  const pid = Number(lines?.[0])
  if (!lines || !isPostmaster(pid, place.data)) return undefined
  return { pid, isReady: lines[7]?.trim() === 'ready' }
}

/** Numbers of processes are used again: it must be PostgreSQL, and on this data. */
export function isPostmaster(pid: number, data: string): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false
  if (process.platform !== 'linux') {
    const said = spawnSync('ps', ['-ww', '-o', 'command=', '-p', String(pid)], { encoding: 'utf8', timeout: 5000 })
    return said.stdout.includes(`-D ${data}`)
  }
  try {
    const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
    return words[words.indexOf('-D') + 1] === data || readlinkSync(`/proc/${pid}/cwd`) === data
  } catch {
    return false
  }
}

export async function launch(place: Place, extra: Readonly<Record<string, string>>): Promise<Launched> {
  if (((await statIfThere(place.log))?.size ?? 0) > largestLogBytes) await rename(place.log, `${place.log}.1`)
  const dataLock = await readStale(join(place.data, 'postmaster.pid'), place)
  const socketLock = join(place.socketFolder, `.s.PGSQL.${socketPort}.lock`)
  const options = Object.entries({ ...settings, ...extra }).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const command = [place.binaries.postgres, '-D', place.data, '-k', place.socketFolder, ...options]
  const script = [
    '-c',
    launchScript,
    'vouch-postgres',
    place.lock,
    place.data,
    dataLock,
    socketLock,
    await readStale(socketLock, place),
    ...command,
  ]
  const wrapped = place.runner.wrap('/bin/sh', script)
  const log = openSync(place.log, 'a', 0o600)
  let ended: ReturnType<Launched['ended']> = 'no'
  try {
    const child = spawn(wrapped.command, wrapped.args, {
      ...wrapped.options,
      cwd: '/',
      env: { ...cleanEnvironment, ...place.binaries.environment },
      stdio: ['ignore', log, log],
      detached: true,
    })
    child.on('error', () => (ended = 'failed'))
    child.on('exit', (code, signal) => {
      ended = code === lockHeld ? 'lock held' : code === 0 || signal !== null ? 'stopped' : 'failed'
    })
    child.unref()
  } finally {
    closeSync(log)
  }
  return { ended: () => ended }
}

/** The process that a lock file names, if it is not PostgreSQL on this data. */
async function readStale(file: string, place: Place): Promise<string> {
  const pid = (await readIfThere(file))?.split('\n')[0]?.trim() ?? ''
  return isPostmaster(Number(pid), place.data) ? '' : pid
}

/** The log's last lines, for the message of an error. */
export async function readLogTail(place: Place): Promise<string> {
  const size = (await statIfThere(place.log))?.size ?? 0
  if (size === 0) return ''
  const file = await open(place.log)
  try {
    const length = Math.min(size, 1500)
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, size - length)
    return buffer.toString('utf8', 0, bytesRead).trim()
  } finally {
    await file.close()
  }
}

/** Fast shutdown; after 20 s without a clean end, an immediate one (the next start then recovers). */
export async function stopPostmaster(place: Place, pid: number, clock: Clock): Promise<boolean> {
  for (const { signal, withinMs } of [
    { signal: 'SIGINT', withinMs: 20_000 },
    { signal: 'SIGQUIT', withinMs: 10_000 },
  ] as const) {
    if (!isPostmaster(pid, place.data)) return true
    process.kill(pid, signal)
    const deadline = clock.elapsed() + withinMs
    while (clock.elapsed() < deadline) {
      if (!isPostmaster(pid, place.data)) return true
      await sleep(20)
    }
  }
  return !isPostmaster(pid, place.data)
}
