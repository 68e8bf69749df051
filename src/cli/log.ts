import { TlogError, verifyExport, type ExportReport } from '#platform/tlog'
import { type Command, type Context, exit, type ExitCode, textOf, UsageError } from './command.ts'

export const log: Command = {
  name: 'log',
  form: 'verify DIR',
  summary: 'Verify an exported log: every entry, every tile, the signatures; no server, no database',
  more:
    'DIR is laid out as C2SP tlog-tiles has it. Without --key it uses the keys in the export, which proves nothing about\n' +
    'who signed. Exit code 1 when the log does not verify.',
  options: { key: { type: 'string', value: 'VKEY', means: "the log's verifier key; several stand apart by spaces" } },
  positionals: { min: 2, max: 2 },
  async run(context) {
    const [verb, dir = ''] = context.positionals
    if (verb !== 'verify') throw new UsageError('Usage: vouch log verify DIR [--key VKEY]')
    return verifyLog(context, dir)
  },
}

async function verifyLog(context: Context, dir: string): Promise<ExitCode> {
  const vkey = textOf(context, 'key')
  const progress = showProgress(context)
  const options = { ...(vkey === undefined ? {} : { vkey }), onProgress: progress.show }
  const report = await verifyExport(dir, options).catch((error: unknown) => {
    throw error instanceof TlogError ? new UsageError(error.message) : error
  })
  progress.end()
  context.answer(report, describe(report))
  return report.ok ? exit.ok : exit.failed
}

function describe({ ok, origin, size, root, contents, erased, first_bad, key }: ExportReport): string {
  const where = first_bad?.index === null || first_bad === null ? '' : `entry ${first_bad.index}: `
  const lines = [
    ok ? '● the log verifies' : '✕ the log does not verify',
    ...(first_bad ? [`  first fault  ${where}${first_bad.why}`] : []),
    `  origin       ${origin ?? 'unknown'}`,
    `  entries      ${size ?? 'unknown'}, ${contents} with their content, ${erased} erased`,
    `  root         ${root ?? 'unknown'}`,
    `  key          ${key}`,
  ]
  return lines.join('\n')
}

/** One line that is written over, on a terminal alone. */
function showProgress({ terminal }: Context) {
  let shown = 0
  return {
    show(count: number, size: number): void {
      if (!terminal.isTerminal) return
      const text = `${count} of ${size} entries verified`
      terminal.err(`\r${text.padEnd(shown)}`)
      shown = text.length
    },
    end(): void {
      if (shown > 0) terminal.err(`\r${' '.repeat(shown)}\r`)
      shown = 0
    },
  }
}
