/** The process: hands its words, streams and signals to the command line. */
import { enableCompileCache } from 'node:module'
import { buffer } from 'node:stream/consumers'

enableCompileCache()
const { main } = await import('#cli')

const stopped = new Promise<string>((resolve) => {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => resolve(signal))
})
// A reader that went away (`vouch … | head`) is no reason to fail.
process.stdout.on('error', () => {})

process.exitCode = await main(process.argv.slice(2), {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  read: () => buffer(process.stdin),
  isTerminal: process.stdout.isTTY === true && process.stderr.isTTY === true,
  columns: process.stdout.columns ?? 100,
  stopped: () => stopped,
})
