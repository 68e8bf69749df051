import { readFile } from 'node:fs/promises'
import { finished } from 'node:stream/promises'
import { version } from '#app'
import { parseToken } from '#platform/keys'
import { type Command, exit, textOf, UsageError } from './command.ts'

export const mcp: Command = {
  form: '--key-file FILE',
  more: 'Tools: evaluate, explain, list_decisions. The key needs the scopes decisions:write and decisions:read. docs/mcp.md tells more.',
  options: {
    url: { type: 'string', value: 'URL', means: 'of the server; this machine and VOUCH_PORT unless told' },
    'key-file': { type: 'string', value: 'FILE', means: 'its first line is the API key' },
  },
  positionals: { min: 0, max: 0 },
  async run(context) {
    const { port } = context.readConfig()
    const url = readUrl(textOf(context, 'url') ?? `http://127.0.0.1:${port}`)
    const key = await readKey(textOf(context, 'key-file'))
    // Only here: other commands need not wait for it to load.
    const { createClient } = await import('./mcp/client.ts')
    const { serveTools } = await import('./mcp/tools.ts')
    const serving = serveTools(createClient({ url, key }), version)
    await Promise.race([finished(process.stdin, { writable: false }).catch(() => {}), context.terminal.stopped()])
    await serving.close()
    return exit.ok
  },
}

const loopback = ['127.0.0.1', '[::1]', 'localhost']

/** A key travels in the clear to nowhere but this machine. */
function readUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  const isFit = url?.protocol === 'https:' || (url?.protocol === 'http:' && loopback.includes(url.hostname))
  if (!url || !isFit || url.username !== '' || url.password !== '')
    throw new UsageError('--url takes https://…, or http://… to this machine, without a user or password')
  return url
}

async function readKey(file: string | undefined): Promise<string> {
  if (file === undefined) throw new UsageError('Name the file with the key: vouch mcp --key-file FILE')
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(`${file} cannot be read (${error.code})`)
  })
  const [key = ''] = text.split('\n')
  if (!parseToken(key.trim())) throw new UsageError(`${file} does not begin with an API key: vch_live_… or vch_test_…`)
  return key.trim()
}
