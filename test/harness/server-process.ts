/** A Vouch as a process of its own, for tests that kill it, and for tests that need two. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { FaultPoint } from './fault-point.ts'

const root = new URL('../../', import.meta.url).pathname

export type ServerProcess = {
  readonly url: string
  readonly pid: number
  /** Everything it wrote so far, both streams. */
  output(): string
  kill(signal?: NodeJS.Signals): void
  /** Resolves to the exit code, or the signal's name. */
  readonly exited: Promise<number | string>
}

const alive = new Set<ChildProcess>()
process.on('exit', () => alive.forEach((child) => child.kill('SIGKILL')))

/** Starts `vouch serve` on a free port with these settings; resolves once it serves. */
export function startServer(settings: Readonly<Record<string, string>>, fault?: FaultPoint): Promise<ServerProcess> {
  const entry = fault
    ? [`${root}test/harness/serve-with-fault.ts`, JSON.stringify(fault)]
    : [`${root}src/main.ts`, 'serve']
  return start(entry, { VOUCH_PORT: '0', VOUCH_LOG_LEVEL: 'info', ...settings })
}

async function start(args: readonly string[], settings: Readonly<Record<string, string>>): Promise<ServerProcess> {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !name.startsWith('VOUCH_') && !name.startsWith('NODE_TEST'),
  )
  const child = spawn(process.execPath, args, {
    env: { ...Object.fromEntries(inherited), ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  alive.add(child)
  let output = ''
  child.stdout.on('data', (data) => (output += data))
  child.stderr.on('data', (data) => (output += data))
  const exited = once(child, 'exit').then(([code, signal]: (number | string | null)[]) => {
    alive.delete(child)
    return code ?? signal ?? 'unknown'
  })
  const url = await new Promise<string>((resolve, reject) => {
    const look = () => {
      const match = /Vouch serves on (http:\S+)/.exec(output)
      if (match?.[1]) resolve(match[1])
    }
    child.stderr.on('data', look)
    void exited.then((code) => reject(new Error(`the server ended (${code}) before it served:\n${output}`)))
  })
  return {
    url,
    pid: child.pid ?? 0,
    output: () => output,
    kill: (signal = 'SIGKILL') => void child.kill(signal),
    exited,
  }
}
