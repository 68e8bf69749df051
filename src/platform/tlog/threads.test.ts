import assert from 'node:assert/strict'
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { Worker } from 'node:worker_threads'
import fc from 'fast-check'
import {
  appendLeaves,
  createLogSigners,
  type ExportedEntry,
  formatVkeys,
  hashLeaf,
  makeEntry,
  newSeed,
  signCheckpoint,
  verifyExport,
  writeExport,
} from './index.ts'
import { planStretches, stretchOf } from './stretch-plan.ts'
import { walkInOrder } from './walk-in-order.ts'
import { walkStretch } from './walk-stretch.ts'
import { walkTogether } from './walk-together.ts'

const origin = 'vouch.example/log/ten_0123456789abcdef0123456789abcdef'
const signers = createLogSigners(origin, { ed25519: newSeed(), mlDsa44: newSeed() })
const home = mkdtempSync(join(tmpdir(), 'vouch-threads-'))
after(() => rmSync(home, { recursive: true, force: true }))

function entryOf(n: number): ExportedEntry {
  const salt = Buffer.alloc(32, n)
  const content = `{"n":${n},"text":"${'x'.repeat((n * 37) % 500)}\u0001"}`
  const id = `tr_${String(n).padStart(32, '0')}`
  const entry = makeEntry({ id, timeMs: 1.79e12 + n, type: 'key.issued', salt, content })
  return n % 7 === 3 ? { entry, salt: null, content: null } : { entry, salt, content }
}
async function makeExport(size: number): Promise<string> {
  const dir = join(home, `made-${size}`)
  const entries = Array.from({ length: size }, (_, n) => entryOf(n))
  const leaves = entries.map(({ entry }) => hashLeaf(entry))
  const { root } = appendLeaves(0, [], leaves)
  const checkpoint = signCheckpoint({ origin, size, root }, signers, 1.79e12)
  await writeExport(dir, { checkpoint, vkey: formatVkeys(signers), size, entries })
  return dir
}
const sizes = [257, 600, 1024, 2000]
const made = new Map<number, string>()
for (const size of sizes) made.set(size, await makeExport(size))

/** Lets the helpers start before the next stretch is taken. */
function waitOnce(): () => void {
  let isFirst = true
  return () => {
    if (isFirst) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 400)
    isFirst = false
  }
}

type Change = { file: number; at: number; kind: 'flip' | 'drop' | 'cut' | 'swap' | 'twice' | 'remove'; by: number }
/** Changes bytes or, in contents.jsonl, whole lines. */
function change(dir: string, { file, at, kind, by }: Change): void {
  const files = readdirSync(dir, { recursive: true, withFileTypes: true }).filter((found) => found.isFile())
  const names = files.map((found) => join(found.parentPath, found.name)).sort()
  const path = file % 2 ? join(dir, 'contents.jsonl') : names[file % names.length]!
  if (!existsSync(path)) return
  const bytes = readFileSync(path)
  const lines = bytes.toString('latin1').split('\n')
  const [one, other] = [at % lines.length, (at * 31 + by) % lines.length]
  const write = (changed: readonly string[]): void => writeFileSync(path, changed.join('\n'), 'latin1')
  if (kind === 'flip') bytes[at % bytes.length]! ^= by
  if (kind === 'flip') writeFileSync(path, bytes)
  if (kind === 'drop') write(lines.toSpliced(one, 1))
  if (kind === 'cut') writeFileSync(path, bytes.subarray(0, at % bytes.length))
  if (kind === 'swap') write(lines.with(one, lines[other]!).with(other, lines[one]!))
  if (kind === 'twice') write(lines.toSpliced(one, 0, lines[other]!))
  if (kind === 'remove') rmSync(path)
}

test('the report is the same, whatever the number of threads and whatever was changed', async () => {
  const kinds = fc.constantFrom<Change['kind']>('flip', 'flip', 'drop', 'cut', 'swap', 'twice', 'remove')
  const changes = fc.record({ file: fc.nat(), at: fc.nat(), kind: kinds, by: fc.integer({ min: 1, max: 255 }) })
  let bad = 0
  const judge = async (size: number, all: Change[], threads: number, doesWait: boolean): Promise<void> => {
    const dir = join(home, 'changed')
    cpSync(made.get(size)!, dir, { recursive: true })
    for (const one of all) change(dir, one)
    const expected = await verifyExport(dir, { threads: 1 })
    const report = await verifyExport(dir, doesWait ? { threads, onProgress: waitOnce() } : { threads })
    rmSync(dir, { recursive: true })
    assert.deepEqual(report, expected)
    if (!report.ok) bad++
  }
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...sizes),
      fc.array(changes, { minLength: 1, maxLength: 2 }),
      fc.constantFrom(2, 3),
      fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
      judge,
    ),
    { numRuns: 40 },
  )
  assert.ok(bad > 25, `${bad} were bad`)
  for (const size of sizes) for (const threads of [2, 4]) await judge(size, [], threads, true)
})

test('a helper answers each stretch as it would be answered here', async () => {
  for (const size of sizes) {
    const plan = planStretches(made.get(size)!, size, 2)
    const worker = new Worker(new URL('./stretch-worker.ts', import.meta.url), { workerData: plan })
    const answers: unknown[] = []
    worker.on('message', ({ n, walked }) => (answers[n] = walked))
    await new Promise((resolve) => worker.once('exit', resolve))
    const plainly = (walked: ReturnType<typeof walkStretch>) =>
      walked && { ...walked, roots: new Uint8Array(walked.roots), rest: new Uint8Array(walked.rest) }
    const expected = Array.from({ length: plan.count }, (_, n) => plainly(walkStretch(stretchOf(plan, n))))
    assert.deepEqual(answers, expected)
    assert.ok(expected.length > 1 && !expected.includes(null))
  }
})

/** Each takes stretches from the others and does not do them. */
const failing: Record<string, string> = {
  'it throws': 'take(); throw new Error()',
  'it ends': 'take(); process.exit(0)',
  'it says nothing and ends': 'take(); take(); take()',
  'it cannot be read': '(',
}

test('what a helper took and did not answer is verified all the same, and a fault in it is found', async () => {
  const size = 2000
  const good = made.get(size)!
  const expected = await walkInOrder({ dir: good, size, onProgress: () => {} })
  const torn = join(home, 'torn')
  cpSync(good, torn, { recursive: true })
  const lines = readFileSync(join(torn, 'contents.jsonl'), 'latin1')
  // One of the last is at fault, in a stretch that a helper takes.
  const changed = lines.replace('{\\"n\\":1950', '{\\"n\\":1951')
  writeFileSync(join(torn, 'contents.jsonl'), changed, 'latin1')
  for (const [name, code] of Object.entries(failing)) {
    const head =
      'import { workerData } from "node:worker_threads"; const take = () => Atomics.add(workerData.next, 0, 1); '
    const helper = new URL(`data:text/javascript,${encodeURIComponent(head + code)}`)
    const walk = async (dir: string) => walkTogether({ dir, size, onProgress: waitOnce() }, 3, helper)
    assert.deepEqual(await walk(good), expected, name)
    assert.equal(await walk(torn), undefined, name)
  }
  const missing = new URL('./no-such-worker.ts', import.meta.url)
  assert.deepEqual(await walkTogether({ dir: good, size, onProgress: waitOnce() }, 2, missing), expected)
})
