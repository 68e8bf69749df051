/** The quick look before a commit: types, lint, format and fast tests, all at once. Under 30 s. */
import { spawn } from 'node:child_process'

const root = new URL('../', import.meta.url).pathname
const tools: readonly (readonly [name: string, ...args: string[]])[] = [
  ['types', 'node_modules/typescript/bin/tsc'],
  ['types of the client', 'node_modules/typescript/bin/tsc', '-p', 'sdk', '--noEmit'],
  [
    'lint',
    'node_modules/oxlint/bin/oxlint',
    '--type-aware',
    '--deny-warnings',
    'src',
    'sdk/src',
    'test',
    'bench',
    'architecture.ts',
  ],
  ['format', 'node_modules/oxfmt/bin/oxfmt', '--check', 'src', 'sdk/src', 'test', 'bench', 'architecture.ts'],
  ['tests', 'test/run.ts', '--fast'],
]

const results = await Promise.all(
  tools.map(async ([name, ...args]) => {
    const started = performance.now()
    const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    child.stdout.on('data', (data) => (output += data))
    child.stderr.on('data', (data) => (output += data))
    const code = await new Promise<number>((resolve) => child.on('close', (status) => resolve(status ?? 1)))
    const seconds = ((performance.now() - started) / 1000).toFixed(1)
    process.stdout.write(`${code === 0 ? '●' : '✕'} ${name} (${seconds} s)\n`)
    if (code !== 0) process.stdout.write(`${output}\n`)
    return code
  }),
)
process.exitCode = results.every((code) => code === 0) ? 0 : 1
