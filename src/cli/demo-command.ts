import { mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { openVouch, type Vouch } from '#app'
import { fromWireId } from '#kernel/id'
import { systemScope } from '#platform/database'
import { emptyOwnPostgres } from '#platform/postgres'
import { verifyExport } from '#platform/tlog'
import { type Command, type Context, exit, integerOf, textOf, unlessStopped, UsageError } from './command.ts'
import {
  DemoError,
  type DemoEvent,
  type DemoEvents,
  defaultSeed,
  readTransactions,
  runDemo,
  simulate,
  writeCurl,
} from './demo/demo.ts'
import { breakAndMend } from './demo/on-stage.ts'
import { operator } from './open-guest.ts'
import { createTenant } from './tenant.ts'

const defaultCount = 5_000
const demoHome = '.vouch-demo'

export const demo: Command = {
  form: '',
  more:
    `Starts with an empty home (${demoHome}, unless VOUCH_HOME is set) and its own server. On a terminal it goes on\n` +
    'serving until Ctrl-C, so that you can try the curl it prints; otherwise, and with --exit, it ends.',
  options: {
    count: { type: 'string', value: 'N', means: `how many payments (${defaultCount} unless told; with --from all)` },
    from: {
      type: 'string',
      value: 'FILE',
      means: 'payments from a file of the Fraud Detection Handbook (.csv or .csv.gz)',
    },
    seed: { type: 'string', value: 'N', means: `of the simulated world (${defaultSeed} unless told)` },
    exit: { type: 'boolean', means: 'end after the report, also on a terminal' },
  },
  positionals: { min: 0, max: 0 },
  async run(context) {
    const config = context.readConfig({ VOUCH_HOME: demoHome, VOUCH_LOG_LEVEL: 'error' })
    if (config.databaseUrl)
      throw new UsageError('The demo empties its database at the start. Unset VOUCH_DATABASE_URL; it brings its own.')
    const stream = chooseEvents(context)
    await emptyHome(config.home)
    const vouch = await openVouch({ config, clock: context.clock, log: await context.createLog(config), as: 'server' })
    try {
      if (!vouch.own) throw new DemoError('the demo needs its own PostgreSQL')
      const url = await vouch.server.listen({ host: config.host, port: config.port })
      vouch.startLoops()
      const { tenant_id, key } = await createTenant(vouch, 'Demo', operator())
      await denyReported(vouch, tenant_id, stream.reported)
      const { summary, examples, text } = await runDemo({
        url,
        key,
        ...stream,
        clock: context.clock,
        stderr: process.stderr,
        isTerminal: context.terminal.isTerminal,
        unlessStopped: (work) => unlessStopped(context.terminal, work),
      })
      const logFolder = join(config.home, 'log')
      const log = await unlessStopped(context.terminal, verifyLog(vouch, tenant_id, logFolder))
      // On stage nobody stops it: the wall is to be put back.
      const staged = await breakAndMend(vouch.assurance, vouch.own.urls.owner)
      context.answer(
        { tenant_id, key, url, ...summary, log, promises: { states: staged.states, broken: staged.broken }, examples },
        `${text}\n${renderLog(log, nearest(logFolder))}\n\n${staged.text}`,
      )
      if (context.terminal.isTerminal && context.options['exit'] !== true) {
        context.terminal.err(
          `\nTry it:\n${writeCurl({ url, key })}\n\nOpen:\n${writeLinks(url)}\n\nServing on ${url} until Ctrl-C.\n`,
        )
        await context.terminal.stopped()
      }
      return exit.ok
    } catch (error) {
      if (!(error instanceof DemoError)) throw error
      context.terminal.err(`vouch demo: ${error.message}\n`)
      return exit.failed
    } finally {
      await vouch.close()
    }
  },
}

/** The demo begins with nothing. Only a home that an earlier demo made is emptied: another's master key is irreplaceable. */
async function emptyHome(home: string): Promise<void> {
  const marker = join(home, 'demo')
  const isFresh = !(await exists(home)) || (await readdir(home)).length === 0
  if (!isFresh && !(await exists(marker))) {
    throw new UsageError(
      `${home} holds something that is not a demo, and the demo would empty it. Set VOUCH_HOME to another folder.`,
    )
  }
  await mkdir(home, { recursive: true, mode: 0o700 })
  await writeFile(marker, 'A demo of Vouch. Everything here is dropped when the demo starts again.\n')
  await rm(join(home, 'log'), { recursive: true, force: true })
  if (await exists(join(home, 'postgres'))) await emptyOwnPostgres({ home, log: () => {} })
}

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  )

