/** Runs the blocks of a page as a reader would: in one shell and one folder, against a server of its own. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'
import { openVouch } from '#app'
import { readConfig } from '#config'
import { systemClock } from '#kernel/clock'
import { createLog } from '#platform/telemetry'
import { clientOf, createDatabaseForTest } from '#harness'
import { runVouch } from '#harness/own-installation'
import { type Block, blocksOf, useOf } from './blocks.ts'

const run = promisify(execFile)
const root = new URL('../../', import.meta.url).pathname

/** Whether an answer is the one that the page shows: `…` in a text stands for anything. */
export function isLike(shown: unknown, printed: unknown): boolean {
  if (typeof shown === 'string' && shown.includes('…'))
    return typeof printed === 'string' && shown.split('…').every((part) => printed.includes(part))
  if (typeof shown !== 'object' || shown === null) return shown === printed
  if (typeof printed !== 'object' || printed === null) return false
  const [ours, theirs] = [Object.entries(shown), Object.entries(printed)]
  return ours.length === theirs.length && ours.every(([name, value]) => isLike(value, Object(printed)[name]))
}

export type Reader = AsyncDisposable & { url: string; key: string; run(markdown: string): Promise<void> }

/** A server with one tenant, whose keys the reader has; `bin/vouch`, `npx vouch` and `npm ci` are there, the server runs already. */
export async function createReader(): Promise<Reader> {
  const database = await createDatabaseForTest()
  await mkdir(`${root}.vouch-test`, { recursive: true })
  // Below the repository, so that programs find the packages that it has.
  const folder = await mkdtemp(`${root}.vouch-test/guide-`)
  const settings = {
    VOUCH_HOME: join(folder, 'home'),
    VOUCH_DATABASE_URL: database.urls.app,
    VOUCH_MASTER_KEY: randomBytes(32).toString('base64'),
    VOUCH_LOG_LEVEL: 'warn',
  }
  const log = createLog({ clock: systemClock, level: 'silent' })
  const vouch = await openVouch({ config: readConfig(settings), clock: systemClock, log, as: 'server' })
  const url = await vouch.server.listen({ host: '127.0.0.1', port: 0 })
  vouch.startLoops()
  const made = await runVouch(['tenant', 'create', 'Acme', '--json'], settings)
  const tenant = JSON.parse(made.out)
  const [key, testKey]: string[] = made.out.match(/vch_(live|test)_\w+/g) ?? assert.fail(made.err)
  const program = async (name: string, text: string): Promise<void> => {
    await writeFile(join(folder, name), `#!/bin/sh\n${text}\n`)
    await chmod(join(folder, name), 0o755)
  }
  await mkdir(join(folder, 'bin'))
  await program('bin/vouch', `if [ "$1" = serve ]; then exit 0; fi\nexec '${root}bin/vouch' "$@"`)
  await program('bin/npx', `shift\nexec '${folder}/bin/vouch' "$@"`)
  await program('bin/npm', `test "$1" = ci`)

  const client = clientOf(url, key ?? '')
  const filled = (text: string): string =>
    text
      .replaceAll('http://127.0.0.1:8787', url)
      .replaceAll('/tmp/', `${folder}/`)
      .replaceAll('ten_…', tenant.tenant_id)

  /** Lines of a shell; what each block prints goes to a file of its own. */
  const scriptOf = (blocks: readonly Block[]): string =>
    blocks
      .flatMap((block, at) => {
        if (useOf(block).is !== 'run') return []
        const commands =
          block.language === 'sh' ? filled(block.text) : `${block.language === 'js' ? 'node' : 'python3'} '${folder}/block-${at}'`
        return [`echo ${at} > '${folder}/at'`, `{\n${commands}\n} > '${folder}/out-${at}'`]
      })
      .join('\n') // prettier-ignore

  return {
    url,
    key: key ?? '',
    async run(markdown) {
      const blocks = blocksOf(markdown)
      for (const [at, block] of blocks.entries()) {
        const use = useOf(block)
        if (use.is === 'file') await writeFile(join(folder, basename(block.rest)), filled(block.text))
        if (use.is === 'run' && block.language !== 'sh') await writeFile(join(folder, `block-${at}`), block.text)
        if (use.is === 'send') {
          const reply = await client.send(use.method, use.path, {
            body: block.text,
            headers: { 'content-type': 'application/json' },
          })
          assert.ok(reply.status < 300, `${use.method} ${use.path} answers ${reply.text}`)
        }
      }
      const env = {
        ...settings,
        PATH: `${folder}/bin:${root}bin:${process.env['PATH']}`,
        URL: url,
        VOUCH: url,
        KEY: key,
        API_KEY: key,
        TEST_KEY: testKey,
        HOME: folder,
      }
      const running = run('sh', ['-euc', scriptOf(blocks)], { cwd: folder, env, timeout: 300_000 })
      running.child.stdin?.end()
      await running.catch(async (error: unknown) => {
        const at = Number(await readFile(join(folder, 'at'), 'utf8'))
        const said = error instanceof Error && 'stderr' in error ? String(error.stderr) : String(error)
        throw new Error(`this block does not run:\n${blocks[at]?.text}\n\n${said}`)
      })
      for (const [at, block] of blocks.entries()) {
        if (useOf(block).is !== 'answer') continue
        const printed = await readFile(join(folder, `out-${at - 1}`), 'utf8')
        if (block.language === 'text') assert.equal(printed.trimEnd(), block.text.trimEnd())
        else
          assert.ok(
            isLike(JSON.parse(block.text), JSON.parse(printed)),
            `the page shows another answer than ${printed}`,
          )
      }
    },
    async [Symbol.asyncDispose]() {
      await vouch.close()
      await rm(folder, { recursive: true, force: true })
      await database.drop()
    },
  }
}
