/** docs/settings.md, made from the table of settings and the limits of the edge. */
import { settings } from '#config'
import { edgeLimits } from '#http'

type Limit = { means: string; unit: 'bytes' | 'ms' | 'count' }

/** Every limit has its words: one that is added without them does not type-check. */
const limits: Readonly<Record<keyof typeof edgeLimits, Limit>> = {
  headerBytes: { means: 'Header fields of one request, together', unit: 'bytes' },
  headersMs: { means: 'Time for the header fields to arrive', unit: 'ms' },
  requestMs: { means: 'Time for the whole request to arrive', unit: 'ms' },
  idleSocketMs: { means: 'Time a connection may stay silent', unit: 'ms' },
  keepAliveMs: { means: 'Time a connection is kept open for its next request', unit: 'ms' },
  handlerMs: { means: 'Time to answer', unit: 'ms' },
  connections: { means: 'Open connections', unit: 'count' },
  inFlight: { means: 'Requests being answered at once', unit: 'count' },
  pathPartLength: { means: 'Characters of one part of an address, between slashes', unit: 'count' },
  eventLoopDelayMs: { means: 'Delay of the event loop from which load is shed', unit: 'ms' },
}

export function renderSettings(): string {
  const settingRows = Object.entries(settings).map(([name, setting]) => [
    `\`${name}\``,
    setting.default === undefined ? '' : `\`${setting.default}\``,
    setting.means,
  ])
  const limitRows = Object.entries(limits).map(([name, { means, unit }]) => [means, write(limitOf(name), unit)])
  return `# Settings

This page is generated from \`src/config.ts\` and \`src/http/server.ts\` by \`npm run generate\`.

Settings are environment variables. They are read once, when a command starts. An empty variable counts as unset. A
malformed value, or a variable that begins with \`VOUCH_\` and is not in this table, stops the command with exit code 2 and
one message that names everything that is wrong.

${table(['Setting', 'Default', 'Meaning'], settingRows)}

\`vouch demo\` has two defaults of its own: \`VOUCH_HOME\` is \`.vouch-demo\`, and \`VOUCH_LOG_LEVEL\` is \`error\`.

## Limits of the edge

These are fixed in the code, per process. [operations/limits.md](operations/limits.md) has all other limits, and says what a
caller sees at each.

${table(['Limit', 'Value'], limitRows)}
`
}

const isLimit = (name: string): name is keyof typeof edgeLimits => Object.hasOwn(edgeLimits, name)

function limitOf(name: string): number {
  if (!isLimit(name)) throw new Error(`the edge has no limit ${name}`)
  return edgeLimits[name]
}

function write(value: number, unit: Limit['unit']): string {
  if (unit === 'bytes') return `${value / 1024} KiB`
  if (unit === 'ms') return `${value / 1000} s`
  return value.toLocaleString('en-GB')
}

/** Texts of a cell may hold no bar of their own. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}
