/** The tree of the image, made without an engine: what is copied and what `npm ci` would install, and it serves from there. */
import assert from 'node:assert/strict'
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, chown, constants, copyFile, mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { promisify } from 'node:util'
import { createDatabaseForTest } from '#harness'
import { filesOfImage, healthCommand, readDockerfile, root } from './dockerfile.ts'

const runFile = promisify(execFile)

/** `npm ci --omit=dev --omit=optional`, by the lockfile. */
async function copyPackages(to: string): Promise<number> {
  const { packages } = JSON.parse(await readFile(join(root, 'package-lock.json'), 'utf8'))
  const paths = Object.entries<Record<string, unknown>>(packages)
    .filter(([path, one]) => path.startsWith('node_modules/') && !['dev', 'optional', 'devOptional', 'link'].some((word) => one[word] === true))
    .map(([path]) => path)
  // By one program that copies packages with what is nested in them; what is nested and left out is taken away again.
  const outer = paths.filter((path) => !paths.some((other) => path.startsWith(`${other}/`)))
  await runFile('cp', ['-R', '--parents', ...outer, to], { cwd: root })
  const nested = Object.keys(packages).filter((path) => path.startsWith('node_modules/') && !paths.includes(path))
  await Promise.all(nested.map((path) => rm(join(to, path), { recursive: true, force: true })))
  return paths.length
} // prettier-ignore

/** The test's PostgreSQL listens on a socket in a folder closed to others; this is a way in over TCP. */
async function openTcp(url: string) {
  const searchParams = new URLSearchParams(url.split('?')[1])
  const server = createServer((incoming) => {
    const onward = connect(`${searchParams.get('host')}/.s.PGSQL.${searchParams.get('port') ?? 5432}`)
    incoming.pipe(onward).pipe(incoming)
    for (const socket of [incoming, onward]) socket.on('error', () => [incoming, onward].forEach((one) => one.destroy()))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  return { server, toTcp: (one: string) => one.replace(/@\/([^?]*)\?.*$/, `@127.0.0.1:${port}/$1`) }
} // prettier-ignore

test(
  'from the files of the image alone, as an ordinary user who can write to the home only, it migrates, serves, is healthy and stops',
  { timeout: 300_000 },
  async () => {
    const isRoot = process.getuid?.() === 0
    const as = isRoot ? { uid: 1000, gid: 1000 } : {}
    const folder = await mkdtemp(join(tmpdir(), 'vouch-image-'))
    await chmod(folder, 0o755)
    const tree = join(folder, 'vouch')
    const home = join(folder, 'home')
    const database = await createDatabaseForTest('empty')
    const { server, toTcp } = await openTcp(database.urls.app)
    let serving: ChildProcess | undefined
    try {
      for (const file of await filesOfImage()) {
        await mkdir(dirname(join(tree, file)), { recursive: true })
        await copyFile(join(root, file), join(tree, file))
      }
      assert.ok((await copyPackages(tree)) > 50)
      // The Node of the base image, which the launcher finds on the path.
      await mkdir(join(folder, 'bin'))
      await copyFile(process.execPath, join(folder, 'bin/node'), constants.COPYFILE_FICLONE)
      await mkdir(home, { mode: 0o700 })
      if (isRoot) await chown(home, 1000, 1000)
      await runFile('chmod', ['-R', 'a-w,a+rX', tree])
      const env = {
        PATH: `${folder}/bin:/usr/bin:/bin`, NODE_ENV: 'production', VOUCH_HOME: home, VOUCH_HOST: '0.0.0.0', VOUCH_PORT: '0',
        VOUCH_TRUSTED_PROXIES: '172.31.87.0/24', VOUCH_NAME: 'vouch.example.com', VOUCH_DATABASE_URL: toTcp(database.urls.app),
      } // prettier-ignore
      const run = (file: string, args: string[], more: object = {}) =>
        runFile(file, args, { cwd: tree, env: { ...env, ...more }, ...as })
      const vouch = join(tree, 'bin/vouch')
      const { stdout } = await run(vouch, ['migrate', '--json'], {
        VOUCH_DATABASE_OWNER_URL: toTcp(database.urls.owner),
      })
      assert.ok(JSON.parse(stdout).applied.length > 10)

      serving = spawn(vouch, ['serve'], { cwd: tree, env, stdio: ['ignore', 'ignore', 'pipe'], ...as })
      let output = ''
      serving.stderr?.on('data', (data) => (output += data))
      const exited = once(serving, 'exit')
      let port: string | undefined
      while (port === undefined && serving.exitCode === null) {
        await setTimeout(50)
        port = /Vouch serves on http:\/\/[^:]+:(\d+)/.exec(output)?.[1]
      }
      assert.ok(port !== undefined, `it ended before it served: ${output}`)
      const url = `http://127.0.0.1:${port}`
      assert.equal((await fetch(`${url}/readyz`)).status, 200)
      assert.equal((await fetch(`${url}/errors/internal`)).status, 200)
      const [program = '', ...words] = healthCommand(await readDockerfile())
      await run(program, words, { VOUCH_PORT: port })
      await assert.rejects(run(program, words, { VOUCH_PORT: '1' }), { code: 1 })

      const made = JSON.parse((await run(vouch, ['tenant', 'create', 'Acme', '--json'])).stdout)
      const body = JSON.stringify({ amount: '20.00', currency: 'EUR', category: 'groceries', merchant_id: 'm_1' })
      const headers = { authorization: `Bearer ${made.key}`, 'content-type': 'application/json' }
      assert.equal((await fetch(`${url}/v1/evaluate`, { method: 'POST', headers, body })).status, 200)
      assert.deepEqual(await readdir(home), ['master.key'])

      serving.kill('SIGTERM')
      assert.deepEqual(await exited, [0, null])
      if (isRoot) await assert.rejects(run('touch', [join(tree, 'src/new.ts')]), /Permission denied/)
    } finally {
      serving?.kill('SIGKILL')
      server.close()
      await runFile('chmod', ['-R', 'u+w', folder])
      await rm(folder, { recursive: true, force: true })
      await database.drop()
    }
  },
)
