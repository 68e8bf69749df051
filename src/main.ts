/** The process: hands its words, streams and signals to the command line. */
import { enableCompileCache } from 'node:module'
import { buffer } from 'node:stream/consumers'

enableCompileCache()
const { main, Stopped } = await import('#cli')

let stopped: Promise<NodeJS.Signals> | undefined
/** Until it is called signals do what they always do; a second one does so again. */
const listen = (): Promise<NodeJS.Signals> =>
  new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, resolve)
  })
// A reader that went away (`vouch … | head`) is no reason to fail.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})

const ending = main(process.argv.slice(2), {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  read: () => buffer(process.stdin),
  isTerminal: process.stdout.isTTY === true && process.stderr.isTTY === true,
  columns: process.stdout.columns ?? 100,
  stopped: () => (stopped ??= listen()),
})
try {
  process.exitCode = await ending
} catch (error) {
  if (!(error instanceof Stopped)) throw error
  // What was under way ends here, and whoever sent the signal sees that it was that.
  process.kill(process.pid, error.signal)
}