function chooseEvents(context: Context): {
  events: DemoEvents
  total?: number
  keyPrefix: string
  reported: readonly string[]
} {
  const from = textOf(context, 'from')
  const count = integerOf(context, 'count', { min: 1, max: 100_000_000 })
  const seed = integerOf(context, 'seed', { min: 0, max: Number.MAX_SAFE_INTEGER }) ?? defaultSeed
  if (from === undefined) {
    const total = count ?? defaultCount
    const world = { count: total, startMs: context.clock.now(), seed }
    return { events: simulate(world), total, keyPrefix: `demo-${seed}`, reported: findReported(simulate(world)) }
  }
  return {
    events: readTransactions(from, count),
    ...(count === undefined ? {} : { total: count }),
    keyPrefix: 'demo-file',
    reported: [],
  }
}

const writeLinks = (url: string): string =>
  [['/', 'what this is'], ['/trust', 'what it promises, and how that stands'], ['/docs', 'how to use it']]
    .map(([path = '', about]) => `  ${new URL(path, url).href.padEnd(32)} ${about}`)
    .join('\n') // prettier-ignore

/** As short as it can be typed from here. */
const nearest = (path: string): string => (relative('.', path).startsWith('..') ? path : relative('.', path))

type DemoLog = { size: number; root: string; verified: boolean }

/** Takes the tenant's log away as anyone could, and verifies the copy: every entry, with no look at the database. */
async function verifyLog(vouch: Vouch, wireTenant: string, folder: string): Promise<DemoLog> {
  const tenantId = fromWireId('tenant', wireTenant)
  if (!tenantId) throw new DemoError('the demo has no tenant')
  const scope = systemScope(vouch.database, 'demo').asTenant(tenantId, operator())
  const { vkeys, entries, root } = await vouch.logs.export(scope, folder)
  const report = await verifyExport(folder, { vkey: vkeys })
  return { size: entries, root, verified: report.ok }
}

const renderLog = ({ size, root, verified }: DemoLog, folder: string): string =>
  [
    `The log: ${size} entries, exported to ${folder} and verified there, every one of them: ${verified ? 'it holds' : 'IT DOES NOT HOLD'}`,
    `  root ${root}`,
    `  Change one byte in ${folder} and run: npx vouch log verify ${folder}`,
  ].join('\n')

/** Devices that are known to be in thieves' hands when the demo begins: the first two they will use. */
function findReported(events: Iterable<DemoEvent>): string[] {
  const devices = new Set<string>()
  for (const { fraud, request } of events) {
    if (fraud === 'stolen_card' && request.device_id !== undefined) devices.add(request.device_id)
    if (devices.size === 2) break
  }
  return [...devices]
}

async function denyReported(vouch: Vouch, wireTenant: string, devices: readonly string[]): Promise<void> {
  const tenantId = fromWireId('tenant', wireTenant)
  if (!tenantId || devices.length === 0) return
  const scope = systemScope(vouch.database, 'demo').asTenant(tenantId, operator())
  await scope.transaction(async (tx) => {
    await vouch.lists.put(tx, 'reported-devices', 'deny')
    for (const value of devices) {
      await vouch.lists.add(tx, 'reported-devices', {
        field: 'device_id',
        value,
        note: 'seen with stolen cards',
        expiresAt: null,
      })
    }
  })
}
