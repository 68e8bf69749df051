/**
 * Runs the tests: all of them, or with --fast those that need no database, other programs or threads. Arguments name files to run alone.
 * First the types, then everything on PostgreSQL 18, then what touches SQL again on 15, last the claims, which look at
 * the report of what passed. The last line is `N passed, N failed`.
 */
import { execFileSync } from 'node:child_process'
import { globSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { run } from 'node:test'
import type { EventData } from 'node:test'
import { openOwnPostgres } from '#platform/postgres'
import { carelessSettings } from './harness/databases.ts'
import { reportFile, type RunReport } from './harness/report.ts'

const root = new URL('../', import.meta.url).pathname
const words = process.argv.slice(2)
const isFast = words.includes('--fast')
const named = words.filter((word) => !word.startsWith('--'))

const claimsTest = 'test/security/claims-are-proven.test.ts'
/** What depends on the version of PostgreSQL: run on 15 too. */
const onFifteen = [
  'test/security/tenant-walls.test.ts',
  'test/security/every-route.test.ts',
  'test/journeys/first-decision.test.ts',
  'src/platform/log/log.test.ts',
  'src/platform/trail/trail.test.ts',
  'test/journeys/checks-bad-days.test.ts',
]
const all = globSync('{src,test}/**/*.test.ts', { cwd: root }).sort()
const texts = new Map(await Promise.all(all.map(async (file) => [file, await readFile(root + file, 'utf8')] as const)))
/** Needs a database, or starts other programs or threads. `#harness/certificate` and `#harness/witness` do neither. */
const isSlow = (file: string): boolean =>
  /harness(?!\/(certificate|witness)')|run-guide|openOwnPostgres|claims-are-proven|child_process|threads\.test/.test(
    `${file} ${texts.get(file)}`,
  )

const report: RunReport = { passed: [], failed: [], skipped: [] }
type Problem = { file: string; name: string; error: unknown }
const problems: Problem[] = []
// Each file is a process of its own, and reads the same sources.
process.env['NODE_COMPILE_CACHE'] ??= `${root}.vouch-test/compiled`
const quiet = !process.stdout.isTTY

async function runFiles(files: readonly string[], label: string): Promise<void> {
  if (files.length === 0) return
  const started = performance.now()
  const stream = run({
    files: files.map((file) => root + file),
    // One more than can compute at once: many wait for processes and clocks.
    concurrency: Math.max(2, availableParallelism()) + 1,
    // Against what never ends; a busy machine may take several times as long as a free one.
    timeout: 600_000,
    // A test that failed may have left something open; it must not keep the run waiting.
    execArgv: ['--test-force-exit'],
  })
  const note = (kind: 'passed' | 'failed' | 'skipped', { name, file = '' }: { name: string; file?: string }) =>
    report[kind].push({ name, file: file.replace(root, ''), on: label })
  stream.on('test:pass', (event: EventData.TestPass) => {
    if (event.details.type === 'suite') return
    if (event.skip !== undefined) {
      note('skipped', event)
      process.stdout.write(`skipped: ${event.name}${typeof event.skip === 'string' ? ` (${event.skip})` : ''}\n`)
    } else note('passed', event)
  })
  stream.on('test:fail', (event: EventData.TestFail) => {
    if (event.details.type === 'suite') return
    note('failed', event)
    const problem = { file: (event.file ?? '').replace(root, ''), name: event.name, error: event.details.error }
    problems.push(problem)
    process.stdout.write(`FAILED: ${problem.file}: ${event.name}\n`)
  })
  stream.on('test:diagnostic', ({ message, nesting }) => {
    if (nesting > 0 || !/^(tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) /.test(message))
      process.stdout.write(`  ${message}\n`)
  })
  stream.on('test:summary', ({ file, success, duration_ms }) => {
    if (file)
      process.stdout.write(`${success ? '●' : '✕'} ${file.replace(root, '')} (${(duration_ms / 1000).toFixed(1)} s)\n`)
  })
  const output: string[] = []
  stream.on('test:stderr', ({ message }) => void output.push(message))
  stream.on('test:stdout', ({ message }) => (quiet ? undefined : process.stdout.write(message)))
  for await (const _ of stream);
  if (report.failed.some(({ on }) => on === label)) process.stdout.write(output.join('').slice(-8_000))
  process.stdout.write(`${label}: ${files.length} files in ${((performance.now() - started) / 1000).toFixed(1)} s\n`)
}

/** One PostgreSQL for all files of a stage, so that it is started once. */
async function withPostgres(major: 15 | 18, work: () => Promise<void>): Promise<void> {
  const postgres = await openOwnPostgres({
    home: `${root}.vouch-test/${major}`,
    major,
    settings: carelessSettings,
    log: () => {},
  })
  process.env['TEST_POSTGRES_MAJOR'] = String(major)
  try {
    await work()
  } finally {
    await postgres.close()
  }
}

await mkdir(`${root}.vouch-test`, { recursive: true })
if (!isFast && named.length === 0) {
  execFileSync(process.execPath, [`${root}node_modules/typescript/bin/tsc`], { cwd: root, stdio: 'inherit' })
}
/** The longest first, so that none of them is left running alone at the end. */
const startingWith = (folders: RegExp, files: readonly string[]): string[] => [
  ...files.filter((file) => folders.test(file)),
  ...files.filter((file) => !folders.test(file)),
]
if (isFast) {
  const fast = all.filter((file) => !isSlow(file))
  await runFiles(startingWith(/^test\/sdk|^src\/engine\//, fast), 'fast')
} else if (named.length > 0) await withPostgres(18, () => runFiles(named, 'named'))
else {
  const rest = all.filter((file) => file !== claimsTest)
  await withPostgres(18, () => runFiles(startingWith(/^test\/(journeys|security|docs)\//, rest), 'PostgreSQL 18'))
  const has15 = globSync('node_modules/postgres-15/package.json', { cwd: root }).length > 0
  if (has15)
    await withPostgres(15, () =>
      runFiles(
        onFifteen.filter((file) => all.includes(file)),
        'PostgreSQL 15',
      ),
    )
  else process.stdout.write('skipped: PostgreSQL 15 is not packaged for this machine\n')
  await writeFile(reportFile, JSON.stringify(report))
  await withPostgres(18, () =>
    runFiles(
      [claimsTest].filter((file) => all.includes(file)),
      'claims',
    ),
  )
}
for (const { file, name, error } of problems) process.stdout.write(`\n✕ ${file}: ${name}\n${describe(error)}\n`)
if (report.skipped.length > 0) process.stdout.write(`${report.skipped.length} skipped\n`)
if (report.passed.length + report.failed.length === 0) process.stdout.write('no test ran\n')
process.stdout.write(`${report.passed.length} passed, ${report.failed.length} failed\n`)
process.exitCode = report.failed.length === 0 && report.passed.length > 0 ? 0 : 1

function describe(error: unknown): string {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error
  return cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)
}
