import { rfc3339 } from '#kernel/clock'
import { LogForkError } from '#platform/log'
import { type ExportReport, TlogError, verifyExport } from '#platform/tlog'
import { type Context, exit, type ExitCode } from '../command.ts'
import { chooseTenant, withVouch } from '../open-guest.ts'
import { quote, requireFree } from './given-keys.ts'
import { showProgress } from './progress.ts'

export async function exportLog(context: Context, dir: string): Promise<ExitCode> {
  requireFree(dir)
  return withVouch(context, async (vouch) => {
    const { scope } = await chooseTenant(context, vouch)
    const writing = showProgress(context, 'exported')
    try {
      const exported = await vouch.logs.export(scope, dir, writing.show).finally(writing.end)
      const { entries, contents, checkpoint, vkeys } = exported
      // Of what lies on the disk now: a stored tile that was changed is found here.
      const verifying = showProgress(context, 'verified')
      const verified = await verifyExport(dir, { vkey: vkeys, onProgress: verifying.show }).finally(verifying.end)
      const [origin = ''] = checkpoint.note.split('\n')
      const report = {
        dir,
        origin,
        size: Number(checkpoint.size),
        root: checkpoint.root.toString('base64'),
        entries,
        contents,
        erased: entries - contents,
        is_as_signed: verified.ok,
        first_bad: verified.first_bad,
        signed_at: rfc3339(checkpoint.at.getTime()),
        vkeys,
      }
      context.answer(report, describe(report))
      return verified.ok ? exit.ok : exit.failed
    } catch (error) {
      if (!(error instanceof LogForkError || error instanceof TlogError)) throw error
      context.answer(
        { dir, is_as_signed: false, first_bad: { index: null, why: error.message } },
        `✕ the stored log does not match what was signed: ${error.message}\n  Nothing was exported, and nothing is signed until it matches again.`,
      )
      return exit.failed
    }
  })
}

type Report = Readonly<Record<'dir' | 'origin' | 'root' | 'vkeys', string>> &
  Readonly<Record<'entries' | 'contents' | 'erased', number>> &
  Pick<ExportReport, 'first_bad'>

function describe({ dir, origin, root, entries, contents, erased, vkeys, first_bad }: Report): string {
  const [vkey = ''] = vkeys.split('\n')
  const where = typeof first_bad?.index !== 'number' ? '' : `entry ${first_bad.index}: `
  return [
    first_bad
      ? `✕ the stored log is not what was signed: ${where}${first_bad.why}\n  It is exported to ${dir} as it is, for it is evidence.`
      : `● the log is exported to ${dir}, and verifies`,
    `  origin   ${origin}`,
    `  entries  ${entries}, ${contents} with their content, ${erased} erased`,
    `  root     ${root}`,
    `  key      ${vkey}`,
    '',
    'Anybody verifies it, without a server or a database:',
    `  vouch log verify ${quote(dir)} --key ${quote(vkey)}`,
    'Hand the key over by another way than the export: the key inside proves nothing about who signed.',
  ].join('\n')
}
