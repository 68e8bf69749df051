import { TlogError, verifyExport, type ExportReport } from '#platform/tlog'
import { type Context, exit, type ExitCode, UsageError } from '../command.ts'
import { readGivenKeys } from './given-keys.ts'
import { showProgress } from './progress.ts'

export async function verifyLog(context: Context, dir: string): Promise<ExitCode> {
  const vkey = await readGivenKeys(context)
  const progress = showProgress(context, 'verified')
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
